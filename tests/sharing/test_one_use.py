"""A grant for one use: one answer, within a day, consumed by one conditional statement (data-sharing model 4.1)."""

from typing import Any

import httpx
import pytest

from idp.protocol.audit import Kind, account_of, read_leaf
from idp.store import grants
from tests.authorize.test_authorization_details import details, granted, redeemed
from tests.provider.apps import App
from tests.provider.operator import declare_clients
from tests.provider.person import Person
from tests.provider.provider import HTTP, Provider
from tests.store.rows import at_once
from tests.web.visits import claims_of, decide, end_sharing, shows, signed_in, visit

DAY = 86_400
TILL = App("till", "https://till.example.test/callback", "openid offline_access")
ONCE = details(one_time=True)


@pytest.fixture(autouse=True)
def _till(provider: Provider) -> None:
    """An app of the partner that has data in no token."""
    declare_clients(
        provider,
        {
            "client_id": TILL.client_id,
            "kind": "third_party",
            "partner_id": "tabi-points",
            "name": "Tabi at the till",
            "auth_method": "client_secret_basic",
            "grant_types": ["authorization_code", "refresh_token"],
            "redirect_uris": [TILL.redirect_uri],
            "scopes": ["openid", "prefecture", "over_20", "offline_access"],
            "authorization_details_types": ["partner_data"],
        },
    )


@pytest.fixture
def member(hana: Person) -> Person:
    return signed_in(hana)


def agreed(person: Person, *ticks: str, **way: Any) -> dict[str, Any]:
    """The tokens after a yes with these ticks."""
    return redeemed(person, TILL, decide(person, visit(person, TILL, **{**ONCE, **way}), *ticks))


def me(provider: Provider, tokens: dict[str, Any]) -> httpx.Response:
    """What the data API answers."""
    return HTTP.get(f"{provider.url}/data/v1/me", headers={"Authorization": f"Bearer {tokens['access_token']}"})


def status_of(provider: Provider) -> list[str]:
    """What became of each grant to the app."""
    with provider.services.database.autocommit() as connection:
        hana = provider.services.accounts.find_by_username(connection, "hana@example.jp")
        found = grants.all_of_account(connection, hana.id)
    return sorted(grant.status for grant in found if grant.client_id == TILL.client_id)


def test_the_person_reads_that_it_is_once(member: Person):
    """And until when, in either language; nothing is ticked."""
    page = visit(member, TILL, **ONCE).text
    assert "Once, within a day: by <bdi>19 November 2026</bdi>" in page
    assert "1日以内に1回だけ（<bdi>2026年11月19日</bdi>まで）" in visit(member, TILL, **ONCE, ui_locales="ja").text
    assert "checked" not in page


def test_one_answer_and_it_is_over(member: Person):
    """Data once; then the tokens are dead, the refresh token too, and the person's page shows it no more."""
    provider = member.provider
    tokens = agreed(member, "prefecture")
    withheld = {"over_20": "FIELD_NOT_CONSENTED"}
    (detail,) = granted(["prefecture"], provider.clock.now + DAY, withheld)
    assert tokens["authorization_details"] == [{**detail, "one_time": True}]
    answer = me(provider, tokens)
    assert answer.json()["data"] == {"prefecture": "Tokyo"}
    again = me(provider, tokens)
    assert again.status_code == 401 or again.json()["data"] == {}
    form = {"grant_type": "refresh_token", "refresh_token": tokens["refresh_token"]}
    assert provider.token(TILL.client_id, **form).json()["error"] == "invalid_grant"
    assert status_of(provider) == ["consumed"]
    assert "Tabi at the till" not in member.browser.get("/account/sharing").text


def test_an_answer_without_data_is_no_use(member: Person):
    """Whoever shared nothing was asked for nothing that counts: the grant waits until its day is over."""
    provider = member.provider
    tokens = agreed(member)
    assert me(provider, tokens).json()["data"] == {}
    assert status_of(provider) == ["active"]
    provider.clock.forward(DAY)
    assert visit(signed_in(Person(provider)), TILL, **ONCE).url.path == "/consent"


def test_it_is_over_after_a_day_unused(member: Person):
    """24 hours, whatever the agreement allows."""
    tokens = agreed(member, "prefecture")
    member.provider.clock.forward(DAY)
    form = {"grant_type": "refresh_token", "refresh_token": tokens["refresh_token"]}
    assert member.provider.token(TILL.client_id, **form).json()["error"] == "invalid_grant"


def test_one_use_and_many_are_never_mixed(member: Person):
    """Each is asked although the other stands, and takes its place; the person reads what goes."""
    ongoing = details()
    agreed(member, "prefecture", "over_20", **ongoing)
    page = visit(member, TILL, **details(one_time=True, fields=["over_20"]))
    assert "What is not shared any more" in page.text
    tokens = redeemed(member, TILL, decide(member, page, "over_20"))
    assert shows(visit(member, TILL, **ongoing), "allow")
    assert me(member.provider, tokens).json()["data"] == {"over_20": True}
    assert status_of(member.provider) == ["consumed", "superseded"]


def test_an_id_token_with_data_is_the_use(member: Person):
    """Wherever data goes out first: what comes after in the same response holds none."""
    page = visit(member, TILL, **ONCE, claims='{"id_token": {"prefecture": null}}')
    tokens = redeemed(member, TILL, decide(member, page, "prefecture"))
    assert claims_of(tokens["id_token"])["prefecture"] == "Tokyo"
    assert status_of(member.provider) == ["consumed"]
    assert "Tokyo" not in me(member.provider, tokens).text


def test_fifty_at_once_get_one_answer(member: Person):
    """One disclosure, one entry in the log, and the end after it."""
    provider = member.provider
    for _ in range(2):
        tokens = agreed(member, "prefecture")
        answers = at_once(lambda _: me(provider, tokens))  # noqa: B023 - all have answered when this returns
        assert {answer.status_code for answer in answers} <= {200, 401}
        assert sum("Tokyo" in answer.text for answer in answers) == 1
    tree = provider.services.audit_tree
    while tree.sequence():
        pass
    leaves = [read_leaf(place, leaf) for place, leaf in enumerate(tree.entries(tree.frontier().size))]
    assert sum(leaf.kind is Kind.DISCLOSURE for leaf in leaves) == 2
    assert account_of(leaves).violations == []
    end_sharing(member, TILL, "points.credit")
