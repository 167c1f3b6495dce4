"""G10, audit complete: as many leaves as disclosures, none after the end of a consent, whatever happens meanwhile."""

import json
import threading
from collections import Counter
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import httpx
import pytest

from idp.audit import export
from idp.maintenance import run_once
from idp.protocol.asked import Asked
from idp.protocol.audit import Account, Kind, Surface, account_of, read_leaf
from idp.protocol.grants import Initiator, Why
from idp.services import EXTENSION, Services
from idp.store import grants
from idp.store.database import Connection
from tests.provider.apps import TABI, tokens_for
from tests.provider.person import Person
from tests.provider.provider import NO_TLS, Provider, ServedProvider, another_process, serve_elsewhere
from tests.provider.waiting import eventually
from tests.store.rows import THREADS, at_once

ASKED = Asked(("openid", "prefecture", "over_20"), "points.credit")


def leaves(services: Services) -> list[bytes]:
    while services.audit_tree.sequence():
        pass
    return list(services.audit_tree.entries(services.audit_tree.frontier().size))


def account(services: Services) -> Account:
    return account_of(read_leaf(index, leaf) for index, leaf in enumerate(leaves(services)))


def kinds(services: Services) -> Counter[str]:
    return Counter(json.loads(leaf)["kind"] for leaf in leaves(services))


def account_id(services: Services) -> str:
    with services.database.autocommit() as connection:
        return services.accounts.find_by_username(connection, "hana@example.jp").id


@pytest.fixture
def release(provider: Provider, hana: Person) -> Callable[[], bool]:
    """Disclose once to a partner; whether anything went out."""
    tokens_for(hana, TABI, ticks=("prefecture", "over_20"))
    services = provider.services
    client, who = services.find_client("tabi-points"), account_id(services)

    def once() -> bool:
        released = services.sharing.release(client, who, ASKED, int(provider.clock()), Surface.USERINFO)
        assert bool(released.claims) == (not released.withheld)
        return bool(released.claims)

    return once


def test_fifty_disclosures_at_once_are_fifty_leaves(provider: Provider, release: Callable[[], bool]):
    """While several processes sequence at the same time: no gap, no double, no loss."""
    before = kinds(provider.services)[Kind.DISCLOSURE]
    with another_process(provider) as other:
        trees = [provider.services.audit_tree, other.extensions[EXTENSION].audit_tree]

        def disclose_and_sequence(number: int) -> bool:
            answered = release()
            trees[number % 2].sequence()
            return answered

        assert sum(at_once(disclose_and_sequence)) == THREADS
    assert kinds(provider.services)[Kind.DISCLOSURE] == before + THREADS
    positions = placed(provider.services)
    assert positions == list(range(len(positions)))


def test_maintenance_places_what_waits_and_removes_nothing(provider: Provider, release: Callable[[], bool]):
    """`idp db purge`, and every minute in each worker: also long after, for the log is for keeping."""
    assert release()
    run_once(provider.services)
    positions = placed(provider.services)
    assert positions == list(range(len(positions)))
    provider.clock.forward(10 * 365 * 86_400)
    run_once(provider.services)
    later = placed(provider.services)
    assert later[: len(positions)] == positions
    assert len(later) == len(positions) + 1, "the grant, whose time was up"


def test_nothing_goes_out_after_the_end_was_acknowledged(provider: Provider, release: Callable[[], bool]):
    """Fifty threads read on while the consent ends: in the log as in the answers, the end is the end."""
    services = provider.services
    before = kinds(services)[Kind.DISCLOSURE]
    acknowledged, started = threading.Event(), threading.Barrier(THREADS + 1)

    def read_on(_number: int) -> tuple[int, bool]:
        started.wait()
        answered = 0
        while not acknowledged.is_set():
            answered += release()
        return answered, release()

    with ThreadPoolExecutor(THREADS) as pool:
        readers = [pool.submit(read_on, number) for number in range(THREADS)]
        started.wait()
        try:
            end_consent(services, account_id(services))
        finally:
            acknowledged.set()
        told = [reader.result() for reader in readers]
    assert [late for _answered, late in told] == [False] * THREADS
    found = account(services)
    assert found.violations == []
    assert found.disclosures == before + sum(answered for answered, _late in told)


