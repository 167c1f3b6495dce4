"""What holds for every page, those to come included: its headers and its cookies (ASVS 3.3, 3.4, RFC 6265bis, CSP 3).

tests/web/test_headers.py asks some pages for more. Here the list of routes is the list of what is tried.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from http.cookies import SimpleCookie

import httpx
import pytest

from tests.provider.person import Person
from tests.provider.provider import serve_here
from tests.web.pages import Page
from tests.web.visits import error_code, signed_in
from tests.web.walk import ANOTHER_PROVIDER, FORMS, PAGES, Walker, is_page, keeping

FRAMED_BY_APPS = "/session/check"
"""The only page that others may frame; it shows nothing (tests/logout/test_session_management.py)."""
READ_BY_SCRIPTS = "__Host-sekisho_browser_state"
"""The only cookie that a script reads and that goes along with other sites' pages; it says who is signed in to nobody
(OIDC Session Management 3.2)."""


def answers_of(browser: httpx.Client, path: str) -> Iterator[httpx.Response]:
    """What an address says to somebody: asked for, sent an old form, and asked by a method that nobody takes."""
    yield browser.get(path)
    yield browser.get(path, params={"lang": "ja"})
    yield browser.post(path, data={"csrf": "x"})
    yield browser.delete(path)


@pytest.mark.parametrize("route", sorted({*PAGES, *FORMS, "/no/such/page"}))
def test_nothing_of_ours_is_framed_kept_or_told_of(walker: Walker, route: str):
    """Clickjacking and leaks: no site frames a page, no cache keeps one, and the next site learns of none."""
    path = walker.path(route)
    for browser in (walker.person.browser, Person(walker.provider).browser):
        for response in answers_of(browser, path):
            assert response.status_code < 500
            assert response.headers["x-content-type-options"] == "nosniff"
            assert "access-control-allow-origin" not in response.headers
            if is_page(response) and not (route == FRAMED_BY_APPS and response.status_code == 200):
                policy = response.headers["content-security-policy"].split("; ")
                assert {"default-src 'none'", "frame-ancestors 'none'", "base-uri 'none'"} <= set(policy)
                assert "unsafe" not in response.headers["content-security-policy"]
                assert response.headers["x-frame-options"] == "DENY"
            if is_page(response) or "location" in response.headers:
                assert response.headers["referrer-policy"] == "no-referrer"
            if route != FRAMED_BY_APPS and not response.headers["content-type"].startswith("image/"):
                assert response.headers["cache-control"] == "no-store"


@pytest.mark.parametrize("route", PAGES)
def test_signing_out_is_in_reach_on_every_page(walker: Walker, route: str):
    """ASVS 7.4.4: by one press, whatever the page is about, wherever somebody is signed in."""
    response = walker.person.browser.get(walker.path(route))
    if is_page(response) and 'class="account"' in response.text:
        page = Page(response.text)
        assert page.all("form", method="post", action="/logout/confirm")
        assert page.all("button", name="decision", value="confirm")
    elif is_page(response) and response.status_code == 200:
        assert route in NOBODYS


NOBODYS = {"/session/check", "/mailbox"}
"""Pages that say to nobody who is signed in."""


@contextmanager
def https_browser(person: Person) -> Iterator[None]:
    """Let somebody's browser keep cookies as it would behind a proxy that speaks TLS."""
    jar: dict[str, str] = {}

    def keep(response: httpx.Response) -> None:
        for line in response.headers.get_list("set-cookie"):
            jar.update({name: morsel.value for name, morsel in SimpleCookie(line).items()})
        person.browser.headers["cookie"] = "; ".join(f"{name}={value}" for name, value in jar.items() if value)

    person.browser.event_hooks = {"response": [keep]}
    yield
    person.browser.event_hooks = {}


def test_every_cookie_is_this_hosts_alone(tmp_path):
    """RFC 6265bis 4.1.3.2: `__Host-` with an https issuer, whatever page gives it, and so no subdomain plants one."""
    given: dict[str, set[str]] = {}
    with serve_here(
        f"sqlite:///{tmp_path / 'https.db'}", IDP_ISSUER="https://id.example.test", **ANOTHER_PROVIDER
    ) as provider:
        person = Person(provider)
        with https_browser(person), keeping(person) as kept:
            signed_in(person)
            for path in {*PAGES, *FORMS}:
                for response in answers_of(person.browser, path):
                    assert response.status_code < 500
                    if is_page(response) and path != FRAMED_BY_APPS:
                        assert response.headers["strict-transport-security"] == "max-age=31536000"
            assert error_code(person.browser.post("/logout/confirm", data={"csrf": "x"})) == "page_expired"
        for response in kept:
            for line in response.headers.get_list("set-cookie"):
                name, *attributes = (part.strip() for part in line.split(";"))
                kept_for = {part for part in attributes if not part.startswith(("Expires=", "Max-Age="))}
                given.setdefault(name.partition("=")[0], set()).add("; ".join(sorted(kept_for)))
    assert given.pop(READ_BY_SCRIPTS) == {"Path=/; SameSite=None; Secure"}
    assert {"__Host-sekisho_session", "__Host-sekisho_device", "__Host-sekisho_language"} <= set(given)
    assert [name for name in given if not name.startswith("__Host-")] == []
    assert set().union(*given.values()) == {"HttpOnly; Path=/; SameSite=Lax; Secure"}
