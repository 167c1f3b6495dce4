"""Signing in with another provider, in real Chromium: one that is real too, with pages and keys of its own."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.provider.fixtures import trusting
from tests.provider.operator import declare_clients
from tests.provider.outside import Authority
from tests.provider.provider import Provider, serve_here
from tests.real.postgres_server import PostgresServer
from tests.web.axe import DESKTOP, PHONE, violations

HANA, KEN = "hana@example.jp", "ken@example.jp"


@dataclass
class Two:
    """A provider, and another one with which people sign in to it."""

    here: Provider
    there: Provider


@pytest.fixture(scope="module")
def two(postgres_server: PostgresServer, authority: Authority) -> Iterator[Two]:
    """The other one speaks TLS, and tells apps the e-mail addresses of its people."""
    with postgres_server.database() as url, serve_here(url, "localhost", authority.site_file) as there:
        app = {
            "client_id": "downstream",
            "kind": "first_party",
            "name": "Sekisho, the other one",
            "auth_method": "client_secret_basic",
            "grant_types": ["authorization_code"],
            "redirect_uris": ["http://127.0.0.1/login/with/group/callback"],
            "scopes": ["openid", "email"],
            "id_token_fields": ["email"],
            "id_token_algorithm": "ES256",
        }
        declare_clients(there, app)
        settings = {
            "ISSUER": there.url,
            "CLIENT_ID": "downstream",
            "CLIENT_SECRET": there.secrets["downstream"],
            "ID_TOKEN_ALGORITHMS": "ES256",
            "EN": "Group",
            "JA": "グループ",
        }
        known = {f"IDP_UPSTREAM__GROUP__{name}": value for name, value in settings.items()}
        with postgres_server.database() as own, serve_here(own, **trusting(authority), **known) as here:
            yield Two(here, there)


@pytest.fixture(params=[True, False], ids=["with scripts", "without scripts"])
def page(request: pytest.FixtureRequest, chromium: Browser) -> Iterator[Page]:
    context = chromium.new_context(ignore_https_errors=True, java_script_enabled=request.param, locale="en-GB")
    context.set_default_timeout(20_000)
    yield context.new_page()
    context.close()


def sign_in(page: Page, provider: Provider, username: str) -> None:
    assert page.url.startswith(provider.url)
    page.fill("#username", username)
    page.fill("#password", provider.secrets[username])
    page.click("#sign-in")


@pytest.mark.parametrize(("language", "scheme", "device"), [("ja", "dark", PHONE), ("en", "light", DESKTOP)])
def test_no_page_on_the_way_breaks_a_rule(
    two: Two, chromium: Browser, language: str, scheme: str, device: dict[str, Any]
):
    """WCAG 2.2 AA by axe: on a phone in Japanese and in the dark, on a desk in English."""
    here, there = two.here, two.there
    context = chromium.new_context(
        **device, bypass_csp=True, ignore_https_errors=True, color_scheme=scheme, locale=f"{language}-JP"
    )
    context.set_default_timeout(20_000)
    page, broken = context.new_page(), {}

    def judge(name: str) -> None:
        if found := violations(page):
            broken[name] = found

    page.goto(f"{here.url}/login?with=group&problem=cancelled")
    judge("sign in")
    page.click("#with-group")
    sign_in(page, there, KEN)
    expect(page.locator("#have-account")).to_be_visible()
    judge("new here")
    page.click("#have-account")
    sign_in(page, here, HANA)
    expect(page.locator("#connect")).to_be_visible()
    judge("connect")
    page.click("#connect")
    expect(page.locator("#remove-1")).to_be_visible()
    judge("connections")
    page.click("#remove-1")
    expect(page.locator("#notice")).to_be_visible()
    judge("disconnected")
    context.close()
    assert broken == {}


def test_sign_in_connect_and_sign_in_again(two: Two, page: Page):
    """Unknown at first; then both sides are proved, and the other provider is enough, until that is ended."""
    here, there = two.here, two.there
    page.goto(f"{here.url}/account/sharing")
    page.click("#with-group")
    sign_in(page, there, KEN)  # another name there than here
    expect(page.locator("h1")).to_have_text("Which account is yours?")
    page.click("#have-account")
    sign_in(page, here, HANA)
    expect(page.locator("h1")).to_have_text("Connect the two?")
    expect(page.locator("main")).to_contain_text(KEN)
    expect(page.locator("main")).to_contain_text(HANA)
    page.click("#connect")
    expect(page.locator("h1")).to_have_text("Apps and partners")  # where they were going

    page.goto(f"{here.url}/account")
    page.click("#confirm-logout")
    page.goto(f"{here.url}/account")
    page.click("#with-group")  # still signed in there: no page in between
    expect(page.locator("h1")).to_have_text("Your account")
    expect(page.locator("header")).to_contain_text(HANA)

    page.goto(f"{here.url}/account/sign-in")
    page.click("#connections")
    expect(page.locator("main")).to_contain_text(KEN)
    page.click("#remove-1")
    expect(page.locator("#notice")).to_have_text("Disconnected. It signs nobody in here any more.")
    page.click("#connect-group")
    expect(page.locator("h1")).to_have_text("Connections")
    page.click("#remove-1")
    expect(page.locator("main")).to_contain_text("Nothing is connected yet.")
