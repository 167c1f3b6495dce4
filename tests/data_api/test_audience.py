"""POST /data/v1/audience: many people at once, each by a decision of their own, never too few, never by their `sub`."""

import json
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from threading import Barrier

import httpx
import pytest

from idp.data_sharing import Segment, outgoing
from idp.data_sharing.facts import read_record
from idp.protocol.audit import Kind
from idp.services import EXTENSION
from idp.store import audience_fields, decision_records, grants
from idp.store.audience_answers import audience_answers
from tests.audit.test_complete import kinds
from tests.data_api.desk import ADULT, DESK, LIMITS, PURPOSE, TOKYO, WINDOW, agree, ask, declare_desk, make, own_token
from tests.provider.person import Person
from tests.provider.provider import HTTP, Provider, another_process, serve_here
from tests.real.postgres_server import PostgresServer
from tests.store.rows import DAY, THREADS
from tests.web.visits import answer, claims_of, decide, end_sharing, signed_in, visit

TOGETHER = 8
"""Campaigns asked about at once: each waits for those before it."""


@pytest.fixture(scope="module")
def market(postgres_server: PostgresServer) -> Iterator[Provider]:
    """A provider with an advertiser, and six adults in Tokyo who agreed to its offers, Hana among them."""
    with postgres_server.database() as url, serve_here(url, **LIMITS) as running:
        declare_desk(running)
        for _ in range(5):
            agree(running, make(running, ADULT))
        yield running


@pytest.fixture
def hana(market: Provider) -> Person:
    """Hana, the sixth of them, in a window of her own."""
    market.clock.forward(WINDOW)
    hana = signed_in(Person(market))
    end_sharing(hana, DESK, PURPOSE)
    answer(decide(hana, visit(hana, DESK), "prefecture", "over_20"))
    return hana


def count(provider: Provider, where: dict[str, object]) -> int:
    """Count in the next window: what was told in this one stays."""
    provider.clock.forward(WINDOW)
    response = ask(provider, where)
    assert response.status_code == 200, response.text
    number: int = response.json()["count"]
    return number


def entries(provider: Provider) -> int:
    return kinds(provider.services)[Kind.DISCLOSURE]


def too_small(response: httpx.Response) -> bool:
    return (response.status_code, response.json()["error"]) == (403, "audience_too_small")


def test_a_number_and_as_many_entries_in_the_log(market: Provider, hana: Person):
    """G10: six people, six disclosures under one decision, and no name."""
    before = entries(market)
    response = ask(market, TOKYO)
    assert response.headers["cache-control"] == "no-store"
    body = response.json()
    assert len(body.pop("decision_id")) == 22
    assert body == {"purpose": PURPOSE, "count": 6}
    assert entries(market) == before + 6


def test_everybody_counted_has_a_record_and_the_answer_on_their_budget(market: Provider, hana: Person):
    """G9: each can be decided again; and what was answered of somebody narrows what may be answered later."""
    services = market.services

    def known() -> list[bytes | None]:
        with services.database.autocommit() as connection:
            return list(decision_records.read(connection, services.sealer, 0))

    before = len(known())
    assert count(market, TOKYO) == 6
    records = [read_record(content) for content in known()[before:] if content is not None]
    assert len({record.request.user_id for record in records}) == 6
    assert all(record.decision["released"] == ["over_20", "prefecture"] for record in records)
    with services.database.autocommit() as connection:
        found = [grants.find(connection, record.request.user_id, DESK.client_id, PURPOSE) for record in records]
    assert all(grant is not None and "over_20" in grant.disclosed for grant in found)


@pytest.mark.parametrize(
    "where", [{**TOKYO, "prefecture": "Osaka"}, {**TOKYO, "over_20": False}, {**TOKYO, "over_20": 1}]
)
def test_too_few_are_not_spoken_of(market: Provider, hana: Person, where: dict[str, object]):
    """Nobody, one or four: the same answer, and nothing in the log, for nothing went out."""
    before = entries(market)
    agree(market, make(market, {**ADULT, "address": {"region": "Osaka"}}))
    assert too_small(ask(market, where))
    assert too_small(ask(market, where, campaign="spring"))
    assert entries(market) == before


