"""What is due before a field goes out is done where it leaves, data API and userinfo alike (data-sharing model 4.2)."""

import json
import re
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import httpx
import pytest

from idp.data_sharing.relay import relayed
from idp.protocol.grants import Initiator, Why
from idp.store import grants, partners, quotas
from tests.audit.test_complete import leaves
from tests.data_api.conftest import ALL, BANK, DAY, account_of, reach
from tests.provider.apps import KAZE, tokens_for
from tests.provider.person import Person
from tests.provider.phone import newcomer, prove, set_up
from tests.provider.provider import HTTP, Provider
from tests.test_userinfo import challenge
from tests.web.visits import answer, signed_in, visit

PURPOSE = "service.payment"
RELAY = re.compile(r"[a-z2-7]{40,64}@[a-z2-7]{16}\.relay\.invalid")


def owing(
    bank: Provider,
    *of_purpose: str,
    partner: str = "minato-bank",
    purpose: str = PURPOSE,
    without: tuple[str, ...] = (),
    add: tuple[str, ...] = (),
    **of_fields: tuple[str, ...],
) -> None:
    """Put obligations into an agreement, for the purpose and for fields of it, and take fields out or in."""
    services = bank.services
    with services.database.transaction() as connection:
        document = json.loads(partners.find(connection, partner).agreement)
        terms = document["purposes"][purpose]
        terms["obligations"] = list(of_purpose)
        named = {name: each for name, each in terms["fields"].items() if name not in without}
        terms["fields"] = {**named, **{name: {"required": False} for name in add}}
        for field, each in terms["fields"].items():
            each["obligations"] = list(of_fields.get(field.replace(".", "_"), ()))
        partners.save_agreement(connection, partner, json.dumps(document), services.now)
    services.feed.read_now()


@pytest.fixture(autouse=True)
def _as_before(bank: Provider) -> Iterator[None]:
    """The agreement of the other tests, and quotas that nobody has used."""
    quotas.purge(bank.services.database, int(bank.clock()) + 400 * DAY)
    yield
    owing(bank)


def get(bank: Provider, token: str, what: str = "me", **query: Any) -> httpx.Response:
    return HTTP.get(f"{bank.url}/data/v1/{what}", headers=reach(token), params=query)


def verified(bank: Provider, token: str, **asked: Any) -> dict[str, Any]:
    found: dict[str, Any] = HTTP.post(f"{bank.url}/data/v1/verify", headers=reach(token), json={"ask": asked}).json()
    return found


def test_amounts_and_instants_are_rounded_in_every_row(bank: Provider, token: str):
    owing(bank, transactions=("round.day",), transactions_amounts=("round.thousands",))
    rows = get(bank, token, "transactions").json()["data"]["transactions"]
    assert rows
    assert all(row["yen"] % 1000 == 0 and row["at"] % DAY == 0 for row in rows)


def test_the_strictest_of_agreement_and_obligations_limits_rows_and_days(bank: Provider, token: str):
    """The agreement itself allows more of both."""
    owing(bank, "lookback.month", transactions=("rows.ten", "lookback.quarter"))
    answer = get(bank, token, "transactions").json()["data"]
    assert answer["from"] == bank.services.now - 31 * DAY
    assert all(row["at"] >= answer["from"] for row in answer["transactions"])


def test_a_field_with_a_rate_of_its_own_is_withheld_once_it_is_used_up(bank: Provider, token: str):
    """The others go on; after the hour it goes again."""
    owing(bank, over_18=("rate.hourly",))
    assert verified(bank, token, over_18=True, over_20=True)["answers"].keys() == {"over_18", "over_20"}
    again = verified(bank, token, over_18=True, over_20=True)
    assert again["answers"].keys() == {"over_20"}
    assert again["withheld"] == {"over_18": {"reason": "QUOTA", "requestable": False}}
    bank.clock.forward(3600)
    token = tokens_for(Person(bank), BANK)["access_token"]
    assert "over_18" in verified(bank, token, over_18=True)["answers"]
    bank.clock.forward(-3600)


