"""G10 under SIGKILL: as many leaves as disclosures, each provably in the log, whatever is killed meanwhile."""

import json
import os
import signal
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import httpx
import pytest

from idp.audit import export
from idp.protocol.audit import Kind
from idp.protocol.grants import Initiator, Why
from idp.protocol.log_folder import verify
from idp.protocol.merkle import Tree, is_included, leaf_hash
from idp.services import EXTENSION, Services
from idp.store import grants
from tests.crash.load import Load
from tests.crash.test_killed_server import LONG, workers
from tests.data_api.conftest import ALL, BANK, account_of, reach, with_bank
from tests.provider.apps import tokens_for
from tests.provider.person import Person
from tests.provider.provider import HTTP, NO_TLS, Provider, ServedProvider, another_process, serve_elsewhere
from tests.provider.waiting import eventually

READERS = 6
BETWEEN = 40
"""Answers between one kill and the next."""
SURFACES = {"data_me", "data_transactions", "data_verify"}


@dataclass
class Partner:
    """The bank as it reads on: the decision of each answer that reached it, by the person that it asks about."""

    load: Load
    tokens: dict[str, str]
    decisions: list[str] = field(default_factory=list)

    def read_on(self, number: int) -> None:
        """Read all that there is of one person, again and again."""
        url, headers = self.load.provider.url, reach(list(self.tokens.values())[number % len(self.tokens)])
        asked = {"ask": {"over_20": True, "kyc_level": 1}}
        ways: list[Callable[[], httpx.Response]] = [
            lambda: HTTP.get(f"{url}/data/v1/me", headers=headers),
            lambda: HTTP.get(f"{url}/data/v1/transactions", headers=headers),
            lambda: HTTP.post(f"{url}/data/v1/verify", headers=headers, json=asked),
        ]
        while not self.load.over.is_set():
            for way in ways:
                answer = self.load.ask(way)
                if answer.status_code != 200:
                    self.load.problems.append(f"{answer.request.url.path}: {answer.status_code} {answer.text}")
                    self.load.over.set()
                    return
                if (
                    answer.json()["expires_at"] is not None
                ):  # Ken is too young for some of it: nothing was disclosed then
                    self.decisions.append(answer.json()["decision_id"])


@contextmanager
def services_of(provider: ServedProvider) -> Iterator[Services]:
    with another_process(provider) as app:
        yield app.extensions[EXTENSION]


@pytest.fixture
def bank(store_url: str) -> Iterator[Partner]:
    """Two people agreed to all that the bank asks for; two workers serve it."""
    with serve_elsewhere(store_url, workers=2, **LONG) as provider:
        with services_of(provider) as services:
            with_bank(Provider(provider.url, store_url, provider.secrets, services=services))
        tokens = {}
        for name in ("hana@example.jp", "ken@example.jp"):
            person = Person(provider, name)
            tokens[name] = tokens_for(person, BANK, prompt="consent", ticks=ALL)["access_token"]
            person.browser.close()
        yield Partner(Load(provider), tokens)


def test_every_answer_that_arrived_has_its_leaf_and_none_has_two(bank: Partner, tmp_path: Path):
    """Workers and then the whole server are killed under a partner that reads; the grants end, and nothing goes out."""
    load = bank.load
    kill_under_load(load, bank.read_on)
    assert load.problems == []
    with services_of(load.provider) as services:
        leaves = exported(services, tmp_path / "log")
        logged = Counter(leaf["decision"] for leaf in leaves if leaf.get("surface") in SURFACES)
        assert set(logged.values()) == {1}
        assert len(set(bank.decisions)) == len(bank.decisions)
        assert set(bank.decisions) <= set(logged)
        assert len(bank.decisions) >= 2 * BETWEEN
        # What was decided when its worker was killed stands in the log and reached nobody: no more than was lost.
        assert len(logged) - len(bank.decisions) <= load.lost + load.unavailable
        end_all(services)
        assert eventually(lambda: not any(answers(bank, token) for token in bank.tokens.values() for _ in range(8)))
        before = sum(leaf["kind"] == Kind.DISCLOSURE for leaf in leaves)
        after = exported(services, tmp_path / "log")
        assert sum(leaf["kind"] == Kind.DISCLOSURE for leaf in after) == before


def kill_under_load(load: Load, read_on: Callable[[int], None]) -> None:
    """Kill workers and then the whole server under readers that go on until the load is over."""
    provider = load.provider
    load.up.set()
    with ThreadPoolExecutor(READERS) as pool:
        reading = [pool.submit(read_on, number) for number in range(READERS)]
        try:
            for _ in range(2):
                load.until_answered(BETWEEN)
                before = workers(provider)
                os.kill(min(before), signal.SIGKILL)
                assert eventually(lambda: len(workers(provider) - {min(before)}) == provider.workers, within=20)  # noqa: B023 - asked now
            for _ in range(2):
                load.until_answered(BETWEEN)
                load.up.clear()
                provider.kill()
                provider.start()
                load.up.set()
            load.until_answered(BETWEEN)
        finally:
            load.up.set()
            load.over.set()
        for each in reading:
            each.result()


def exported(services: Services, folder: Path) -> list[dict]:
    """Every leaf of the log as it was exported, once each is proved to be in it."""
    checkpoint = export(services, folder)
    verified = verify(lambda path: (folder / path).read_bytes(), services.log_key.public)
    assert verified.account.violations == []
    entries = list(services.audit_tree.entries(checkpoint.size))
    tree = Tree(map(leaf_hash, entries))
    for index, entry in enumerate(entries):
        proof = tree.inclusion_proof(index, checkpoint.size)
        assert is_included(leaf_hash(entry), index, checkpoint.size, proof, checkpoint.root)
    return [json.loads(entry) for entry in entries]


def end_all(services: Services) -> None:
    for name in ("hana@example.jp", "ken@example.jp"):
        with services.database.transaction() as connection:
            grant = grants.find(connection, account_of(services, name), BANK.client_id, "service.payment", lock=True)
            assert grant is not None
            assert services.sharing.end(connection, grant, Initiator.USER, Why.USER_REVOKED, services.now)


def answers(bank: Partner, token: str) -> bool:
    """Whether anything is answered for a token; each question may reach another worker."""
    answer = httpx.get(f"{bank.load.provider.url}/data/v1/me", headers=reach(token), verify=NO_TLS)
    return answer.status_code != 401