def test_minors_restricted_and_opted_out_people_are_never_among_them(market: Provider, hana: Person):
    """Nor whoever is of unknown age, refused one of the fields, paused, ended, or agreed with another app."""
    services, expected = market.services, count(market, TOKYO)
    for change in ({"birthdate": "2010-01-02"}, {"birthdate": ""}):
        agree(market, make(market, {**ADULT, **change}))
    agree(market, make(market, ADULT), "over_20")
    agree(market, make(market, ADULT), client_id="kaze-ads")
    held = [make(market, ADULT) for _ in range(4)]
    for account in held:
        agree(market, account)
    with services.database.transaction() as connection:
        services.sharing.restrict(connection, held[0], services.now, restricted=True)
        services.sharing.opt_out(connection, held[1], services.now)
        services.sharing.pause(connection, grants.find(connection, held[2], DESK.client_id, PURPOSE), services.now)
        services.accounts.change_status(connection, held[3], "suspended", services.now)
    services.feed.read_now()
    assert count(market, TOKYO) == expected


def test_whoever_opts_out_mid_campaign_is_in_no_later_answer(market: Provider, hana: Person):
    """The names hold within the campaign, so that the sender knows whom it has written to already."""
    first = ask(market, TOKYO, campaign="autumn-sale").json()["members"]
    assert len(first) == 6
    again = ask(market, TOKYO, campaign="autumn-sale").json()["members"]
    assert again == first
    end_sharing(hana, DESK, PURPOSE)
    second = ask(market, TOKYO, campaign="autumn-sale").json()["members"]
    assert len(second) == 5
    assert set(second) < set(first)


def test_names_lead_from_no_campaign_to_another_nor_to_the_sub(market: Provider, hana: Person):
    """Unlinkability: not one is the `sub` under which the app signs people in."""
    page = visit(hana, DESK)
    code = answer(page)["code"]
    sub = claims_of(hana.exchange(DESK.client_id, DESK.redirect_uri, code).json()["id_token"])["sub"]
    names = [set(ask(market, TOKYO, campaign=campaign).json()["members"]) for campaign in ("spring", "summer")]
    assert not names[0] & names[1]
    assert sub not in names[0] | names[1]
    assert all(len(name) == 43 for name in names[0])


def test_more_than_one_answer_holds_are_refused(market: Provider, hana: Person):
    """All of an answer is one transaction, so it is bounded; narrowing the segment helps."""
    for _ in range(10):
        agree(market, make(market, {**ADULT, "address": {"region": "Aichi"}}))
    response = ask(market, {**TOKYO, "prefecture": "Aichi"})
    assert (response.status_code, response.json()["error"]) == (403, "audience_too_large")
    assert count(market, TOKYO) == 6


def test_what_is_not_agreed_cannot_be_a_condition(market: Provider):
    """Another purpose, a field that the agreement does not hold, or one that there is not: one sentence for all."""
    for response in (
        ask(market, {"birthdate": "1990-01-01"}),
        ask(market, {"no_such_field": True}),
        ask(market, TOKYO, purpose="points.credit"),
        ask(market, TOKYO, purpose="nonsense"),
    ):
        assert (response.status_code, response.json()["error"]) == (400, "invalid_request")


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"[]",
        b"{}",
        json.dumps({"purpose": PURPOSE, "where": {}}).encode(),
        json.dumps({"purpose": PURPOSE, "where": {"prefecture": ["Tokyo"]}}).encode(),
        json.dumps({"purpose": PURPOSE, "where": {"prefecture": None}}).encode(),
        json.dumps({"purpose": 7, "where": TOKYO}).encode(),
        json.dumps({"purpose": PURPOSE, "where": TOKYO, "campaign": "Ü"}).encode(),
        json.dumps({"purpose": PURPOSE, "where": TOKYO, "least": 1}).encode(),
    ],
)
def test_what_cannot_be_meant_is_refused(market: Provider, body: bytes):
    """With a sentence, as JSON."""
    headers = {"Authorization": f"Bearer {own_token(market)}", "Content-Type": "application/json"}
    response = HTTP.post(f"{market.url}/data/v1/audience", content=body, headers=headers)
    assert (response.status_code, response.json()["error"]) == (400, "invalid_request")


