"""The change feed: how every process learns within a second what another one changed.

A writer adds a row in the transaction of its change. Each process reads the rows that are new to it, at most every
`INTERVAL` seconds and only when a request comes, and drops what it had cached under those keys. No process serves a
cached value that it has not revalidated within `BOUND` seconds: if the feed cannot be read, the request fails instead.
"""

import threading
from collections import OrderedDict
from collections.abc import Callable
from enum import StrEnum
from time import monotonic, sleep
from typing import Generic, TypeVar

from sqlalchemy import Connection, func, insert, select

from idp.store.database import BigKey, Database, db, delete_in_batches, execute_at_commit

INTERVAL = 0.25
BOUND = 1.0
OVERLAP_SECONDS = 15.0
"""For how long rows are read again, because a lower number may become visible after a higher one: longer than lies
between the last statements of a transaction and its commit (STATEMENT_TIMEOUT_MS for each)."""
START_OVERLAP = 1000
KEEP_SECONDS = 86_400
EVERYTHING = "*"
"""The key of a change that makes every value of its topic stale."""

Value = TypeVar("Value")

changes = db.Table(
    "changes",
    db.Column("id", BigKey, primary_key=True, autoincrement=True),
    db.Column("topic", db.String(32), nullable=False),
    db.Column("key", db.String(255), nullable=False),
    db.Column("at", db.BigInteger, nullable=False, index=True),
)


class Topic(StrEnum):
    """What a change is about; the key names which one."""

    CLIENT = "client"
    ACCOUNT = "account"
    GRANT = "grant"
    SHARING = "sharing"
    KEYS = "keys"
    POLICY = "policy"
    FAMILY = "family"
    TOKEN = "token"


_INSERT = insert(changes).inline()


def announce(connection: Connection, topic: Topic, key: str, now: int) -> None:
    """Tell every process, once this transaction commits, that something changed.

    The row is written last: its number is given out just before the commit, however long the transaction took.
    """
    execute_at_commit(connection, _INSERT, {"topic": topic.value, "key": key, "at": now})


def purge(database: Database, now: int) -> int:
    """Forget changes that every process has read long ago; return how many.

    The newest stays, for in an empty table SQLite would begin to number anew, below what everybody has read.
    """
    newest = select(func.max(changes.c.id)).scalar_subquery()
    return delete_in_batches(database, changes, (changes.c.at < now - KEEP_SECONDS) & (changes.c.id < newest))


class ChangeFeed:
    """Reads the feed for one process and tells the subscribers of each topic."""

    def __init__(self, database: Database, interval: float = INTERVAL, ticks: Callable[[], float] = monotonic) -> None:
        """Start before everything that could still become visible."""
        self._database = database
        self._interval = interval
        self._ticks = ticks
        self._subscribers: dict[str, list[Callable[[str], None]]] = {}
        self._lock = threading.Lock()
        self._seen: OrderedDict[int, float] = OrderedDict()
        self._floor: int | None = None
        self._read_at = -BOUND

    def subscribe(self, topic: Topic, listener: Callable[[str], None]) -> None:
        """Call `listener` with the key of every change of a topic."""
        self._subscribers.setdefault(topic.value, []).append(listener)

    def catch_up(self) -> None:
        """Make sure that what other processes committed more than `BOUND` seconds ago is known here.

        One thread reads; the others go on with what is known while that is fresh enough, and wait otherwise.

        Raises:
            DatabaseUnavailableError: when the feed cannot be read.
        """
        age = self._ticks() - self._read_at
        if age < self._interval:
            return
        if not self._lock.acquire(blocking=age >= BOUND):
            return
        try:
            if self._ticks() - self._read_at >= self._interval:
                self._read()
        finally:
            self._lock.release()

    def read_now(self) -> None:
        """Make sure that what is committed by now is known here, for a decision that rests on it.

        Raises:
            DatabaseUnavailableError: when the feed cannot be read.
        """
        with self._lock:
            self._read()

    def let_everybody_read(self) -> None:
        """Wait until every process has to read before it answers again: what is committed by now then holds everywhere.

        For what happens seldom, and once: it holds the thread for `INTERVAL`.
        """
        sleep(self._interval)

    def _read(self) -> None:
        started = self._ticks()
        with self._database.autocommit() as connection:
            if self._floor is None:
                newest = connection.execute(select(func.max(changes.c.id))).scalar() or 0
                self._floor = max(0, newest - START_OVERLAP)
            rows = connection.execute(
                select(changes.c.id, changes.c.topic, changes.c.key).where(changes.c.id > self._floor)
            ).all()
        for number, topic, key in rows:
            if number in self._seen:
                continue
            self._seen[number] = started
            for listener in self._subscribers.get(topic, ()):
                listener(key)
        self._raise_floor(started)
        self._read_at = started

    def _raise_floor(self, now: float) -> None:
        """Stop re-reading what has been visible for longer than any transaction lives."""
        while self._seen:
            number, seen_at = next(iter(self._seen.items()))
            if now - seen_at < OVERLAP_SECONDS:
                return
            self._floor = max(self._floor or 0, number)
            del self._seen[number]


class Cache(Generic[Value]):
    """A bounded memory of what the database holds, kept true by the change feed.

    A value that was loaded while its change arrived is not kept: the load may have read the old row.
    """

    def __init__(self, feed: ChangeFeed, topics: tuple[Topic, ...], size: int) -> None:
        """Subscribe to the topics whose changes make values stale; a change of `EVERYTHING` empties the cache."""
        self._feed = feed
        self._size = size
        self._values: dict[str, Value] = {}
        self._generation = 0
        self._lock = threading.Lock()
        for topic in topics:
            feed.subscribe(topic, self.forget)

    def get(self, key: str, load: Callable[[str], Value | None]) -> Value | None:
        """Return the value of a key, loading it when it is not known. What does not exist is not remembered."""
        self._feed.catch_up()
        value = self._values.get(key)
        if value is not None:
            return value
        generation = self._generation
        value = load(key)
        if value is not None:
            self._keep(key, value, generation)
        return value

    def forget(self, key: str) -> None:
        """Drop the value of a key, or every value for `EVERYTHING`; one that is being loaded is not kept."""
        with self._lock:
            self._generation += 1
            if key == EVERYTHING:
                self._values.clear()
            else:
                self._values.pop(key, None)

    def _keep(self, key: str, value: Value, generation: int) -> None:
        with self._lock:
            if generation != self._generation:
                return
            if len(self._values) >= self._size:
                del self._values[next(iter(self._values))]
            self._values[key] = value
