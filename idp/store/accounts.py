"""End users. The profile is sealed and the sign-in name is a keyed hash: no personal value stands in a plain column."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, fields
from typing import Any

from sqlalchemy import ColumnElement, Connection, Row, bindparam, select, update
from sqlalchemy.exc import IntegrityError

from idp.protocol.secrets import Randomness, new_identifier
from idp.store.changes import Topic, announce
from idp.store.database import db, insert_if_absent
from idp.store.sealing import Sealer

ACTIVE = "active"
CLOSING = "closing"
"""At its person's wish, until it is erased; who signs in meanwhile is asked whether they come back."""
ERASING = "erasing"
"""Within the transaction that erases it; nobody ever sees it."""

accounts = db.Table(
    "accounts",
    db.Column("id", db.String(32), primary_key=True),
    db.Column("login_key", db.LargeBinary(32), nullable=False, unique=True),
    db.Column("password_hash", db.String(255), nullable=False),
    db.Column("profile", db.LargeBinary, nullable=False),
    db.Column("status", db.String(16), nullable=False),
    db.Column("created_at", db.BigInteger, nullable=False),
    db.Column("updated_at", db.BigInteger, nullable=False),
    db.Column("sandbox_of", db.String(64), nullable=False),
    db.Column("restricted_at", db.BigInteger),
    db.Column("opted_out_at", db.BigInteger),
    db.Column("passkeys_only_at", db.BigInteger),
    db.Column("erase_at", db.BigInteger, index=True),
)


@dataclass(frozen=True, slots=True, repr=False)
class Account:
    """One end user; `profile` holds claims in the shapes of OIDC Core 5.1."""

    id: str
    password_hash: str
    profile: Mapping[str, Any]
    status: str
    updated_at: int
    login_key: bytes = b""
    """The keyed hash of the sign-in name."""
    sandbox_of: str = ""
    """The partner in whose sandbox this person was made up; "" for people."""
    restricted_at: int | None = None
    """Since when their data is used only where the policy says that it goes on; None where it is not restricted."""
    opted_out_at: int | None = None
    """Since when they share nothing with anybody; None where they may."""
    passkeys_only_at: int | None = None
    """Since when nothing but a passkey opens the account; None where other ways do as well."""
    erase_at: int | None = None
    """When all of it is erased; None where nobody closes it."""

    @property
    def is_closing(self) -> bool:
        """Whether its person closes it: nothing but coming back can be done."""
        return self.status == CLOSING

    @property
    def may_sign_in(self) -> bool:
        """Whether this user may show who they are; one who closes their account can only come back."""
        return self.is_active or self.is_closing

    @property
    def is_active(self) -> bool:
        """Whether this user may act and be given tokens."""
        return self.status == ACTIVE

    @property
    def has_passkeys_only(self) -> bool:
        """Whether nothing but a passkey opens the account: no password, no code, no other provider."""
        return self.passkeys_only_at is not None

    @property
    def called(self) -> str | None:
        """What they go by here, to tell one account of theirs from another."""
        return next(iter(self.names), None)

    @property
    def names(self) -> tuple[str, ...]:
        """What they may go by, what they are shown as first."""
        names = (self.profile.get(claim) for claim in ("email", "preferred_username", "name"))
        return tuple(name for name in names if isinstance(name, str))

    def __repr__(self) -> str:
        """Show nothing personal."""
        return f"Account({self.id})"


class NameTakenError(Exception):
    """Another account signs in by this name; the transaction is to be rolled back."""


