"""Consents become grants, with a life of their own: an answer for each field, suspensions, events."""

import json
from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "0014"
down_revision = "0013"
branch_labels = None
depends_on = None

_LIVE = sa.text("ended_at IS NULL")
_KEY = ["account_id", "client_id", "purpose"]


def upgrade() -> None:
    """Apply."""
    op.create_table(
        "grants",
        sa.Column("id", sa.String(length=32), nullable=False),
        sa.Column("account_id", sa.String(length=32), nullable=False),
        sa.Column("client_id", sa.String(length=128), nullable=False),
        sa.Column("purpose", sa.String(length=64), nullable=False),
        sa.Column("mode", sa.String(length=16), nullable=False),
        sa.Column("scopes", sa.Text(), nullable=False),
        sa.Column("fields", sa.Text(), nullable=False),
        sa.Column("agreement_id", sa.String(length=64), nullable=False),
        sa.Column("agreement_version", sa.Integer(), nullable=False),
        sa.Column("text_hash", sa.String(length=64), nullable=False),
        sa.Column("locale", sa.String(length=16), nullable=False),
        sa.Column("acr", sa.String(length=64), nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.Column("expires_at", sa.BigInteger(), nullable=False),
        sa.Column("status", sa.String(length=16), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("suspensions", sa.Integer(), nullable=False),
        sa.Column("changed_at", sa.BigInteger(), nullable=False),
        sa.Column("ended_at", sa.BigInteger(), nullable=True),
        sa.Column("reason", sa.String(length=32), nullable=False),
        sa.Column("initiator", sa.String(length=16), nullable=False),
        sa.PrimaryKeyConstraint("id"),
    )
    _move_to_grants()
    op.create_index("ix_grants_of_account", "grants", _KEY)
    op.create_index("ix_grants_live", "grants", _KEY, unique=True, postgresql_where=_LIVE, sqlite_where=_LIVE)
    op.create_index("ix_grants_due", "grants", ["expires_at"], postgresql_where=_LIVE, sqlite_where=_LIVE)
    op.create_table(
        "grant_suspensions",
        sa.Column("grant_id", sa.String(length=32), nullable=False),
        sa.Column("cause", sa.String(length=64), nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.Column("initiator", sa.String(length=16), nullable=False),
        sa.PrimaryKeyConstraint("grant_id", "cause"),
    )
    op.create_table(
        "grant_events",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=True, nullable=False),
        sa.Column("grant_id", sa.String(length=32), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("kind", sa.String(length=16), nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.Column("reason", sa.String(length=64), nullable=False),
        sa.Column("initiator", sa.String(length=16), nullable=False),
        sa.Column("before", sa.Text(), nullable=False),
        sa.Column("after", sa.Text(), nullable=False),
        sa.Column("text_hash", sa.String(length=64), nullable=False),
        sa.Column("locale", sa.String(length=16), nullable=False),
        sa.Column("acr", sa.String(length=64), nullable=False),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index("ix_grant_events_grant_id", "grant_events", ["grant_id"])
    op.drop_table("consents")


def downgrade() -> None:
    """Take back: what stands last between a user and an app for a purpose."""
    op.create_table(
        "consents",
        sa.Column("account_id", sa.String(length=32), nullable=False),
        sa.Column("client_id", sa.String(length=128), nullable=False),
        sa.Column("purpose", sa.String(length=64), nullable=False),
        sa.Column("scopes", sa.Text(), nullable=False),
        sa.Column("fields", sa.Text(), nullable=False),
        sa.Column("granted_at", sa.BigInteger(), nullable=False),
        sa.Column("expires_at", sa.BigInteger(), nullable=False),
        sa.Column("ended_at", sa.BigInteger(), nullable=True),
        sa.Column("asked", sa.Text(), nullable=False),
        sa.Column("grant_id", sa.String(length=32), nullable=False),
        sa.PrimaryKeyConstraint(*_KEY),
    )
    op.create_index("ix_consents_grant_id", "consents", ["grant_id"], unique=True)
    _move_back()
    op.drop_table("grant_events")
    op.drop_table("grant_suspensions")
    op.drop_table("grants")


_GRANTS = sa.table(
    "grants",
    *(
        sa.column(name)
        for name in (
            *("id", "account_id", "client_id", "purpose", "mode", "scopes", "fields", "agreement_id"),
            *("agreement_version", "text_hash", "locale", "acr", "created_at", "expires_at", "status", "version"),
            *("suspensions", "changed_at", "ended_at", "reason", "initiator"),
        )
    ),
)
_CONSENTS = sa.table(
    "consents",
    *(
        sa.column(name)
        for name in (*_KEY, "scopes", "fields", "granted_at", "expires_at", "ended_at", "asked", "grant_id")
    ),
)


def _move_to_grants() -> None:
    connection = op.get_bind()
    for row in connection.execute(sa.select(_CONSENTS)).mappings().all():
        answered = {"at": row["granted_at"], "until": row["expires_at"]}
        fields = _answers(row["asked"], agreed=False, **answered) | _answers(row["fields"], agreed=True, **answered)
        grant = {
            **{name: row[name] for name in (*_KEY, "expires_at", "ended_at")},
            "id": row["grant_id"],
            "mode": "ongoing",
            "scopes": json.dumps(_answers(row["scopes"], agreed=True, **answered)),
            "fields": json.dumps(fields),
            "agreement_id": "",
            "agreement_version": 0,
            "text_hash": "",
            "locale": "",
            "acr": "",
            "created_at": row["granted_at"],
            "status": "active" if row["ended_at"] is None else "revoked",
            "version": 1,
            "suspensions": 0,
            "changed_at": row["granted_at"],
            "reason": "",
            "initiator": "",
        }
        connection.execute(sa.insert(_GRANTS).values(grant))


def _move_back() -> None:
    connection = op.get_bind()
    moved = set()
    newest = sa.select(_GRANTS).order_by(_GRANTS.c.ended_at.is_not(None), _GRANTS.c.created_at.desc())
    for row in connection.execute(newest).mappings().all():
        key = tuple(row[name] for name in _KEY)
        if key in moved:
            continue
        moved.add(key)
        fields = json.loads(row["fields"])
        consent = {
            **{name: row[name] for name in (*_KEY, "expires_at", "ended_at")},
            "scopes": " ".join(json.loads(row["scopes"])),
            "fields": " ".join(name for name, (agreed, _at, _until) in fields.items() if agreed),
            "granted_at": row["created_at"],
            "asked": " ".join(fields),
            "grant_id": row["id"],
        }
        connection.execute(sa.insert(_CONSENTS).values(consent))


def _answers(names: str, *, agreed: bool, at: int, until: int) -> dict[str, Any]:
    return dict.fromkeys(names.split(), (agreed, at, until))
