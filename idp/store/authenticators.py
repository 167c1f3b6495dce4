"""The authenticator app of an account, at most one: its secret, sealed, and the last time step that was accepted."""

from dataclasses import dataclass

from sqlalchemy import Connection, bindparam, delete, select, update

from idp.protocol.secrets import Randomness
from idp.protocol.totp import new_totp_secret, step_of
from idp.store.database import db, insert_into
from idp.store.sealing import Sealer

authenticators = db.Table(
    "authenticators",
    db.Column("account_id", db.String(32), primary_key=True),
    db.Column("secret", db.LargeBinary, nullable=False),
    db.Column("last_step", db.BigInteger, nullable=False),
    db.Column("begun_at", db.BigInteger, nullable=False),
    db.Column("confirmed_at", db.BigInteger),
)

SETTING_UP = 3600
"""Seconds for which a secret that was shown waits for its first code."""


@dataclass(frozen=True, slots=True, repr=False)
class Authenticator:
    """One account's authenticator app; `secret` is in base 32."""

    secret: str
    begun_at: int
    confirmed_at: int | None

    @property
    def is_on(self) -> bool:
        """Whether it was confirmed with a code."""
        return self.confirmed_at is not None


class Authenticators:
    """The questions asked of authenticator apps."""

    def __init__(self, sealer: Sealer, random: Randomness) -> None:
        """Take the sealer of secrets and where new ones come from."""
        self._sealer = sealer
        self._random = random

    def find(self, connection: Connection, account_id: str, now: int) -> Authenticator | None:
        """Return an account's app, on or being set up."""
        row = connection.execute(select(authenticators).where(authenticators.c.account_id == account_id)).one_or_none()
        if row is None or (row.confirmed_at is None and row.begun_at <= now - SETTING_UP):
            return None
        secret = self._sealer.open(row.secret, _place(account_id)).decode("ascii")
        return Authenticator(secret, row.begun_at, row.confirmed_at)

    def begin(self, connection: Connection, account_id: str, now: int) -> None:
        """Make a secret, in place of one that was never confirmed; one that is on stays."""
        secret = self._sealer.seal(new_totp_secret(self._random).encode("ascii"), _place(account_id))
        fresh = {"secret": secret, "last_step": 0, "begun_at": now}
        statement = insert_into(connection, authenticators).values(account_id=account_id, **fresh)
        connection.execute(
            statement.on_conflict_do_update(
                index_elements=["account_id"], set_=fresh, where=authenticators.c.confirmed_at.is_(None)
            )
        )

    def confirm(self, connection: Connection, account_id: str, code: str, now: int) -> bool:
        """Turn an app on by its first code; true for the one caller who does."""
        found = self.find(connection, account_id, now)
        step = step_of(found.secret, code, now) if found is not None else None
        if step is None:
            return False
        waiting = (authenticators.c.account_id == account_id) & authenticators.c.confirmed_at.is_(None)
        turned_on = update(authenticators).where(waiting).values(confirmed_at=now, last_step=step)
        return connection.execute(turned_on).rowcount == 1

    def accept(self, connection: Connection, account_id: str, code: str, now: int) -> bool:
        """Whether a code is right and newer than every one before it; true for one caller only (RFC 6238 5.2)."""
        found = self.find(connection, account_id, now)
        step = step_of(found.secret, code, now) if found is not None else None
        if step is None:
            return False
        unused = (
            (authenticators.c.account_id == account_id)
            & authenticators.c.confirmed_at.is_not(None)
            & (authenticators.c.last_step < step)
        )
        return connection.execute(update(authenticators).where(unused).values(last_step=step)).rowcount == 1


_IS_ON = select(authenticators.c.account_id).where(
    authenticators.c.account_id == bindparam("of_account"), authenticators.c.confirmed_at.is_not(None)
)
"""Built once: putting a statement together costs more than running it."""


def is_on(connection: Connection, account_id: str) -> bool:
    """Whether an account has an app that was confirmed."""
    return connection.execute(_IS_ON, {"of_account": account_id}).first() is not None


def turn_off(connection: Connection, account_id: str) -> bool:
    """Forget an account's app that is on; whether there was one."""
    on = (authenticators.c.account_id == account_id) & authenticators.c.confirmed_at.is_not(None)
    return connection.execute(delete(authenticators).where(on)).rowcount == 1


def stop(connection: Connection, account_id: str) -> None:
    """Forget an app that is being set up; one that is on stays."""
    waiting = (authenticators.c.account_id == account_id) & authenticators.c.confirmed_at.is_(None)
    connection.execute(delete(authenticators).where(waiting))


def forget_since(connection: Connection, account_id: str, since: int) -> None:
    """Forget an app that was set up at a moment or later, and one that is being set up."""
    later = authenticators.c.confirmed_at.is_(None) | (authenticators.c.confirmed_at >= since)
    connection.execute(delete(authenticators).where((authenticators.c.account_id == account_id) & later))


def _place(account_id: str) -> str:
    return f"authenticators/{account_id}/secret"
