"""A partner's staff in front of the console in Chromium: it works without scripts, and axe finds nothing wrong."""

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Page

from tests.partner.console import AGREEMENT, Member, agree_on, found, newcomer
from tests.provider.provider import Provider
from tests.web.axe import DESKTOP, PHONE, violations, visitor
from tests.web.test_accessible import open_all

WAYS = [("en", "light", DESKTOP), ("ja", "dark", PHONE), ("en", "dark", PHONE), ("ja", "light", DESKTOP)]


def sign_in(page: Page, provider: Provider, username: str) -> None:
    page.goto(f"{provider.url}/login")
    page.fill("#username", username)
    page.fill("#password", provider.secrets[username])
    page.click("#sign-in")


def register(page: Page) -> None:
    """Fill in the form for a new app."""
    page.fill("#name", "Tabi, next version")
    page.fill("#redirect_uris", "https://next.tabi.example/callback")
    page.click("#register")


@pytest.fixture(params=WAYS, ids=lambda way: "-".join(map(str, way[:2])))
def page(request: pytest.FixtureRequest, chromium: Browser) -> Iterator[Page]:
    context = visitor(chromium, *request.param)
    context.set_default_timeout(10_000)
    yield context.new_page()
    context.close()


@pytest.fixture
def member(shared_provider: Provider) -> Member:
    """Somebody who works for a partner whose next agreement waits."""
    partner_id = found(shared_provider)
    agree_on(shared_provider, partner_id, AGREEMENT["purposes"] | {}, version=2, state="draft")
    return Member.of(shared_provider, partner_id)


def test_no_page_of_the_console_breaks_a_rule(page: Page, shared_provider: Provider, member: Member):
    """Every page, folded parts open, with a form that was filled in wrongly and a secret that is shown once."""
    base = f"{shared_provider.url}{member.path()}"
    broken: dict[str, list[str]] = {}

    def judge(name: str) -> None:
        open_all(page)
        if wrong := violations(page):
            broken[name] = wrong

    sign_in(page, shared_provider, member.person.username)
    for name in ("", "/agreement", "/sandbox", "/usage", "/apps"):
        page.goto(base + name)
        judge(name)
    page.fill("#name", "Tabi")
    page.fill("#redirect_uris", "http://tabi.example/")
    page.click("#register")
    judge("a form with a mistake")
    register(page)
    judge("a new app")
    app = page.inner_text("#client-id")
    for name in ("/keys", "/webhook", "/check"):
        page.goto(f"{base}/apps/{app}{name}")
        judge(name)
    page.goto(f"{base}/sandbox")
    page.click("#seed")
    judge("a sandbox made anew")
    page.goto(f"{shared_provider.url}/partner/nobody")
    judge("no such partner")
    assert broken == {}


def test_an_app_is_made_and_given_a_new_secret_without_scripts(chromium: Browser, shared_provider: Provider):
    """From home to the console, in HTML alone (look.md, Consoles)."""
    member = Member.of(shared_provider, found(shared_provider), newcomer(shared_provider))
    context = chromium.new_context(java_script_enabled=False)
    context.set_default_timeout(10_000)
    page = context.new_page()
    sign_in(page, shared_provider, member.person.username)
    page.click("#partner")
    page.click("text=Apps")
    register(page)
    first = page.inner_text("#secret")
    page.click("text=Make a new secret …")
    page.click("#rotate")
    second = page.inner_text("#secret")
    assert len(first) == len(second) == 43
    assert first != second
    page.fill("#homepage", "https://tabi.example")
    page.click("#change")
    assert page.input_value("#homepage") == "https://tabi.example"
    context.close()
