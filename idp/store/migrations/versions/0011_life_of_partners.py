"""Partners have a life with a history, and agreements have versions that are proposed, approved and put in force."""

import json
import time
from hashlib import sha256

import sqlalchemy as sa
from alembic import op

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None

_TEXTS = {"legal_entity": (200, ""), "country": (2, ""), "legal_relation": (16, "third_party"), "tier": (16, "plain")}


def upgrade() -> None:
    """Apply."""
    _detail_partners()
    op.create_table(
        "partner_events",
        sa.Column(
            "id",
            sa.BigInteger().with_variant(sa.Integer(), "sqlite"),
            primary_key=True,
            autoincrement=True,
            nullable=False,
        ),
        sa.Column("partner_id", sa.String(length=64), nullable=False),
        sa.Column("kind", sa.String(length=32), nullable=False),
        sa.Column("before", sa.String(length=64), nullable=False),
        sa.Column("after", sa.String(length=64), nullable=False),
        sa.Column("actor", sa.String(length=100), nullable=False),
        sa.Column("reason", sa.String(length=500), nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
    )
    op.create_index("ix_partner_events_partner_id", "partner_events", ["partner_id"])
    op.create_table(
        "agreement_versions",
        sa.Column("partner_id", sa.String(length=64), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("document", sa.Text(), nullable=False),
        sa.Column("hash", sa.String(length=64), nullable=False),
        sa.Column("state", sa.String(length=16), nullable=False),
        sa.Column("effective_at", sa.BigInteger(), nullable=False),
        sa.Column("author", sa.String(length=100), nullable=False),
        sa.Column("proposed_at", sa.BigInteger(), nullable=False),
        sa.Column("approver", sa.String(length=100), nullable=False),
        sa.Column("approved_at", sa.BigInteger()),
        sa.Column("in_force_at", sa.BigInteger()),
        sa.PrimaryKeyConstraint("partner_id", "version"),
    )
    _number_agreements()


def downgrade() -> None:
    """Take back."""
    op.drop_table("agreement_versions")
    op.drop_index("ix_partner_events_partner_id", "partner_events")
    op.drop_table("partner_events")
    op.execute("UPDATE partners SET status = 'active' WHERE status = 'production'")
    with op.batch_alter_table("partners") as batch:
        for name in ("contacts", *reversed(_TEXTS)):
            batch.drop_column(name)


def _detail_partners() -> None:
    with op.batch_alter_table("partners") as batch:
        for name, (length, _default) in _TEXTS.items():
            batch.add_column(sa.Column(name, sa.String(length=length), nullable=True))
        batch.add_column(sa.Column("contacts", sa.LargeBinary(), nullable=True))
    partners = sa.table("partners", sa.column("status"), *(sa.column(name) for name in _TEXTS))
    op.execute(sa.update(partners).values({name: default for name, (_length, default) in _TEXTS.items()}))
    op.execute(sa.update(partners).where(partners.c.status == "active").values(status="production"))
    with op.batch_alter_table("partners") as batch:
        for name in _TEXTS:
            batch.alter_column(name, nullable=False)


def _number_agreements() -> None:
    """Give each agreement that is in force its entry among the versions."""
    agreements = sa.table("agreements", sa.column("partner_id"), sa.column("document"))
    names = ("version", "hash", "state", "effective_at", "author", "proposed_at", "approver", "in_force_at")
    versions = sa.table("agreement_versions", *(sa.column(name) for name in ("partner_id", "document", *names)))
    connection = op.get_bind()
    now = int(time.time())
    for row in connection.execute(sa.select(agreements)).all():
        written = json.loads(row.document)
        if not isinstance(written, dict):
            continue
        values = {
            "version": written["version"],
            "hash": sha256(row.document.encode("utf-8")).hexdigest(),
            "state": "in_force",
            "effective_at": written["effective_at"],
            "author": "before versions",
            "proposed_at": now,
            "approver": "before versions",
            "in_force_at": now,
        }
        connection.execute(sa.insert(versions).values(partner_id=row.partner_id, document=row.document, **values))