def test_the_rate_of_a_field_lets_exactly_as_many_in_of_threads_at_once(bank: Provider, token: str):
    owing(bank, over_18=("rate.daily",))
    with ThreadPoolExecutor(8) as threads:
        answered = list(threads.map(lambda _: verified(bank, token, over_18=True)["answers"], range(8)))
    assert sum("over_18" in answers for answers in answered) == 1


def test_an_answer_ends_when_what_it_holds_does(bank: Provider, token: str):
    owing(bank, kyc_level=("expiry.day",))
    assert verified(bank, token, kyc_level=1)["expires_at"] == bank.services.now + DAY
    assert verified(bank, token, over_18=True)["expires_at"] > bank.services.now + DAY


def test_rfc_9470_who_signed_in_too_long_ago_must_do_so_again(bank: Provider):
    """401 with a challenge where nothing else goes; withheld beside what does. Signing in again is enough."""
    owing(bank, kyc_level=("auth_age.quarter-hour",))
    person = Person(bank)
    token = tokens_for(person, BANK, prompt="consent", ticks=ALL)["access_token"]
    assert verified(bank, token, kyc_level=1)["answers"] == {"kyc_level": "Y"}
    bank.clock.forward(1000)
    token = tokens_for(person, BANK)["access_token"]  # a new token of the old session
    late = HTTP.post(f"{bank.url}/data/v1/verify", headers=reach(token), json={"ask": {"kyc_level": 1}})
    beside = verified(bank, token, kyc_level=1, over_18=True)
    anew = verified(bank, tokens_for(Person(bank), BANK)["access_token"], kyc_level=1)
    bank.clock.forward(-1000)
    assert late.status_code == 401
    asked = challenge(late)
    assert (asked["error"], asked["max_age"]) == ("insufficient_user_authentication", "900")
    assert beside["withheld"] == {"kyc_level": {"reason": "STEP_UP_REQUIRED", "requestable": True}}
    assert beside["answers"] == {"over_18": "Y"}
    assert anew["answers"] == {"kyc_level": "Y"}


def test_rfc_9470_who_signed_in_too_weakly_is_told_how(bank: Provider, token: str):
    owing(bank, "require.passkey")
    answer = get(bank, token, fields="over_18")
    assert answer.status_code == 401
    assert challenge(answer)["acr_values"] == "phr"


def test_rfc_9470_the_app_takes_the_person_there_and_back(bank: Provider):
    """RFC 9470 5: the acr_values of the challenge, one code; the new token gets what the old one did not."""
    owing(bank, "require.two-factors")
    person = signed_in(newcomer(bank, birthdate="1990-01-01"))
    weak = tokens_for(person, BANK, prompt="consent", ticks=ALL)["access_token"]
    phone = set_up(signed_in(Person(bank, person.username)))
    refused = HTTP.post(f"{bank.url}/data/v1/verify", headers=reach(weak), json={"ask": {"over_18": True}})
    assert refused.status_code == 401
    page = visit(person, BANK, acr_values=challenge(refused)["acr_values"])
    code = answer(prove(person, page, phone.next_code()))["code"]
    strong = person.exchange(BANK.client_id, BANK.redirect_uri, code).json()["access_token"]
    assert verified(bank, strong, over_18=True)["answers"] == {"over_18": "Y"}
    bank.clock.forward(-30)


def test_an_unknown_obligation_withholds_and_says_nothing_of_why(bank: Provider, token: str):
    owing(bank, over_18=("no.such.thing",))
    assert verified(bank, token, over_18=True)["withheld"] == {
        "over_18": {"reason": "NOT_AVAILABLE", "requestable": False}
    }


