"""Signing keys at rest: one for each generation of an algorithm, sealed, published until they are removed."""

from dataclasses import replace

import pytest
from sqlalchemy import text

from idp.store import signing_keys
from idp.store.changes import EVERYTHING, ChangeFeed, Topic
from idp.store.database import Database
from idp.store.sealing import Sealer, UnsealingError
from idp.store.signing_keys import SigningKeys, StoredKey
from tests.store.rows import NOW, THREADS, at_once, new_id

PRIVATE = b"a private key that nobody may read"


@pytest.fixture
def keys(sealer: Sealer) -> SigningKeys:
    return SigningKeys(sealer)


def a_key(algorithm: str, generation: int = 1) -> StoredKey:
    return StoredKey(new_id(), algorithm, generation, PRIVATE, '{"kty": "EC"}', NOW, NOW + 60)


def add(database: Database, keys: SigningKeys, key: StoredKey) -> bool:
    with database.transaction() as connection:
        return keys.add(connection, key, NOW)


def published(database: Database, keys: SigningKeys, algorithm: str, now: int = NOW) -> list[StoredKey]:
    with database.autocommit() as connection:
        return [key for key in keys.published(connection, now) if key.algorithm == algorithm]


def test_of_fifty_who_add_a_generation_one_does_and_is_heard(database: Database, keys: SigningKeys):
    """Processes that rotate at the same moment agree on one key."""
    candidates = [a_key("RACE") for _ in range(THREADS)]
    heard: list[str] = []
    feed = ChangeFeed(database, 0)
    feed.subscribe(Topic.KEYS, heard.append)
    added = at_once(lambda number: add(database, keys, candidates[number]))
    assert sum(added) == 1
    assert published(database, keys, "RACE") == [candidates[added.index(True)]]
    feed.catch_up()
    assert heard == [EVERYTHING]


def test_keys_are_published_until_they_are_removed(database: Database, keys: SigningKeys):
    """The older ones get their end when a newer one comes, and the first end that was set stays."""
    first, second, third = (a_key("LIFE", generation) for generation in (1, 2, 3))
    for key in (first, second):
        assert add(database, keys, key)
    with database.transaction() as connection:
        assert signing_keys.newest(connection, "LIFE") == (2, second.signs_from)
        assert signing_keys.newest(connection, "NONE") == (0, 0)
        signing_keys.retire_before(connection, "LIFE", 2, NOW + 100)
        assert keys.add(connection, third, NOW)
        signing_keys.retire_before(connection, "LIFE", 3, NOW + 200)
    ends = [replace(first, removed_at=NOW + 100), replace(second, removed_at=NOW + 200), third]
    assert published(database, keys, "LIFE", NOW + 99) == ends
    assert published(database, keys, "LIFE", NOW + 100) == ends[1:]
    signing_keys.purge(database, NOW + 200)
    assert published(database, keys, "LIFE", 0) == [third]


def test_a_private_key_is_sealed_and_bound_to_its_row(database: Database, keys: SigningKeys):
    """It cannot be read in the table, nor put in the place of another, nor shown by accident."""
    mine, other = a_key("SEAL", 1), a_key("SEAL", 2)
    for key in (mine, other):
        add(database, keys, key)
    read = text("SELECT private_key FROM signing_keys WHERE kid = :kid")
    with database.transaction() as connection:
        sealed = connection.execute(read, {"kid": mine.kid}).scalar_one()
        assert PRIVATE not in sealed
        table = signing_keys.signing_keys
        connection.execute(table.update().where(table.c.kid == other.kid).values(private_key=sealed))
    with pytest.raises(UnsealingError):
        published(database, keys, "SEAL")
    assert PRIVATE.decode() not in repr(mine)
    with database.transaction() as connection:
        connection.execute(table.delete().where(table.c.algorithm == "SEAL"))
