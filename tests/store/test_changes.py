"""The change feed: what one process commits, every other knows within a second, and no cache serves what is over."""

import itertools
import threading
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, suppress
from dataclasses import dataclass

import pytest
from sqlalchemy import event, text

from idp.store import changes
from idp.store.changes import BOUND, EVERYTHING, INTERVAL, KEEP_SECONDS, Cache, ChangeFeed, Topic, announce
from idp.store.database import Database, DatabaseUnavailableError
from tests.store.outage import unreachable
from tests.store.rows import NOW, THREADS, at_once, new_id


@dataclass
class Ticks:
    """A monotonic clock that moves only when a test moves it."""

    now: float = 1000.0

    def __call__(self) -> float:
        return self.now


class Reader:
    """One process that follows the feed."""

    def __init__(self, database: Database, interval: float = 0.0) -> None:
        self.ticks = Ticks()
        self.feed = ChangeFeed(database, interval, self.ticks)
        self.heard: list[str] = []
        self.feed.subscribe(Topic.CLIENT, self.heard.append)
        self.feed.catch_up()
        self.heard.clear()

    def news(self) -> list[str]:
        self.feed.catch_up()
        heard, self.heard[:] = list(self.heard), []
        return heard


def change(database: Database, key: str, topic: Topic = Topic.CLIENT, now: int = NOW) -> None:
    with database.transaction() as connection:
        announce(connection, topic, key, now)


def test_a_change_is_heard_once_by_those_who_asked_for_its_topic(database: Database):
    """Every subscriber of a topic hears the key of a committed change, once."""
    reader = Reader(database)
    change(database, "storefront")
    change(database, "hana", Topic.ACCOUNT)
    assert reader.news() == ["storefront"]
    assert reader.news() == []


def test_a_change_that_was_rolled_back_is_not_heard(database: Database):
    """Only what is committed is a change."""
    reader = Reader(database)
    with suppress(ZeroDivisionError), database.transaction() as connection:
        announce(connection, Topic.CLIENT, "never", NOW)
        1 / 0  # noqa: B018 - the transaction fails here
    assert reader.news() == []
    change(database, "afterwards")
    assert reader.news() == ["afterwards"]


def test_the_feed_is_read_once_in_an_interval_and_never_later_than_the_bound(database: Database):
    """Within INTERVAL nothing is read again; from BOUND on nobody goes on without reading."""
    assert INTERVAL < BOUND == 1.0
    reader = Reader(database, INTERVAL)
    change(database, "quick")
    assert reader.news() == []
    reader.ticks.now += INTERVAL
    assert reader.news() == ["quick"]


def test_a_decision_can_ask_for_the_newest_news(database: Database):
    """What was committed by now is known afterwards, also within the interval."""
    reader = Reader(database, interval=3600)
    reader.feed.read_now()
    reader.heard.clear()
    change(database, "just now")
    assert reader.news() == []
    reader.feed.read_now()
    assert reader.heard == ["just now"]


def test_a_transaction_that_commits_late_is_still_heard(fresh_database: Database):
    """On PostgreSQL a lower number can become visible after a higher one, and long after everybody has read on.

    A large `idp apply` announces its first client minutes before it commits.
    """
    reader = Reader(fresh_database)
    with ExitStack() as late:
        if fresh_database.is_sqlite:
            change(fresh_database, "quick")
        slow = late.enter_context(fresh_database.transaction())
        announce(slow, Topic.CLIENT, "slow", NOW)
        if not fresh_database.is_sqlite:  # SQLite has one writer at a time, so nobody can overtake
            change(fresh_database, "quick")
        assert reader.news() == ["quick"]
        reader.ticks.now += 3600
        assert reader.news() == []
    assert reader.news() == ["slow"]


def test_a_number_that_becomes_visible_after_a_higher_one_is_heard(fresh_database: Database):
    """Between giving out a number and committing it others may pass; what is read again covers that."""
    reader = Reader(fresh_database)
    insert = text("INSERT INTO changes (id, topic, key, at) VALUES (:id, 'client', :key, 0)")
    with fresh_database.transaction() as connection:
        connection.execute(insert, {"id": 1002, "key": "higher"})
    assert reader.news() == ["higher"]
    reader.ticks.now += changes.OVERLAP_SECONDS - 1
    assert reader.news() == []
    with fresh_database.transaction() as connection:
        connection.execute(insert, {"id": 1001, "key": "lower"})
    assert reader.news() == ["lower"]


def test_what_was_read_long_ago_is_not_read_again(fresh_database: Database):
    """The feed stays cheap: from OVERLAP_SECONDS on, a row that was seen is passed over by its number."""
    reader = Reader(fresh_database)
    for number in range(20):
        change(fresh_database, f"client-{number}")
    assert len(reader.news()) == 20
    assert len(reader.feed._seen) == 20
    reader.ticks.now += changes.OVERLAP_SECONDS
    reader.news()
    assert len(reader.feed._seen) == 0
    change(fresh_database, "next")
    assert reader.news() == ["next"]


def test_a_change_after_a_quiet_day_is_heard(fresh_database: Database):
    """Purging the last row must not let numbers begin anew below what everybody has read (SQLite would)."""
    reader = Reader(fresh_database)
    for number in range(3):
        change(fresh_database, f"client-{number}")
    reader.news()
    reader.ticks.now += KEEP_SECONDS
    reader.news()
    assert changes.purge(fresh_database, NOW + KEEP_SECONDS + 1) == 2
    change(fresh_database, "after the quiet day", now=NOW + KEEP_SECONDS + 1)
    assert reader.news() == ["after the quiet day"]


