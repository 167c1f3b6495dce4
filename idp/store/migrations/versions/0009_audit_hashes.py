"""The hashes of the audit log's tree that its tiles are made of; those of a log that is there already are computed."""

from collections.abc import Iterator
from hashlib import sha256

import sqlalchemy as sa
from alembic import op

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None

TILE = 256


def upgrade() -> None:
    """Apply."""
    op.create_table(
        "audit_hashes",
        sa.Column("level", sa.Integer(), nullable=False),
        sa.Column("index", sa.BigInteger(), nullable=False),
        sa.Column("hash", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("level", "index"),
    )
    below, level = list(_first_level()), 1
    while below:
        rows = [{"level": level, "index": index, "hash": each} for index, each in enumerate(below)]
        op.bulk_insert(_AUDIT_HASHES, rows)
        below = [_root(below[at : at + TILE]) for at in range(0, len(below) - TILE + 1, TILE)]
        level += 1


def downgrade() -> None:
    """Take back."""
    op.drop_table("audit_hashes")


_AUDIT_HASHES = sa.table("audit_hashes", sa.column("level"), sa.column("index"), sa.column("hash"))
_LEAVES = sa.text(
    "SELECT leaf FROM audit_entries WHERE position >= :first AND position < :first + 256 ORDER BY position"
)


def _first_level() -> Iterator[bytes]:
    """Yield the root over each full tile of entries."""
    first = 0
    while len(leaves := op.get_bind().execute(_LEAVES, {"first": first}).scalars().all()) == TILE:
        yield _root([sha256(b"\x00" + bytes(leaf)).digest() for leaf in leaves])
        first += TILE


def _root(hashes: list[bytes]) -> bytes:
    """Return the root over a full tile (RFC 6962 2.1)."""
    while len(hashes) > 1:
        hashes = [sha256(b"\x01" + hashes[at] + hashes[at + 1]).digest() for at in range(0, len(hashes), 2)]
    return hashes[0]
