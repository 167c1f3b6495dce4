"""Grants: what a user allowed one app for one purpose, one row for its whole life. Names of fields, never their values.

A grant keeps its identifier however often it is amended. Of a user, an app and a purpose at most one is alive; those
that are over stay. Every change counts `version` up, so that whoever decided upon a grant can tell whether it is still
the same. Each transition is one conditional UPDATE of a live row: what is over is never changed again.
"""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, fields
from typing import Any, NamedTuple

from sqlalchemy import ColumnElement, Connection, Dialect, Select, TypeDecorator, delete, func, insert, select, update

from idp.protocol.grants import SUSPENDED, Mode, Status
from idp.store.changes import Topic, announce
from idp.store.database import BigKey, db, in_batches, insert_if_absent, insert_into


class Answer(NamedTuple):
    """What the user said to one thing that was shown: yes or no, when, and until when that holds."""

    agreed: bool
    at: int
    until: int


class Answers(TypeDecorator[Mapping[str, Answer]]):
    """Answers by the name of what was shown, kept as one JSON column."""

    impl = db.Text
    cache_ok = True

    def process_bind_param(self, value: Mapping[str, Answer] | None, dialect: Dialect) -> str | None:  # noqa: ARG002 - SQLAlchemy's signature
        """Write the answers in the order of their names."""
        return None if value is None else json.dumps(value, sort_keys=True, separators=(",", ":"))

    def process_result_value(self, value: str | None, dialect: Dialect) -> Mapping[str, Answer] | None:  # noqa: ARG002 - SQLAlchemy's signature
        """Read them."""
        return None if value is None else {name: Answer(*answer) for name, answer in json.loads(value).items()}


class Names(TypeDecorator[frozenset[str]]):
    """A set of names, kept as one column in their order."""

    impl = db.Text
    cache_ok = True

    def process_bind_param(self, value: frozenset[str] | None, dialect: Dialect) -> str | None:  # noqa: ARG002 - SQLAlchemy's signature
        """Write the names in their order, so that equal sets are equal columns."""
        return None if value is None else " ".join(sorted(value))

    def process_result_value(self, value: str | None, dialect: Dialect) -> frozenset[str] | None:  # noqa: ARG002 - SQLAlchemy's signature
        """Read them."""
        return None if value is None else frozenset(value.split())


grants = db.Table(
    "grants",
    db.Column("id", db.String(32), primary_key=True),
    db.Column("account_id", db.String(32), nullable=False),
    db.Column("client_id", db.String(128), nullable=False),
    db.Column("purpose", db.String(64), nullable=False),
    db.Column("mode", db.String(16), nullable=False),
    db.Column("scopes", Answers, nullable=False),
    db.Column("fields", Answers, nullable=False),
    db.Column("agreement_id", db.String(64), nullable=False),
    db.Column("agreement_version", db.Integer, nullable=False),
    db.Column("text_hash", db.String(64), nullable=False),
    db.Column("locale", db.String(16), nullable=False),
    db.Column("acr", db.String(64), nullable=False),
    db.Column("created_at", db.BigInteger, nullable=False),
    db.Column("expires_at", db.BigInteger, nullable=False),
    db.Column("status", db.String(16), nullable=False),
    db.Column("version", db.Integer, nullable=False),
    db.Column("suspensions", db.Integer, nullable=False),
    db.Column("changed_at", db.BigInteger, nullable=False),
    db.Column("ended_at", db.BigInteger),
    db.Column("reason", db.String(32), nullable=False),
    db.Column("initiator", db.String(16), nullable=False),
    db.Column("disclosed", Names, nullable=False),
)
_LIVE = grants.c.ended_at.is_(None)
_KEY = ("account_id", "client_id", "purpose")
db.Index("ix_grants_of_account", *(grants.c[name] for name in _KEY))
db.Index(
    "ix_grants_live",
    *(grants.c[name] for name in _KEY),
    unique=True,
    postgresql_where=_LIVE,
    sqlite_where=_LIVE,
)
db.Index("ix_grants_of_client", grants.c.client_id, grants.c.id, postgresql_where=_LIVE, sqlite_where=_LIVE)
db.Index("ix_grants_due", grants.c.expires_at, postgresql_where=_LIVE, sqlite_where=_LIVE)

