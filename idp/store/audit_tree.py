"""The sequencer: gives each entry of the audit log its place, without gaps, and extends the Merkle tree over them.

One process at a time. The tree's frontier is sealed: whoever can write to the database, but holds no key, cannot put
another tree in its place. Of the hashes between leaves and root those are kept that tiles are made of, so that any tile
is one short read however long the log is; they need no seal, for they lead to the signed root or are found out.
"""

from collections.abc import Iterator

from sqlalchemy import Connection, Executable, func, insert, select, update

from idp.protocol.merkle import HASH_BYTES, Frontier, Node, leaf_hash
from idp.protocol.tiles import TILE_HEIGHT, Tile, TiledTree
from idp.store.audit import audit_entries
from idp.store.database import Database, db, insert_into
from idp.store.sealing import Sealer

BATCH = 2000
BATCHES_PER_RUN = 50
FULL_RUN = BATCH * BATCHES_PER_RUN
"""What one run does at most; the rest is for the next."""
READ_BATCH = 4096
_SIZE_BYTES = 8
_LOCK = 0x5E1C15B1
_PLACE = "audit_tree/frontier"

audit_tree = db.Table(
    "audit_tree",
    db.Column("id", db.Integer, primary_key=True),
    db.Column("frontier", db.LargeBinary, nullable=False),
)

audit_hashes = db.Table(
    "audit_hashes",
    db.Column("level", db.Integer, primary_key=True),
    db.Column("index", db.BigInteger, primary_key=True),
    db.Column("hash", db.LargeBinary, nullable=False),
)


class AuditTree:
    """Extends the tree and reads the entries that it holds."""

    def __init__(self, database: Database, sealer: Sealer) -> None:
        """Take the sealer of the frontier."""
        self._database = database
        self._sealer = sealer

    def sequence(self) -> int:
        """Give every waiting entry its place, as far as one run goes; return how many."""
        total = 0
        for _ in range(BATCHES_PER_RUN):
            count = self._sequence_batch()
            total += count
            if count < BATCH:
                break
        return total

    def frontier(self) -> Frontier:
        """Return where the tree ends now."""
        with self._database.autocommit() as connection:
            return self._frontier(connection)

    def entries(self, size: int) -> Iterator[bytes]:
        """Yield the first entries of the log in order."""
        for start in range(0, size, READ_BATCH):
            which = audit_entries.c.position.between(start, min(start + READ_BATCH, size) - 1)
            statement = select(audit_entries.c.leaf).where(which).order_by(audit_entries.c.position)
            with self._database.autocommit() as connection:
                leaves = connection.execute(statement).scalars().all()
            yield from leaves

    def tile(self, tile: Tile) -> bytes:
        """Return the hashes of a tile, fewer than its width where the log is not that long."""
        with self._database.autocommit() as connection:
            return (
                b"".join(connection.execute(_hashes_of(tile)).scalars())
                if tile.level
                else _leaf_hashes(connection, tile)
            )

    def inclusion_proof(self, index: int, size: int) -> list[bytes]:
        """Return the proof that entry `index` is among the first `size` of the log, read from a few tiles."""
        return TiledTree(self.tile, size).inclusion_proof(index, size)

    def _sequence_batch(self) -> int:
        """Place a batch in the order of its numbers.

        An entry that was written after another one was committed has the higher number, so what was acknowledged first
        comes first.
        """
        with self._database.transaction() as connection:
            if not self._database.is_sqlite:  # there BEGIN IMMEDIATE has let in nobody else
                connection.exec_driver_sql(f"SELECT pg_advisory_xact_lock({_LOCK})")
            frontier = self._frontier(connection)
            rows = connection.execute(_place_from(frontier.size))
            placed = sorted((row.position, row.leaf) for row in rows)
            if placed:
                completed: list[Node] = []
                hashes = (leaf_hash(leaf) for _position, leaf in placed)
                self._store(connection, frontier.extended(hashes, completed))
                _keep(connection, completed)
        return len(placed)

    def _frontier(self, connection: Connection) -> Frontier:
        sealed = connection.execute(select(audit_tree.c.frontier).where(audit_tree.c.id == 1)).scalar()
        if sealed is None:
            return Frontier()
        raw = self._sealer.open(sealed, _PLACE)
        starts = range(_SIZE_BYTES, len(raw), HASH_BYTES)
        return Frontier(int.from_bytes(raw[:_SIZE_BYTES], "big"), tuple(raw[at : at + HASH_BYTES] for at in starts))

    def _store(self, connection: Connection, frontier: Frontier) -> None:
        raw = frontier.size.to_bytes(_SIZE_BYTES, "big") + b"".join(frontier.roots)
        sealed = self._sealer.seal(raw, _PLACE)
        statement = insert_into(connection, audit_tree).values(id=1, frontier=sealed)
        connection.execute(statement.on_conflict_do_update(index_elements=["id"], set_={"frontier": sealed}))


def _keep(connection: Connection, completed: list[Node]) -> None:
    """Keep the hashes that tiles are made of: those of every eighth level."""
    rows = [
        {"level": node.height // TILE_HEIGHT, "index": node.index, "hash": node.hash}
        for node in completed
        if node.height % TILE_HEIGHT == 0
    ]
    if rows:
        connection.execute(insert(audit_hashes), rows)


def _leaf_hashes(connection: Connection, tile: Tile) -> bytes:
    which = audit_entries.c.position.between(tile.first, tile.first + tile.width - 1)
    leaves = connection.execute(select(audit_entries.c.leaf).where(which).order_by(audit_entries.c.position))
    return b"".join(leaf_hash(leaf) for leaf in leaves.scalars())


def _hashes_of(tile: Tile) -> Executable:
    which = audit_hashes.c.index.between(tile.first, tile.first + tile.width - 1)
    hashes = select(audit_hashes.c.hash).where(audit_hashes.c.level == tile.level, which)
    return hashes.order_by(audit_hashes.c.index)


def _place_from(size: int) -> Executable:
    """Return the statement that places the next batch, the first of it at `size`."""
    number = func.row_number().over(order_by=audit_entries.c.id) - 1
    waiting = (
        select(audit_entries.c.id, number.label("number"))
        .where(audit_entries.c.position.is_(None))
        .order_by(audit_entries.c.id)
        .limit(BATCH)
        .subquery()
    )
    return (
        update(audit_entries)
        .where(audit_entries.c.id == waiting.c.id)
        .values(position=size + waiting.c.number)
        .returning(audit_entries.c.position, audit_entries.c.leaf)
    )
