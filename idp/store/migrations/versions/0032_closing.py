"""Accounts that their people close are erased at a moment."""

import sqlalchemy as sa
from alembic import op

revision = "0032"
down_revision = "0031"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Apply."""
    with op.batch_alter_table("accounts") as batch:
        batch.add_column(sa.Column("erase_at", sa.BigInteger(), nullable=True))
        batch.create_index("ix_accounts_erase_at", ["erase_at"])


def downgrade() -> None:
    """Take back."""
    with op.batch_alter_table("accounts") as batch:
        batch.drop_index("ix_accounts_erase_at")
        batch.drop_column("erase_at")
