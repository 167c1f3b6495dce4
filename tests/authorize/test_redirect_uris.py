"""Where an answer may go: the registered redirect URI to the letter (RFC 9700 2.1), or another loopback port of it."""

import httpx
import pytest

from tests.provider.apps import KAZE, NO_PKCE, PHONE, STOREFRONT, TABI, App
from tests.provider.person import Person
from tests.web.pages import Page
from tests.web.visits import answer, error_code, request, visit

# Each is close to `https://old.example.test/callback`, and none is it.
TRICKS = [
    "http://old.example.test/callback",
    "HTTPS://old.example.test/callback",
    "https://OLD.example.test/callback",
    "https://old.example.test./callback",
    "https://old.example.test:443/callback",
    "https://old.example.test:8443/callback",
    "https://old.example.test/callback/",
    "https://old.example.test/callback/../callback",
    "https://old.example.test/./callback",
    "https://old.example.test//callback",
    "https://old.example.test/callback%2f",
    "https://old.example.test/%63allback",
    "https://old.example.test/callback;v=1",
    "https://old.example.test/callback?",
    "https://old.example.test/callback?next=https://evil.example",
    "https://old.example.test/callback#",
    "https://old.example.test/callback#code",
    "https://old.example.test/callbac",
    "https://old.example.test/callback.evil",
    "https://old.example.test",
    "https://old.example.test@evil.example/callback",
    "https://evil.example@old.example.test/callback",
    "https://old.example.test:pw@evil.example/callback",
    "https://old.example.test.evil.example/callback",
    "https://evil.example/https://old.example.test/callback",
    "https://evil.example\\@old.example.test/callback",
    "https://old.example.test\\.evil.example/callback",
    "https://old\u3002example.test/callback",
    "https://оld.example.test/callback",
    "https://old.example.test/callback\u200b",
    "//old.example.test/callback",
    "/callback",
    "https:old.example.test/callback",
    "https:///old.example.test/callback",
    " https://old.example.test/callback",
    "https://old.example.test/callback ",
    "https://old.example.test/callback\r\nSet-Cookie: a=b",
    "https://old.example.test/callback\x00",
    "https://[old.example.test/callback",
    "javascript:alert(1)//https://old.example.test/callback",
    "data:text/html,hello",
]

# Each is close to the loopback `http://127.0.0.1/callback`; only its port may differ (RFC 8252 7.3).
LOOPBACK_TRICKS = [
    "http://localhost:51004/callback",
    "http://127.0.0.2:51004/callback",
    "http://[::1]:51004/callback",
    "http://127.1:51004/callback",
    "http://2130706433:51004/callback",
    "http://0x7f000001:51004/callback",
    "http://127.0.0.1.evil.example:51004/callback",
    "http://127.0.0.1:51004@evil.example/callback",
    "http://evil.example:51004@127.0.0.1/callback",
    "https://127.0.0.1:51004/callback",
    "HTTP://127.0.0.1:51004/callback",
    "http://127.0.0.1:51004/callback?",
    "http://127.0.0.1:51004/callback?a=b",
    "http://127.0.0.1:51004/callback#",
    "http://127.0.0.1:51004/callback/",
    "http://127.0.0.1:51004/other",
    "http://127.0.0.1:51004",
    "http://127.0.0.1:/callback",
    "http://127.0.0.1:65536/callback",
    "http://127.0.0.1:-1/callback",
    "http://127.0.0.1:51004:51005/callback",
    "http://127.0.0.1:٥١/callback",
    "http://127.0.0.1:51004\\@evil.example/callback",
]


def addresses(page: httpx.Response) -> list[str]:
    """Every address that a page could lead or post to."""
    found = [element.attributes for element in Page(page.text).elements]
    return [attributes[name] for attributes in found for name in ("href", "src", "action") if name in attributes]


@pytest.mark.parametrize(
    ("app", "redirect_uri"),
    [*((NO_PKCE, trick) for trick in TRICKS), *((PHONE, trick) for trick in LOOPBACK_TRICKS)],
    ids=ascii,
)
def test_what_is_only_like_a_registered_uri_is_shown_as_an_error(member: Person, app: App, redirect_uri: str):
    """RFC 9700 2.1 and 4.1: simple string comparison; no trick moves the answer, and the error goes nowhere."""
    response = visit(member, app, redirect_uri=redirect_uri)
    assert response.status_code == 400
    assert error_code(response) == "invalid_request"
    assert all(address.startswith("/") for address in addresses(response))


