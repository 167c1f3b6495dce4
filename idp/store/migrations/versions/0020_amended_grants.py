"""A code may complete the amendment of a grant."""

import sqlalchemy as sa
from alembic import op

revision = "0020"
down_revision = "0019"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Apply."""
    with op.batch_alter_table("authorization_codes") as batch:
        batch.add_column(sa.Column("amends", sa.Boolean(), nullable=False, server_default=sa.false()))
    with op.batch_alter_table("authorization_codes") as batch:
        batch.alter_column("amends", server_default=None)


def downgrade() -> None:
    """Take back."""
    with op.batch_alter_table("authorization_codes") as batch:
        batch.drop_column("amends")