def test_a_process_that_starts_hears_what_becomes_visible_afterwards(fresh_database: Database):
    """A process starts before everything that is not yet committed."""
    for number in range(changes.START_OVERLAP + 50):
        if number % 500 == 0:
            change(fresh_database, f"client-{number}")
    reader = Reader(fresh_database)
    change(fresh_database, "next")
    assert reader.news() == ["next"]


def test_a_feed_that_cannot_be_read_fails_the_request(fresh_database: Database):
    """When it cannot be known what changed, nothing is served from memory: DatabaseUnavailableError."""
    reader = Reader(fresh_database, INTERVAL)
    cache: Cache[str] = Cache(reader.feed, (Topic.CLIENT,), 10)
    assert cache.get("storefront", lambda key: key) == "storefront"
    with unreachable(fresh_database):
        assert cache.get("storefront", lambda key: key) == "storefront"
        reader.ticks.now += INTERVAL
        with pytest.raises(DatabaseUnavailableError):
            cache.get("storefront", lambda key: key)
    assert cache.get("storefront", lambda key: key) == "storefront"


def test_readers_share_one_reading_of_the_feed(fresh_database: Database):
    """Fifty requests at once cost one query, and none goes on before it is answered once the bound is passed."""
    reader = Reader(fresh_database, INTERVAL)
    change(fresh_database, "storefront")
    reader.ticks.now += BOUND
    statements: list[str] = []
    event.listen(fresh_database.engine, "before_cursor_execute", lambda _c, _k, sql, *_: statements.append(sql))
    assert at_once(lambda _: (reader.feed.catch_up(), list(reader.heard))[1]) == [["storefront"]] * THREADS
    assert len([sql for sql in statements if "FROM changes" in sql]) == 1


def test_a_cached_value_is_dropped_by_its_change_alone(database: Database):
    """A change of one key drops that key; a change of everything drops all."""
    reader = Reader(database)
    cache: Cache[str] = Cache(reader.feed, (Topic.CLIENT, Topic.SHARING), 10)
    loaded: list[str] = []

    def load(key: str) -> str:
        loaded.append(key)
        return key

    def ask() -> list[str]:
        for key in ("one", "two"):
            assert cache.get(key, load) == key
        asked, loaded[:] = list(loaded), []
        return asked

    assert ask() == ["one", "two"]
    assert ask() == []
    change(database, "one")
    assert ask() == ["one"]
    change(database, EVERYTHING, Topic.SHARING)
    assert ask() == ["one", "two"]


def test_what_does_not_exist_is_not_remembered(database: Database):
    """A client that is registered a moment later is found at once, also where its absence was just seen."""
    cache: Cache[str] = Cache(Reader(database).feed, (Topic.CLIENT,), 10)
    assert cache.get("new", lambda _: None) is None
    assert cache.get("new", lambda _: "registered") == "registered"


def test_a_cache_is_bounded(database: Database):
    """Strangers who ask for many keys do not fill the memory."""
    cache: Cache[str] = Cache(Reader(database).feed, (Topic.CLIENT,), 10)
    for number in range(100):
        cache.get(str(number), lambda key: key)
    assert len(cache._values) == 10
    assert cache.get("99", lambda _: "loaded again") == "99"


def test_a_value_that_was_loaded_before_a_change_is_not_kept(fresh_database: Database):
    """A load that read the old row while the change arrived may answer its own request, and no other."""
    reader = Reader(fresh_database)
    cache: Cache[str] = Cache(reader.feed, (Topic.CLIENT,), 10)
    has_read, may_answer = threading.Event(), threading.Event()

    def slow_load(_key: str) -> str:
        has_read.set()
        may_answer.wait()
        return "before the change"

    with ThreadPoolExecutor(1) as pool:
        slow = pool.submit(cache.get, "storefront", slow_load)
        has_read.wait()
        change(fresh_database, "storefront")
        reader.feed.catch_up()
        may_answer.set()
        assert slow.result() == "before the change"
    assert cache.get("storefront", lambda _: "after the change") == "after the change"


def test_no_reader_sees_an_old_value_after_its_change_was_heard(fresh_database: Database):
    """A writer counts up while others ask, each more than BOUND after the last: nobody gets less than was committed."""
    moments = itertools.count(step=BOUND)
    cache: Cache[int] = Cache(ChangeFeed(fresh_database, INTERVAL, moments.__next__), (Topic.CLIENT,), 10)
    key = new_id()
    with fresh_database.transaction() as connection:
        connection.execute(text("CREATE TABLE counted (value INTEGER)"))
        connection.execute(text("INSERT INTO counted VALUES (1)"))
    committed = [1]

    def load(_key: str) -> int:
        with fresh_database.autocommit() as connection:
            return int(connection.execute(text("SELECT value FROM counted")).scalar_one())

    def write() -> None:
        for _ in range(30):
            with fresh_database.transaction() as connection:
                connection.execute(text("UPDATE counted SET value = value + 1"))
                announce(connection, Topic.CLIENT, key, NOW)
            committed[0] += 1

    def read() -> tuple[set[int], int]:
        values, stale = set(), 0
        while committed[0] <= 30:
            before = committed[0]
            value = cache.get(key, load)
            assert value is not None
            values.add(value)
            stale += value < before
        return values, stale

    answers = at_once(lambda number: write() if number == 0 else read(), 8)[1:]
    assert [answer[1] for answer in answers if answer] == [0] * 7
    assert len(set.union(*(answer[0] for answer in answers if answer))) > 1
