"""People find their own entries in the audit log by the grants that they are about."""

import sqlalchemy as sa
from alembic import op

revision = "0016"
down_revision = "0015"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Apply."""
    op.add_column("audit_entries", sa.Column("grant_id", sa.String(length=32), nullable=True))
    op.add_column("audit_entries", sa.Column("disclosed_at", sa.BigInteger(), nullable=True))
    op.create_index(
        "ix_audit_entries_of_grant",
        "audit_entries",
        ["grant_id", "disclosed_at", "id"],
        postgresql_where=sa.text("grant_id IS NOT NULL"),
        sqlite_where=sa.text("grant_id IS NOT NULL"),
    )


def downgrade() -> None:
    """Take back."""
    op.drop_index("ix_audit_entries_of_grant", "audit_entries")
    op.drop_column("audit_entries", "disclosed_at")
    op.drop_column("audit_entries", "grant_id")