def test_only_a_token_of_the_apps_own_for_this(market: Provider, hana: Person):
    """Not the person's, none of another scope, none at all; and none of a service or an app of the group."""
    code = answer(visit(hana, DESK))["code"]
    persons = hana.exchange(DESK.client_id, DESK.redirect_uri, code).json()["access_token"]
    assert ask(market, TOKYO, token=persons).status_code == 401
    assert ask(market, TOKYO, token="nonsense").status_code == 401
    assert HTTP.post(f"{market.url}/data/v1/audience", json={}).status_code == 401
    refused = market.token("payments", grant_type="client_credentials", scope="audience")
    assert refused.json()["error"] == "invalid_scope"


def test_an_answer_that_is_over_counts_no_more(market: Provider, hana: Person):
    """A yes for two days does not count after them."""
    agree(market, make(market, ADULT), days=2)
    assert count(market, TOKYO) == 7
    market.clock.forward(2 * DAY)
    assert count(market, TOKYO) == 6


# ---- nobody is found by subtraction ----------------------------------------------------------------------------------


def test_two_questions_at_a_time_have_nobody_in_common(market: Provider, hana: Person):
    """All in Tokyo less those in Tokyo who are grown up would be the others: all questions name the same fields."""
    assert count(market, TOKYO) == 6
    for other in ({"prefecture": "Tokyo"}, {"over_20": True}, {**TOKYO, "gender": "female"}):
        for more in ({}, {"campaign": "spring"}):
            refused = ask(market, other, **more)
            assert (refused.status_code, refused.json()["error"]) == (429, "too_many_requests")
            assert 0 < int(refused.headers["retry-after"]) <= WINDOW
    assert too_small(ask(market, {**TOKYO, "prefecture": "Kyoto"}))


def test_after_a_window_other_fields_may_be_asked_about(market: Provider, hana: Person):
    """From its first question on, and then those alone."""
    assert count(market, TOKYO) == 6
    assert count(market, {"prefecture": "Tokyo"}) >= 6
    assert ask(market, TOKYO).status_code == 429
    assert count(market, TOKYO) == 6


def test_what_was_told_stays_for_the_window(market: Provider, hana: Person):
    """Who comes or goes meanwhile is not seen by the number, and nothing more goes out: it is the same answer."""
    first, before = ask(market, TOKYO).json(), entries(market)
    assert first["count"] == 6
    agree(market, make(market, ADULT))
    agree(market, make(market, ADULT))
    end_sharing(hana, DESK, PURPOSE)
    assert ask(market, TOKYO).json() == first
    assert entries(market) == before
    assert count(market, TOKYO) == 7


def test_too_few_stay_too_few_for_the_window(market: Provider, hana: Person):
    """That the fifth has come is not seen in the window in which they come."""
    kyoto = {"prefecture": "Kyoto", "over_20": True}
    for _ in range(4):
        agree(market, make(market, {**ADULT, "address": {"region": "Kyoto"}}))
    assert too_small(ask(market, kyoto))
    agree(market, make(market, {**ADULT, "address": {"region": "Kyoto"}}))
    for more in ({}, {"campaign": "autumn-sale"}):
        assert too_small(ask(market, kyoto, **more))
    assert count(market, kyoto) == 5


def test_no_name_is_added_within_the_window(market: Provider, hana: Person):
    """To no campaign, one that begins later included: who has come is not the one whose name has."""
    first = ask(market, TOKYO, campaign="autumn-sale").json()["members"]
    market.clock.forward(1)
    agree(market, make(market, ADULT))
    assert ask(market, TOKYO, campaign="autumn-sale").json()["members"] == first
    assert len(ask(market, TOKYO, campaign="winter-sale").json()["members"]) == len(first)
    assert count(market, TOKYO) == len(first) + 1


