"""Rates of an agreement: for a purpose as a whole and for each grant; 429 says when to come back (RFC 6585 4)."""

import json
from concurrent.futures import ThreadPoolExecutor

import httpx
import pytest

from idp.services import EXTENSION
from idp.store import partners
from tests.data_api.conftest import BANK, reach, with_bank
from tests.provider.apps import tokens_for
from tests.provider.person import Person
from tests.provider.provider import HTTP, Provider, another_process


@pytest.fixture
def bank(provider: Provider) -> Provider:
    return with_bank(provider)


def limit(bank: Provider, **rates: tuple[int, int]) -> None:
    """Put rates into the bank's agreement: so many requests in so many seconds."""
    services = bank.services
    with services.database.transaction() as connection:
        document = json.loads(partners.find(connection, "minato-bank").agreement)
        for name, (requests, seconds) in rates.items():
            document["purposes"]["service.payment"][name] = {"requests": requests, "seconds": seconds}
        partners.save_agreement(connection, "minato-bank", json.dumps(document), services.now)
    services.feed.read_now()


def me(bank: Provider, token: str) -> httpx.Response:
    return HTTP.get(f"{bank.url}/data/v1/me", headers=reach(token))


def test_a_grant_has_a_rate_of_its_own(bank: Provider):
    """Whichever endpoint is asked; another person's is not touched, and a new token does not help."""
    limit(bank, grant_rate=(3, 60))
    hana, ken = Person(bank), Person(bank, "ken@example.jp")
    token, other = (tokens_for(person, BANK)["access_token"] for person in (hana, ken))
    transactions = HTTP.get(f"{bank.url}/data/v1/transactions", headers=reach(token))
    verify = HTTP.post(f"{bank.url}/data/v1/verify", headers=reach(token), json={"ask": {"over_20": True}})
    assert [me(bank, token).status_code, transactions.status_code, verify.status_code] == [200] * 3
    bank.clock.forward(20)
    refused = me(bank, token)
    assert (refused.status_code, refused.headers["retry-after"]) == (429, "40")
    assert refused.json()["error"] == "too_many_requests"
    assert me(bank, tokens_for(hana, BANK)["access_token"]).status_code == 429
    assert me(bank, other).status_code == 200
    bank.clock.forward(40)
    assert me(bank, token).status_code == 200


def test_a_purpose_has_a_rate_for_all_people_together(bank: Provider):
    """The partner's, not one app's or one person's."""
    limit(bank, rate=(3, 60))
    tokens = [tokens_for(Person(bank, who), BANK)["access_token"] for who in ("hana@example.jp", "ken@example.jp")]
    assert [me(bank, tokens[number % 2]).status_code for number in range(5)] == [200, 200, 200, 429, 429]


def test_of_fifty_at_once_in_two_processes_exactly_as_many_are_answered(bank: Provider):
    """One conditional statement counts, whoever asks."""
    limit(bank, grant_rate=(20, 60))
    token = tokens_for(Person(bank), BANK)["access_token"]
    with another_process(bank) as app:
        assert app.extensions[EXTENSION] is not bank.services

        def ask(number: int) -> int:
            if number % 2:
                return me(bank, token).status_code
            return app.test_client().get("/data/v1/me", headers=reach(token)).status_code

        with ThreadPoolExecutor(16) as crowd:
            statuses = list(crowd.map(ask, range(50)))
    assert (statuses.count(200), statuses.count(429)) == (20, 30)


def test_a_refused_request_discloses_nothing(bank: Provider):
    """It is turned away before anything is decided: no leaf."""
    limit(bank, grant_rate=(1, 60))
    token = tokens_for(Person(bank), BANK, ticks=("over_20",))["access_token"]
    assert me(bank, token).json()["data"] == {"over_20": True}
    before = bank.services.audit_tree.sequence()
    assert me(bank, token).status_code == 429
    assert bank.services.audit_tree.sequence() == 0
    assert before
