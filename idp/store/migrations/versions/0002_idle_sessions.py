"""Idle sessions are found by an index when they are purged."""

from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Apply."""
    op.create_index("ix_sessions_seen_at", "sessions", ["seen_at"])


def downgrade() -> None:
    """Take back."""
    op.drop_index("ix_sessions_seen_at", "sessions")