def test_the_person_is_told_each_time_or_once_a_day(bank: Provider, token: str):
    """As events of their grant, with the fields that went out and never a value."""
    owing(bank, over_18=("notify.now",), over_20=("notify.digest",))
    for _ in range(2):
        verified(bank, token, over_18=True, over_20=True)
    services = bank.services
    with services.database.autocommit() as connection:
        grant = grants.find(connection, account_of(services), "minato-bank", PURPOSE)
        told = [event for event in grants.events(connection, grant.id) if event.kind == "disclosed"]
    assert [sorted(event.after) for event in told if event.reason == "NOTIFY_AT_ONCE"] == [["over_18"]] * 2
    assert [sorted(event.after) for event in told if event.reason == "NOTIFY_DAILY"] == [["over_20"]]


def test_values_that_are_not_as_they_are_known(bank: Provider):
    """A relay address in data API and userinfo alike, the same each time, and in no leaf."""
    owing(bank, partner="kaze-ads", purpose="marketing.news", email=("relay_email",))
    token = tokens_for(Person(bank), KAZE, prompt="consent")["access_token"]
    data, userinfo = get(bank, token).json()["data"], HTTP.get(f"{bank.url}/userinfo", headers=reach(token)).json()
    owing(bank, partner="kaze-ads", purpose="marketing.news")
    assert RELAY.fullmatch(data["email"])
    assert (userinfo["email"], userinfo["email_verified"]) == (data["email"], True)
    assert not any(b"relay.invalid" in leaf for leaf in leaves(bank.services))
    assert userinfo["email"] != "hana@example.jp"


def test_mail_to_a_relay_address_is_passed_on_while_the_person_shares_it(bank: Provider):
    """By whoever asks for the address alone; once the grant is ended, to nobody."""
    owing(bank, partner="kaze-ads", purpose="marketing.news", email=("relay_email",))
    token = tokens_for(Person(bank), KAZE, prompt="consent")["access_token"]
    address = get(bank, token).json()["data"]["email"]
    owing(bank, partner="kaze-ads", purpose="marketing.news")
    services, now = bank.services, bank.services.now

    def passed_on(to: str) -> str | None:
        with services.database.autocommit() as connection:
            return relayed(connection, services.sharing, to, now)

    assert passed_on(address) == passed_on(address.upper()) == "hana@example.jp"
    assert {passed_on(other) for other in ("hana@example.jp", address.replace("@", "a@"), "@", "")} == {None}
    with services.database.transaction() as connection:
        for grant in grants.all_alive(connection, account_of(services), now):
            if grant.client_id == KAZE.client_id:
                services.sharing.end(connection, grant, Initiator.USER, Why.USER_REVOKED, now)
    assert passed_on(address) is None


def test_the_inference_budget_is_kept_on_the_grant_over_its_life(bank: Provider, new_person):
    """Each answer that went out is there, committed before it went, also of threads that ask at once."""
    token, who = new_person({"birthdate": "1994-05-17", "kyc_level": 2, "address": {"region": "Tokyo"}})
    with ThreadPoolExecutor(8) as threads:
        asks = [{"over_18": True}, {"over_20": True}, {"same_prefecture": "Tokyo"}, {"kyc_level": 1}] * 2
        given = list(threads.map(lambda asked: verified(bank, token, **asked)["answers"], asks))
    assert all(given)
    services = bank.services
    with services.database.autocommit() as connection:
        grant = grants.find(connection, who, "minato-bank", PURPOSE)
    assert grant.disclosed == {"over_18", "over_20", "same_prefecture"}
    assert grant.version == 1


def test_beyond_the_inference_budget_nothing_more_is_answered(bank: Provider, new_person):
    """An answer about the birthday that today's agreement does not list ends all others about it, and no other."""
    token, _ = new_person({"birthdate": "1994-05-17", "kyc_level": 2})
    assert verified(bank, token, over_18=True)["answers"] == {"over_18": "Y"}
    owing(bank, without=("over_18",))
    answer = verified(bank, token, over_20=True, kyc_level=1)
    owing(bank, add=("over_18",))
    assert answer["answers"] == {"kyc_level": "Y"}
    assert answer["withheld"] == {"over_20": {"reason": "NOT_AVAILABLE", "requestable": False}}
    assert verified(bank, token, over_20=True)["answers"] == {"over_20": "Y"}
