"""Alembic's entry point: runs the revisions on the connection that `idp.store.schema` opened."""

from alembic import context

from idp.store import schema

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=schema.metadata,
    render_as_batch=True,
    transaction_per_migration=False,
)
context.run_migrations()
