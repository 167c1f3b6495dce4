"""What an agreement gains holds for nobody who has not read it: people are asked anew, and until then nothing moves.

What becomes narrower holds for everybody at once. Each test begins with what Hana agreed to before.
"""

import re
import tomllib
from collections.abc import Iterator
from typing import Any

import httpx
import pytest

from idp.data_sharing import agreement_life
from idp.data_sharing.replay import Recorded, decided_otherwise
from idp.store import agreement_versions
from tests.data_api.conftest import ALL, BANK, BANK_FILE, reach, with_bank
from tests.provider.apps import tokens_for
from tests.provider.person import Person
from tests.provider.provider import HTTP, Provider, serve_here
from tests.web.pages import Page
from tests.web.visits import answer, answers, decide, follow, shows, signed_in, visit

PURPOSE = "service.payment"
WRITTEN: dict[str, Any] = tomllib.loads(BANK_FILE.read_text("utf-8"))["agreement"]
ROWS_OF_SIXTY_DAYS = 6


@pytest.fixture(scope="module")
def banking(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Provider]:
    """A provider of its own, for its agreement changes."""
    with serve_here(f"sqlite:///{tmp_path_factory.mktemp('wider') / 'sekisho.db'}") as provider:
        yield with_bank(provider)


def agree_on(provider: Provider, fields: dict[str, Any] | None = None, **terms: Any) -> None:
    """Put the next version in force: the first one with other terms for its purpose, and for some of its fields."""
    services, written = provider.services, WRITTEN["purposes"][PURPOSE]
    wanted = {**written, "fields": {**written["fields"], **(fields or {})}, **terms}
    with services.database.transaction() as connection:
        number = agreement_versions.all_of(connection, "minato-bank")[0].version + 1
        kept = {name: value for name, value in wanted.items() if value is not None}
        document = {**WRITTEN, "version": number, "purposes": {PURPOSE: kept}}
        agreement_life.propose(connection, document, services.sharing.catalogue, by="Aiko", now=services.now)
        agreement_life.approve(connection, "minato-bank", number, by="Bob", now=services.now)
    services.feed.read_now()


@pytest.fixture
def hana(banking: Provider) -> Person:
    """Hana, signed in, to whom the terms of the file are the last that she read."""
    agree_on(banking)
    hana = signed_in(Person(banking))
    answer(decide(hana, visit(hana, BANK, prompt="consent"), *ALL))
    return hana


def token_of(person: Person) -> str:
    """A token without a question."""
    token: str = tokens_for(person, BANK, prompt="none")["access_token"]
    return token


def rows(provider: Provider, token: str) -> list[dict[str, Any]]:
    """All purchases that the bank can reach, page by page."""
    found, cursor = [], {}
    while True:
        page = HTTP.get(f"{provider.url}/data/v1/transactions", headers=reach(token), params=cursor)
        assert page.status_code == 200, page.text
        found += page.json()["data"].get("transactions", [])
        if not page.json()["next"]:
            return found
        cursor = {"cursor": page.json()["next"]}


def wider_of(page: httpx.Response) -> list[str]:
    """What the consent page says that becomes wider."""
    section = re.search(r'<section aria-labelledby="wider">.*?</section>', page.text, re.DOTALL)
    return [element.text for element in Page(section[0]).all("li")] if section else []


def test_a_longer_lookback_waits_until_it_was_read(banking: Provider, hana: Person):
    """The window stays what it was; the page says what becomes wider; a no changes nothing, and a yes everything."""
    token = token_of(hana)
    assert len(rows(banking, token)) == ROWS_OF_SIXTY_DAYS
    agree_on(banking, lookback_days=365)
    assert len(rows(banking, token)) == ROWS_OF_SIXTY_DAYS
    assert answer(visit(hana, BANK, prompt="none"))["error"] == "consent_required"
    page = visit(hana, BANK)
    assert wider_of(page) == ["How far back it may look: 60 days until now, 365 days from now on"]
    assert answer(decide(hana, page, decision="deny"))["error"] == "access_denied"
    assert len(rows(banking, token)) == ROWS_OF_SIXTY_DAYS
    answer(decide(hana, visit(hana, BANK), *ALL))
    assert len(rows(banking, token_of(hana))) == ROWS_OF_SIXTY_DAYS + 1


def test_an_obligation_that_falls_away_is_due_until_that_was_read(banking: Provider, hana: Person):
    """Of the purpose, and of one field: yen stay rounded, and the page says of which field it is that they were."""
    rounded = {"transactions.amounts": {"required": False, "obligations": ["round.thousands"]}}
    agree_on(banking, rounded, obligations=["round.month"])
    answer(decide(hana, visit(hana, BANK, prompt="consent"), *ALL))
    token = token_of(hana)
    before = rows(banking, token)
    assert {row["yen"] % 1000 for row in before} == {0}
    agree_on(banking)
    assert rows(banking, token) == before
    page = visit(hana, BANK)
    (about_yen, about_all) = wider_of(page)
    assert about_yen.endswith(": no longer “Rounded down to thousands of yen”")
    assert about_all == "Everything: no longer “The month, not the day”"
    answer(decide(hana, page, *ALL))
    assert {row["yen"] % 1000 for row in rows(banking, token_of(hana))} != {0}


def test_what_becomes_narrower_holds_at_once_and_nobody_is_asked(banking: Provider, hana: Person):
    """Also where it comes back to what was read: the first terms are no news to her."""
    token = token_of(hana)
    agree_on(banking, lookback_days=10)
    assert len(rows(banking, token)) == 2
    assert not shows(visit(hana, BANK), "allow")
    agree_on(banking)
    assert len(rows(banking, token)) == ROWS_OF_SIXTY_DAYS
    assert not shows(visit(hana, BANK), "allow")


def test_a_page_that_was_read_before_the_terms_changed_is_shown_again(banking: Provider, hana: Person):
    """A yes is one to what stood there, and nothing is written down for it."""
    page = visit(hana, BANK, prompt="consent")
    agree_on(banking, lookback_days=None)
    again = follow(hana, hana.browser.post("/consent", data=answers(page, *ALL)))
    assert wider_of(again) == ["How far back it may look: 60 days until now, no limit from now on"]
    assert answer(visit(hana, BANK, prompt="none"))["error"] == "consent_required"
    answer(decide(hana, again, *ALL))
    token_of(hana)


def test_a_form_without_what_was_read_is_no_yes(banking: Provider, hana: Person):
    """Nor is one with anything else in its place; a no needs none."""
    page = visit(hana, BANK, prompt="consent")
    for other in ({}, {"read": ""}, {"read": "0" * 64}):
        form = {**{k: v for k, v in answers(page, *ALL).items() if k != "read"}, **other}
        assert shows(follow(hana, hana.browser.post("/consent", data=form)), "allow")
    form = {k: v for k, v in answers(page, decision="deny").items() if k != "read"}
    assert answer(follow(hana, hana.browser.post("/consent", data=form)))["error"] == "access_denied"


def test_every_disclosure_of_these_tests_can_be_decided_again(banking: Provider, hana: Person):
    """A record says which version was read, so that the replay holds it to both (G9)."""
    token = token_of(hana)
    agree_on(banking, {"transactions.amounts": {"required": True}}, mode="store", obligations=["round.day"])
    assert rows(banking, token)
    with banking.services.database.autocommit() as connection:
        recorded = Recorded(banking.services.sealer, connection, 0)
        assert any(record.consent.read < record.agreement_version for record in recorded.records())
        assert list(decided_otherwise(recorded)) == []
