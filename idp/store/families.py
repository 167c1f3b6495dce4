"""Token families: one grant of a user to a client, and every token that descends from it (RFC 9700 4.14.2).

A family is one row for its whole life. A refresh token is `<handle>.<secret>`: the handle finds the family, the secret
proves that the holder has its newest token. Rotation is one conditional update of that row, so a family does not grow.
Only hashes of handle and secret are stored.
"""

from dataclasses import dataclass, fields
from hmac import compare_digest

from sqlalchemy import ColumnElement, Connection, bindparam, insert, select, update

from idp.protocol.asked import Asked
from idp.protocol.names import OFFLINE_ACCESS
from idp.store.changes import Topic, announce
from idp.store.database import Database, StringList, db, delete_in_batches
from idp.store.direct import DirectStatement, Values

token_families = db.Table(
    "token_families",
    db.Column("id", db.String(32), primary_key=True),
    db.Column("client_id", db.String(128), nullable=False),
    db.Column("account_id", db.String(32), nullable=False, index=True),
    db.Column("sid", db.String(32), nullable=False, index=True),
    db.Column("scopes", StringList, nullable=False),
    db.Column("resources", StringList, nullable=False),
    db.Column("purpose", db.String(64), nullable=False),
    db.Column("auth_time", db.BigInteger, nullable=False),
    db.Column("acr", db.String(64), nullable=False),
    db.Column("amr", StringList, nullable=False),
    db.Column("created_at", db.BigInteger, nullable=False),
    db.Column("expires_at", db.BigInteger, nullable=False, index=True),
    db.Column("ended_at", db.BigInteger, index=True),
    db.Column("end_reason", db.String(32)),
    db.Column("handle_hash", db.LargeBinary(32), unique=True),
    db.Column("secret_hash", db.LargeBinary(32)),
    db.Column("previous_hash", db.LargeBinary(32)),
    db.Column("rotated_at", db.BigInteger),
    db.Column("fields", StringList, nullable=False),
    db.Column("id_token_claims", StringList, nullable=False),
    db.Column("userinfo_claims", StringList, nullable=False),
)

REPLAYED_CODE = "replayed_code"
REPLAYED_REFRESH_TOKEN = "replayed_refresh_token"
REVOKED_BY_CLIENT = "revoked_by_client"
SIGNED_OUT = "signed_out"
SHARING_ENDED = "sharing_ended"
AMENDED = "grant_amended"
ACCOUNT_SUSPENDED = "account_suspended"
CLIENT_DELETED = "client_deleted"


@dataclass(frozen=True, slots=True)
class Family:
    """What a family was granted, and whether it is still alive."""

    id: str
    client_id: str
    account_id: str
    sid: str
    scopes: tuple[str, ...]
    resources: tuple[str, ...]
    purpose: str
    auth_time: int
    acr: str
    amr: tuple[str, ...]
    created_at: int
    expires_at: int
    ended_at: int | None = None
    fields: tuple[str, ...] = ()
    """Fields that were asked for by name."""
    id_token_claims: tuple[str, ...] = ()
    userinfo_claims: tuple[str, ...] = ()
    """Claims that were asked for one by one (OIDC Core 5.5)."""

    @property
    def asked(self) -> Asked:
        """What the app was granted in answer to what it asked for."""
        return Asked(
            self.scopes,
            self.purpose,
            self.fields,
            id_token_claims=self.id_token_claims,
            userinfo_claims=self.userinfo_claims,
            acr=self.acr,
            auth_time=self.auth_time,
        )

    def is_alive(self, now: int) -> bool:
        """Whether its tokens may be used."""
        return self.ended_at is None and now < self.expires_at


@dataclass(frozen=True, slots=True)
class RefreshState:
    """The hashes of a family's newest refresh token and the one before."""

    secret_hash: bytes
    previous_hash: bytes | None
    rotated_at: int | None

    def is_newest(self, secret_hash: bytes) -> bool:
        """Whether this is the hash of the newest token; takes constant time."""
        return compare_digest(self.secret_hash, secret_hash)


_COLUMNS = tuple(item.name for item in fields(Family))
_FAMILY_COLUMNS = tuple(token_families.c[name] for name in _COLUMNS)
_STATE_COLUMNS = (token_families.c.secret_hash, token_families.c.previous_hash, token_families.c.rotated_at)


def add(connection: Connection, family: Family, handle_hash: bytes | None, secret_hash: bytes | None) -> None:
    """Store a new family, with its first refresh token if it has one."""
    values = {name: getattr(family, name) for name in _COLUMNS}
    connection.execute(insert(token_families).values(**values, handle_hash=handle_hash, secret_hash=secret_hash))


