"""The whole server is killed with SIGKILL under load, again and again, and started again each time.

No token was handed out that the store does not know, none is redeemed twice, an honest retry after a lost answer works.
"""

import os
import signal
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
from flask import Flask
from sqlalchemy import text

from idp.protocol.secrets import hash_secret
from idp.store.database import Database, open_database
from idp.store.families import REPLAYED_CODE, REVOKED_BY_CLIENT
from tests.crash.load import Load, under_load
from tests.provider.provider import HTTP, ServedProvider, serve_elsewhere
from tests.provider.waiting import eventually
from tests.real.postgres_server import PostgresServer

KILLS = {"sqlite": 5, "postgresql": 6}
ANSWERS_BETWEEN = 150
LONG = {"IDP_LIFETIMES__REFRESH_RETRY": "120", "IDP_LIFETIMES__ACCESS_TOKEN": "3600"}


@pytest.fixture(scope="module", params=["sqlite", "postgresql"])
def mortal(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory, postgres_server: PostgresServer
) -> Iterator[ServedProvider]:
    """A provider as users run it, with two workers."""
    if request.param == "sqlite":
        with serve_elsewhere(f"sqlite:///{tmp_path_factory.mktemp('crash') / 'store.db'}", **LONG) as provider:
            yield provider
        return
    with postgres_server.database() as url, serve_elsewhere(url, **LONG) as provider:
        yield provider


@pytest.fixture
def stored(mortal: ServedProvider) -> Iterator[Database]:
    database = open_database(Flask("tests"), mortal.database_url, 1)
    yield database
    database.engine.dispose()


def families(stored: Database) -> dict[bytes, tuple[bytes, str | None]]:
    """By the hash of its handle, each family's newest refresh token and why it ended."""
    statement = text("SELECT handle_hash, secret_hash, end_reason FROM token_families")
    with stored.autocommit() as connection:
        return {bytes(row[0]): (bytes(row[1]), row[2]) for row in connection.execute(statement)}


def hashes(refresh_token: str) -> tuple[bytes, bytes]:
    handle, _, secret = refresh_token.partition(".")
    return hash_secret(handle), hash_secret(secret)


def test_nothing_is_lost_or_doubled_when_the_server_is_killed(
    mortal: ServedProvider, stored: Database, request: pytest.FixtureRequest
):
    """Refreshes, code exchanges, revocations and a service's own tokens, at whatever they were doing."""
    kills = KILLS["sqlite" if stored.is_sqlite else "postgresql"]
    with under_load(mortal) as load:
        for _ in range(kills):
            load.until_answered(ANSWERS_BETWEEN)
            load.up.clear()
            mortal.kill()
            mortal.start()
            load.up.set()
        load.until_answered(ANSWERS_BETWEEN)
    assert HTTP.get(f"{mortal.url}/health/ready").json() == {"status": "ready"}
    check_against_the_store(load, families(stored))
    check_against_the_server(load)


def check_against_the_store(load: Load, known: dict[bytes, tuple[bytes, str | None]]) -> None:
    """The families that live are those that were handed out, and each has moved exactly as far as its holder."""
    held = {hashes(line.refresh_tokens[-1]): line for line in load.lines}
    alive = {(handle, secret) for handle, (secret, reason) in known.items() if reason is None}
    assert alive == {hashed for hashed, line in held.items() if not line.is_revoked}
    reasons = Counter(reason for _, reason in known.values())
    assert reasons[REVOKED_BY_CLIENT] == sum(line.is_revoked for line in load.lines)
    assert reasons[REPLAYED_CODE] <= load.codes_lost
    assert set(reasons) <= {None, REVOKED_BY_CLIENT, REPLAYED_CODE}


def check_against_the_server(load: Load) -> None:
    """What was handed out is active, unless it was spent or revoked; what was spent or revoked is not."""
    revoked = [line.access_tokens[-1] for line in load.lines if line.is_revoked]
    assert eventually(lambda: not any(load.is_active(token) for token in revoked), within=20)
    for line in load.lines[-12:]:
        assert load.is_active(line.refresh_tokens[-1]) is not line.is_revoked
        assert not any(load.is_active(spent) for spent in line.refresh_tokens[:-1])
        assert all(load.is_active(token) is not line.is_revoked for token in line.access_tokens)
    assert all(load.is_active(token, "payments") for token in load.own_tokens[-20:])
    assert len(set(load.own_tokens)) == len(load.own_tokens)


def workers(provider: ServedProvider) -> set[int]:
    """The worker processes of a provider."""
    assert provider.process is not None
    parent = provider.process.process.pid
    return {int(pid) for pid in Path(f"/proc/{parent}/task/{parent}/children").read_text().split()}


def test_a_killed_worker_is_replaced_and_nobody_waits_for_it(mortal: ServedProvider, stored: Database):
    """The other one goes on answering; a new one joins; nothing is lost or doubled either."""
    with under_load(mortal) as load:
        before = workers(mortal)
        assert len(before) == mortal.workers
        load.until_answered(ANSWERS_BETWEEN)
        os.kill(min(before), signal.SIGKILL)
        load.until_answered(ANSWERS_BETWEEN)
        assert eventually(lambda: len(workers(mortal) - {min(before)}) == mortal.workers, within=20)
        load.until_answered(ANSWERS_BETWEEN)
    known = families(stored)
    for line in load.lines:
        handle, secret = hashes(line.refresh_tokens[-1])
        assert known[handle] == (secret, REVOKED_BY_CLIENT if line.is_revoked else None)
    check_against_the_server(load)


def test_a_server_that_is_asked_to_end_ends(mortal: ServedProvider):
    """SIGTERM ends it with its workers, and it starts again on the same database."""
    assert mortal.process is not None
    mortal.process.stop()
    with pytest.raises(httpx.ConnectError):
        HTTP.get(f"{mortal.url}/health/live")
    mortal.start()
    assert HTTP.get(f"{mortal.url}/health/ready").status_code == 200
