"""Pushed requests (RFC 9126): sealed, of one client, for a short time, taken once."""

import pytest
from sqlalchemy import text

from idp.store import pushed_requests
from idp.store.database import Database
from idp.store.pushed_requests import PushedRequest, PushedRequests
from idp.store.sealing import Sealer, UnsealingError
from tests.store.rows import NOW, THREADS, at_once, new_id

PUSHED = PushedRequest("tabi-points", {"login_hint": "hana@x.jp"}, ("https://a.example", "https://b.test"), NOW + 60)


@pytest.fixture
def pushed(sealer: Sealer) -> PushedRequests:
    return PushedRequests(sealer)


def add(database: Database, pushed: PushedRequests) -> str:
    reference = new_id()
    with database.transaction() as connection:
        pushed.add(connection, reference, PUSHED)
    return reference


def take(
    database: Database, pushed: PushedRequests, reference: str, client_id: str = "tabi-points", now: int = NOW
) -> PushedRequest | None:
    with database.autocommit() as connection:
        return pushed.take(connection, reference, client_id, now)


def test_fifty_threads_take_a_request_once(database: Database, pushed: PushedRequests):
    """One caller begins with it; to all others it is as good as unknown."""
    reference = add(database, pushed)
    taken = at_once(lambda _number: take(database, pushed, reference))
    assert sorted(taken, key=bool) == [None] * (THREADS - 1) + [PUSHED]


def test_it_waits_for_its_own_client_and_not_for_long(database: Database, pushed: PushedRequests):
    """What does not fit takes nothing: the rightful client may still come."""
    reference = add(database, pushed)
    for wrong in ({"client_id": "kaze-ads"}, {"client_id": ""}, {"now": NOW + 60}):
        assert take(database, pushed, reference, **wrong) is None
    for unknown in ("", "x", "花" * 1000, reference + "x", reference[:-1]):
        assert take(database, pushed, unknown) is None
    assert take(database, pushed, reference, now=NOW + 59) == PUSHED


def test_what_was_asked_is_sealed_and_bound_to_its_row(database: Database, pushed: PushedRequests):
    """A login hint is an address: it is not readable, the reference is not kept, and no row opens as another."""
    mine, other = add(database, pushed), add(database, pushed)
    table = pushed_requests.pushed_requests
    with database.transaction() as connection:
        rows = connection.execute(text("SELECT * FROM pushed_requests")).all()
        assert not any(secret in repr(row) for row in rows for secret in ("hana", mine, other))
        key = pushed_requests.hash_secret(mine)
        content = connection.execute(table.select().where(table.c.reference_hash == key)).one().content
        connection.execute(table.update().where(table.c.reference_hash != key).values(content=content))
    with pytest.raises(UnsealingError):
        take(database, pushed, other)
    assert "hana" not in repr(PUSHED)


def test_requests_whose_time_is_over_are_forgotten(fresh_database: Database, pushed: PushedRequests):
    """Taken or not."""
    first, _second = add(fresh_database, pushed), add(fresh_database, pushed)
    take(fresh_database, pushed, first)
    assert pushed_requests.purge(fresh_database, NOW + 60) == 0
    assert pushed_requests.purge(fresh_database, NOW + 61) == 2
