"""The list of apps and partners: with whom a person shares what, and the end of it."""

import httpx
import pytest

from tests.provider.apps import KAZE, STOREFRONT, TABI, App
from tests.provider.person import Person, as_client, hidden
from tests.provider.provider import Provider
from tests.web.pages import Page
from tests.web.visits import answer, decide, error_code, shows, signed_in, visit

NEWS = App("kaze-ads", KAZE.redirect_uri, "openid email purpose:marketing.news")
KEN = "ken@example.jp"


@pytest.fixture
def hana(shared_provider: Provider) -> Person:
    """Hana, signed in, who shares nothing at first."""
    hana = signed_in(Person(shared_provider))
    for card in cards(hana):
        end(hana, card)
    return hana


def cards(person: Person) -> list[str]:
    """The names of those whom a person shares with, as the page lists them."""
    headings = Page(person.browser.get("/account/sharing").text).all("h2")
    return [each.text for each in headings if each.attributes["id"].startswith("partner-")]


def end(person: Person, name: str) -> httpx.Response:
    """Press the button that ends the sharing with somebody."""
    page = person.browser.get("/account/sharing").text
    card = next(part for part in page.split("<section")[1:] if f"<bdi>{name}</bdi>" in part)
    form = card.split("<form")[2]
    return person.browser.post("/account/sharing", data=hidden(form))


def tokens_of(person: Person, app: App) -> dict[str, str]:
    response = visit(person, app)
    if shows(response, "allow"):
        response = decide(person, response, "prefecture")
    tokens: dict[str, str] = person.exchange(app.client_id, app.redirect_uri, answer(response)["code"]).json()
    return tokens


def test_the_list_says_who_why_what_and_until_when(hana: Person):
    """Each sharing with its purpose, the fields that were ticked and its days, the newest first; nothing else."""
    assert cards(hana) == []
    decide(hana, visit(hana, TABI), "prefecture")
    hana.provider.clock.forward(60)
    decide(hana, visit(hana, NEWS))
    assert cards(hana) == ["Kaze Ads", "Tabi Points"]
    page = hana.browser.get("/account/sharing").text
    _, kaze, tabi, _ = page.split("<section")
    assert "to credit points for what you buy" in tabi
    assert "Prefecture" in tabi
    assert "20 or over" not in tabi, "what was not ticked is not shared"
    assert "E-mail address" in kaze
    assert "E-mail address" not in tabi, "what was asked for and is not agreed is not shared"


def test_apps_of_the_group_are_not_in_the_list(hana: Person):
    """A first party needs no consent, so there is none to end."""
    assert "code" in answer(visit(hana, STOREFRONT, prompt="consent"))
    assert cards(hana) == []


def test_ending_ends_that_sharing_alone_and_at_once(hana: Person):
    """What ended: its tokens, its codes, its consent. What stays: every other sharing, and the session."""
    tabi, news = tokens_of(hana, TABI), tokens_of(hana, NEWS)
    waiting = answer(visit(hana, TABI))["code"]
    assert end(hana, "Tabi Points").headers["location"] == "/account/sharing?done=end"
    assert cards(hana) == ["Kaze Ads"]
    hana.provider.services.feed.read_now()
    statuses = {
        name: hana.browser.get("/userinfo", headers={"authorization": f"Bearer {tokens['access_token']}"}).status_code
        for name, tokens in (("tabi", tabi), ("news", news))
    }
    assert statuses == {"tabi": 401, "news": 200}
    refresh = {"grant_type": "refresh_token", "refresh_token": tabi["refresh_token"]}
    assert as_client(hana.provider, TABI.client_id, "/token", refresh).json()["error"] == "invalid_grant"
    assert hana.exchange(TABI.client_id, TABI.redirect_uri, waiting).json()["error"] == "invalid_grant"
    assert answer(visit(hana, TABI, prompt="none"))["error"] == "consent_required"
    assert "code" in answer(visit(hana, STOREFRONT, prompt="none"))


def test_it_can_be_shared_again(hana: Person):
    """Ending is no ban: the next request asks, and a yes counts; but what had ended stays ended."""
    before = tokens_of(hana, TABI)
    end(hana, "Tabi Points")
    assert shows(visit(hana, TABI), "allow")
    tokens_of(hana, TABI)
    assert cards(hana) == ["Tabi Points"]
    refresh = {"grant_type": "refresh_token", "refresh_token": before["refresh_token"]}
    assert as_client(hana.provider, TABI.client_id, "/token", refresh).json()["error"] == "invalid_grant"


def test_what_is_over_is_not_listed(hana: Person):
    """A consent that ran out is no sharing any more."""
    decide(hana, visit(hana, TABI))
    hana.provider.clock.forward(90 * 86_400)
    assert cards(signed_in(hana)) == []


def test_nobody_ends_what_is_not_theirs(hana: Person):
    """The form names an app and a purpose, never a person: whose sharing ends is decided by the session."""
    tokens_of(hana, TABI)
    ken = signed_in(Person(hana.provider, KEN))
    form = {**hidden(ken.browser.get("/").text), "client_id": "tabi-points", "purpose": "points.credit"}
    assert ken.browser.post("/account/sharing", data=form).status_code == 303
    assert cards(hana) == ["Tabi Points"]


@pytest.mark.parametrize(
    "form",
    [{}, {"client_id": "nobody"}, {"client_id": "x" * 5000}, {"purpose": "points.credit"}],
    ids=str,
)
def test_a_form_that_names_nothing_of_ours_ends_nothing(hana: Person, form: dict):
    """Whatever stands in the form, the page comes back and the sharing stands."""
    tokens_of(hana, TABI)
    csrf = hidden(hana.browser.get("/account/sharing").text)["csrf"]
    assert hana.browser.post("/account/sharing", data={"csrf": csrf, **form}).status_code == 303
    assert cards(hana) == ["Tabi Points"]


def test_strangers_are_led_to_the_sign_in(shared_provider: Provider):
    """The page belongs to a person; whoever is nobody signs in first, and a form of nobody's changes nothing."""
    visitor = Person(shared_provider)
    assert visitor.browser.get("/account/sharing").headers["location"] == "/login?next=%2Faccount%2Fsharing"
    page = visitor.browser.get("/login")
    response = visitor.browser.post("/account/sharing", data={**hidden(page.text), "client_id": "tabi-points"})
    assert (response.status_code, error_code(response)) == (403, "page_expired")


def test_the_old_address_leads_on(shared_provider: Provider):
    """Apps and bookmarks may still name it."""
    assert Person(shared_provider).browser.get("/account/apps").headers["location"] == "/account/sharing"


def test_in_japanese(hana: Person):
    """The list speaks the browser's language, purposes, fields and days included."""
    tokens_of(hana, TABI)
    text = hana.browser.get("/account/sharing", headers={"accept-language": "ja,en;q=0.5"}).text
    for words in ("アプリと連携先", "お買いもののポイントをつけるため", "都道府県", "共有をやめる", "年"):
        assert words in text
