"""Counters of tries: no try is lost however many come at once, and a window ends."""

from idp.store import attempts
from idp.store.database import Database
from tests.store.rows import NOW, THREADS, at_once, new_hash

WINDOW = 900


def count(database: Database, key: bytes, now: int) -> int:
    with database.autocommit() as connection:
        return attempts.count_one(connection, key, now, WINDOW)


def test_fifty_tries_at_once_are_fifty(database: Database):
    """Each of the tries is told another number, so a limit of ten admits ten of them."""
    key = new_hash()
    assert sorted(at_once(lambda _: count(database, key, NOW))) == list(range(1, THREADS + 1))


def test_a_window_begins_with_the_first_try_and_then_is_over(database: Database):
    """The window is not drawn out by further tries, and counting begins anew after it."""
    key = new_hash()
    moments = [NOW, NOW + WINDOW - 1, NOW + WINDOW, NOW + WINDOW + 1]
    assert [count(database, key, moment) for moment in moments] == [1, 2, 1, 2]


def test_a_success_forgets_its_counter_alone(database: Database):
    """Forgetting one counter leaves the others."""
    mine, other = new_hash(), new_hash()
    for key in (mine, mine, other):
        count(database, key, NOW)
    with database.autocommit() as connection:
        attempts.forget(connection, mine)
    assert count(database, mine, NOW) == 1
    assert count(database, other, NOW) == 2
