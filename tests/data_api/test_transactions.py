"""GET /data/v1/transactions: purchases within the window, the rows and the fields that are agreed and consented."""

import json
from typing import Any

import pytest

from idp.store import grants
from tests.audit.test_complete import leaves
from tests.data_api.conftest import BANK, DAY, PURCHASES, TODAY, account_of, reach
from tests.provider.apps import TABI, tokens_for
from tests.provider.person import Person
from tests.provider.provider import HTTP, Provider

WITHIN = sorted((p for p in PURCHASES if p.at >= TODAY - 60 * DAY), key=lambda p: p.at, reverse=True)


def ask(bank: Provider, token: str, **query: str | int) -> Any:
    return HTTP.get(f"{bank.url}/data/v1/transactions", headers=reach(token), params=query)


def page(bank: Provider, token: str, **query: str | int) -> dict[str, Any]:
    answer = ask(bank, token, **query)
    assert answer.status_code == 200, answer.text
    found: dict[str, Any] = answer.json()
    return found


def all_pages(bank: Provider, token: str, **query: str | int) -> list[dict[str, Any]]:
    pages = [page(bank, token, **query)]
    while pages[-1]["next"]:
        pages.append(
            page(bank, token, cursor=pages[-1]["next"], **({"limit": query["limit"]} if "limit" in query else {}))
        )
    return pages


def test_a_page_holds_what_was_agreed_and_no_other_member(bank: Provider, token: str):
    """Day, shop and kind by `transactions`, yen by `transactions.amounts`; what was bought is not in the agreement."""
    first = page(bank, token, limit=1)
    (row,) = first["data"]["transactions"]
    assert len(row.pop("id")) == 43
    assert row == {"at": TODAY - DAY, "shop": "Sentō Matsu", "category": "leisure", "yen": 5_200}
    assert first["purpose"] == "service.payment"
    assert (first["withheld"], len(first["decision_id"]), len(first["sub"])) == ({}, 22, 43)


def test_amounts_that_were_not_consented_stay_here(bank: Provider):
    """The rows go out without them, and the partner is told that it could ask."""
    token = tokens_for(Person(bank), BANK, prompt="consent", ticks=("transactions",))["access_token"]
    answer = page(bank, token)
    assert {frozenset(row) for row in answer["data"]["transactions"]} == {frozenset({"id", "at", "shop", "category"})}
    assert answer["withheld"] == {"transactions.amounts": {"reason": "FIELD_NOT_CONSENTED", "requestable": True}}


def test_amounts_give_away_the_purchases(bank: Provider):
    """The disclosure order: who agreed to the amounts agreed to the rows that they stand in."""
    token = tokens_for(Person(bank), BANK, prompt="consent", ticks=("transactions.amounts",))["access_token"]
    assert len(page(bank, token)["data"]["transactions"]) == 4


def test_without_consent_there_are_no_rows_and_no_count_of_them(bank: Provider):
    """Nothing in the answer depends on what was bought."""
    token = tokens_for(Person(bank), BANK, prompt="consent", ticks=("over_18",))["access_token"]
    answer = page(bank, token)
    assert (answer["data"], answer["next"]) == ({}, None)
    assert answer["withheld"]["transactions"] == {"reason": "FIELD_NOT_CONSENTED", "requestable": True}


def test_a_partner_without_an_agreement_for_them_gets_none(bank: Provider):
    """Tabi Points may never ask for purchases."""
    token = tokens_for(Person(bank), TABI, prompt="consent", ticks=("prefecture",))["access_token"]
    answer = page(bank, token)
    assert answer["withheld"] == {"transactions": {"reason": "FIELD_NOT_IN_AGREEMENT", "requestable": False}}
    assert answer["data"] == {}


@pytest.mark.parametrize("limit", [1, 2, 3, 100])
def test_pages_follow_each_other_without_gap_or_double(bank: Provider, token: str, limit: int):
    """The newest first, also where two are of one second; no page is longer than the agreement allows."""
    pages = all_pages(bank, token, limit=limit)
    rows = [row for each in pages for row in each["data"]["transactions"]]
    assert [row["at"] for row in rows] == [purchase.at for purchase in WITHIN]
    assert sorted(row["yen"] for row in rows) == sorted(purchase.yen for purchase in WITHIN)
    assert len({row["id"] for row in rows}) == len(WITHIN)
    assert max(len(each["data"]["transactions"]) for each in pages) == min(limit, 4)


