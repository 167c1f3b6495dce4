"""Proofs by mail that wait: who knows the secret of a letter reads the mail of the address that it went to.

A letter holds a link with a secret of 256 bits, and a code of eight digits to type where the proof was begun. The code
is exchanged for a fresh secret, after which the one of the letter is worth nothing; a secret is taken once. Each of
the two happens in one conditional statement, so that of many at once one succeeds. Both are stored hashed, the code by
a keyed hash, for there are few codes (NIST SP 800-63B-4 3.1.3.2). What the proof is for is sealed.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

from sqlalchemy import ColumnElement, Connection, Row, case, delete, insert, select, update

from idp.protocol.secrets import SECRET_BYTES, Randomness, hash_secret, new_identifier, new_secret
from idp.store.database import Database, db, delete_in_batches
from idp.store.sealing import Sealer

CODE_DIGITS = 8
TEXT_CODE_DIGITS = 6
MAX_TRIES = 5

mail_proofs = db.Table(
    "mail_proofs",
    db.Column("id", db.String(32), primary_key=True),
    db.Column("kind", db.String(16), nullable=False),
    db.Column("session_id", db.String(32), nullable=False),
    db.Column("account_id", db.String(32), nullable=False, index=True),
    db.Column("secret_hash", db.LargeBinary(32), nullable=False, unique=True),
    db.Column("code_hash", db.LargeBinary(32), nullable=False),
    db.Column("tries", db.Integer, nullable=False),
    db.Column("content", db.LargeBinary, nullable=False),
    db.Column("expires_at", db.BigInteger, nullable=False, index=True),
    db.Column("used_at", db.BigInteger),
)


class ProofKind(StrEnum):
    """What an address is proved for."""

    SIGN_UP = "sign_up"
    NEW_PASSWORD = "new_password"
    NEW_ADDRESS = "new_address"
    NEW_PHONE = "new_phone"
    """By a text message, which holds a shorter code and no link; `address` is the number."""


@dataclass(frozen=True, slots=True, repr=False)
class MailProof:
    """One proof that waits. `account_id` is "" where there is no account yet, or none that it could be for."""

    id: str
    kind: ProofKind
    account_id: str
    address: str
    flow: str
    """The authorization request that waits in the browser where it began, or ""."""
    tries: int = 0

    @property
    def has_tries(self) -> bool:
        """Whether a code may still be tried; the link works in any case."""
        return self.tries < MAX_TRIES


@dataclass(frozen=True, slots=True, repr=False)
class Issued:
    """What the letter says, in the clear for this one time."""

    id: str
    secret: str
    code: str


class MailProofs:
    """The questions asked of proofs by mail."""

    def __init__(self, sealer: Sealer, random: Randomness) -> None:
        """Take the sealer of what they are for and the source of secrets."""
        self._sealer = sealer
        self._random = random

    def add(self, connection: Connection, kind: ProofKind, session_id: str, expires_at: int, **content: str) -> Issued:
        """Begin a proof within one browser session; `content` is the rest of `MailProof`."""
        issued = Issued(new_identifier(self._random), new_secret(self._random), self._new_code(kind))
        sealed = {name: content.get(name, "") for name in ("address", "flow")}
        connection.execute(
            insert(mail_proofs).values(
                id=issued.id,
                kind=kind,
                session_id=session_id,
                account_id=content.get("account_id", ""),
                secret_hash=hash_secret(issued.secret),
                code_hash=self._code_hash(issued.id, issued.code),
                tries=0,
                content=self._sealer.seal(json.dumps(sealed).encode("utf-8"), _place(issued.id)),
                expires_at=expires_at,
            )
        )
        return issued

    def begun(
        self, connection: Connection, kind: ProofKind, proof_id: str, session_id: str, now: int
    ) -> MailProof | None:
        """Return a proof that was begun in this browser session and still waits."""
        own = (mail_proofs.c.id == proof_id) & (mail_proofs.c.session_id == session_id)
        return self._one(connection.execute(_SELECT.where(own & _waits(kind, now))).one_or_none())

    def find(self, connection: Connection, kind: ProofKind, secret: str, now: int) -> MailProof | None:
        """Return the proof of a link that still works, and leave it so: what scans mail follows links too."""
        its = mail_proofs.c.secret_hash == hash_secret(secret)
        return self._one(connection.execute(_SELECT.where(its & _waits(kind, now))).one_or_none())

    def exchange(
        self, connection: Connection, kind: ProofKind, proof_id: str, session_id: str, code: str, now: int
    ) -> str | None:
        """Count a try at the code, and return a secret in place of the letter's where it is right: to one caller."""
        secret = new_secret(self._random)
        is_right = mail_proofs.c.code_hash == self._code_hash(proof_id, code)
        spent = self._random(SECRET_BYTES)
        own = (mail_proofs.c.id == proof_id) & (mail_proofs.c.session_id == session_id)
        tried = (
            update(mail_proofs)
            .where(own & _waits(kind, now) & (mail_proofs.c.tries < MAX_TRIES))
            .values(
                tries=mail_proofs.c.tries + 1,
                secret_hash=case((is_right, hash_secret(secret)), else_=mail_proofs.c.secret_hash),
                code_hash=case((is_right, spent), else_=mail_proofs.c.code_hash),
            )
        )
        stored = connection.execute(tried.returning(mail_proofs.c.secret_hash)).scalar_one_or_none()
        return secret if stored == hash_secret(secret) else None

    def take(self, connection: Connection, kind: ProofKind, secret: str, now: int) -> MailProof | None:
        """Spend a secret and return what it proves: to one caller, in time; to all others None."""
        its = mail_proofs.c.secret_hash == hash_secret(secret)
        taken = update(mail_proofs).where(its & _waits(kind, now)).values(used_at=now)
        return self._one(connection.execute(taken.returning(*(mail_proofs.c[name] for name in _READ))).one_or_none())

    def _one(self, row: Row[*tuple[object, ...]] | None) -> MailProof | None:
        if row is None:
            return None
        content: Mapping[str, str] = json.loads(self._sealer.open(row.content, _place(row.id)))
        return MailProof(row.id, ProofKind(row.kind), row.account_id, content["address"], content["flow"], row.tries)

    def _new_code(self, kind: ProofKind) -> str:
        """Return its digits, each as likely as any: what is left of 64 bits beyond them is past noticing."""
        digits = TEXT_CODE_DIGITS if kind is ProofKind.NEW_PHONE else CODE_DIGITS
        return str(int.from_bytes(self._random(8)) % 10**digits).zfill(digits)

    def _code_hash(self, proof_id: str, code: str) -> bytes:
        return self._sealer.index("mailed code", f"{proof_id} {code}")


def forget_account(connection: Connection, account_id: str) -> None:
    """Drop what waits for an account: after a change, no letter from before it may open anything."""
    connection.execute(delete(mail_proofs).where(mail_proofs.c.account_id == account_id))


def purge(database: Database, now: int) -> int:
    """Forget proofs whose time is over; return how many."""
    return delete_in_batches(database, mail_proofs, mail_proofs.c.expires_at < now)


_READ = ("id", "kind", "account_id", "content", "tries")
_SELECT = select(*(mail_proofs.c[name] for name in _READ))


def _waits(kind: ProofKind, now: int) -> ColumnElement[bool]:
    return (mail_proofs.c.kind == kind) & mail_proofs.c.used_at.is_(None) & (mail_proofs.c.expires_at > now)


def _place(proof_id: str) -> str:
    return f"mail_proofs/{proof_id}/content"
