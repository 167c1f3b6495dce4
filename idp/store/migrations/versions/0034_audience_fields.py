"""About which fields a partner asks of many people, within one window."""

import sqlalchemy as sa
from alembic import op

revision = "0034"
down_revision = "0033"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Apply."""
    op.create_table(
        "audience_fields",
        sa.Column("key", sa.LargeBinary(length=32), primary_key=True, nullable=False),
        sa.Column("fields", sa.Text(), nullable=False),
        sa.Column("ends_at", sa.BigInteger(), nullable=False),
    )
    op.create_index("ix_audience_fields_ends_at", "audience_fields", ["ends_at"])


def downgrade() -> None:
    """Take back."""
    op.drop_table("audience_fields")
