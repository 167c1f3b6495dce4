"""`idp serve` as processes: what happens when some of them die (the operator's wish: it goes on by itself)."""

import os
import signal
from pathlib import Path

import httpx
import pytest

from tests.provider.provider import ServedProvider, serve_elsewhere
from tests.provider.waiting import eventually
from tests.real.postgres_server import PostgresServer


@pytest.fixture
def server(postgres_server: PostgresServer):
    """A server of its own, for it is going to be hurt."""
    with postgres_server.database() as url, serve_elsewhere(url, workers=2) as running:
        yield running


def workers_of(server: ServedProvider) -> list[int]:
    """The worker processes that are alive."""
    main = server.process.process.pid
    children = Path(f"/proc/{main}/task/{main}/children").read_text().split()
    return [int(child) for child in children if is_alive(int(child))]


def is_alive(process: int) -> bool:
    try:
        return Path(f"/proc/{process}/stat").read_text().split(")")[1].split()[0] != "Z"
    except FileNotFoundError:
        return False


def answers(server: ServedProvider) -> bool:
    try:
        return httpx.get(f"{server.url}/health/ready", timeout=2).status_code == 200
    except httpx.HTTPError:
        return False


def test_workers_end_with_their_server(server: ServedProvider):
    """Killed alone, the server takes its workers along: none goes on answering with yesterday's settings."""
    workers = workers_of(server)
    assert len(workers) == 2
    os.kill(server.process.process.pid, signal.SIGKILL)
    assert eventually(lambda: not any(map(is_alive, workers)), within=10)


def test_two_workers_that_die_within_seconds_do_not_end_the_server(server: ServedProvider):
    """It starts again by itself, however fast its workers die."""
    for _death in range(2):
        assert eventually(lambda: len(workers_of(server)) == 2, within=30)
        os.kill(workers_of(server)[0], signal.SIGKILL)
    assert eventually(lambda: answers(server) and len(workers_of(server)) == 2, within=40)
