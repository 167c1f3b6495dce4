"""Clients that registered themselves (RFC 7591, RFC 7592): their registration access tokens, and the initial ones."""

from dataclasses import dataclass
from hmac import compare_digest

from sqlalchemy import Connection, delete, func, insert, literal, select, update

from idp.protocol.names import ClientKind
from idp.store.clients import MAX_CLIENT_ID
from idp.store.database import Database, db, delete_in_batches

registrations = db.Table(
    "registrations",
    db.Column("client_id", db.String(MAX_CLIENT_ID), primary_key=True),
    db.Column("token_hash", db.LargeBinary(32), nullable=False),
    db.Column("issued_at", db.BigInteger, nullable=False),
    db.Column("updated_at", db.BigInteger, nullable=False),
)

initial_access_tokens = db.Table(
    "initial_access_tokens",
    db.Column("token_hash", db.LargeBinary(32), primary_key=True),
    db.Column("kind", db.String(16), nullable=False),
    db.Column("uses_left", db.Integer, nullable=False),
    db.Column("expires_at", db.BigInteger, nullable=False, index=True),
)


@dataclass(frozen=True, slots=True)
class Registration:
    """That a client registered itself, when, and the hash of the token by which it looks after itself."""

    client_id: str
    token_hash: bytes
    issued_at: int

    def is_proven_by(self, token_hash: bytes) -> bool:
        """Whether this is the hash of the client's registration access token; takes constant time."""
        return compare_digest(self.token_hash, token_hash)


def add(connection: Connection, client_id: str, token_hash: bytes, now: int) -> None:
    """Write down that a client registered itself."""
    row = {"client_id": client_id, "token_hash": token_hash, "issued_at": now, "updated_at": now}
    connection.execute(insert(registrations).values(row))


def find(connection: Connection, client_id: str) -> Registration | None:
    """Return a client's registration, unless an operator declared it or it is deleted."""
    columns = registrations.c
    which = select(columns.client_id, columns.token_hash, columns.issued_at).where(columns.client_id == client_id)
    row = connection.execute(which).one_or_none()
    return None if row is None else Registration(*row)


def touch(connection: Connection, registration: Registration, now: int) -> bool:
    """Hold a registration until this transaction ends; false when it was deleted meanwhile."""
    which = registrations.c.client_id == registration.client_id
    return connection.execute(update(registrations).where(which).values(updated_at=now)).rowcount == 1


def remove(connection: Connection, registration: Registration) -> bool:
    """Forget a registration and its token; true for the one who did."""
    which = registrations.c.client_id == registration.client_id
    return connection.execute(delete(registrations).where(which)).rowcount == 1


def count(connection: Connection) -> int:
    """Return how many clients registered themselves."""
    return int(connection.execute(select(func.count()).select_from(registrations)).scalar_one())


def add_initial_access_token(
    connection: Connection, token_hash: bytes, kind: ClientKind, uses: int, expires_at: int
) -> None:
    """Keep an initial access token (RFC 7591 1.2), good for so many registrations of a kind of client."""
    row = {"token_hash": token_hash, "kind": kind.value, "uses_left": uses, "expires_at": expires_at}
    connection.execute(insert(initial_access_tokens).values(row))


def use_initial_access_token(connection: Connection, token_hash: bytes, now: int) -> ClientKind | None:
    """Use an initial access token once; return the kind of client that it is for, or None when it is good no more."""
    tokens = initial_access_tokens
    alive = (tokens.c.token_hash == token_hash) & (tokens.c.uses_left > 0) & (tokens.c.expires_at > now)
    used = update(tokens).where(alive).values(uses_left=tokens.c.uses_left - literal(1)).returning(tokens.c.kind)
    kind = connection.execute(used).scalar_one_or_none()
    return None if kind is None else ClientKind(kind)


def purge(database: Database, now: int) -> int:
    """Forget initial access tokens that are over; return how many."""
    return delete_in_batches(database, initial_access_tokens, initial_access_tokens.c.expires_at <= now)
