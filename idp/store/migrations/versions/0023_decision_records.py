"""What decisions were made from, sealed, and where a policy that is tried would have decided otherwise."""

import sqlalchemy as sa
from alembic import op

revision = "0023"
down_revision = "0022"
branch_labels = None
depends_on = None

_KEPT = sa.text("inputs IS NOT NULL")


def upgrade() -> None:
    """Apply."""
    op.add_column("audit_entries", sa.Column("inputs", sa.LargeBinary(), nullable=True))
    op.create_index(
        "ix_audit_entries_with_inputs",
        "audit_entries",
        ["disclosed_at"],
        postgresql_where=_KEPT,
        sqlite_where=_KEPT,
    )
    op.create_table(
        "shadow_results",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=True, nullable=False),
        sa.Column("policy", sa.String(length=64), nullable=False),
        sa.Column("against", sa.String(length=64), nullable=False),
        sa.Column("account_id", sa.String(length=32), nullable=False),
        sa.Column("partner_id", sa.String(length=64), nullable=False),
        sa.Column("client_id", sa.String(length=128), nullable=False),
        sa.Column("purpose", sa.String(length=64), nullable=False),
        sa.Column("wider", sa.Text(), nullable=False),
        sa.Column("narrower", sa.Text(), nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("id"),
    )
    for column in ("policy", "account_id", "at"):
        op.create_index(f"ix_shadow_results_{column}", "shadow_results", [column])


def downgrade() -> None:
    """Take back."""
    op.drop_table("shadow_results")
    op.drop_index("ix_audit_entries_with_inputs", "audit_entries")
    op.drop_column("audit_entries", "inputs")
