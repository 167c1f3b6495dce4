"""Maintenance: whatever grows is purged, in small batches, by several processes at once; keys change by age."""

import logging
import threading
from collections.abc import Iterator

import pytest
from sqlalchemy import event, text

from idp import maintenance
from idp.app import create_app
from idp.maintenance import Maintenance, run_once
from idp.protocol.names import ENCRYPTION_KEYS, SIGNING_ALGORITHMS
from idp.services import EXTENSION, Services
from idp.store.database import PURGE_BATCH
from idp.store.schema import metadata
from tests.provider import provider
from tests.provider.provider import Clock, prepare
from tests.store.outage import unreachable
from tests.store.rows import DAY, NOW, at_once, contents, new_hash

STATE = {
    *("accounts", "agreements", "clients", "registrations", "partner_members", "partners", "root_secrets", "webhooks"),
    *("agreed_terms", "authenticators", "passkeys", "recovery_codes", "upstream_links"),
}
FOR_KEEPING = {
    *("agreement_versions", "audit_entries", "audit_hashes", "audit_salts", "audit_tree", "transactions"),
    *("grant_events", "grant_suspensions", "grants", "partner_events", "policies", "policy_steps"),
}
INSERT = text("INSERT INTO attempts (key, window_start, count) VALUES (:key, :start, 1)")


@pytest.fixture
def clock() -> Clock:
    return Clock(float(NOW))


@pytest.fixture
def services(store_url: str, clock: Clock) -> Iterator[Services]:
    settings = provider.testing_settings(store_url, "http://127.0.0.1:8400")
    prepare(settings)
    services: Services = create_app(settings, clock).extensions[EXTENSION]
    yield services
    services.database.engine.dispose()


def add_attempts(services: Services, count: int, start: int) -> None:
    with services.database.transaction() as connection:
        connection.execute(INSERT, [{"key": new_hash(), "start": start} for _ in range(count)])


def attempts_left(services: Services) -> int:
    return len(contents(services.database)["attempts"])


def deletions(services: Services) -> list[int]:
    """How many rows each DELETE of the table took, filled in as they happen."""
    taken: list[int] = []

    def note(_connection, _cursor, statement, *_: object) -> None:
        if "DELETE FROM attempts" in statement:
            taken.append(attempts_left(services))

    event.listen(services.database.engine, "before_cursor_execute", note)
    return taken


def test_every_table_that_grows_is_purged(services: Services):
    """A new table is purged, or it is declared here why it is kept."""
    assert set(run_once(services)) == set(metadata.tables) - STATE - FOR_KEEPING


def test_a_purge_works_in_batches_that_commit_by_themselves(services: Services):
    """A table of millions is never locked for long: others see each batch go before the next one is taken."""
    add_attempts(services, 2 * PURGE_BATCH + 7, NOW - 3600)
    add_attempts(services, 5, NOW)
    seen = deletions(services)
    assert run_once(services)["attempts"] == 2 * PURGE_BATCH + 7
    assert seen == [2 * PURGE_BATCH + 12, PURGE_BATCH + 12, 12]
    assert attempts_left(services) == 5


def test_processes_that_purge_at_once_share_the_work(services: Services):
    """None fails, none waits for another, and every row is removed once."""
    add_attempts(services, 3000, NOW - 3600)
    removed = at_once(lambda _: run_once(services)["attempts"], 4)
    assert sum(removed) == 3000
    assert attempts_left(services) == 0


def test_a_purge_passes_over_rows_that_others_work_on(services: Services):
    """A counter that is being counted up is left for the next time; on SQLite the purge waits its turn."""
    add_attempts(services, 10, NOW - 3600)
    with services.database.autocommit() as connection:
        key = connection.execute(text("SELECT key FROM attempts LIMIT 1")).scalar_one()
    if services.database.is_sqlite:
        assert run_once(services)["attempts"] == 10
        return
    with services.database.transaction() as connection:
        connection.execute(text("UPDATE attempts SET count = 2 WHERE key = :key"), {"key": key})
        assert run_once(services)["attempts"] == 9
    assert run_once(services)["attempts"] == 1


def test_keys_change_by_age_in_three_phases(services: Services, clock: Clock):
    """Published, signing, retired but published, gone: each at its time, with one key signing at any moment."""
    rotation = services.settings.key_rotation

    def phases(algorithm: str) -> list[str]:
        run_once(services)
        return [services.keys.phase(key) for key in services.keys.published() if key.algorithm == algorithm]

    assert {algorithm: phases(algorithm) for algorithm in SIGNING_ALGORITHMS} == {
        algorithm: ["signing"] for algorithm in SIGNING_ALGORITHMS
    }
    first = services.keys.signing_key("ES256").kid
    clock.forward(rotation.period - rotation.publish_ahead - 1)
    assert phases("ES256") == ["signing"]
    clock.forward(1)
    assert phases("ES256") == ["signing", "published"]
    clock.forward(rotation.publish_ahead - 1)
    assert services.keys.signing_key("ES256").kid == first
    clock.forward(1)
    assert phases("ES256") == ["retired", "signing"]
    assert services.keys.signing_key("ES256").kid != first
    assert services.keys.public_key(first) is not None
    clock.forward(services.settings.lifetimes.access_token + 61)
    assert phases("ES256") == ["signing"]
    assert services.keys.public_key(first) is None
    assert len(contents(services.database)["signing_keys"]) == len((*SIGNING_ALGORITHMS, *ENCRYPTION_KEYS))


def test_a_server_that_slept_through_its_rotation_publishes_before_it_signs(services: Services, clock: Clock):
    """After a year in a drawer the old key signs on until everybody can know the next one."""
    run_once(services)
    first = services.keys.signing_key("RS256").kid
    clock.forward(365 * DAY)
    run_once(services)
    assert services.keys.signing_key("RS256").kid == first
    clock.forward(services.settings.key_rotation.publish_ahead)
    assert services.keys.signing_key("RS256").kid != first


class Told(logging.Handler):
    """Waits until a logger says something."""

    def __init__(self, words: str) -> None:
        super().__init__()
        self.words, self.said = words, threading.Event()

    def emit(self, record: logging.LogRecord) -> None:
        if self.words in record.getMessage():
            self.said.set()


def test_maintenance_goes_on_after_an_outage(services: Services, monkeypatch: pytest.MonkeyPatch):
    """The background thread says that it waits, and works again once the database is back."""
    monkeypatch.setattr(maintenance, "INTERVAL_SECONDS", 0.01)
    waits = Told("maintenance waits: the database is unavailable")
    maintenance.log.addHandler(waits)
    add_attempts(services, 3, NOW - 3600)
    background = Maintenance(services)
    with unreachable(services.database):
        background.start()
        assert waits.said.wait(30)
    (thread,) = [thread for thread in threading.enumerate() if thread.name == "maintenance"]
    while attempts_left(services):
        assert thread.is_alive()
    background._stop.set()
    thread.join()
    maintenance.log.removeHandler(waits)
