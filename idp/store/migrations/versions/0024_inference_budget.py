"""Which answers went out under each grant over its life."""

import sqlalchemy as sa
from alembic import op

revision = "0024"
down_revision = "0023"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Apply."""
    with op.batch_alter_table("grants") as batch:
        batch.add_column(sa.Column("disclosed", sa.Text(), nullable=False, server_default=""))
    with op.batch_alter_table("grants") as batch:
        batch.alter_column("disclosed", server_default=None)


def downgrade() -> None:
    """Take back."""
    with op.batch_alter_table("grants") as batch:
        batch.drop_column("disclosed")
