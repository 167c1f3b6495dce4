"""What is asked for claim by claim (OIDC Core 5.5), for the ID token and for userinfo."""

import sqlalchemy as sa
from alembic import op

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None

_TABLES = ("authorization_codes", "token_families")
_COLUMNS = ("id_token_claims", "userinfo_claims")


def upgrade() -> None:
    """Apply: rows that there are asked for none; new rows say theirs."""
    for table in _TABLES:
        with op.batch_alter_table(table) as batch:
            for column in _COLUMNS:
                batch.add_column(sa.Column(column, sa.Text(), nullable=False, server_default=""))
        with op.batch_alter_table(table) as batch:
            for column in _COLUMNS:
                batch.alter_column(column, server_default=None)


def downgrade() -> None:
    """Take back."""
    for table in _TABLES:
        with op.batch_alter_table(table) as batch:
            for column in _COLUMNS:
                batch.drop_column(column)
