"""Signing out (RP-Initiated Logout 1.0): the person is asked, unless the app proves that it means this session."""

from urllib.parse import urlencode

import httpx
import pytest

from tests.provider.apps import STOREFRONT, TABI, App
from tests.provider.person import Person, as_client, hidden
from tests.provider.provider import Provider
from tests.web.pages import Page
from tests.web.visits import answer, decide, error_code, follow, shows, signed_in, visit

BACK = "http://127.0.0.1:8401/signed-out"
KEN = "ken@example.jp"


@pytest.fixture
def hana(shared_provider: Provider) -> Person:
    return signed_in(Person(shared_provider))


def tokens_of(person: Person, app: App, **changed: str) -> dict[str, str]:
    """What an app holds after a sign-in."""
    response = visit(person, app, **changed)
    if shows(response, "allow"):
        response = decide(person, response)
    tokens: dict[str, str] = person.exchange(app.client_id, app.redirect_uri, answer(response)["code"]).json()
    return tokens


def ask(person: Person, **parameters: str) -> httpx.Response:
    return person.browser.get(f"/logout?{urlencode(parameters)}")


def confirm(person: Person, page: httpx.Response, decision: str = "confirm") -> httpx.Response:
    return person.browser.post("/logout/confirm", data={**hidden(page.text), "decision": decision})


def is_signed_in(person: Person) -> bool:
    return "code" in answer(visit(person, STOREFRONT, prompt="none"))


def refreshes(person: Person, app: App, tokens: dict[str, str]) -> bool:
    """Whether a refresh token still works."""
    form = {"grant_type": "refresh_token", "refresh_token": tokens["refresh_token"]}
    return as_client(person.provider, app.client_id, "/token", form).status_code == 200


def test_without_a_hint_the_person_is_asked(hana: Person):
    """RP-Initiated Logout 2: a bare request could come from anybody; the page says what a yes does."""
    page = ask(hana)
    assert page.status_code == 200
    assert {"confirm-logout", "cancel-logout"} <= {e.attributes.get("id") for e in Page(page.text).elements}
    assert is_signed_in(hana)
    done = confirm(hana, page)
    assert done.status_code == 200
    assert Page(done.text).all("h1")[0].text == "You are signed out"
    assert not is_signed_in(hana)
    assert "sekisho_session" not in hana.browser.cookies


def test_a_no_keeps_the_session(hana: Person):
    """The person may stay; nothing ends."""
    tokens = tokens_of(hana, STOREFRONT)
    page = ask(hana, client_id="storefront", post_logout_redirect_uri=BACK)
    assert follow(hana, confirm(hana, page, "cancel")).url.path == "/"
    assert is_signed_in(hana)
    assert refreshes(hana, STOREFRONT, tokens)


@pytest.mark.parametrize("method", ["GET", "POST"])
def test_with_a_hint_of_this_session_nobody_is_asked(hana: Person, method: str):
    """RP-Initiated Logout 2: an ID token of the running session proves that its app asks; GET and POST alike."""
    sent = {
        "id_token_hint": tokens_of(hana, STOREFRONT)["id_token"],
        "post_logout_redirect_uri": BACK,
        "state": "a b&c",
    }
    where = {"params": sent} if method == "GET" else {"data": sent}
    response = follow(hana, hana.browser.request(method, "/logout", **where))
    assert response.status_code == 303
    assert response.headers["location"] == f"{BACK}?state=a+b%26c"
    assert not is_signed_in(hana)


def test_an_expired_hint_is_as_good(hana: Person):
    """RP-Initiated Logout 2: the OP should accept ID tokens whose `exp` is past, for sessions outlive them."""
    hint = tokens_of(hana, STOREFRONT)["id_token"]
    hana.provider.clock.forward(3600)
    assert ask(hana, id_token_hint=hint).status_code == 200
    assert not is_signed_in(hana)


def test_a_partners_hint_counts_for_the_session_it_came_from(hana: Person):
    """The partner knows the session by a name of its own, and may end it by that name."""
    ask(hana, id_token_hint=tokens_of(hana, TABI)["id_token"])
    assert not is_signed_in(hana)


def asked_all_the_same(person: Person, response: httpx.Response) -> httpx.Response:
    """The question that a page of refusal leads to."""
    assert (response.status_code, error_code(response)) == (400, "invalid_request")
    page = person.browser.get(Page(response.text).by_id("continue").attributes["href"])
    assert shows(page, "confirm-logout")
    assert is_signed_in(person)
    return page