grant_suspensions = db.Table(
    "grant_suspensions",
    db.Column("grant_id", db.String(32), primary_key=True),
    db.Column("cause", db.String(64), primary_key=True),
    db.Column("at", db.BigInteger, nullable=False),
    db.Column("initiator", db.String(16), nullable=False),
)

grant_events = db.Table(
    "grant_events",
    db.Column("id", BigKey, primary_key=True, autoincrement=True),
    db.Column("grant_id", db.String(32), nullable=False, index=True),
    db.Column("version", db.Integer, nullable=False),
    db.Column("kind", db.String(16), nullable=False),
    db.Column("at", db.BigInteger, nullable=False),
    db.Column("reason", db.String(64), nullable=False),
    db.Column("initiator", db.String(16), nullable=False),
    db.Column("before", Answers, nullable=False),
    db.Column("after", Answers, nullable=False),
    db.Column("text_hash", db.String(64), nullable=False),
    db.Column("locale", db.String(16), nullable=False),
    db.Column("acr", db.String(64), nullable=False),
)


@dataclass(frozen=True, slots=True)
class Grant:
    """One grant. `purpose` is empty where no partner's purpose is involved."""

    id: str
    account_id: str
    client_id: str
    purpose: str
    scopes: Mapping[str, Answer]
    """What the app may do, each scope with its own end."""
    fields: Mapping[str, Answer]
    """Every field that was shown, with the answer to it and that answer's own end."""
    created_at: int
    expires_at: int
    """When the last of the answers ends."""
    mode: Mode = Mode.ONGOING
    agreement_id: str = ""
    agreement_version: int = 0
    text_hash: str = ""
    """Of the words that the user read last (`data_sharing.Offer`)."""
    locale: str = ""
    acr: str = ""
    """How the user was authenticated when they answered last."""
    status: Status = Status.ACTIVE
    version: int = 1
    suspensions: int = 0
    """How many causes hold it at present."""
    changed_at: int = 0
    ended_at: int | None = None
    reason: str = ""
    """Why the status is what it is."""
    initiator: str = ""
    disclosed: frozenset[str] = frozenset()
    """The answers that went out under it, over its whole life (the inference budget)."""

    def is_alive(self, now: int) -> bool:
        """Whether it still exists for its app, be it held or not."""
        return self.ended_at is None and now < self.expires_at

    @property
    def is_held(self) -> bool:
        """Whether its user paused it, or any cause suspends it."""
        return self.status is Status.PAUSED or self.suspensions > 0

    def state(self, now: int) -> str:
        """Return what it is called now: its status, but for what only time or a suspension tells."""
        if self.ended_at is not None:
            return self.status
        if now >= self.expires_at:
            return Status.EXPIRED
        return SUSPENDED if self.suspensions else self.status

    def agreed_fields(self, now: int) -> Mapping[str, int]:
        """Return the fields that the user agreed to, each with the end of its answer."""
        return {name: answer.until for name, answer in self.fields.items() if answer.agreed and now < answer.until}


@dataclass(frozen=True, slots=True)
class GrantEvent:
    """Something that happened to a grant; never changed, never removed."""

    grant_id: str
    version: int
    kind: str
    at: int
    reason: str
    initiator: str
    before: Mapping[str, Answer]
    after: Mapping[str, Answer]
    text_hash: str
    locale: str
    acr: str


_COLUMNS = tuple(item.name for item in fields(Grant))
_GRANT = tuple(grants.c[name] for name in _COLUMNS)
_EVENT = tuple(grant_events.c[item.name] for item in fields(GrantEvent))
_SELECT = select(*_GRANT)


def grant_key(account_id: str, client_id: str, purpose: str) -> str:
    """Return the key under which what stands between a user and an app is cached and announced."""
    return f"{account_id} {client_id} {purpose}"


# ---- questions -------------------------------------------------------------------------------------------------------


def find(connection: Connection, account_id: str, client_id: str, purpose: str, *, lock: bool = False) -> Grant | None:
    """Return the grant that is alive, else the newest that is over; with `lock`, held until the transaction ends."""
    statement = _SELECT.where(_which(account_id, client_id, purpose))
    statement = statement.order_by(grants.c.ended_at.is_not(None), grants.c.created_at.desc()).limit(1)
    return _one(connection, statement.with_for_update() if lock else statement)