def test_the_look_back_of_the_agreement_is_the_earliest(bank: Provider, token: str):
    """Whatever the request says; the answer says from when it is. What is older ages out from one page to the next."""
    for since in ({}, {"from": 0}, {"from": TODAY - 300 * DAY}):
        pages = all_pages(bank, token, **since)
        assert {each["data"]["from"] for each in pages} == {int(bank.clock()) - 60 * DAY}
        assert sum(len(each["data"]["transactions"]) for each in pages) == len(WITHIN)
    first = page(bank, token, limit=4)
    bank.clock.forward(2 * DAY)
    fresh = tokens_for(Person(bank), BANK)["access_token"]
    assert len(page(bank, fresh, cursor=first["next"])["data"]["transactions"]) == len(WITHIN) - 4 - 1
    bank.clock.forward(-2 * DAY)


def test_a_window_of_the_requests_own(bank: Provider, token: str):
    """From, inclusive, to, exclusive."""
    answer = page(bank, token, **{"from": TODAY - 20 * DAY, "to": TODAY - 3 * DAY})
    assert [row["at"] for row in answer["data"]["transactions"]] == [TODAY - 20 * DAY] * 2
    assert (answer["data"]["from"], answer["data"]["to"]) == (TODAY - 20 * DAY, TODAY - 3 * DAY)


NONSENSE = (
    *("from=yesterday", "to=-1", "from=2&to=1", "from=1111111111111", "purpose=marketing.news"),
    *("limit=0", "limit=101", "limit=x", "cursor=x", "cursor=!", "cursor=" + "AAAA" * 20),
)


@pytest.mark.parametrize("query", NONSENSE)
def test_what_cannot_be_meant_is_refused(bank: Provider, token: str, query: str):
    """400 with one sentence, never a 5xx."""
    answer = HTTP.get(f"{bank.url}/data/v1/transactions?{query}", headers=reach(token))
    assert (answer.status_code, answer.json()["error"]) == (400, "invalid_request")


def test_a_cursor_is_good_for_its_own_app_and_person_alone(bank: Provider, token: str, new_person):
    """Also beside a window of one's own it is refused."""
    cursor = page(bank, token, limit=1)["next"]
    assert ask(bank, new_person({})[0], cursor=cursor).status_code == 400
    assert ask(bank, token, cursor=cursor, **{"from": 0}).status_code == 400
    assert cursor not in (account_of(bank.services), token)


def test_rows_go_by_names_that_two_partners_cannot_compare(bank: Provider, token: str):
    """Nor are they the store's own; the same partner sees the same name each time."""
    ids = [row["id"] for row in page(bank, token)["data"]["transactions"]]
    assert ids == [row["id"] for row in page(bank, token)["data"]["transactions"]]
    services, other = bank.services, bank.services.find_client("tabi-points")
    with services.database.autocommit() as connection:
        stored = {row.id for row in connection.exec_driver_sql("SELECT id FROM transactions")}
    assert not stored & set(ids)
    assert not {services.sharing.reference(other, id_) for id_ in stored} & set(ids)


def test_each_page_is_a_leaf(bank: Provider, token: str):
    """With the fields that it held, and nothing of what they say."""
    decision = page(bank, token)["decision_id"]
    (leaf,) = (leaf for leaf in leaves(bank.services) if decision.encode() in leaf)
    said = json.loads(leaf)
    assert (said["surface"], said["fields"]) == ("data_transactions", ["transactions", "transactions.amounts"])
    assert b"Sent" not in leaf


def test_every_answer_is_labelled_with_its_decision_and_the_grants_end(bank: Provider, token: str):
    """The decision is the leaf's own, the end is that of what the person agreed to, and each page has its own label."""
    services = bank.services
    with services.database.autocommit() as connection:
        grant = grants.find(connection, account_of(services), BANK.client_id, "service.payment")
    assert grant is not None
    asked = {"ask": {"over_20": True}}
    first = page(bank, token, limit=1)
    answers = [
        first,
        page(bank, token, cursor=first["next"]),
        HTTP.get(f"{bank.url}/data/v1/me", headers=reach(token)).json(),
        HTTP.post(f"{bank.url}/data/v1/verify", headers=reach(token), json=asked).json(),
    ]
    logged = [json.loads(leaf).get("decision") for leaf in leaves(services)]
    assert [answer["expires_at"] for answer in answers] == [grant.expires_at] * 4
    assert [logged.count(answer["decision_id"]) for answer in answers] == [1] * 4


def test_a_page_holds_what_is_agreed_to_when_it_is_asked_for(bank: Provider, token: str):
    """What was taken out of the grant after the first page is on no later one; the cursor still leads there."""
    cursor = page(bank, token, limit=2)["next"]
    tokens_for(Person(bank), BANK, prompt="consent", ticks=("transactions",))
    bank.services.feed.read_now()
    rest = page(bank, token, cursor=cursor)
    assert rest["data"]["transactions"]
    assert not any("yen" in row for row in rest["data"]["transactions"])
    assert rest["withheld"]["transactions.amounts"]["reason"] == "FIELD_NOT_CONSENTED"
