"""Policies as they were proposed, and every step by which one came into force: both are added to and never changed.

A policy is known by the hash of its texts. Steps are numbered without gaps, and whoever takes one says after which:
so each is taken in sight of the one before, and of two at once one comes too late.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass, fields
from enum import StrEnum
from typing import Any

from sqlalchemy import Connection, Row, select

from idp.store.changes import EVERYTHING, Topic, announce
from idp.store.database import TextList, db, insert_if_absent
from idp.store.partner_events import MAX_ACTOR, MAX_REASON

policies = db.Table(
    "policies",
    db.Column("hash", db.String(64), primary_key=True),
    db.Column("version", db.Integer, nullable=False, unique=True),
    db.Column("documents", db.Text, nullable=False),
    db.Column("author", db.String(MAX_ACTOR), nullable=False),
    db.Column("proposed_at", db.BigInteger, nullable=False),
)
policy_steps = db.Table(
    "policy_steps",
    db.Column("number", db.Integer, primary_key=True, autoincrement=False),
    db.Column("hash", db.String(64), nullable=False),
    db.Column("kind", db.String(16), nullable=False),
    db.Column("actor", db.String(MAX_ACTOR), nullable=False),
    db.Column("reason", db.String(MAX_REASON), nullable=False),
    db.Column("signed_off", TextList, nullable=False),
    db.Column("at", db.BigInteger, nullable=False),
)


class StepKind(StrEnum):
    """What was done with a policy."""

    BEGUN = "begun"
    """The first, out of the sharing directory when there was none."""
    PROPOSED = "proposed"
    PROMOTED = "promoted"
    ROLLED_BACK = "rolled_back"
    """Put in force again, in place of a later one."""
    SHADOW_BEGUN = "shadow_begun"
    SHADOW_ENDED = "shadow_ended"


IN_FORCE_BY = frozenset({StepKind.BEGUN, StepKind.PROMOTED, StepKind.ROLLED_BACK})
"""The steps that put a policy in force."""


@dataclass(frozen=True, slots=True)
class StoredPolicy:
    """A policy: its texts by the names of their files, who wrote it, and its place among all."""

    hash: str
    version: int
    documents: Mapping[str, str]
    author: str
    proposed_at: int


@dataclass(frozen=True, slots=True)
class PolicyStep:
    """One step. `signed_off` are the widenings that whoever took it answers for."""

    number: int
    hash: str
    kind: StepKind
    actor: str
    reason: str
    signed_off: tuple[str, ...]
    at: int


_POLICY = tuple(policies.c[item.name] for item in fields(StoredPolicy))
_STEP = tuple(policy_steps.c[item.name] for item in fields(PolicyStep))


def add(connection: Connection, policy: StoredPolicy) -> bool:
    """Write a policy down; false, with nothing written, if it is known."""
    values = {item.name: getattr(policy, item.name) for item in fields(StoredPolicy)}
    return insert_if_absent(connection, policies, **values | {"documents": json.dumps(dict(policy.documents))})


def take(connection: Connection, step: PolicyStep) -> bool:
    """Write a step down and tell every process; false, with nothing written, if another one has its number."""
    values = {item.name: getattr(step, item.name) for item in fields(PolicyStep)}
    if not insert_if_absent(connection, policy_steps, **values):
        return False
    announce(connection, Topic.POLICY, EVERYTHING, step.at)
    return True


def find(connection: Connection, hash_: str) -> StoredPolicy | None:
    """Return a policy."""
    row = connection.execute(select(*_POLICY).where(policies.c.hash == hash_)).one_or_none()
    return None if row is None else _policy(row)


def everyone(connection: Connection) -> tuple[StoredPolicy, ...]:
    """Return every policy, the newest first."""
    return tuple(_policy(row) for row in connection.execute(select(*_POLICY).order_by(policies.c.version.desc())))


def steps(connection: Connection) -> tuple[PolicyStep, ...]:
    """Return every step, in order."""
    rows = connection.execute(select(*_STEP).order_by(policy_steps.c.number))
    return tuple(PolicyStep(row[0], row[1], StepKind(row[2]), *row[3:]) for row in rows)


def _policy(row: Row[Any]) -> StoredPolicy:
    return StoredPolicy(row.hash, row.version, _texts(row.documents), row.author, row.proposed_at)


def _texts(stored: str) -> dict[str, str]:
    """Read the texts; none where that is no longer what is stored, which no hash is the hash of."""
    try:
        texts = json.loads(stored)
    except ValueError:
        return {}
    return texts if isinstance(texts, dict) else {}
