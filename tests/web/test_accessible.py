"""Every page that a person meets, judged by axe-core in Chromium: both languages, light and dark, wide and narrow."""

from collections.abc import Callable, Iterator

import pytest
from playwright.sync_api import Browser, Page

from tests.provider.apps import TABI, tokens_for
from tests.provider.person import Person
from tests.provider.provider import Provider
from tests.web.axe import DESKTOP, PHONE, violations, visitor

HANA = "hana@example.jp"
WAYS = [("en", "light", DESKTOP), ("ja", "dark", PHONE), ("en", "dark", PHONE), ("ja", "light", DESKTOP)]


def asked(provider: Provider) -> str:
    """The address of a partner's request."""
    return provider.url + Person(provider).request(TABI.client_id, TABI.redirect_uri, TABI.scope, prompt="consent")


def sign_in(page: Page, provider: Provider) -> None:
    page.fill("#username", HANA)
    page.fill("#password", provider.secrets[HANA])
    page.click("#sign-in")


def open_all(page: Page) -> None:
    """Open what is folded, so that it is judged as well."""
    page.evaluate("() => document.querySelectorAll('details').forEach(each => each.open = true)")


@pytest.fixture(params=WAYS, ids=lambda way: "-".join(map(str, way[:2])))
def page(request: pytest.FixtureRequest, chromium: Browser, shared_provider: Provider) -> Iterator[Page]:
    """A page of a visitor who keeps nothing from one test to the next."""
    context = visitor(chromium, *request.param)
    context.set_default_timeout(10_000)
    yield context.new_page()
    context.close()


def test_no_page_breaks_a_rule(page: Page, shared_provider: Provider):
    """From the request of a partner to the end of the sharing, mistakes on the way included."""
    provider = shared_provider
    broken: dict[str, list[str]] = {}
    tokens_for(Person(provider), TABI, ticks=("prefecture",))

    def judge(name: str, act: Callable[[], object]) -> None:
        act()
        open_all(page)
        if found := violations(page):
            broken[name] = found

    judge("welcome", lambda: page.goto(provider.url))
    judge("mailbox", lambda: page.goto(f"{provider.url}/mailbox"))
    judge("no such page", lambda: page.goto(f"{provider.url}/nowhere"))
    judge("sign in", lambda: page.goto(asked(provider)))
    page.fill("#username", "nobody")
    page.fill("#password", "nothing")
    judge("sign in again", lambda: page.click("#sign-in"))
    judge("consent", lambda: sign_in(page, provider))
    judge("home", lambda: page.goto(provider.url))
    judge("ways to sign in", lambda: page.goto(f"{provider.url}/account/sign-in"))
    for name in ("profile", "devices", "activity", "data", "close"):
        judge(name, lambda name=name: page.goto(f"{provider.url}/account/{name}"))
    judge("choosing an account", lambda: page.goto(f"{provider.url}/login/accounts"))
    judge("sharing", lambda: page.goto(f"{provider.url}/account/sharing"))
    judge("one sharing", lambda: page.click("#details-1"))
    judge("receipt", lambda: page.click("a[href*=receipts]"))
    judge("earlier", lambda: page.goto(f"{provider.url}/account/sharing/earlier"))
    judge("sign out", lambda: page.goto(f"{provider.url}/logout"))
    judge("signed out", lambda: page.click("#confirm-logout"))
    assert broken == {}
