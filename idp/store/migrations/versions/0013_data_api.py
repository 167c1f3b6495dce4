"""What the data API answers from and how often: purchases, and counters of requests."""

import sqlalchemy as sa
from alembic import op

revision = "0013"
down_revision = "0012"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Apply."""
    op.create_table(
        "transactions",
        sa.Column("id", sa.String(length=32), nullable=False),
        sa.Column("account_id", sa.String(length=32), nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.Column("content", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index("ix_transactions_account_id_at", "transactions", ["account_id", "at", "id"])
    op.create_table(
        "quotas",
        sa.Column("key", sa.LargeBinary(length=32), nullable=False),
        sa.Column("ends_at", sa.BigInteger(), nullable=False),
        sa.Column("count", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("key"),
    )
    op.create_index("ix_quotas_ends_at", "quotas", ["ends_at"])


def downgrade() -> None:
    """Take back."""
    op.drop_table("quotas")
    op.drop_table("transactions")
