"""Browser sessions: found by the newest cookie alone, over after idleness and after their absolute end (ASVS 7)."""

from dataclasses import replace

from idp.store import sessions
from idp.store.database import Database
from idp.store.sessions import SEEN_GRANULARITY, BrowserSession
from tests.store.rows import DAY, NOW, at_once, new_hash, new_id

IDLE = 3600


def a_session(**other: object) -> BrowserSession:
    values = {
        "id": new_id(),
        "secret_hash": new_hash(),
        "account_id": "",
        "sid": "",
        "auth_time": 0,
        "acr": "",
        "amr": (),
        "seen_at": NOW,
        "expires_at": NOW + DAY,
    }
    return BrowserSession(**{**values, **other})


def add(database: Database, **other: object) -> BrowserSession:
    session = a_session(**other)
    with database.transaction() as connection:
        sessions.add(connection, session)
    return session


def find(database: Database, secret_hash: bytes, now: int = NOW) -> BrowserSession | None:
    with database.autocommit() as connection:
        return sessions.find(connection, secret_hash, now, IDLE)


def test_a_session_is_found_by_its_cookie(database: Database):
    """A cookie that was never given out finds nothing."""
    session = add(database)
    assert find(database, session.secret_hash) == session
    assert not session.is_signed_in
    assert find(database, new_hash()) is None


def test_after_signing_in_the_old_cookie_is_worth_nothing(database: Database):
    """A session that an attacker planted beforehand does not become signed in (ASVS 7.2.4)."""
    before = add(database)
    after = replace(before, secret_hash=new_hash(), account_id=new_id(), sid=new_id(), auth_time=NOW, amr=("pwd",))
    with database.transaction() as connection:
        sessions.sign_in(connection, after)
    assert find(database, before.secret_hash) is None
    assert find(database, after.secret_hash) == after
    assert after.is_signed_in


def test_use_keeps_a_session_alive_until_its_absolute_end(database: Database):
    """Each use is noted, at most once a minute; idleness and the absolute end each end it."""
    session = add(database, expires_at=NOW + 2 * IDLE)
    assert find(database, session.secret_hash, NOW + SEEN_GRANULARITY - 1) == session
    assert find(database, session.secret_hash, NOW + IDLE - 1) == session
    used = find(database, session.secret_hash, NOW + IDLE)
    assert used is not None
    assert used.seen_at == NOW + IDLE - 1
    assert find(database, session.secret_hash, NOW + 2 * IDLE - 2) is not None
    assert find(database, session.secret_hash, NOW + 2 * IDLE) is None
    idle = add(database)
    assert find(database, idle.secret_hash, NOW + IDLE) is None


def test_fifty_requests_of_one_session_do_not_disturb_each_other(database: Database):
    """All find it, and all note its use."""
    session = add(database)
    later = NOW + SEEN_GRANULARITY
    seen = replace(session, seen_at=later)
    assert set(at_once(lambda _: find(database, session.secret_hash, later))) <= {session, seen}
    assert find(database, session.secret_hash, later) == seen


def test_an_ended_session_is_gone(database: Database):
    """Signing out leaves nothing to come back to."""
    session, other = add(database), add(database)
    with database.transaction() as connection:
        sessions.end(connection, session.id)
    assert find(database, session.secret_hash) is None
    assert find(database, other.secret_hash) == other


def test_sessions_that_are_over_are_forgotten(database: Database):
    """By absolute end and by idleness."""
    alive = add(database, expires_at=NOW + 9 * DAY, seen_at=NOW + 8 * DAY)
    add(database, expires_at=NOW + 8 * DAY - 1, seen_at=NOW + 8 * DAY)
    add(database, expires_at=NOW + 9 * DAY, seen_at=NOW + 8 * DAY - IDLE - 1)
    assert sessions.purge(database, NOW + 8 * DAY, IDLE) >= 2
    assert sessions.purge(database, NOW + 8 * DAY, IDLE) == 0
    assert find(database, alive.secret_hash, NOW + 8 * DAY) == alive