def test_of_each_segment_some_are_left_out(market: Provider, hana: Person):
    """As many as were drawn, by lot, the same of all campaigns; who is left out is in no entry of the log either."""
    aomori = {"prefecture": "Aomori", "over_20": True}
    for _ in range(40):
        agree(market, make(market, {**ADULT, "address": {"region": "Aomori"}}))
    more = {"IDP_DATA_API__AUDIENCE_SPREAD": "1", "IDP_DATA_API__AUDIENCE_MOST": "40"}
    with another_process(market, **{**LIMITS, **more}) as drawing:
        services, before = drawing.extensions[EXTENSION], entries(market)
        app = services.find_client(DESK.client_id)

        def told(campaign: str) -> dict[str, object]:
            released = services.audiences.answer(app, Segment(PURPOSE, aomori, campaign), market.services.now)
            answered: dict[str, object] = json.loads(outgoing(released, {}).content)
            return answered

        number = told("")["count"]
        assert entries(market) == before + number
        assert len(told("autumn-sale")["members"]) == len(told("winter-sale")["members"]) == number
    with market.services.database.autocommit() as connection:
        drawn = connection.execute(audience_answers.select().where(audience_answers.c.left_out > 0)).one()
    assert number == 40 - drawn.left_out


def test_a_number_is_rounded_down(market: Provider, hana: Person):
    """All stand in the log."""
    nara = {"prefecture": "Nara", "over_20": True}
    for _ in range(6):
        agree(market, make(market, {**ADULT, "address": {"region": "Nara"}}))
    with another_process(market, **{**LIMITS, "IDP_DATA_API__AUDIENCE_STEP": "4"}) as rounding:
        services, before = rounding.extensions[EXTENSION], entries(market)
        app = services.find_client(DESK.client_id)
        released = services.audiences.answer(app, Segment(PURPOSE, nara), market.services.now)
    assert json.loads(outgoing(released, {}).content)["count"] == 4
    assert entries(market) == before + 6


def test_the_same_question_at_once_names_the_same_people_to_each(market: Provider, hana: Person):
    """Also the first of a consent: one answer counts against the budget what the others hold as well."""
    for _ in range(4):
        agree(market, make(market, {**ADULT, "address": {"region": "Akita"}}))
    asked = Segment(PURPOSE, {"prefecture": "Akita", "over_20": True}, "autumn-sale")
    services, gate = market.services, Barrier(TOGETHER)
    market.clock.forward(WINDOW)
    for _ in range(2):
        agree(market, make(market, {**ADULT, "address": {"region": "Akita"}}))
    app = services.find_client(DESK.client_id)

    def ask_at_once(_: int) -> list[str]:
        gate.wait()
        released = services.audiences.answer(app, asked, services.now)
        members: list[str] = json.loads(outgoing(released, {}).content)["members"]
        return members

    with ThreadPoolExecutor(TOGETHER) as crowd:
        answers = list(crowd.map(ask_at_once, range(TOGETHER)))
    assert answers == [answers[0]] * TOGETHER
    assert len(answers[0]) == 6


def test_of_two_different_questions_at_once_one_is_let_in(market: Provider, hana: Person):
    """The first of a window settles its fields, whichever it is."""
    market.clock.forward(DAY)
    settle = partial(audience_fields.settle, seconds=DAY, now=market.services.now)
    gate = Barrier(THREADS)

    def ask_at_once(number: int) -> tuple[str, int]:
        field = ("prefecture", "over_20")[number % 2]
        gate.wait()
        with market.services.database.autocommit() as connection:
            return field, settle(connection, "racer", PURPOSE, (field,))

    with ThreadPoolExecutor(THREADS) as crowd:
        asked = list(crowd.map(ask_at_once, range(THREADS)))
    assert len({field for field, wait in asked if wait == 0}) == 1
    assert sum(wait == 0 for _, wait in asked) == THREADS // 2
