"""Quotas: of any number at once exactly as many are let in as may be, and a window ends (RFC 6585 4 by its caller)."""

from idp.store import quotas
from idp.store.database import Database
from tests.store.rows import NOW, THREADS, at_once, new_hash

SECONDS = 60


def take(database: Database, key: bytes, now: int, limit: int = 3) -> int:
    with database.autocommit() as connection:
        return quotas.take(connection, key, limit, SECONDS, now)


def test_of_fifty_at_once_as_many_are_let_in_as_may_be(database: Database):
    """The others are told how long to wait."""
    key = new_hash()
    told = at_once(lambda _: take(database, key, NOW, limit=20))
    assert (told.count(0), told.count(SECONDS)) == (20, THREADS - 20)


def test_a_window_begins_with_the_first_and_is_not_drawn_out_by_who_is_refused(database: Database):
    """After it counting begins anew."""
    key = new_hash()
    moments = [NOW, NOW + 1, NOW + 2, NOW + 3, NOW + SECONDS - 1, NOW + SECONDS, NOW + SECONDS + 1]
    assert [take(database, key, moment) for moment in moments] == [0, 0, 0, SECONDS - 3, 1, 0, 0]


def test_none_at_all_is_none(database: Database):
    """A limit of zero lets nobody in, not even the first."""
    assert take(database, new_hash(), NOW, limit=0) == SECONDS


def test_counters_do_not_know_each_other(database: Database):
    """Each key has its own."""
    one, other = new_hash(), new_hash()
    assert [take(database, one, NOW, limit=1) for _ in range(2)] == [0, SECONDS]
    assert take(database, other, NOW, limit=1) == 0


def test_windows_that_are_over_are_forgotten(database: Database):
    """And those that run are not."""
    quotas.purge(database, NOW + 10 * SECONDS)
    take(database, new_hash(), NOW)
    take(database, new_hash(), NOW + 1)
    assert quotas.purge(database, NOW + SECONDS) == 1
    assert quotas.purge(database, NOW + SECONDS + 1) == 1
