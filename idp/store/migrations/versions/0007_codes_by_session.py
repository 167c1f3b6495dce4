"""Codes are found by their session when it is signed out."""

from alembic import op

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Apply."""
    op.create_index("ix_authorization_codes_sid", "authorization_codes", ["sid"])


def downgrade() -> None:
    """Take back."""
    op.drop_index("ix_authorization_codes_sid", "authorization_codes")