@pytest.mark.parametrize("changed", [{"response_type": "token"}, {"scope": None}, {"prompt": "none", "max_age": "x"}])
def test_no_error_goes_to_a_uri_that_is_not_registered(visitor: Person, changed: dict):
    """RFC 6749 4.1.2.1: whatever else is wrong with the request, an unproven redirect URI gets no redirect."""
    response = visit(visitor, STOREFRONT, redirect_uri="https://evil.example/", **changed)
    assert (response.status_code, error_code(response)) == (400, "invalid_request")


@pytest.mark.parametrize("mode", ["query", "fragment", "form_post"])
def test_no_response_mode_carries_an_error_to_a_foreign_uri(visitor: Person, mode: str):
    """RFC 6749 4.1.2.1: no form of ours posts to an unproven redirect URI either."""
    response = visit(visitor, STOREFRONT, redirect_uri="https://evil.example/", response_mode=mode)
    assert error_code(response) == "invalid_request"
    assert "evil" not in response.headers["content-security-policy"]


@pytest.mark.parametrize("port", ["", ":1", ":8401", ":51004", ":65535"])
def test_a_native_app_may_listen_at_any_loopback_port(member: Person, port: str):
    """RFC 8252 7.3: the operating system hands out the port when the app asks; the code is redeemed with it too."""
    redirect_uri = f"http://127.0.0.1{port}/callback"
    response = visit(member, PHONE, redirect_uri=redirect_uri)
    assert response.headers["location"].startswith(f"{redirect_uri}?code=")
    code = answer(response)["code"]
    assert member.exchange(PHONE.client_id, redirect_uri, code).status_code == 200


def test_a_loopback_port_differs_for_confidential_apps_too_but_is_bound_to_the_code(member: Person):
    """RFC 6749 4.1.3: the code is redeemed with the very redirect URI of its request, not another that would do."""
    code = answer(visit(member, PHONE, redirect_uri="http://127.0.0.1:51004/callback"))["code"]
    refused = member.exchange(PHONE.client_id, "http://127.0.0.1:51005/callback", code)
    assert refused.json()["error"] == "invalid_grant"


def test_a_private_scheme_is_answered_at_that_scheme(member: Person):
    """RFC 8252 7.1: an app on a phone is called by its private-use URI scheme."""
    response = visit(member, PHONE)
    assert response.headers["location"].startswith("jp.example.storefront:/callback?code=")


def test_a_registered_query_stays_and_is_added_to(visitor: Person):
    """RFC 6749 3.1.2: the query component of a redirect URI must be retained."""
    redirect_uri = f"{TABI.redirect_uri}?from=sekisho"
    page = visit(visitor, TABI, redirect_uri=redirect_uri)
    assert visitor.go_on(page).url.startswith(f"{redirect_uri}&code=")


def test_the_only_registered_uri_may_go_unsaid_in_oauth(member: Person):
    """RFC 6749 3.1.2.3: with one registered URI the parameter may be left out; then it may be at the token too."""
    code = answer(visit(member, NO_PKCE, redirect_uri=None, scope="email"))["code"]
    assert member.exchange(NO_PKCE.client_id, "", code).status_code == 200


@pytest.mark.parametrize(("app", "scope"), [(NO_PKCE, "openid email"), (TABI, "email"), (PHONE, "profile")])
def test_it_must_be_said_in_openid_connect_and_where_there_are_several(member: Person, app: App, scope: str):
    """OIDC Core 3.1.2.1: redirect_uri is required; RFC 6749 3.1.2.3: so it is where more than one is registered."""
    assert error_code(visit(member, app, redirect_uri=None, scope=scope)) == "invalid_request"


def test_another_apps_uri_is_foreign(member: Person):
    """A registered URI belongs to the app that registered it, not to the server."""
    assert error_code(visit(member, STOREFRONT, redirect_uri=KAZE.redirect_uri)) == "invalid_request"


@pytest.mark.parametrize("host", ["evil.example", "old.example.test", "127.0.0.1:1", "a b", ""])
def test_the_host_header_decides_nothing(member: Person, host: str):
    """Neither our own redirects nor the issuer in the answer follow what the browser calls us (RFC 9700 2.6)."""
    own = member.browser.get(request(member, STOREFRONT, prompt="login"), headers={"host": host})
    assert own.headers["location"].startswith("/login?flow=")
    response = member.browser.get(
        request(member, STOREFRONT), headers={"host": host, "x-forwarded-host": host, "forwarded": f'host="{host}"'}
    )
    assert response.headers["location"].startswith(STOREFRONT.redirect_uri)
    assert answer(response)["iss"] == member.provider.url