def test_a_disclosure_waits_for_an_end_that_is_being_written(shared_provider: Provider):
    """On PostgreSQL, where readers do not wait by themselves: else it could come after the end in the log."""
    tokens_for(Person(shared_provider), TABI, ticks=("prefecture",))
    services = shared_provider.services
    client, who = services.find_client("tabi-points"), account_id(services)

    def release() -> int:
        arguments = (client, who, ASKED, services.now, Surface.USERINFO)
        return len(services.sharing.release(*arguments).claims)

    assert release() == 1
    with ThreadPoolExecutor(1) as pool:
        with services.database.transaction() as connection:
            end_in(connection, services, who)
            reading = pool.submit(release)
            assert eventually(lambda: reading.done() or somebody_waits(services), 5)
        assert reading.result() == 0
    assert account(services).violations == []


def somebody_waits(services: Services) -> bool:
    with services.database.autocommit() as connection:
        waiting = (
            "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'"
        )
        return bool(connection.exec_driver_sql(waiting).scalar_one())


def end_consent(services: Services, who: str) -> None:
    with services.database.transaction() as connection:
        end_in(connection, services, who)


def end_in(connection: Connection, services: Services, who: str) -> None:
    grant = grants.find(connection, who, "tabi-points", "points.credit", lock=True)
    assert grant is not None
    assert services.sharing.end(connection, grant, Initiator.USER, Why.USER_REVOKED, services.now)


def placed(services: Services) -> list[int]:
    """The places that entries have."""
    with services.database.autocommit() as connection:
        rows = connection.exec_driver_sql("SELECT position FROM audit_entries ORDER BY position")
        return [row.position for row in rows]


def test_a_narrower_consent_counts_at_once_also_where_it_is_not_yet_known(
    provider: Provider, release: Callable[[], bool]
):
    """Another process has the wider one in its memory: what it decides is checked again as it is written down."""
    services = provider.services
    with another_process(provider) as other:
        elsewhere: Services = other.extensions[EXTENSION]
        client, who = services.find_client("tabi-points"), account_id(services)

        def there() -> set[str]:
            arguments = (client, who, ASKED, services.now, Surface.USERINFO)
            return set(elsewhere.sharing.release(*arguments).claims)

        assert there() == {"prefecture", "over_20"}
        tokens_for(Person(provider), TABI, ticks=("over_20",), prompt="consent")
        assert there() == {"over_20"}
        end_consent(services, who)
        assert there() == set()
    last = [json.loads(leaf) for leaf in leaves(services) if b'"disclosure"' in leaf][-1]
    assert last["fields"] == ["over_20"]


def test_after_a_kill_there_is_a_leaf_for_every_answer(store_url: str, tmp_path):
    """SIGKILL of the whole server under disclosures: what reached a client is in the log, and the log has no gap."""
    with serve_elsewhere(store_url, workers=2) as provider:
        person = Person(provider)
        token = tokens_for(person, TABI, ticks=("prefecture",))["access_token"]
        person.browser.close()
        answers = 0
        for _round in range(2):
            answers += answers_until_killed(provider, token)
            provider.start()
        with another_process(provider) as app:
            services: Services = app.extensions[EXTENSION]
            checkpoint = export(services, tmp_path / "log")
            found = account(services)
            assert answers >= 50
            assert found.disclosures >= answers + 2  # the ID and the access token carried it too
            assert found.violations == []
            assert placed(services) == list(range(checkpoint.size))


def answers_until_killed(provider: ServedProvider, token: str) -> int:
    """How many answers with data reached clients before the server was killed under them."""
    enough = threading.Semaphore(0)

    def ask(_number: int) -> int:
        answered = 0
        with httpx.Client(verify=NO_TLS, headers={"Authorization": f"Bearer {token}"}) as client:
            while True:
                try:
                    answer = client.get(f"{provider.url}/userinfo")
                except httpx.HTTPError:
                    return answered
                if answer.status_code == 200:
                    assert answer.json()["prefecture"] == "Tokyo"
                    answered += 1
                    enough.release()

    with ThreadPoolExecutor(8) as pool:
        asking = [pool.submit(ask, number) for number in range(8)]
        for _ in range(25):
            assert enough.acquire(timeout=30)
        provider.kill()
        return sum(each.result() for each in asking)
