"""Signing in with other providers: connections, people on their way, and people who arrived without an account."""

import sqlalchemy as sa
from alembic import op

revision = "0030"
down_revision = "0029"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Apply."""
    op.create_table(
        "upstream_links",
        sa.Column("id", sa.String(length=32), nullable=False),
        sa.Column("subject_key", sa.LargeBinary(length=32), nullable=False),
        sa.Column("account_id", sa.String(length=32), nullable=False),
        sa.Column("content", sa.LargeBinary(), nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.Column("used_at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("subject_key"),
    )
    op.create_index("ix_upstream_links_account_id", "upstream_links", ["account_id"])
    op.create_table(
        "upstream_flows",
        sa.Column("state_hash", sa.LargeBinary(length=32), nullable=False),
        sa.Column("session_id", sa.String(length=32), nullable=False),
        sa.Column("content", sa.LargeBinary(), nullable=False),
        sa.Column("expires_at", sa.BigInteger(), nullable=False),
        sa.Column("used_at", sa.BigInteger(), nullable=True),
        sa.PrimaryKeyConstraint("state_hash"),
    )
    op.create_index("ix_upstream_flows_expires_at", "upstream_flows", ["expires_at"])
    op.create_table(
        "upstream_arrivals",
        sa.Column("session_id", sa.String(length=32), nullable=False),
        sa.Column("content", sa.LargeBinary(), nullable=False),
        sa.Column("expires_at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("session_id"),
    )
    op.create_index("ix_upstream_arrivals_expires_at", "upstream_arrivals", ["expires_at"])


def downgrade() -> None:
    """Take back."""
    op.drop_table("upstream_arrivals")
    op.drop_table("upstream_flows")
    op.drop_table("upstream_links")
