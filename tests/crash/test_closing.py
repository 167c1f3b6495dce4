"""The whole server is killed with SIGKILL while people close their accounts, and while it erases those that are due.

Afterwards each account is closed with all that hung on it, or not closed at all; erased to the last row, or not at all.
"""

import os
import signal
import subprocess
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

import httpx
import pytest
from flask import Flask
from sqlalchemy import text

from idp import closing
from idp.protocol.activity import Event, Seen
from idp.services import EXTENSION, Services
from idp.store import grants, sessions
from idp.store.database import Database, open_database
from idp.store.erasure import KEPT
from idp.store.grants import Answer, Grant
from idp.store.sessions import BrowserSession
from tests.account.people import account_id, newcomer
from tests.provider.apps import STOREFRONT, TABI, tokens_for
from tests.provider.person import hidden
from tests.provider.provider import ROOT, Provider, ServedProvider, another_process, serve_elsewhere
from tests.provider.waiting import eventually
from tests.real.postgres_server import PostgresServer
from tests.store.rows import contents, new_hash, new_id

PEOPLE = 8
DUE = 40
COUNTS = {
    "sessions": "SELECT count(*) FROM sessions WHERE account_id = :me",
    "tokens": "SELECT count(*) FROM token_families WHERE account_id = :me AND ended_at IS NULL",
    "grants": "SELECT count(*) FROM grants WHERE account_id = :me AND ended_at IS NULL",
    "told": "SELECT count(*) FROM activity WHERE account_id = :me AND kind = 'closing_started'",
}


@pytest.fixture(scope="module", params=["sqlite", "postgresql"])
def mortal(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory, postgres_server: PostgresServer
) -> Iterator[ServedProvider]:
    """A provider as users run it, with two workers."""
    if request.param == "sqlite":
        with serve_elsewhere(f"sqlite:///{tmp_path_factory.mktemp('crash') / 'store.db'}") as provider:
            yield provider
        return
    with postgres_server.database() as url, serve_elsewhere(url) as provider:
        yield provider


@pytest.fixture
def stored(mortal: ServedProvider) -> Iterator[Database]:
    database = open_database(Flask("tests"), mortal.database_url, 1)
    yield database
    database.engine.dispose()


@dataclass(frozen=True)
class Standing:
    """How an account stands, and what of it there is."""

    status: str
    counts: dict[str, int]


def standing(stored: Database, me: str) -> Standing:
    with stored.autocommit() as connection:
        status = connection.execute(text("SELECT status FROM accounts WHERE id = :me"), {"me": me}).scalar_one()
        counted = {
            name: int(connection.execute(text(count), {"me": me}).scalar_one()) for name, count in COUNTS.items()
        }
    return Standing(status, counted)


def test_an_account_is_closed_with_all_that_hung_on_it_or_not_at_all(mortal: ServedProvider, stored: Database):
    """The server is killed at the first answer, when others are anywhere on their way."""
    with another_process(mortal) as app:
        provider = Provider(mortal.url, mortal.database_url, mortal.secrets, services=app.extensions[EXTENSION])
        people = [newcomer(provider) for _ in range(PEOPLE)]
        ids = [account_id(person) for person in people]
    for person in people:
        tokens_for(person, STOREFRONT)
        tokens_for(person, TABI, ticks=("prefecture",))
    before = [standing(stored, me) for me in ids]
    assert all(each.status == "active" and each.counts["tokens"] and each.counts["grants"] for each in before)
    forms = [hidden(person.browser.get("/account/close").text) for person in people]
    first, together = threading.Event(), threading.Barrier(PEOPLE)

    def close(number: int) -> bool:
        together.wait()
        try:
            answer = people[number].browser.post("/account/close", data=forms[number], timeout=60)
        except httpx.TransportError:
            return False
        first.set()
        return answer.status_code == 200

    with ThreadPoolExecutor(PEOPLE) as pool:
        closing_now = [pool.submit(close, number) for number in range(PEOPLE)]
        assert first.wait(60)
        mortal.kill()
        answered = [each.result() for each in closing_now]
    mortal.start()
    closed = Standing("closing", {"sessions": 0, "tokens": 0, "grants": 0, "told": 1})
    after = [standing(stored, me) for me in ids]
    assert any(answered)
    for was, now, was_answered in zip(before, after, answered, strict=True):
        assert now == closed if was_answered else now in (was, closed)
    for person, now in zip(people, after, strict=True):
        assert (person.browser.get("/account").status_code == 200) is (now.status == "active")
        person.browser.close()


def leaver(services: Services) -> str:
    """Somebody with a session, a sharing and a history, whose account is to be erased now."""
    now = services.now
    with services.database.transaction() as connection:
        me = services.accounts.create(connection, f"{new_id()}@example.jp", "x", {}, now)
        assert me is not None
        answers = {"prefecture": Answer(agreed=True, at=now, until=now + 100)}
        grants.add(connection, Grant(new_id(), me, "tabi-points", "points.credit", {}, answers, now, now + 100))
        ends = now + 1000
        sessions.add(connection, BrowserSession(new_id(), new_hash(), me, new_id(), now, "", (), now, ends))
        services.activity.note(connection, me, Event.SESSION_ENDED, Seen("", ""), now)
    assert closing.start(services, me, Seen("", "")) is not None
    with services.database.autocommit() as connection:
        connection.execute(text("UPDATE accounts SET erase_at = 1 WHERE id = :me"), {"me": me})
    return me


def known_of(stored: Database, accounts: list[str]) -> dict[str, set[str]]:
    """The tables in which each account's identifier still stands, but for what is kept."""
    tables = {name: repr(rows) for name, rows in contents(stored).items() if name not in KEPT | {"changes"}}
    return {me: {name for name, rows in tables.items() if me in rows} for me in accounts}


def alive(stored: Database, accounts: list[str]) -> int:
    with stored.autocommit() as connection:
        known = set(connection.execute(text("SELECT id FROM accounts")).scalars())
    return len(known & set(accounts))


def test_an_account_is_erased_to_the_last_row_or_not_at_all(mortal: ServedProvider, stored: Database):
    """The server erases what is due when it starts, and is killed on its way through them; the next one goes on."""
    mortal.kill()
    with another_process(mortal) as app:
        services: Services = app.extensions[EXTENSION]
        accounts = [leaver(services) for _ in range(DUE)]
    before = known_of(stored, accounts)
    killed = subprocess.Popen(mortal.command, env=mortal.environment, cwd=ROOT, start_new_session=True)
    try:
        assert eventually(lambda: alive(stored, accounts) < DUE, within=60)
    finally:
        os.killpg(killed.pid, signal.SIGKILL)
        killed.wait()
    after = known_of(stored, accounts)
    assert any(not tables for tables in after.values())
    assert all(tables in (set(), before[me]) for me, tables in after.items())
    mortal.start()
    assert not any(known_of(stored, accounts).values())
