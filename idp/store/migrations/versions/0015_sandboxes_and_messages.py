"""Partners' apps are told by signed messages, meet made-up people in a sandbox, and have staff who look after them."""

import sqlalchemy as sa
from alembic import op

revision = "0015"
down_revision = "0014"
branch_labels = None
depends_on = None

_ADDED = (("clients", "environment", 16, "production"), ("accounts", "sandbox_of", 64, ""))


def upgrade() -> None:
    """Apply."""
    for table, name, length, default in _ADDED:
        with op.batch_alter_table(table) as batch:
            batch.add_column(sa.Column(name, sa.String(length=length), nullable=True))
        op.execute(sa.update(sa.table(table, sa.column(name))).values({name: default}))
        with op.batch_alter_table(table) as batch:
            batch.alter_column(name, nullable=False)
    op.create_table(
        "webhooks",
        sa.Column("client_id", sa.String(length=128), primary_key=True, nullable=False),
        sa.Column("url", sa.Text(), nullable=False),
        sa.Column("changed_at", sa.BigInteger(), nullable=False),
        sa.Column("verified_at", sa.BigInteger()),
    )
    op.create_table(
        "partner_messages",
        sa.Column("id", sa.String(length=64), primary_key=True, nullable=False),
        sa.Column("client_id", sa.String(length=128), nullable=False),
        sa.Column("kind", sa.String(length=32), nullable=False),
        sa.Column("grant_id", sa.String(length=32), nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.Column("outbox_id", sa.BigInteger(), nullable=False),
        sa.Column("acknowledge_by", sa.BigInteger()),
        sa.Column("acknowledged_at", sa.BigInteger()),
    )
    op.create_index("ix_partner_messages_created_at", "partner_messages", ["created_at"])
    op.create_index("ix_partner_messages_of_client", "partner_messages", ["client_id", "created_at"])
    op.create_table(
        "partner_members",
        sa.Column("account_id", sa.String(length=32), primary_key=True, nullable=False),
        sa.Column("partner_id", sa.String(length=64), primary_key=True, nullable=False),
        sa.Column("added_by", sa.String(length=100), nullable=False),
        sa.Column("added_at", sa.BigInteger(), nullable=False),
    )
    op.create_index("ix_partner_members_partner_id", "partner_members", ["partner_id"])


def downgrade() -> None:
    """Take back."""
    for table in ("partner_members", "partner_messages", "webhooks"):
        op.drop_table(table)
    for table, name, _length, _default in _ADDED:
        with op.batch_alter_table(table) as batch:
            batch.drop_column(name)
