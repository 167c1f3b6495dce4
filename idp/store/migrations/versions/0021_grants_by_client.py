"""An app's living grants, page by page."""

import sqlalchemy as sa
from alembic import op

revision = "0021"
down_revision = "0020"
branch_labels = None
depends_on = None

_LIVE = sa.text("ended_at IS NULL")


def upgrade() -> None:
    """Apply."""
    op.create_index("ix_grants_of_client", "grants", ["client_id", "id"], postgresql_where=_LIVE, sqlite_where=_LIVE)


def downgrade() -> None:
    """Take back."""
    op.drop_index("ix_grants_of_client", "grants")
