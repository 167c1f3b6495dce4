"""Who has to be told when a session ends: each client once, while the session lasts (Back-Channel Logout 2.1)."""

from idp.store import session_clients
from idp.store.database import Database
from tests.store.rows import NOW, at_once, new_id

LONG = NOW + 3600


def remember(database: Database, sid: str, client_id: str, expires_at: int = LONG) -> None:
    with database.autocommit() as connection:
        session_clients.remember(connection, sid, client_id, expires_at)


def take(database: Database, sid: str) -> list[str]:
    with database.autocommit() as connection:
        return session_clients.take(connection, sid)


def test_each_client_is_remembered_once_in_the_order_in_which_it_came(database: Database):
    """However often somebody goes back and forth between two apps."""
    sid = new_id()
    for client_id in ("shop", "travel", "shop", "books", "travel"):
        remember(database, sid, client_id)
    remember(database, new_id(), "another session's")
    assert take(database, sid) == ["shop", "travel", "books"]


def test_many_tabs_at_once_are_one_client(database: Database):
    """Fifty requests of one session at the same moment."""
    sid = new_id()
    at_once(lambda _: remember(database, sid, "shop"))
    assert take(database, sid) == ["shop"]


def test_of_two_that_end_a_session_at_once_one_tells(database: Database):
    """So that no app is told twice."""
    sid = new_id()
    remember(database, sid, "shop")
    assert sorted(at_once(lambda _: take(database, sid)))[-1:] == [["shop"]]
    assert take(database, sid) == []


def test_clients_of_sessions_that_are_over_are_forgotten(database: Database):
    """A later visit keeps what a longer session needs."""
    gone, kept = new_id(), new_id()
    for sid in (gone, kept):
        remember(database, sid, "shop", NOW - 1)
    remember(database, kept, "shop", LONG)
    session_clients.purge(database, NOW)
    assert take(database, gone) == []
    assert take(database, kept) == ["shop"]
