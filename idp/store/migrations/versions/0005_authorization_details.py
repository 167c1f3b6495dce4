"""What is asked for by authorization details (RFC 9396): fields by name, and for how many days."""

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None

_LISTS = (
    ("clients", "authorization_details_types"),
    ("authorization_codes", "fields"),
    ("token_families", "fields"),
    ("consents", "asked"),
)


def upgrade() -> None:
    """Apply."""
    for table, column in _LISTS:
        _add(table, sa.Column(column, sa.Text(), nullable=False, server_default=""))
    _add("authorization_codes", sa.Column("days", sa.Integer(), nullable=False, server_default="0"))


def downgrade() -> None:
    """Take back."""
    for table, column in (*_LISTS, ("authorization_codes", "days")):
        with op.batch_alter_table(table) as batch:
            batch.drop_column(column)


def _add(table: str, column: sa.Column[str] | sa.Column[int]) -> None:
    """Add a column with a value for the rows that there are; new rows say theirs."""
    with op.batch_alter_table(table) as batch:
        batch.add_column(column)
    with op.batch_alter_table(table) as batch:
        batch.alter_column(column.name, server_default=None)