_FIND = select(*_FAMILY_COLUMNS).where(token_families.c.id == bindparam("family_id"))
_FIND_BY_HANDLE = select(*_FAMILY_COLUMNS, *_STATE_COLUMNS).where(
    token_families.c.handle_hash == bindparam("presented_handle")
)
_ROTATE = DirectStatement(
    update(token_families)
    .where(
        token_families.c.handle_hash == bindparam("presented_handle"),
        token_families.c.secret_hash == bindparam("presented_secret"),
        token_families.c.client_id == bindparam("by_client"),
        token_families.c.ended_at.is_(None),
        token_families.c.expires_at > bindparam("now"),
    )
    .values(
        secret_hash=bindparam("new_secret"),
        previous_hash=bindparam("presented_secret"),
        rotated_at=bindparam("now"),
    ),
    _FAMILY_COLUMNS,
)
"""Built once: putting a statement together costs more than running it."""


def find(connection: Connection, family_id: str) -> Family | None:
    """Return a family, ended ones included."""
    row = connection.execute(_FIND, {"family_id": family_id}).one_or_none()
    return None if row is None else Family(*row)


def find_by_handle(connection: Connection, handle_hash: bytes) -> tuple[Family, RefreshState] | None:
    """Return the family that a refresh token's handle names, with the state of its refresh tokens."""
    row = connection.execute(_FIND_BY_HANDLE, {"presented_handle": handle_hash}).one_or_none()
    if row is None:
        return None
    return Family(*row[: len(_COLUMNS)]), RefreshState(*row[len(_COLUMNS) :])


def rotate(
    connection: Connection, client_id: str, handle_hash: bytes, old_hash: bytes, new_hash: bytes, now: int
) -> Family | None:
    """Replace the newest refresh token of a live family; of all who present it at once, exactly one succeeds.

    Returns the family, or None when the token is not the newest of a live family of this client.
    """
    values: Values = {
        "by_client": client_id,
        "presented_handle": handle_hash,
        "presented_secret": old_hash,
        "new_secret": new_hash,
        "now": now,
    }
    row = _ROTATE.first(connection, values)
    return None if row is None else Family(*row)


def take_rotation_back(connection: Connection, family_id: str, old_hash: bytes, new_hash: bytes) -> None:
    """Make the token before the newest the newest again, unless the family has moved on."""
    just_rotated = (
        (token_families.c.id == family_id)
        & (token_families.c.secret_hash == new_hash)
        & (token_families.c.previous_hash == old_hash)
    )
    before = {"secret_hash": old_hash, "previous_hash": None, "rotated_at": None}
    connection.execute(update(token_families).where(just_rotated).values(before))


def end_of_account(connection: Connection, account_id: str, now: int) -> int:
    """End every family of a user; return how many."""
    held = (token_families.c.account_id == account_id) & token_families.c.ended_at.is_(None)
    return _end(connection, held, ACCOUNT_SUSPENDED, now)


def end_of_client(connection: Connection, client_id: str, now: int) -> int:
    """End every family of a client; return how many."""
    held = (token_families.c.client_id == client_id) & token_families.c.ended_at.is_(None)
    return _end(connection, held, CLIENT_DELETED, now)


def end(connection: Connection, family_id: str, reason: str, now: int) -> bool:
    """End a family and all its tokens; return whether it was alive. Ending twice keeps the first reason."""
    alive = (token_families.c.id == family_id) & token_families.c.ended_at.is_(None)
    return _end(connection, alive, reason, now) > 0


def end_of_grant(connection: Connection, account_id: str, client_id: str, purpose: str, reason: str, now: int) -> int:
    """End every family that rests on what a user allowed an app for a purpose; return how many."""
    carried = (
        (token_families.c.account_id == account_id)
        & (token_families.c.client_id == client_id)
        & (token_families.c.purpose == purpose)
        & token_families.c.ended_at.is_(None)
    )
    return _end(connection, carried, reason, now)


def end_of_session(connection: Connection, sid: str, now: int, *, keep_offline: bool = True) -> int:
    """End every family that began in a browser session, unless those stay that were granted to outlive it."""
    begun = (token_families.c.sid == sid) & token_families.c.ended_at.is_(None)
    rows = connection.execute(select(token_families.c.id, token_families.c.scopes).where(begun)).all()
    bound = [family_id for family_id, scopes in rows if not (keep_offline and OFFLINE_ACCESS in scopes)]
    return _end(connection, begun & token_families.c.id.in_(bound), SIGNED_OUT, now)


def ended_since(connection: Connection, since: int) -> list[str]:
    """Return the families that ended at or after a moment."""
    which = select(token_families.c.id).where(token_families.c.ended_at >= since)
    return list(connection.execute(which).scalars())


def _end(connection: Connection, which: ColumnElement[bool], reason: str, now: int) -> int:
    statement = update(token_families).where(which).values(ended_at=now, end_reason=reason)
    ended = connection.execute(statement.returning(token_families.c.id)).scalars().all()
    for family_id in ended:
        announce(connection, Topic.FAMILY, family_id, now)
    return len(ended)


def purge(database: Database, now: int, keep_seconds: int) -> int:
    """Forget families whose last access token expired long ago; return how many."""
    return delete_in_batches(database, token_families, token_families.c.expires_at < now - keep_seconds)
