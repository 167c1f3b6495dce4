"""Requests that clients push ahead of their users, and which clients must (RFC 9126)."""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Apply."""
    op.create_table(
        "pushed_requests",
        sa.Column("reference_hash", sa.LargeBinary(length=32), nullable=False),
        sa.Column("client_id", sa.String(length=128), nullable=False),
        sa.Column("content", sa.LargeBinary(), nullable=False),
        sa.Column("expires_at", sa.BigInteger(), nullable=False),
        sa.Column("used_at", sa.BigInteger(), nullable=True),
        sa.PrimaryKeyConstraint("reference_hash"),
    )
    op.create_index("ix_pushed_requests_expires_at", "pushed_requests", ["expires_at"])
    name = "require_pushed_authorization_requests"
    with op.batch_alter_table("clients") as clients:
        clients.add_column(sa.Column(name, sa.Boolean(), nullable=False, server_default=sa.false()))
    with op.batch_alter_table("clients") as clients:
        clients.alter_column(name, server_default=None)


def downgrade() -> None:
    """Take back."""
    with op.batch_alter_table("clients") as clients:
        clients.drop_column("require_pushed_authorization_requests")
    op.drop_table("pushed_requests")
