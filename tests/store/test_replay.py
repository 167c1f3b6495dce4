"""An assertion is accepted once, whichever memory the settings ask for: the database or Redis (RFC 7523 3)."""

from collections.abc import Iterator

import pytest
from hypothesis import given
from hypothesis import strategies as st
from redis import Redis

from idp.store import replay
from idp.store.database import Database, DatabaseUnavailableError
from idp.store.replay import SeenAssertions, SeenInRedis, open_seen_assertions
from tests.provider.provider import free_port
from tests.real.postgres_server import PostgresServer
from tests.store.rows import NOW, THREADS, at_once, new_id, opened


@pytest.fixture(scope="module", params=["sqlite", "postgresql", "redis"])
def seen(
    request: pytest.FixtureRequest,
    tmp_path_factory: pytest.TempPathFactory,
    postgres_server: PostgresServer,
    redis_server: str,
) -> Iterator[SeenAssertions]:
    """The memory of seen assertions, in each place where it may be kept."""
    if request.param == "postgresql":
        with postgres_server.database() as url, opened(url) as database:
            yield open_seen_assertions(database, "")
        return
    with opened(f"sqlite:///{tmp_path_factory.mktemp('replay') / 'store.db'}") as database:
        yield open_seen_assertions(database, redis_server if request.param == "redis" else "")


def test_of_fifty_who_present_an_assertion_at_once_one_is_let_in(seen: SeenAssertions):
    """However many processes a stolen assertion reaches at the same moment."""
    jti = new_id()
    claimed = at_once(lambda _: seen.claim("ledger", jti, NOW + 300, NOW))
    assert sorted(claimed) == [False] * (THREADS - 1) + [True]
    assert not seen.claim("ledger", jti, NOW + 300, NOW + 299)


def test_the_same_identifier_of_another_client_is_another_assertion(seen: SeenAssertions):
    """`jti` is unique for its issuer (RFC 7519 4.1.7), and no client can use up another one's."""
    jti = new_id()
    pairs = [("ledger", jti), ("payments", jti), ("ledger", f"{jti} "), ("", jti), ("ledger" + jti, ""), ("ledger", "")]
    assert [seen.claim(client_id, other, NOW + 300, NOW) for client_id, other in pairs] == [True] * len(pairs)


@given(jti=st.text(max_size=256))
def test_any_text_may_be_an_identifier(seen: SeenAssertions, jti: str):
    """Also what no database would take as text."""
    client_id = new_id()
    claims = [seen.claim(client_id, jti, NOW + 300, NOW) for _ in range(2)]
    assert claims == [True, False]


def test_rows_of_expired_assertions_are_forgotten(database: Database):
    """The table holds no more than a few minutes of assertions."""
    kept, gone = new_id(), new_id()
    seen = open_seen_assertions(database, "")
    assert seen.claim("ledger", kept, NOW, NOW)
    assert seen.claim("ledger", gone, NOW - 1, NOW)
    assert replay.purge(database, NOW) == 1
    assert not seen.claim("ledger", kept, NOW, NOW)
    assert seen.claim("ledger", gone, NOW - 1, NOW)


def test_redis_forgets_an_assertion_when_it_has_expired(redis_server: str):
    """Every key has its end, and none an end that lies behind it."""
    seen, connection = SeenInRedis(redis_server), Redis.from_url(redis_server)
    connection.flushall()
    assert seen.claim("ledger", new_id(), NOW + 300, NOW)
    assert seen.claim("ledger", new_id(), NOW - 5, NOW)
    assert sorted(round(connection.pttl(key) / 1000) for key in connection.scan_iter()) == [1, 300]
    connection.close()


def test_redis_holds_nothing_readable(redis_server: str):
    """Neither who asked nor with what."""
    seen, connection = SeenInRedis(redis_server), Redis.from_url(redis_server)
    connection.flushall()
    seen.claim("a-readable-client", "a-readable-jti", NOW + 300, NOW)
    assert b"readable" not in b"".join(connection.scan_iter())
    connection.close()


def test_a_redis_that_is_away_fails_the_request():
    """What cannot be known to be new is not let in."""
    seen = SeenInRedis(f"redis://127.0.0.1:{free_port()}/0")
    with pytest.raises(DatabaseUnavailableError):
        seen.claim("ledger", new_id(), NOW + 300, NOW)
