"""Accounts that have passkeys only, and the ways back into them."""

import sqlalchemy as sa
from alembic import op

revision = "0029"
down_revision = "0028"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Apply."""
    with op.batch_alter_table("accounts") as batch:
        batch.add_column(sa.Column("passkeys_only_at", sa.BigInteger(), nullable=True))
    op.create_table(
        "recoveries",
        sa.Column("id", sa.String(length=32), nullable=False),
        sa.Column("account_id", sa.String(length=32), nullable=False),
        sa.Column("secret_hash", sa.LargeBinary(length=32), nullable=False),
        sa.Column("cancel_hash", sa.LargeBinary(length=32), nullable=False),
        sa.Column("begun_by", sa.String(length=64), nullable=False),
        sa.Column("started_at", sa.BigInteger(), nullable=False),
        sa.Column("opens_at", sa.BigInteger(), nullable=False),
        sa.Column("expires_at", sa.BigInteger(), nullable=False),
        sa.Column("ended_at", sa.BigInteger(), nullable=True),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("cancel_hash"),
        sa.UniqueConstraint("secret_hash"),
    )
    op.create_index("ix_recoveries_account_id", "recoveries", ["account_id"])
    op.create_index("ix_recoveries_expires_at", "recoveries", ["expires_at"])


def downgrade() -> None:
    """Take back."""
    op.drop_table("recoveries")
    with op.batch_alter_table("accounts") as batch:
        batch.drop_column("passkeys_only_at")
