"""Recovery codes: what somebody keeps on paper for the day on which their phone is gone. Each opens once.

A code has 120 random bits, so that a plain SHA-256 is enough to keep it under (NIST SP 800-63B 5.1.2.2).
"""

from sqlalchemy import Connection, delete, func, insert, select, update

from idp.protocol.secrets import Randomness, hash_secret
from idp.store.database import db

HOW_MANY = 10
_BYTES = 15
_GROUP = 4
_ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
"""Crockford's base 32: no letter that is taken for a digit."""
_AS_MEANT = str.maketrans("OIL", "011", "- \t\r\n")

recovery_codes = db.Table(
    "recovery_codes",
    db.Column("code_hash", db.LargeBinary(32), primary_key=True),
    db.Column("account_id", db.String(32), nullable=False, index=True),
    db.Column("made_at", db.BigInteger, nullable=False),
    db.Column("used_at", db.BigInteger),
)


def make_anew(connection: Connection, account_id: str, random: Randomness, now: int) -> tuple[str, ...]:
    """Replace whatever codes an account has by ten new ones, and return them: they can never be shown again."""
    forget_all(connection, account_id)
    codes = tuple(_new_code(random) for _ in range(HOW_MANY))
    rows = [{"code_hash": _hash(code), "account_id": account_id, "made_at": now} for code in codes]
    connection.execute(insert(recovery_codes), rows)
    return codes


def use(connection: Connection, account_id: str, code: str, now: int) -> bool:
    """Use a code up; true for the one caller who does. Case, spaces and dashes do not matter."""
    unused = (
        (recovery_codes.c.code_hash == _hash(code))
        & (recovery_codes.c.account_id == account_id)
        & recovery_codes.c.used_at.is_(None)
    )
    return connection.execute(update(recovery_codes).where(unused).values(used_at=now)).rowcount == 1


def left(connection: Connection, account_id: str) -> int:
    """Return how many codes an account can still use."""
    unused = (recovery_codes.c.account_id == account_id) & recovery_codes.c.used_at.is_(None)
    return int(connection.execute(select(func.count()).where(unused)).scalar_one())


def forget_all(connection: Connection, account_id: str) -> None:
    """Make every code of an account worthless."""
    connection.execute(delete(recovery_codes).where(recovery_codes.c.account_id == account_id))


def forget_since(connection: Connection, account_id: str, since: int) -> None:
    """Make the codes worthless that were made at a moment or later."""
    later = (recovery_codes.c.account_id == account_id) & (recovery_codes.c.made_at >= since)
    connection.execute(delete(recovery_codes).where(later))


def _new_code(random: Randomness) -> str:
    bits = int.from_bytes(random(_BYTES), "big")
    letters = "".join(_ALPHABET[(bits >> shift) & 31] for shift in range(0, _BYTES * 8, 5))
    return "-".join(letters[start : start + _GROUP] for start in range(0, len(letters), _GROUP))


def _hash(code: str) -> bytes:
    return hash_secret(code.upper().translate(_AS_MEANT))
