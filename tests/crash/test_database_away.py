"""The database goes away and comes back: requests are told to try again, then work, without a restart of the server."""

import os
import signal
from collections.abc import Callable, Iterator
from contextlib import suppress
from time import monotonic

import httpx
import pytest
from flask import Flask

from idp.store.database import open_database
from tests.crash.load import SHOP, under_load
from tests.crash.test_killed_server import ANSWERS_BETWEEN, LONG, check_against_the_server, workers
from tests.provider.person import Person, as_client
from tests.provider.provider import HTTP, ServedProvider, serve_elsewhere
from tests.provider.waiting import eventually
from tests.real.postgres_server import PostgresServer, run_postgres
from tests.store.outage import unreachable

CRASH_LOOP_SECONDS = 6.0
"""A server whose worker dies twice within this time gives up (granian's own rule)."""


@pytest.fixture(scope="module")
def own_postgres() -> Iterator[PostgresServer]:
    """A PostgreSQL that this module may stop."""
    with run_postgres() as server:
        yield server


@pytest.fixture(scope="module")
def waiting(own_postgres: PostgresServer) -> Iterator[ServedProvider]:
    with own_postgres.database() as url, serve_elsewhere(url, **LONG) as provider:
        yield provider


def is_ready(provider: ServedProvider) -> bool:
    """Each question may reach another worker."""
    return all(HTTP.get(f"{provider.url}/health/ready").status_code == 200 for _ in range(8))


def test_requests_are_told_to_try_again_and_then_work(waiting: ServedProvider, own_postgres: PostgresServer):
    """503 with Retry-After from every endpoint, and nothing that was handed out is spent by a request that failed."""
    hana = Person(waiting)
    code = hana.authorize(*SHOP, "openid offline_access").parameters["code"]
    tokens = hana.exchange(*SHOP, code).json()
    unspent = hana.authorize(*SHOP, "openid offline_access").parameters["code"]
    bearer = {"authorization": f"Bearer {tokens['access_token']}"}

    def refresh() -> httpx.Response:
        form = {"grant_type": "refresh_token", "refresh_token": tokens["refresh_token"]}
        return as_client(waiting, "storefront", "/token", form)

    requests: list[Callable[[], httpx.Response]] = [
        refresh,
        lambda: hana.exchange(*SHOP, unspent),
        lambda: as_client(waiting, "payments", "/token", {"grant_type": "client_credentials"}),
        lambda: as_client(waiting, "storefront", "/introspect", {"token": tokens["access_token"]}),
        lambda: HTTP.get(f"{waiting.url}/userinfo", headers=bearer),
        lambda: as_client(waiting, "storefront", "/revoke", {"token": tokens["access_token"]}),
        lambda: hana.browser.get(hana.request(*SHOP, "openid")),
        lambda: HTTP.get(f"{waiting.url}/health/ready"),
    ]
    with own_postgres.stopped():
        for send in requests:
            assert eventually(lambda: send().status_code == 503, within=20)  # noqa: B023 - asked here and now
            answer = send()
            assert answer.status_code == 503
            assert answer.request.url.path == "/health/ready" or int(answer.headers["retry-after"]) > 0
        assert HTTP.get(f"{waiting.url}/health/live").status_code == 200
    assert eventually(lambda: is_ready(waiting), within=20)
    assert [send().status_code for send in requests] == [200, 200, 200, 200, 200, 200, 303, 200]
    hana.browser.close()


def test_a_restart_of_the_database_under_load_costs_nobody_anything(
    waiting: ServedProvider, own_postgres: PostgresServer
):
    """Every client gets its answer in the end; 503 is the only failure that anybody sees."""
    with under_load(waiting) as load:
        for _ in range(3):
            load.until_answered(ANSWERS_BETWEEN)
            with own_postgres.stopped():
                pass
        load.until_answered(ANSWERS_BETWEEN)
    assert load.unavailable > 0
    check_against_the_server(load)


def test_a_worker_that_is_started_again_during_an_outage_waits_for_its_end(waiting: ServedProvider):
    """The server does not give up because a worker cannot start; with the database the worker is back."""
    database = open_database(Flask("tests"), waiting.database_url, 1)
    assert waiting.process is not None
    server = waiting.process.process
    before = workers(waiting)
    with unreachable(database):
        os.kill(min(before), signal.SIGKILL)
        until = monotonic() + CRASH_LOOP_SECONDS
        while monotonic() < until:
            assert server.poll() is None
            with suppress(httpx.TransportError):  # connections that the dead worker had accepted
                assert as_client(waiting, "storefront", "/introspect", {"token": "x"}).status_code == 503
    assert eventually(lambda: len(workers(waiting) - {min(before)}) == waiting.workers, within=20)
    assert eventually(lambda: is_ready(waiting), within=20)
    database.engine.dispose()
