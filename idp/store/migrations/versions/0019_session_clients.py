"""Which clients each browser session signed its user in to."""

import sqlalchemy as sa
from alembic import op

revision = "0019"
down_revision = "0018"
branch_labels = None
depends_on = None

_KEY = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    """Apply."""
    op.create_table(
        "session_clients",
        sa.Column("id", _KEY, nullable=False),
        sa.Column("sid", sa.String(length=32), nullable=False),
        sa.Column("client_id", sa.String(length=128), nullable=False),
        sa.Column("expires_at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("sid", "client_id"),
    )
    op.create_index("ix_session_clients_expires_at", "session_clients", ["expires_at"])


def downgrade() -> None:
    """Take back."""
    op.drop_table("session_clients")
