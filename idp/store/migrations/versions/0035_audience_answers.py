"""What a partner was told of many people, kept for a while."""

import sqlalchemy as sa
from alembic import op

revision = "0035"
down_revision = "0034"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Apply."""
    op.create_table(
        "audience_answers",
        sa.Column("key", sa.LargeBinary(length=32), primary_key=True, nullable=False),
        sa.Column("since", sa.BigInteger(), nullable=False),
        sa.Column("left_out", sa.Integer(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=True),
        sa.Column("decision_id", sa.String(length=32), nullable=False),
        sa.Column("ends_at", sa.BigInteger(), nullable=False),
    )
    op.create_index("ix_audience_answers_ends_at", "audience_answers", ["ends_at"])


def downgrade() -> None:
    """Take back."""
    op.drop_table("audience_answers")
