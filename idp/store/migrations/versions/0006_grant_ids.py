"""Every consent has an identifier that its app may know it by (OAuth Grant Management)."""

import secrets

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None

_KEY = ("account_id", "client_id", "purpose")


def upgrade() -> None:
    """Apply."""
    with op.batch_alter_table("consents") as batch:
        batch.add_column(sa.Column("grant_id", sa.String(length=32), nullable=True))
    _name_those_that_there_are()
    with op.batch_alter_table("consents") as batch:
        batch.alter_column("grant_id", nullable=False)
    op.create_index("ix_consents_grant_id", "consents", ["grant_id"], unique=True)


def downgrade() -> None:
    """Take back."""
    op.drop_index("ix_consents_grant_id", "consents")
    with op.batch_alter_table("consents") as batch:
        batch.drop_column("grant_id")


def _name_those_that_there_are() -> None:
    consents = sa.table("consents", *(sa.column(name) for name in (*_KEY, "grant_id")))
    connection = op.get_bind()
    for row in connection.execute(sa.select(*(consents.c[name] for name in _KEY))).all():
        which = sa.and_(*(consents.c[name] == getattr(row, name) for name in _KEY))
        connection.execute(sa.update(consents).where(which).values(grant_id=secrets.token_urlsafe(16)))
