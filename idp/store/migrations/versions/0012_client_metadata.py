"""What clients say about themselves, in full (OIDC Dynamic Client Registration 2)."""

from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "0012"
down_revision = "0011"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Apply; each column has a value for the clients that there are, and new ones say theirs."""
    columns = _columns()
    with op.batch_alter_table("clients") as batch:
        for column in columns:
            batch.add_column(column)
    with op.batch_alter_table("clients") as batch:
        for column in columns:
            if column.server_default is not None:
                batch.alter_column(column.name, server_default=None)


def downgrade() -> None:
    """Take back."""
    with op.batch_alter_table("clients") as batch:
        for column in _columns():
            batch.drop_column(column.name)


def _columns() -> tuple[sa.Column[Any], ...]:
    return (
        sa.Column("logo_uri", sa.Text(), nullable=False, server_default=""),
        sa.Column("policy_uri", sa.Text(), nullable=False, server_default=""),
        sa.Column("tos_uri", sa.Text(), nullable=False, server_default=""),
        sa.Column("translations", sa.Text(), nullable=False, server_default=""),
        sa.Column("contacts", sa.Text(), nullable=False, server_default="[]"),
        sa.Column("software_id", sa.String(length=100), nullable=False, server_default=""),
        sa.Column("software_version", sa.String(length=100), nullable=False, server_default=""),
        sa.Column("application_type", sa.String(length=8), nullable=False, server_default=""),
        sa.Column("jwks_uri", sa.Text(), nullable=False, server_default=""),
        sa.Column("response_types", sa.Text(), nullable=False, server_default='["code"]'),
        sa.Column("request_uris", sa.Text(), nullable=False, server_default=""),
        sa.Column("initiate_login_uri", sa.Text(), nullable=False, server_default=""),
        sa.Column("subject_type", sa.String(length=8), nullable=False, server_default=""),
        sa.Column("sector_identifier_uri", sa.Text(), nullable=False, server_default=""),
        sa.Column("id_token_encrypted_response_alg", sa.String(length=32), nullable=False, server_default=""),
        sa.Column("id_token_encrypted_response_enc", sa.String(length=32), nullable=False, server_default=""),
        sa.Column("userinfo_signed_response_alg", sa.String(length=16), nullable=False, server_default=""),
        sa.Column("userinfo_encrypted_response_alg", sa.String(length=32), nullable=False, server_default=""),
        sa.Column("userinfo_encrypted_response_enc", sa.String(length=32), nullable=False, server_default=""),
        sa.Column("request_object_signing_alg", sa.String(length=16), nullable=False, server_default=""),
        sa.Column("request_object_encryption_alg", sa.String(length=32), nullable=False, server_default=""),
        sa.Column("request_object_encryption_enc", sa.String(length=32), nullable=False, server_default=""),
        sa.Column("require_signed_request_object", sa.Boolean(), nullable=False, server_default=sa.false()),
        sa.Column("default_max_age", sa.Integer(), nullable=True),
        sa.Column("require_auth_time", sa.Boolean(), nullable=False, server_default=sa.false()),
        sa.Column("default_acr_values", sa.Text(), nullable=False, server_default=""),
        sa.Column("frontchannel_logout_uri", sa.Text(), nullable=False, server_default=""),
        sa.Column("frontchannel_logout_session_required", sa.Boolean(), nullable=False, server_default=sa.false()),
        sa.Column("backchannel_logout_uri", sa.Text(), nullable=False, server_default=""),
        sa.Column("backchannel_logout_session_required", sa.Boolean(), nullable=False, server_default=sa.false()),
    )