def find_by_id(connection: Connection, grant_id: str, *, lock: bool = False) -> Grant | None:
    """Return a grant, ended and expired ones included."""
    statement = _SELECT.where(grants.c.id == grant_id)
    return _one(connection, statement.with_for_update() if lock else statement)


def all_alive(connection: Connection, account_id: str, now: int) -> tuple[Grant, ...]:
    """Return a user's living grants, held ones too, the newest first."""
    alive = (grants.c.account_id == account_id) & _LIVE & (grants.c.expires_at > now)
    return _all(connection, _SELECT.where(alive).order_by(grants.c.created_at.desc(), grants.c.id))


def alive_of_client(connection: Connection, client_id: str, after: str, limit: int, now: int) -> tuple[Grant, ...]:
    """Return living grants of an app in the order of their identifiers, from the one after a given one."""
    which = (grants.c.client_id == client_id) & (grants.c.id > after) & _LIVE & (grants.c.expires_at > now)
    return _all(connection, _SELECT.where(which).order_by(grants.c.id).limit(limit))


def all_of_account(connection: Connection, account_id: str) -> tuple[Grant, ...]:
    """Return every grant that a user ever gave or refused, the newest first."""
    return _all(connection, _of_account(account_id).order_by(grants.c.created_at.desc(), grants.c.id))


def each_of_account(connection: Connection, account_id: str) -> Iterator[Grant]:
    """Yield the same, a batch at a time."""
    return map(
        _grant, in_batches(connection, _of_account(account_id), grants.c.created_at, grants.c.id, newest_first=True)
    )


def due(connection: Connection, now: int, limit: int) -> tuple[Grant, ...]:
    """Return grants whose time is over and which nobody wrote that down for yet."""
    statement = _SELECT.where(_LIVE & (grants.c.expires_at <= now)).order_by(grants.c.expires_at).limit(limit)
    return _all(connection, statement)


def all_living(connection: Connection, account_id: str) -> tuple[Grant, ...]:
    """Return a user's grants that are not over, held until the transaction ends, always in the same order."""
    statement = _SELECT.where((grants.c.account_id == account_id) & _LIVE).order_by(grants.c.id).with_for_update()
    return _all(connection, statement)


def touch(connection: Connection, account_id: str, now: int) -> None:
    """Make sure that nothing more goes out on what was decided about a user until now."""
    for grant in all_living(connection, account_id):
        _change(connection, grants.c.id == grant.id, now, {})


def events(connection: Connection, grant_id: str) -> tuple[GrantEvent, ...]:
    """Return what happened to a grant, in order."""
    return tuple(GrantEvent(*row) for row in connection.execute(_events_of(grant_id).order_by(grant_events.c.id)))


def each_event(connection: Connection, grant_id: str) -> Iterator[GrantEvent]:
    """Yield the same, a batch at a time."""
    numbered = _events_of(grant_id).add_columns(grant_events.c.id)
    return (GrantEvent(*row[:-1]) for row in in_batches(connection, numbered, grant_events.c.id))


# ---- transitions -----------------------------------------------------------------------------------------------------


def add(connection: Connection, grant: Grant) -> bool:
    """Write down a new grant; false when its app has a living one for the purpose already."""
    statement = insert_into(connection, grants).values({name: getattr(grant, name) for name in _COLUMNS})
    added = statement.on_conflict_do_nothing(index_elements=list(_KEY), index_where=_LIVE).returning(grants.c.id)
    if connection.execute(added).first() is None:
        return False
    _announce(connection, grant, grant.created_at)
    return True


def change(connection: Connection, before: Grant, now: int, **values: Any) -> Grant | None:  # noqa: ANN401 - columns of any type
    """Change a living grant, if it is still as it was; return it as it is then."""
    same = (grants.c.id == before.id) & (grants.c.version == before.version) & _LIVE & (grants.c.expires_at > now)
    return _change(connection, same, now, values)


def close(connection: Connection, grant: Grant, status: Status, now: int, **values: Any) -> Grant | None:  # noqa: ANN401 - columns of any type
    """End a grant for good; return it as it is then, or None when it was over already."""
    living = (grants.c.id == grant.id) & _LIVE
    timely = grants.c.expires_at <= now if status is Status.EXPIRED else grants.c.expires_at > now
    return _change(connection, living & timely, now, {"status": status, "ended_at": now, **values})


