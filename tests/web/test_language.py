"""Which language a page is in: what was chosen, what the app asks for, what the browser prefers (OIDC Core 3.1.2.1)."""

import httpx
import pytest

from tests.provider.apps import STOREFRONT, TABI
from tests.provider.person import Person
from tests.provider.provider import Provider
from tests.web.pages import Page
from tests.web.visits import decide, flow_of, follow, sign_in, signed_in, visit

JAPANESE = {"accept-language": "ja-JP,ja;q=0.9,en;q=0.8"}


@pytest.fixture
def visitor(shared_provider: Provider) -> Person:
    return Person(shared_provider)


def language(response: httpx.Response) -> str:
    return Page(response.text).all("html")[0].attributes["lang"]


def link(response: httpx.Response) -> str:
    """Where the page offers the other language."""
    (other,) = [found for found in Page(response.text).all("a") if "hreflang" in found.attributes]
    return other.attributes["href"]


@pytest.mark.parametrize(
    ("ui_locales", "accepted", "expected"),
    [
        (None, "", "en"),
        (None, "ja", "ja"),
        (None, "fr, ja;q=0.1", "ja"),
        ("ja", "en", "ja"),
        ("en", "ja", "en"),
        ("fr-CA ja-JP en", "en", "ja"),
        ("fr", "ja", "ja"),
        ("", "ja", "ja"),
        ("xx" * 5000, "ja", "ja"),
    ],
)
def test_the_app_is_asked_first_and_the_browser_second(visitor: Person, ui_locales, accepted: str, expected: str):
    """OIDC Core 3.1.2.1: ui_locales in order of preference; what is not spoken here is no error."""
    visitor.browser.headers["accept-language"] = accepted
    page = visit(visitor, TABI, ui_locales=ui_locales)
    assert language(page) == expected
    assert language(visitor.sign_in(page, "wrong")) == expected
    assert language(sign_in(visitor, page)) == expected


def test_what_the_person_clicks_counts_from_then_on(visitor: Person):
    """The link at the top changes this page and every later one, over the app's wish and the browser's."""
    page = visit(visitor, TABI, ui_locales="en")
    address = link(page)
    assert address == f"/login?flow={flow_of(page)}&lang=ja"
    chosen = visitor.browser.get(address)
    assert language(chosen) == "ja"
    consent = sign_in(visitor, chosen)
    assert language(consent) == "ja"
    assert language(visit(visitor, STOREFRONT, ui_locales="en", prompt="login")) == "ja"
    assert language(visitor.browser.get("/?lang=en")) == "en"
    assert language(visitor.browser.get("/", headers=JAPANESE)) == "en"


@pytest.mark.parametrize("lang", ["fr", "", "x" * 5000, "ja\x00", '"><b>', "%FF"])
def test_a_language_that_is_not_spoken_here_is_not_remembered(visitor: Person, lang: str):
    """The address is anybody's to write: only a language that there is is kept in a cookie."""
    page = visitor.browser.get("/", params={"lang": lang}, headers=JAPANESE)
    assert language(page) == "ja"
    assert not visitor.browser.cookies
    assert Page(page.text).all("b") == []


@pytest.mark.parametrize("cookie", ["fr", "x" * 4000, "\x01", "ja en", "en;ja"])
def test_a_strange_cookie_is_no_language(visitor: Person, cookie: str):
    """A cookie that is not ours to read falls back to what the browser prefers, and breaks nothing."""
    headers = {**JAPANESE, "cookie": f"sekisho_language={cookie}"}
    assert language(visitor.browser.get("/", headers=headers)) in ("ja", "en")


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("GET", "/nothing"),
        ("DELETE", "/login"),
        ("GET", "/authorize"),
        ("GET", "/authorize/continue"),
        ("POST", "/login"),
        ("POST", "/consent"),
        ("POST", "/account/sharing"),
        ("POST", "/logout/confirm"),
    ],
)
def test_errors_speak_it_too(visitor: Person, method: str, path: str):
    """Somebody who reads Japanese is told what went wrong in Japanese, whatever it was."""
    signed_in(visitor)
    data = {"csrf": "x"} if method == "POST" else None
    response = visitor.browser.request(method, path, data=data, headers=JAPANESE)
    assert response.status_code >= 400
    assert language(response) == "ja"
    assert any("\u3040" <= letter <= "\u30ff" for letter in Page(response.text).all("h1")[0].text)


def test_every_page_of_the_journey_offers_the_other_language_at_its_own_address(visitor: Person):
    """The link leads back to the same page: nothing that was begun is lost by changing the language."""
    page = visit(visitor, TABI, prompt="consent")
    consent = sign_in(visitor, visitor.browser.get(link(page)))
    assert language(consent) == "ja"
    again = visitor.browser.get(link(consent))
    assert language(again) == "en"
    assert "location" in decide(visitor, again).headers


def test_the_language_link_after_a_refused_sign_in_keeps_the_request(visitor: Person):
    """A page that came by POST offers the language at the address of its form."""
    page = visit(visitor, TABI)
    refused = visitor.sign_in(page, "wrong")
    chosen = visitor.browser.get(link(refused))
    assert language(chosen) == "ja"
    assert "Tabi Points" in chosen.text
    assert follow(visitor, visitor.sign_in(chosen)).status_code in (200, 303)
