"""Sessions know when they began, on which kind of device and, sealed, from which network."""

import sqlalchemy as sa
from alembic import op

revision = "0031"
down_revision = "0030"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Apply; of sessions that stand, the last sign-in is the earliest that is known."""
    with op.batch_alter_table("sessions") as batch:
        batch.add_column(sa.Column("started_at", sa.BigInteger(), nullable=False, server_default="0"))
        batch.add_column(sa.Column("device", sa.String(64), nullable=False, server_default=""))
        batch.add_column(sa.Column("network", sa.LargeBinary(), nullable=False, server_default=""))
    op.execute("UPDATE sessions SET started_at = auth_time")
    with op.batch_alter_table("sessions") as batch:
        for column in ("started_at", "device", "network"):
            batch.alter_column(column, server_default=None)


def downgrade() -> None:
    """Take back."""
    with op.batch_alter_table("sessions") as batch:
        for column in ("network", "device", "started_at"):
            batch.drop_column(column)