class Accounts:
    """The questions asked of accounts."""

    def __init__(self, sealer: Sealer, random: Randomness) -> None:
        """Take the sealer of profiles and the source of identifiers."""
        self._sealer = sealer
        self._random = random

    def login_key(self, username: str) -> bytes:
        """Return the key under which a sign-in name is found; case and surrounding space do not matter."""
        return self._sealer.index("username", username.strip().casefold())

    def sign_in_name(self, account: Account) -> str:
        """Return which of their names somebody signs in with; "" where it is none of them, for it is kept as a hash."""
        return next((name for name in account.names if self.login_key(name) == account.login_key), "")

    def find(self, connection: Connection, account_id: str) -> Account | None:
        """Return the account with an identifier."""
        return self._one(connection.execute(_FIND, {"account": account_id}).one_or_none())

    def hold(self, connection: Connection, account_id: str) -> Account | None:
        """Return an account, and keep others from changing it, or what belongs to it, until the transaction ends."""
        return self._one(connection.execute(_HOLD, {"account": account_id}).one_or_none())

    def find_by_username(self, connection: Connection, username: str) -> Account | None:
        """Return the account with a sign-in name."""
        key = self.login_key(username)
        return self._one(connection.execute(_FIND_BY_KEY, {"presented_key": key}).one_or_none())

    def create(
        self,
        connection: Connection,
        username: str,
        password_hash: str,
        profile: Mapping[str, Any],
        now: int,
        sandbox_of: str = "",
    ) -> str | None:
        """Add an account and return its identifier, or None when the sign-in name is taken."""
        account_id = new_identifier(self._random)
        created = insert_if_absent(
            connection,
            accounts,
            id=account_id,
            login_key=self.login_key(username),
            password_hash=password_hash,
            profile=self._seal(account_id, profile),
            status=ACTIVE,
            created_at=now,
            updated_at=now,
            sandbox_of=sandbox_of,
        )
        return account_id if created else None

    def change_profile(self, connection: Connection, account_id: str, profile: Mapping[str, Any], now: int) -> None:
        """Replace a profile."""
        self._change(connection, account_id, now, profile=self._seal(account_id, profile))

    def change_address(self, connection: Connection, account_id: str, address: str, now: int) -> None:
        """Give a user an address that they proved. Who signed in by the old one signs in by the new one.

        Raises:
            NameTakenError: when another account signs in by it.
        """
        account = self.hold(connection, account_id)
        if account is None:
            return
        before = self.login_key(str(account.profile.get("email", "")))
        by_address = (accounts.c.id == account_id) & (accounts.c.login_key == before)
        try:
            connection.execute(update(accounts).where(by_address).values(login_key=self.login_key(address)))
        except IntegrityError as error:
            raise NameTakenError from error
        profile = {**account.profile, "email": address, "email_verified": True}
        self.change_profile(connection, account_id, profile, now)

    def change_phone(self, connection: Connection, account_id: str, number: str, now: int) -> None:
        """Give a user a phone number that they proved, or none for ""."""
        account = self.hold(connection, account_id)
        if account is None:
            return
        others = {claim: value for claim, value in account.profile.items() if not claim.startswith("phone_number")}
        proved = {"phone_number": number, "phone_number_verified": True} if number else {}
        self.change_profile(connection, account_id, {**others, **proved}, now)

    def change_password(self, connection: Connection, account_id: str, password_hash: str, now: int) -> bool:
        """Replace a password hash; false, and no change, for an account that has passkeys only."""
        others = (accounts.c.id == account_id) & accounts.c.passkeys_only_at.is_(None)
        changed = update(accounts).where(others).values(updated_at=now, password_hash=password_hash)
        if connection.execute(changed).rowcount != 1:
            return False
        announce(connection, Topic.ACCOUNT, account_id, now)
        return True

    def use_passkeys_only(self, connection: Connection, account_id: str, now: int) -> None:
        """Let nothing but passkeys open an account: its password is gone for good."""
        self._change(connection, account_id, now, passkeys_only_at=now, password_hash="")

    def use_other_ways(self, connection: Connection, account_id: str, now: int) -> None:
        """Let an account have other ways to sign in again; it has none until one is set up."""
        self._change(connection, account_id, now, passkeys_only_at=None)

    def change_status(self, connection: Connection, account_id: str, status: str, now: int) -> None:
        """Suspend an account or let it act again; either takes its closing back."""
        self._change(connection, account_id, now, status=status, erase_at=None)

    def begin_closing(self, connection: Connection, account_id: str, erase_at: int, now: int) -> bool:
        """Take an account out of use until it is erased; true for exactly one caller."""
        open_one = (accounts.c.id == account_id) & (accounts.c.status == ACTIVE)
        return self._change_if(connection, account_id, open_one, now, status=CLOSING, erase_at=erase_at)

    def end_closing(self, connection: Connection, account_id: str, now: int) -> bool:
        """Let somebody come back; true for exactly one caller, and never once the account is being erased."""
        closing = (accounts.c.id == account_id) & (accounts.c.status == CLOSING)
        return self._change_if(connection, account_id, closing, now, status=ACTIVE, erase_at=None)

    def due_for_erasure(self, connection: Connection, now: int, limit: int) -> list[str]:
        """Return some accounts whose time to come back is over."""
        due = (accounts.c.status == CLOSING) & (accounts.c.erase_at <= now)
        return list(connection.execute(select(accounts.c.id).where(due).limit(limit)).scalars())

    def begin_erasing(self, connection: Connection, account_id: str, now: int) -> bool:
        """Hold an account whose time is over until the transaction ends; true for exactly one caller."""
        due = (accounts.c.id == account_id) & (accounts.c.status == CLOSING) & (accounts.c.erase_at <= now)
        return self._change_if(connection, account_id, due, now, status=ERASING)

    def restrict(self, connection: Connection, account_id: str, now: int, *, restricted: bool) -> None:
        """Restrict the use of a user's data, or lift that."""
        self._change(connection, account_id, now, restricted_at=now if restricted else None)

    def shares_nothing(self, connection: Connection, account_id: str) -> bool:
        """Whether a user is out of all sharing; held as it is until the transaction ends."""
        which = select(accounts.c.opted_out_at).where(accounts.c.id == account_id).with_for_update(read=True)
        return connection.execute(which).scalar() is not None

    def opt_out(self, connection: Connection, account_id: str, now: int, *, out: bool) -> None:
        """Take a user out of all sharing, or let them share again."""
        self._change(connection, account_id, now, opted_out_at=now if out else None)

    def _change(self, connection: Connection, account_id: str, now: int, **values: str | bytes | int | None) -> None:
        self._change_if(connection, account_id, accounts.c.id == account_id, now, **values)

    @staticmethod
    def _change_if(
        connection: Connection,
        account_id: str,
        which: ColumnElement[bool],
        now: int,
        **values: str | bytes | int | None,
    ) -> bool:
        changed = connection.execute(update(accounts).where(which).values(updated_at=now, **values)).rowcount == 1
        announce(connection, Topic.ACCOUNT, account_id, now)
        return changed

    def _seal(self, account_id: str, profile: Mapping[str, Any]) -> bytes:
        return self._sealer.seal(json.dumps(dict(profile), ensure_ascii=False).encode("utf-8"), _place(account_id))

    def _one(self, row: Row[*tuple[Any, ...]] | None) -> Account | None:
        if row is None:
            return None
        profile = json.loads(self._sealer.open(row.profile, _place(row.id)))
        plain = {name: getattr(row, name) for name in _PLAIN}
        return Account(profile=profile, **plain)


_PLAIN = tuple(item.name for item in fields(Account) if item.name != "profile")
_SELECT = select(*(accounts.c[name] for name in (*_PLAIN, "profile")))
_FIND = _SELECT.where(accounts.c.id == bindparam("account"))
_HOLD = _FIND.with_for_update()
_FIND_BY_KEY = _SELECT.where(accounts.c.login_key == bindparam("presented_key"))
"""Built once: putting a statement together costs more than running it."""


def _place(account_id: str) -> str:
    return f"accounts/{account_id}/profile"