@pytest.mark.parametrize("other", ["session", "person"])
def test_a_hint_of_somebody_else_is_a_reason_to_ask(hana: Person, other: str):
    """RP-Initiated Logout 2: a hint that is not this session's ends nothing by itself."""
    somebody = Person(hana.provider) if other == "session" else Person(hana.provider, KEN)
    page = ask(hana, id_token_hint=tokens_of(signed_in(somebody), STOREFRONT)["id_token"])
    assert shows(page, "confirm-logout")
    assert is_signed_in(hana)


@pytest.mark.parametrize("kind", ["access token", "forged", "nonsense", "too long"])
def test_what_is_no_id_token_of_ours_is_refused_and_the_person_may_sign_out_all_the_same(hana: Person, kind: str):
    """RP-Initiated Logout 2 and 4: the page says that the hint is not valid; the way back stays if it is proven."""
    own = tokens_of(hana, STOREFRONT)
    hints = {
        "access token": lambda: own["access_token"],
        "forged": lambda: own["id_token"][:-20] + "A" * 20,
        "nonsense": lambda: "nonsense",
        "too long": lambda: own["id_token"] + "." * 9000,
    }
    sent = {"id_token_hint": hints[kind](), "post_logout_redirect_uri": BACK}
    refused = ask(hana, **sent)
    assert "The id_token_hint is not valid" in refused.text
    asked_all_the_same(hana, refused)
    page = asked_all_the_same(hana, ask(hana, **sent, client_id="storefront", state="x"))
    assert confirm(hana, page).headers["location"] == f"{BACK}?state=x"


@pytest.mark.parametrize(
    "url",
    [
        "https://evil.example/",
        "http://127.0.0.1:8401/signed-out/",
        "http://127.0.0.1:9999/signed-out",
        "http://127.0.0.1:8401/callback",
        "http://127.0.0.1:8401/signed-out#x",
        "http://127.0.0.1:8401/signed-out?x=y",
        "http://evil@127.0.0.1:8401/signed-out",
        "//127.0.0.1:8401/signed-out",
        "javascript:alert(1)",
        "/",
    ],
)
def test_nobody_is_sent_to_an_address_that_is_not_registered(hana: Person, url: str):
    """RP-Initiated Logout 3: post_logout_redirect_uri must have been registered, and is compared exactly.

    Who names another one is not to be trusted: nothing happens, and the person is asked if they want it to.
    """
    hint = tokens_of(hana, STOREFRONT)["id_token"]
    response = ask(hana, id_token_hint=hint, post_logout_redirect_uri=url)
    assert "The post_logout_redirect_uri is not one that the app has registered." in response.text
    assert url not in {found.attributes.get("href") for found in Page(response.text).all("a")} - {"/"}
    assert is_signed_in(hana)
    way_on = Page(response.text).by_id("continue").attributes["href"]
    done = hana.browser.get(way_on)
    assert (done.status_code, done.headers.get("location")) == (200, None)
    assert not is_signed_in(hana), "the hint that came along was good"


def test_an_empty_address_is_none(hana: Person):
    """RFC 6749 3.1: a parameter without a value counts as left out."""
    response = ask(hana, id_token_hint=tokens_of(hana, STOREFRONT)["id_token"], post_logout_redirect_uri="")
    assert (response.status_code, response.headers.get("location")) == (200, None)
    assert not is_signed_in(hana)


def test_an_address_that_nothing_says_whose_it_is_leads_nowhere(hana: Person):
    """RP-Initiated Logout 3: with neither hint nor client_id there is nobody who could have registered it."""
    refused = ask(hana, post_logout_redirect_uri=BACK)
    assert "The id_token_hint is missing" in refused.text
    assert "location" not in confirm(hana, asked_all_the_same(hana, refused)).headers


def test_an_address_belongs_to_the_app_that_registered_it(hana: Person):
    """RP-Initiated Logout 2 and 3: neither another app's address, nor a client_id that is not the hint's, redirects."""
    hint = tokens_of(hana, TABI)["id_token"]
    asked_all_the_same(hana, ask(hana, client_id="tabi-points", post_logout_redirect_uri=BACK))
    mixed = ask(hana, id_token_hint=hint, client_id="storefront", post_logout_redirect_uri=BACK)
    assert "The id_token_hint is of another client than the client_id." in mixed.text
    assert "location" not in confirm(hana, asked_all_the_same(hana, mixed)).headers


