"""Passkeys, and the challenges that their browsers sign (Web Authentication Level 3).

A challenge belongs to one browser session and one ceremony, and is taken once. What a person calls a passkey is sealed:
it tells what they own.
"""

from dataclasses import dataclass

from sqlalchemy import ColumnElement, Connection, delete, func, insert, select, update

from idp.protocol.secrets import hash_secret
from idp.store.database import Database, StringList, db, delete_in_batches, insert_if_absent
from idp.store.sealing import Sealer

MAX_NAME = 64
MOST_OF_ONE_ACCOUNT = 20

passkeys = db.Table(
    "passkeys",
    db.Column("id", db.LargeBinary(1023), primary_key=True),
    db.Column("account_id", db.String(32), nullable=False, index=True),
    db.Column("public_key", db.LargeBinary, nullable=False),
    db.Column("sign_count", db.BigInteger, nullable=False),
    db.Column("backup_eligible", db.Boolean, nullable=False),
    db.Column("backed_up", db.Boolean, nullable=False),
    db.Column("transports", StringList, nullable=False),
    db.Column("name", db.LargeBinary, nullable=False),
    db.Column("created_at", db.BigInteger, nullable=False),
    db.Column("used_at", db.BigInteger),
)

passkey_challenges = db.Table(
    "passkey_challenges",
    db.Column("challenge_hash", db.LargeBinary(32), primary_key=True),
    db.Column("session_id", db.String(32), nullable=False),
    db.Column("ceremony", db.String(8), nullable=False),
    db.Column("account_id", db.String(32), nullable=False),
    db.Column("expires_at", db.BigInteger, nullable=False, index=True),
)


@dataclass(frozen=True, slots=True, repr=False)
class Passkey:
    """One passkey of an account; `id` and `public_key` as the authenticator gave them (COSE, RFC 9052)."""

    id: bytes
    account_id: str
    public_key: bytes
    sign_count: int
    backup_eligible: bool
    """Whether it may be copied to other devices of its owner; never changes (WebAuthn 6.1.3)."""
    backed_up: bool
    transports: tuple[str, ...]
    name: str
    created_at: int
    used_at: int | None = None


@dataclass(frozen=True, slots=True)
class Ceremony:
    """What a challenge is for: which browser session, which of the two ceremonies, and whose passkey is made."""

    name: str
    session_id: str
    account_id: str = ""


class Passkeys:
    """The questions asked of passkeys."""

    def __init__(self, sealer: Sealer) -> None:
        """Take the sealer of their names."""
        self._sealer = sealer

    def add(self, connection: Connection, passkey: Passkey) -> bool:
        """Store a new passkey; false when there is one of this identifier, whoever has it (WebAuthn 7.1 step 26)."""
        return insert_if_absent(
            connection,
            passkeys,
            **{name: getattr(passkey, name) for name in _PLAIN},
            name=self._sealer.seal(passkey.name.encode("utf-8"), _place(passkey.id)),
        )

    def find(self, connection: Connection, passkey_id: bytes) -> Passkey | None:
        """Return a passkey."""
        found = self._read(connection, passkeys.c.id == passkey_id)
        return found[0] if found else None

    def of_account(self, connection: Connection, account_id: str) -> tuple[Passkey, ...]:
        """Return an account's passkeys, the oldest first."""
        return self._read(connection, passkeys.c.account_id == account_id)

    def rename(self, connection: Connection, account_id: str, passkey_id: bytes, name: str) -> bool:
        """Call a passkey something else; false when the account has none such."""
        sealed = self._sealer.seal(name.encode("utf-8"), _place(passkey_id))
        changed = update(passkeys).where(_own(account_id, passkey_id)).values(name=sealed)
        return connection.execute(changed).rowcount == 1

    def _read(self, connection: Connection, which: ColumnElement[bool]) -> tuple[Passkey, ...]:
        rows = connection.execute(_SELECT.where(which).order_by(passkeys.c.created_at, passkeys.c.id))
        return tuple(
            Passkey(
                name=self._sealer.open(row.name, _place(row.id)).decode("utf-8"),
                **{name: getattr(row, name) for name in _PLAIN},
            )
            for row in rows
        )


def use(connection: Connection, passkey_id: bytes, sign_count: int, now: int, *, backed_up: bool) -> bool:
    """Write down that a passkey signed; false when its counter did not go on, so that there may be a copy of it.

    One conditional UPDATE, so that of two answers with one count only one is taken (WebAuthn 7.2 step 22). An
    authenticator that does not count always says 0.
    """
    goes_on = (passkeys.c.sign_count < sign_count) | ((passkeys.c.sign_count == 0) & (sign_count == 0))
    used = update(passkeys).where((passkeys.c.id == passkey_id) & goes_on)
    return connection.execute(used.values(sign_count=sign_count, backed_up=backed_up, used_at=now)).rowcount == 1


def count(connection: Connection, account_id: str) -> int:
    """Return how many passkeys an account has."""
    counted = select(func.count()).select_from(passkeys).where(passkeys.c.account_id == account_id)
    return connection.execute(counted).scalar_one()


def remove(connection: Connection, account_id: str, passkey_id: bytes) -> bool:
    """Remove a passkey; false when the account has none such."""
    return connection.execute(delete(passkeys).where(_own(account_id, passkey_id))).rowcount == 1


def remove_since(connection: Connection, account_id: str, since: int) -> None:
    """Remove the passkeys that an account got at a moment or later."""
    later = (passkeys.c.account_id == account_id) & (passkeys.c.created_at >= since)
    connection.execute(delete(passkeys).where(later))


def begin(connection: Connection, challenge: str, ceremony: Ceremony, expires_at: int) -> None:
    """Store a new challenge, hashed."""
    connection.execute(
        insert(passkey_challenges).values(
            challenge_hash=hash_secret(challenge),
            session_id=ceremony.session_id,
            ceremony=ceremony.name,
            account_id=ceremony.account_id,
            expires_at=expires_at,
        )
    )


def take(connection: Connection, challenge: str, ceremony: Ceremony, now: int) -> bool:
    """Take a challenge: true for the one caller in time, of the same browser session and for the same ceremony."""
    table = passkey_challenges.c
    taken = delete(passkey_challenges).where(
        (table.challenge_hash == hash_secret(challenge))
        & (table.session_id == ceremony.session_id)
        & (table.ceremony == ceremony.name)
        & (table.account_id == ceremony.account_id)
        & (table.expires_at > now)
    )
    return connection.execute(taken).rowcount == 1


def purge(database: Database, now: int) -> int:
    """Forget challenges whose time is over; return how many."""
    return delete_in_batches(database, passkey_challenges, passkey_challenges.c.expires_at <= now)


_PLAIN = tuple(column.name for column in passkeys.columns if column.name != "name")
_SELECT = select(passkeys)


def _own(account_id: str, passkey_id: bytes) -> ColumnElement[bool]:
    return (passkeys.c.id == passkey_id) & (passkeys.c.account_id == account_id)


def _place(passkey_id: bytes) -> str:
    return f"passkeys/{passkey_id.hex()}/name"
