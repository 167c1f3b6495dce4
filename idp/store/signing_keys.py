"""The server's signing keys: private parts sealed, life in three phases told by three times.

A key is published from `created_at`, signs from `signs_from` until the next key of its algorithm takes over, and stays
published until `removed_at` so that the last token it signed can be verified.
"""

from dataclasses import dataclass, fields

from sqlalchemy import Connection, select, update

from idp.store.changes import EVERYTHING, Topic, announce
from idp.store.database import Database, db, delete_in_batches, insert_if_absent
from idp.store.sealing import Sealer

signing_keys = db.Table(
    "signing_keys",
    db.Column("kid", db.String(64), primary_key=True),
    db.Column("algorithm", db.String(16), nullable=False),
    db.Column("generation", db.Integer, nullable=False),
    db.Column("private_key", db.LargeBinary, nullable=False),
    db.Column("public_jwk", db.Text, nullable=False),
    db.Column("created_at", db.BigInteger, nullable=False),
    db.Column("signs_from", db.BigInteger, nullable=False),
    db.Column("removed_at", db.BigInteger),
    db.UniqueConstraint("algorithm", "generation", name="one_key_per_generation"),
)


@dataclass(frozen=True, slots=True, repr=False)
class StoredKey:
    """One signing key; `private_key` is PKCS#8 DER, and sealed wherever it is stored."""

    kid: str
    algorithm: str
    generation: int
    private_key: bytes
    public_jwk: str
    created_at: int
    signs_from: int
    removed_at: int | None = None


_COLUMNS = tuple(item.name for item in fields(StoredKey))


class SigningKeys:
    """The questions asked of signing keys."""

    def __init__(self, sealer: Sealer) -> None:
        """Take the sealer of the private parts."""
        self._sealer = sealer

    def add(self, connection: Connection, key: StoredKey, now: int) -> bool:
        """Add the next generation of an algorithm; false when another process was first."""
        values = {name: getattr(key, name) for name in _COLUMNS}
        values["private_key"] = self._sealer.seal(key.private_key, _place(key.kid))
        added = insert_if_absent(connection, signing_keys, **values)
        if added:
            announce(connection, Topic.KEYS, EVERYTHING, now)
        return added

    def published(self, connection: Connection, now: int) -> list[StoredKey]:
        """Return every key that belongs in the key set now, oldest generation first."""
        still = signing_keys.c.removed_at.is_(None) | (signing_keys.c.removed_at > now)
        statement = select(*(signing_keys.c[name] for name in _COLUMNS)).where(still)
        rows = connection.execute(statement.order_by(signing_keys.c.algorithm, signing_keys.c.generation))
        keys = (StoredKey(*row) for row in rows)
        return [self._opened(key) for key in keys]

    def _opened(self, key: StoredKey) -> StoredKey:
        values = {name: getattr(key, name) for name in _COLUMNS}
        values["private_key"] = self._sealer.open(key.private_key, _place(key.kid))
        return StoredKey(**values)


def newest(connection: Connection, algorithm: str) -> tuple[int, int]:
    """Return the generation of an algorithm's newest key and when that begins to sign, zeros when there is none."""
    of_algorithm = select(signing_keys.c.generation, signing_keys.c.signs_from).where(
        signing_keys.c.algorithm == algorithm
    )
    row = connection.execute(of_algorithm.order_by(signing_keys.c.generation.desc()).limit(1)).one_or_none()
    return (0, 0) if row is None else (row.generation, row.signs_from)


def retire_before(connection: Connection, algorithm: str, generation: int, removed_at: int) -> None:
    """Set when the older keys of an algorithm leave the key set, where that is not set yet."""
    older = (
        (signing_keys.c.algorithm == algorithm)
        & (signing_keys.c.generation < generation)
        & signing_keys.c.removed_at.is_(None)
    )
    connection.execute(update(signing_keys).where(older).values(removed_at=removed_at))


def purge(database: Database, now: int) -> int:
    """Destroy keys that left the key set; return how many."""
    return delete_in_batches(database, signing_keys, signing_keys.c.removed_at <= now)


def _place(kid: str) -> str:
    return f"signing_keys/{kid}/private_key"
