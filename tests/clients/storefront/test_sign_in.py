"""The storefront signs people in with Sekisho, over real HTTP, and believes no answer that is not its own."""

from urllib.parse import parse_qs, urlencode, urlsplit, urlunsplit

import pytest
import requests

from clients.demo.browser import Browser
from clients.storefront.app import Settings, create_app
from clients.webapp.serving import serve_beside
from tests.clients.group import HANA, Group
from tests.provider.provider import free_port


def callback_of(group: Group, browser: Browser, **changed: str | None) -> str:
    """Sign in up to the last redirect, and return where it leads, with some parameters changed or left out."""
    asked = browser._session.get(f"{group.places.storefront}/sign-in", allow_redirects=False)
    answer = browser._session.get(asked.headers["Location"], allow_redirects=False)
    parts = urlsplit(answer.headers["Location"])
    query = {name: values[0] for name, values in parse_qs(parts.query).items()} | changed
    return urlunsplit(parts._replace(query=urlencode({name: value for name, value in query.items() if value})))


def test_a_person_signs_in_and_finds_her_profile(group: Group, hana: Browser):
    """The whole way: storefront, Sekisho's page, back again, claims from userinfo."""
    page = group.sign_in(hana)
    assert page.url == f"{group.places.storefront}/"
    assert page.text_of("customer-name") == "佐藤 花"
    assert page.text_of("customer-email") == HANA


def test_the_request_is_bound_and_asks_for_both_places(group: Group, hana: Browser):
    """RFC 7636, OIDC Core 3.1.2.1, RFC 8707 2.1: S256, nonce, state, and a resource for each place."""
    asked = hana._session.get(f"{group.places.storefront}/sign-in", allow_redirects=False)
    query = parse_qs(urlsplit(asked.headers["Location"]).query)
    assert query["code_challenge_method"] == ["S256"]
    assert len(query["code_challenge"][0]) == 43
    assert query["nonce"]
    assert query["state"]
    assert query["resource"] == [group.places.provider, group.places.payments]


@pytest.mark.parametrize("issuer", ["https://another.example", None])
def test_an_answer_of_another_issuer_is_refused(group: Group, hana: Browser, issuer: str | None):
    """RFC 9207 2.4: against mix-up, the code is not even tried."""
    group.sign_in(hana)
    page = hana.open(callback_of(group, hana, iss=issuer))
    assert page.status == 403
    assert page.text_of("error-code") == "wrong_issuer"


def test_an_answer_to_somebody_elses_request_is_refused(group: Group, hana: Browser):
    """RFC 9700 4.7: nobody is signed in to another person's account by a link."""
    group.sign_in(hana)
    theirs = callback_of(group, hana)
    with Browser() as victim:
        page = victim.open(theirs)
        assert page.status == 403
        assert victim.open(group.places.storefront).has("sign-in-link")


def test_an_answer_is_good_once(group: Group, hana: Browser):
    """Whoever goes back to the callback's address is told to start again, and stays signed in."""
    group.sign_in(hana)
    callback = callback_of(group, hana)
    assert hana.open(callback).has("customer-name")
    assert hana.open(callback).status == 403
    assert hana.open(group.places.storefront).has("customer-name")


def test_who_stops_on_the_way_is_told_so(group: Group, hana: Browser):
    """RFC 6749 4.1.2.1: access_denied is an answer, not a failure."""
    group.sign_in(hana)
    page = hana.open(callback_of(group, hana, code=None, error="access_denied"))
    assert page.status == 403
    assert not page.has("error-code")


def test_no_token_reaches_the_browser(group: Group, hana: Browser):
    """The cookie is a random name; tokens stay on the server."""
    page = group.sign_in(hana)
    held = group.session("storefront")
    for secret in (held["refresh_token"], held["id_token"], held["access_tokens"][group.places.provider][0]):
        assert secret not in page.source
        assert all(secret not in (cookie.value or "") for cookie in hana._session.cookies)
    assert hana._session.cookies["storefront_session"] == held.name


def test_the_session_gets_a_new_name_at_sign_in(group: Group, hana: Browser):
    """A session that was planted before sign-in is worth nothing after it."""
    hana._session.get(f"{group.places.storefront}/sign-in", allow_redirects=False)
    planted = hana._session.cookies["storefront_session"]
    group.sign_in(hana)
    assert hana._session.cookies["storefront_session"] != planted
    with Browser() as thief:
        thief._session.cookies.set("storefront_session", planted)
        assert thief.open(group.places.storefront).has("sign-in-link")


def test_while_sekisho_is_away_the_page_says_so():
    """An app that cannot reach its provider says that nothing is lost, instead of failing."""
    away = f"http://127.0.0.1:{free_port()}"
    url = f"http://127.0.0.1:{free_port()}"
    with serve_beside(create_app(Settings(away, url, "storefront", "no secret", away)), url):
        answer = requests.get(f"{url}/sign-in", timeout=20)
    assert answer.status_code == 503
    assert 'id="unreachable"' in answer.text


def test_pages_let_nobody_in(group: Group):
    """Frames, foreign scripts, caches and referrers see nothing."""
    headers = requests.get(group.places.storefront, timeout=20).headers
    assert "frame-ancestors 'none'" in headers["Content-Security-Policy"]
    assert headers["Cache-Control"] == "no-store"
    assert headers["Referrer-Policy"] == "no-referrer"
