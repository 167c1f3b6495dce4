"""Authorization codes, each redeemed at most once (RFC 6749 4.1.2, RFC 9700 2.1.1).

A spent code stays until it expires, so that a replay is seen as one and its family can be ended.
"""

from dataclasses import dataclass, fields

from sqlalchemy import Connection, insert, select, update

from idp.protocol.asked import Asked
from idp.store.database import Database, StringList, db, delete_in_batches

KEEP_SECONDS = 3600
"""How long a spent or expired code is remembered, so that a late replay still ends the family."""

authorization_codes = db.Table(
    "authorization_codes",
    db.Column("code_hash", db.LargeBinary(32), primary_key=True),
    db.Column("family_id", db.String(32), nullable=False),
    db.Column("client_id", db.String(128), nullable=False),
    db.Column("account_id", db.String(32), nullable=False),
    db.Column("sid", db.String(32), nullable=False, index=True),
    db.Column("redirect_uri", db.Text, nullable=False),
    db.Column("redirect_uri_was_sent", db.Boolean, nullable=False),
    db.Column("scopes", StringList, nullable=False),
    db.Column("resources", StringList, nullable=False),
    db.Column("purpose", db.String(64), nullable=False),
    db.Column("nonce", db.Text, nullable=False),
    db.Column("code_challenge", db.String(43), nullable=False),
    db.Column("auth_time", db.BigInteger, nullable=False),
    db.Column("acr", db.String(64), nullable=False),
    db.Column("amr", StringList, nullable=False),
    db.Column("expires_at", db.BigInteger, nullable=False, index=True),
    db.Column("used_at", db.BigInteger),
    db.Column("fields", StringList, nullable=False),
    db.Column("days", db.Integer, nullable=False),
    db.Column("id_token_claims", StringList, nullable=False),
    db.Column("userinfo_claims", StringList, nullable=False),
    db.Column("amends", db.Boolean, nullable=False),
)


@dataclass(frozen=True, slots=True)
class AuthorizationCode:
    """What a code stands for; the code itself is never stored."""

    code_hash: bytes
    family_id: str
    client_id: str
    account_id: str
    sid: str
    redirect_uri: str
    redirect_uri_was_sent: bool
    scopes: tuple[str, ...]
    resources: tuple[str, ...]
    purpose: str
    nonce: str
    code_challenge: str
    auth_time: int
    acr: str
    amr: tuple[str, ...]
    expires_at: int
    used_at: int | None = None
    fields: tuple[str, ...] = ()
    """Fields that were asked for by name."""
    days: int = 0
    """For how long the app asked; 0 where it did not say."""
    id_token_claims: tuple[str, ...] = ()
    userinfo_claims: tuple[str, ...] = ()
    """Claims that were asked for one by one (OIDC Core 5.5)."""
    amends: bool = False
    """Whether it completes the amendment of a grant: earlier tokens of that end with its redemption."""

    @property
    def asked(self) -> Asked:
        """What the app was granted in answer to what it asked for."""
        return Asked(
            self.scopes,
            self.purpose,
            self.fields,
            id_token_claims=self.id_token_claims,
            userinfo_claims=self.userinfo_claims,
        )


_COLUMNS = tuple(item.name for item in fields(AuthorizationCode))
_SELECT = select(*(authorization_codes.c[name] for name in _COLUMNS))


def add(connection: Connection, code: AuthorizationCode) -> None:
    """Store a code that was just issued."""
    connection.execute(insert(authorization_codes).values({name: getattr(code, name) for name in _COLUMNS}))


def find(connection: Connection, code_hash: bytes) -> AuthorizationCode | None:
    """Return a code, spent and expired ones included."""
    row = connection.execute(_SELECT.where(authorization_codes.c.code_hash == code_hash)).one_or_none()
    return None if row is None else AuthorizationCode(*row)


def consume(connection: Connection, code_hash: bytes, now: int) -> bool:
    """Spend a code; true for exactly one caller, whoever else tries at the same moment."""
    unspent = (authorization_codes.c.code_hash == code_hash) & authorization_codes.c.used_at.is_(None)
    return connection.execute(update(authorization_codes).where(unspent).values(used_at=now)).rowcount == 1


def spend_of_account(connection: Connection, account_id: str, now: int) -> None:
    """Spend every code of a user that nobody redeemed yet."""
    unspent = (authorization_codes.c.account_id == account_id) & authorization_codes.c.used_at.is_(None)
    connection.execute(update(authorization_codes).where(unspent).values(used_at=now))


def spend_of_grant(connection: Connection, account_id: str, client_id: str, purpose: str, now: int) -> None:
    """Spend every code that rests on what a user allowed an app for a purpose, and that nobody redeemed yet."""
    codes = authorization_codes.c
    which = (codes.account_id == account_id) & (codes.client_id == client_id) & (codes.purpose == purpose)
    connection.execute(update(authorization_codes).where(which & codes.used_at.is_(None)).values(used_at=now))


def spend_of_session(connection: Connection, sid: str, now: int) -> None:
    """Spend every code that a browser session was given and that nobody redeemed yet."""
    unspent = (authorization_codes.c.sid == sid) & authorization_codes.c.used_at.is_(None)
    connection.execute(update(authorization_codes).where(unspent).values(used_at=now))


def purge(database: Database, now: int) -> int:
    """Forget codes that expired long ago; return how many."""
    return delete_in_batches(database, authorization_codes, authorization_codes.c.expires_at < now - KEEP_SECONDS)
