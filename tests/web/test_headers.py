"""The headers of every page: nothing frames it, stores it, or runs in it (ASVS 3.4, RFC 9700 4.16, CSP 3)."""

from collections.abc import Callable

import httpx
import pytest

from tests.provider.apps import PHONE, STOREFRONT, TABI
from tests.provider.person import Person, hidden
from tests.provider.provider import HTTP, Provider
from tests.web.visits import decide, follow, signed_in, visit


def sign_in_page(person: Person) -> httpx.Response:
    return visit(person, TABI, prompt="login")


def consent_page(person: Person) -> httpx.Response:
    return visit(signed_in(person), TABI, prompt="consent")


def refused_sign_in(person: Person) -> httpx.Response:
    return person.sign_in(person.browser.get("/login"), "wrong")


def stale_form(person: Person) -> httpx.Response:
    return person.browser.post("/login", data={"csrf": "x"})


def last_page(person: Person) -> httpx.Response:
    page = signed_in(person).browser.get("/logout")
    return person.browser.post("/logout/confirm", data={**hidden(page.text), "decision": "confirm"})


# Each page, with where its forms may end: here, or at whatever the scheme of the app's address leads to.
PAGES: dict[str, tuple[Callable[[Person], httpx.Response], str]] = {
    "home": (lambda person: person.browser.get("/"), "'self'"),
    "home of somebody": (lambda person: signed_in(person).browser.get("/"), "'self'"),
    "sign-in": (lambda person: person.browser.get("/login"), "'self'"),
    "sign-in for an app": (sign_in_page, "'self' http:"),
    "sign-in for an app on a phone": (lambda person: visit(person, PHONE), "'self' jp.example.storefront:"),
    "refused sign-in": (refused_sign_in, "'self'"),
    "consent": (consent_page, "'self' http:"),
    "consent refused": (lambda person: decide(person, consent_page(person), decision="x"), "'self'"),
    "form_post": (lambda person: visit(signed_in(person), STOREFRONT, response_mode="form_post"), "'self' http:"),
    "apps": (lambda person: signed_in(person).browser.get("/account/sharing"), "'self'"),
    "sign-out": (lambda person: signed_in(person).browser.get("/logout"), "'self'"),
    "signed out": (last_page, "'self'"),
    "stale form": (stale_form, "'self'"),
    "unknown app": (lambda person: person.browser.get("/authorize?client_id=x"), "'self'"),
    "request over": (lambda person: person.browser.get("/authorize/continue?flow=x"), "'self'"),
    "no such page": (lambda person: person.browser.get("/nothing/here"), "'self'"),
    "wrong method": (lambda person: person.browser.delete("/login"), "'self'"),
}


@pytest.mark.parametrize("name", PAGES)
def test_every_page_is_closed_to_everything_it_does_not_need(shared_provider: Provider, name: str):
    """Nothing inline and nothing foreign runs, no other site frames it, nobody keeps a copy or learns its address."""
    open_page, forms = PAGES[name]
    response = open_page(Person(shared_provider))
    assert response.headers["content-type"] == "text/html; charset=utf-8"
    policy = dict(part.strip().split(" ", 1) for part in response.headers["content-security-policy"].split(";"))
    assert policy == {
        "default-src": "'none'",
        "style-src": "'self'",
        "img-src": "'self'",
        "script-src": "'self'",
        "form-action": forms,
        "frame-ancestors": "'none'",
        "base-uri": "'none'",
    }
    assert response.headers["x-frame-options"] == "DENY"
    assert response.headers["cache-control"] == "no-store"
    assert response.headers["referrer-policy"] == "no-referrer"
    assert response.headers["x-content-type-options"] == "nosniff"
    assert "access-control-allow-origin" not in response.headers


def test_an_apps_logo_opens_the_page_to_nobody(shared_provider: Provider):
    """oidcc-registration-logo-uri: the picture comes from here (tests/test_app_logo.py)."""
    app = {"redirect_uris": ["https://rp.example.test/callback"], "logo_uri": "https://rp.example.test/a/logo.png"}
    client = HTTP.post(f"{shared_provider.url}/register", json=app).json()
    person = Person(shared_provider)
    address = person.request(client["client_id"], app["redirect_uris"][0], "openid")
    page = follow(person, person.browser.get(address))
    assert f"/apps/{client['client_id']}/logo/en" in page.text
    assert app["logo_uri"] not in page.text
    assert "img-src 'self';" in page.headers["content-security-policy"]


@pytest.mark.parametrize("path", ["/authorize", "/account/sharing", "/logout?client_id=storefront&{}"])
def test_every_redirect_is_kept_by_nobody(shared_provider: Provider, path: str):
    """A redirect may carry a code or a state: no cache keeps it, and the next site does not learn of it."""
    person = Person(shared_provider)
    address = person.request(TABI.client_id, TABI.redirect_uri, TABI.scope) if path == "/authorize" else path
    response = person.browser.get(address.format("post_logout_redirect_uri=http://127.0.0.1:8401/signed-out"))
    assert response.status_code == 303
    assert response.headers["cache-control"] == "no-store"
    assert response.headers["referrer-policy"] == "no-referrer"
    assert response.text == ""


def test_what_a_page_loads_may_be_kept(shared_provider: Provider):
    """Style and script are the same for everybody and are named by their content: kept for a year."""
    person = Person(shared_provider)
    page = visit(signed_in(person), STOREFRONT, response_mode="form_post").text
    assets = [part.split('"')[0] for part in page.replace("href=", "src=").split('src="')[1:]]
    loaded = [asset for asset in assets if asset.startswith("/static/")]
    assert {asset.partition("?")[0].rpartition(".")[2] for asset in loaded} == {"css", "js", "svg"}
    for asset in loaded:
        response = person.browser.get(asset)
        assert response.status_code == 200
        assert "max-age=31536000" in response.headers["cache-control"]
