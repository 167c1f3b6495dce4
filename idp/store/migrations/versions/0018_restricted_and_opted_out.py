"""People whose data is restricted in use, and people who share nothing with anybody."""

import sqlalchemy as sa
from alembic import op

revision = "0018"
down_revision = "0017"
branch_labels = None
depends_on = None

_COLUMNS = ("restricted_at", "opted_out_at")


def upgrade() -> None:
    """Apply."""
    with op.batch_alter_table("accounts") as batch:
        for column in _COLUMNS:
            batch.add_column(sa.Column(column, sa.BigInteger(), nullable=True))


def downgrade() -> None:
    """Take back."""
    with op.batch_alter_table("accounts") as batch:
        for column in _COLUMNS:
            batch.drop_column(column)