def suspend(connection: Connection, grant: Grant, cause: str, initiator: str, now: int) -> Grant | None:
    """Let one more cause hold a living grant; None when it is over, or held by this cause already."""
    row = {"grant_id": grant.id, "cause": cause, "at": now, "initiator": initiator}
    if not insert_if_absent(connection, grant_suspensions, **row):
        return None
    return _recount(connection, grant, now)


def lift(connection: Connection, grant: Grant, cause: str, now: int) -> Grant | None:
    """Let go of one cause; None when it did not hold this grant, or the grant is over."""
    held = (grant_suspensions.c.grant_id == grant.id) & (grant_suspensions.c.cause == cause)
    if connection.execute(delete(grant_suspensions).where(held)).rowcount != 1:
        return None
    return _recount(connection, grant, now)


def causes(connection: Connection, grant_id: str) -> tuple[str, ...]:
    """Return what holds a grant."""
    statement = select(grant_suspensions.c.cause).where(grant_suspensions.c.grant_id == grant_id)
    return tuple(connection.execute(statement.order_by(grant_suspensions.c.at)).scalars())


def note(connection: Connection, event: GrantEvent) -> None:
    """Write down what happened."""
    values = {item.name: getattr(event, item.name) for item in fields(GrantEvent)}
    connection.execute(insert(grant_events).values(values))


def add_answers(connection: Connection, grant: Grant, answers: frozenset[str], now: int) -> bool:
    """Count answers that are about to go out against a grant's inference budget; false if it is not as it was.

    One conditional statement: of two processes that give an answer each, the second sees what the first gave before it
    decides. The grant's version stays, for nothing changed of what it allows.
    """
    same = (grants.c.id == grant.id) & (grants.c.version == grant.version) & (grants.c.disclosed == grant.disclosed)
    counted = update(grants).where(same).values(disclosed=grant.disclosed | answers).returning(grants.c.id)
    if connection.execute(counted).first() is None:
        return False
    _announce(connection, grant, now)
    return True


def _recount(connection: Connection, grant: Grant, now: int) -> Grant | None:
    count = select(func.count()).where(grant_suspensions.c.grant_id == grant.id).scalar_subquery()
    living = (grants.c.id == grant.id) & _LIVE & (grants.c.expires_at > now)
    return _change(connection, living, now, {"suspensions": count})


def _change(connection: Connection, which: ColumnElement[bool], now: int, values: Mapping[str, Any]) -> Grant | None:
    statement = update(grants).where(which).values({"version": grants.c.version + 1, "changed_at": now, **values})
    row = connection.execute(statement.returning(*_GRANT)).one_or_none()
    if row is None:
        return None
    changed = _grant(row)
    _announce(connection, changed, now)
    return changed


def _announce(connection: Connection, grant: Grant, now: int) -> None:
    announce(connection, Topic.GRANT, grant_key(grant.account_id, grant.client_id, grant.purpose), now)


def _which(account_id: str, client_id: str, purpose: str) -> ColumnElement[bool]:
    return (grants.c.account_id == account_id) & (grants.c.client_id == client_id) & (grants.c.purpose == purpose)


def _of_account(account_id: str) -> Select[Any]:
    return _SELECT.where(grants.c.account_id == account_id)


def _events_of(grant_id: str) -> Select[Any]:
    return select(*_EVENT).where(grant_events.c.grant_id == grant_id)


def _grant(row: Any) -> Grant:  # noqa: ANN401 - a row of any statement that returns `_GRANT`
    values = dict(zip(_COLUMNS, row, strict=True))
    return Grant(**{**values, "mode": Mode(values["mode"]), "status": Status(values["status"])})


def _one(connection: Connection, statement: Any) -> Grant | None:  # noqa: ANN401 - SQLAlchemy's generic Select
    row = connection.execute(statement).one_or_none()
    return None if row is None else _grant(row)


def _all(connection: Connection, statement: Any) -> tuple[Grant, ...]:  # noqa: ANN401 - SQLAlchemy's generic Select
    return tuple(_grant(row) for row in connection.execute(statement))
