"""The sequencer and the hashes it keeps: every tile of a log of any length is one short read."""

import pytest
from alembic import command
from sqlalchemy import insert

from idp.protocol import tiles
from idp.protocol.merkle import Tree, is_included, leaf_hash
from idp.protocol.tiles import parse_tile
from idp.store import schema
from idp.store.audit import audit_entries
from idp.store.audit_tree import FULL_RUN, AuditTree
from idp.store.database import Database
from idp.store.sealing import Sealer
from tests.real.postgres_server import PostgresServer
from tests.store.rows import opened

LEVELS = 70_000
"""As in the specification's example: enough for three levels."""


def entry(number: int) -> bytes:
    return number.to_bytes(4, "big")


def add(database: Database, first: int, count: int) -> None:
    with database.transaction() as connection:
        connection.execute(
            insert(audit_entries), [{"leaf": number.to_bytes(4, "big")} for number in range(first, first + count)]
        )


def tree_of(size: int) -> Tree:
    return Tree(leaf_hash(entry(number)) for number in range(size))


def check_tiles(audit_tree: AuditTree, size: int) -> int:
    """Every tile that a log of this size has, read one by one; how many there are."""
    expected = dict(tiles.hash_tiles(tree_of(size), size))
    for path, content in expected.items():
        tile = parse_tile(path.removeprefix("tile/"))
        assert tile is not None
        assert audit_tree.tile(tile) == content, path
    return len(expected)


def test_every_tile_of_three_levels(sealer: Sealer, postgres_server: PostgresServer):
    """Sequenced in uneven pieces; and proofs for entries in corners, read from tiles alone."""
    with postgres_server.database() as url, opened(url) as database:
        audit_tree = AuditTree(database, sealer)
        done = 0
        for size in (1, 255, 256, 257, 3000, LEVELS):
            add(database, done, size - done)
            assert audit_tree.sequence() == size - done <= FULL_RUN
            done = size
        assert check_tiles(audit_tree, LEVELS) == 277
        tree = tree_of(LEVELS)
        for index, size in ((0, 1), (0, LEVELS), (255, 257), (65_535, 65_537), (65_536, LEVELS), (LEVELS - 1, LEVELS)):
            proof = audit_tree.inclusion_proof(index, size)
            assert proof == tree.inclusion_proof(index, size)
            assert is_included(leaf_hash(entry(index)), index, size, proof, tree.root(size))


@pytest.mark.parametrize("size", [255, 256, 600])
def test_a_log_from_before_the_hashes_were_kept_gets_them_by_the_upgrade(
    fresh_database: Database, sealer: Sealer, size: int
):
    """Revision 0009 computes what the sequencer would have kept."""
    audit_tree = AuditTree(fresh_database, sealer)
    add(fresh_database, 0, size)
    audit_tree.sequence()
    with fresh_database.transaction() as connection:
        command.downgrade(schema._config(connection), "0008")
    schema.upgrade(fresh_database)
    check_tiles(audit_tree, size)
    add(fresh_database, size, 300)
    audit_tree.sequence()
    check_tiles(audit_tree, size + 300)