def test_the_app_is_named_and_gets_the_person_back_after_a_yes(hana: Person):
    """RP-Initiated Logout 2: with client_id and a registered address, the way back waits for the person's answer."""
    page = ask(hana, client_id="storefront", post_logout_redirect_uri=BACK, state="xyz")
    assert "Storefront asks to sign you out here as well." in " ".join(Page(page.text).all("form")[0].text.split())
    assert confirm(hana, page).headers["location"] == f"{BACK}?state=xyz"


def test_whoever_is_signed_out_already_goes_back_at_once(shared_provider: Provider):
    """RP-Initiated Logout 4: nothing is left to end, so nobody is asked."""
    visitor = Person(shared_provider)
    response = ask(visitor, client_id="storefront", post_logout_redirect_uri=BACK)
    assert response.headers["location"] == BACK
    assert Page(ask(visitor).text).all("h1")[0].text == "You are signed out"
    assert not visitor.browser.cookies


@pytest.mark.parametrize("flow", ["", "x", "A" * 300, "é", "{}x", "x{}"])
def test_a_made_up_way_back_leads_nowhere(hana: Person, flow: str):
    """What was asked travels through the page sealed; whoever changes it gets no redirect, and the session ends."""
    page = ask(hana, client_id="storefront", post_logout_redirect_uri=BACK)
    form = {**hidden(page.text), "decision": "confirm"}
    response = hana.browser.post("/logout/confirm", data={**form, "flow": flow.replace("{}", form["flow"])})
    assert (response.status_code, response.headers.get("location")) == (200, None)
    assert not is_signed_in(hana)


@pytest.mark.parametrize("csrf", [None, "", "x", "é", "of another browser", "of an older page"])
def test_nobody_is_signed_out_by_another_sites_form(hana: Person, csrf: str | None):
    """RP-Initiated Logout 6, RFC 9700 4.7: the answer counts only from the page that this browser was given."""
    page = ask(hana)
    if csrf == "of another browser":
        csrf = hidden(ask(signed_in(Person(hana.provider))).text)["csrf"]
    elif csrf == "of an older page":
        csrf = hidden(page.text)["csrf"]
        signed_in(hana)
    form = {**hidden(page.text), "csrf": csrf, "decision": "confirm"}
    response = hana.browser.post("/logout/confirm", data={k: v for k, v in form.items() if v is not None})
    assert (response.status_code, error_code(response)) == (403, "page_expired")
    assert is_signed_in(hana)


def test_what_was_granted_for_the_session_ends_with_it(hana: Person):
    """OIDC Core 11: refresh tokens end with the session, unless offline_access was granted to outlive it."""
    bound, other = tokens_of(hana, STOREFRONT), signed_in(Person(hana.provider))
    lasting, elsewhere = tokens_of(hana, TABI, prompt="consent"), tokens_of(other, STOREFRONT)
    confirm(hana, ask(hana))
    assert not refreshes(hana, STOREFRONT, bound)
    assert refreshes(hana, TABI, lasting)
    assert refreshes(other, STOREFRONT, elsewhere), "another browser is another session"
    bearer = {"authorization": f"Bearer {bound['access_token']}"}
    hana.provider.services.feed.read_now()
    assert httpx.get(f"{hana.provider.url}/userinfo", headers=bearer).status_code == 401


def test_signing_out_twice_is_signing_out(hana: Person):
    """The second of two tabs finds nothing left to end."""
    first, second = ask(hana), ask(hana)
    confirm(hana, first)
    assert error_code(confirm(hana, second)) == "page_expired"
    assert Page(ask(hana).text).all("h1")[0].text == "You are signed out"


def test_in_japanese(hana: Person):
    """RP-Initiated Logout 2 ui_locales: the page that asks speaks the person's language."""
    page = Page(ask(hana, client_id="storefront", ui_locales="ja").text)
    assert page.all("html")[0].attributes["lang"] == "ja"
    assert page.by_id("confirm-logout").text == "ログアウト"


def test_a_parameter_twice_is_refused(hana: Person):
    """RFC 6749 3.1 holds here too: which of two addresses would count is nobody's guess."""
    response = hana.browser.get("/logout?state=1&state=2")
    assert (response.status_code, error_code(response)) == (400, "invalid_request")
    assert is_signed_in(hana)
