"""Modules about the person: which page they see, whether they are asked again, and what is remembered of them."""

from urllib.parse import urlsplit

from tests.conformance.relying_party import RelyingParty, SignedIn
from tests.provider.person import Person
from tests.provider.provider import HTTP
from tests.web.pages import Page
from tests.web.visits import shows


def sign_in_page(rp: RelyingParty, visitor: Person, **asked: str) -> tuple[str, SignedIn]:
    """The page at which somebody arrives who was never here, and what follows once they signed in."""
    sent = rp.parameters(**asked)
    page = rp.open(sent, visitor)
    assert shows(page, "sign-in")
    return page.text, rp.finish(page, sent, visitor)


def test_oidcc_display_page(rp: RelyingParty, visitor: Person):
    """OIDC Core 3.1.2.1: display=page shows the usual page."""
    sign_in_page(rp, visitor, display="page")


def test_oidcc_display_popup(rp: RelyingParty, visitor: Person):
    """OIDC Core 3.1.2.1: display=popup is no error, and the page fits into any window."""
    html, _ = sign_in_page(rp, visitor, display="popup")
    (viewport,) = Page(html).all("meta", name="viewport")
    assert viewport.attributes["content"] == "width=device-width, initial-scale=1"


def test_oidcc_prompt_login(rp: RelyingParty):
    """OIDC Core 3.1.2.1: prompt=login asks again, and auth_time is that of the second time."""
    first = rp.sign_in()
    rp.provider.clock.forward(1)
    sent = rp.parameters(prompt="login")
    page = rp.open(sent)
    assert shows(page, "sign-in")
    second = rp.finish(page, sent)
    assert_later(first, second)


def test_oidcc_prompt_none_not_logged_in(rp: RelyingParty, visitor: Person):
    """OIDC Core 3.1.2.6: told at once, with a state of any length as it was."""
    sent = rp.parameters(prompt="none", state="s" * 128)
    assert rp.refusal(rp.open(sent, visitor), sent) == "login_required"


def test_oidcc_prompt_none_logged_in(rp: RelyingParty):
    """OIDC Core 3.1.2.1: the same person by the same sign-in, without a page."""
    assert_same(rp.sign_in(), without_a_page(rp, prompt="none"))


def test_oidcc_max_age_1(rp: RelyingParty):
    """OIDC Core 3.1.2.1: a sign-in that is older is asked for anew, and auth_time says when."""
    first = rp.sign_in()
    rp.provider.clock.forward(2)
    sent = rp.parameters(max_age="1")
    page = rp.open(sent)
    assert shows(page, "sign-in")
    second = rp.finish(page, sent)
    assert_later(first, second)
    assert rp.provider.clock() - second.claims["auth_time"] < 2


def test_oidcc_max_age_10000(rp: RelyingParty, visitor: Person):
    """OIDC Core 3.1.2.1: one that is younger will do."""
    rp.person = visitor
    first = rp.sign_in(max_age="15000")
    assert_same(first, without_a_page(rp, max_age="10000"))


def test_oidcc_id_token_hint(rp: RelyingParty):
    """OIDC Core 3.1.2.1: a hint at whom the browser knows already."""
    first = rp.sign_in()
    assert_same(first, without_a_page(rp, prompt="none", id_token_hint=first.id_token))


def test_oidcc_login_hint(rp: RelyingParty, visitor: Person):
    """OIDC Core 3.1.2.1: the hint stands in the page's field."""
    host = urlsplit(rp.provider.url).hostname
    html, _ = sign_in_page(rp, visitor, login_hint=f"buffy@{host}")
    assert Page(html).by_id("username").attributes["value"] == f"buffy@{host}"


def test_oidcc_ui_locales(rp: RelyingParty, visitor: Person):
    """OIDC Core 3.1.2.1: the first of the languages that there are pages in; others are no error."""
    html, _ = sign_in_page(rp, visitor, ui_locales="se ja en")
    assert Page(html).all("html")[0].attributes["lang"] == "ja"


def test_oidcc_claims_locales(rp: RelyingParty):
    """OIDC Core 5.2: claims are told as they are, and asking otherwise is no error."""
    rp.sign_in(claims_locales="se")


def test_oidcc_ensure_request_with_acr_values_succeeds(rp: RelyingParty):
    """OIDC Core 3.1.2.1, 5.5.1.1: one of the classes that discovery names is met and told."""
    supported = HTTP.get(f"{rp.provider.url}/.well-known/openid-configuration").json()["acr_values_supported"]
    got = rp.sign_in(acr_values=" ".join(supported))
    if got.claims:
        assert got.claims["acr"] in supported


def without_a_page(rp: RelyingParty, **asked: str) -> SignedIn:
    sent = rp.parameters(**asked)
    page = rp.open(sent)
    assert "location" in page.headers or not shows(page, "sign-in")
    return rp.finish(page, sent)


def assert_same(first: SignedIn, second: SignedIn) -> None:
    assert {name: first.claims[name] for name in ("sub", "auth_time")} == {
        name: second.claims[name] for name in ("sub", "auth_time")
    }


def assert_later(first: SignedIn, second: SignedIn) -> None:
    assert second.claims["auth_time"] > first.claims["auth_time"]
    assert second.claims["sub"] == first.claims["sub"]
