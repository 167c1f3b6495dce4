"""Looking after one's account in real Chromium: a first password, sign out everywhere, close it, switch to another."""

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, expect

from tests.account.people import PASSWORD, newcomer, without_password
from tests.journeys.test_in_a_browser import watched
from tests.provider.provider import Provider


@pytest.fixture
def context(chromium: Browser) -> Iterator[BrowserContext]:
    yield from watched(chromium.new_context())


@pytest.fixture
def elsewhere(chromium: Browser) -> Iterator[BrowserContext]:
    """Another device of the same person."""
    yield from watched(chromium.new_context(locale="ja-JP"))


def sign_in(page: Page, username: str) -> None:
    page.fill("#username", username)
    page.fill("#password", PASSWORD)
    page.click("#sign-in")


def at_account(context: BrowserContext, provider: Provider, username: str) -> Page:
    page = context.new_page()
    page.goto(f"{provider.url}/account")
    sign_in(page, username)
    expect(page.locator("#confirm-logout")).to_be_visible()
    return page


def test_sign_out_everywhere(context: BrowserContext, elsewhere: BrowserContext, shared_provider: Provider):
    """One press on this device, and the other one is signed out at its next step; this one stays."""
    username = newcomer(shared_provider).username
    here, there = (at_account(each, shared_provider, username) for each in (context, elsewhere))
    here.click("#devices")
    expect(here.locator(".lines li")).to_have_count(3)  # and the one with which the test made the account
    expect(here.locator(".lines li").first).to_contain_text("This one")
    here.click("#sign-out-all")
    expect(here.locator("#notice")).to_have_text("Signed out everywhere else.")
    expect(here.locator(".lines li")).to_have_count(1)
    there.click("#profile")
    expect(there.locator("h1")).to_have_text("ログイン")
    sign_in(there, username)
    expect(there.locator("h1")).to_have_text("プロフィール")


def test_a_first_password(context: BrowserContext, shared_provider: Provider):
    """From the ways to sign in, by the keyboard alone; it opens the account at the next sign-in."""
    person = newcomer(shared_provider)
    page = at_account(context, shared_provider, person.username)
    without_password(person)
    page.locator("#ways").press("Enter")
    page.locator("#password").press("Enter")
    expect(page.locator("#current")).to_have_count(0)
    page.fill("#password", "short")
    page.locator("#change").press("Enter")
    expect(page.locator("#password-error")).to_be_visible()
    page.fill("#password", "tanuki ga odoru yoru")
    page.locator("#change").press("Enter")
    expect(page.locator("#notice")).to_have_text("You have a password. It opens your account from now on.")
    context.clear_cookies()
    page.goto(f"{shared_provider.url}/account")
    page.fill("#username", person.username)
    page.fill("#password", "tanuki ga odoru yoru")
    page.click("#sign-in")
    expect(page.locator("#confirm-logout")).to_be_visible()


def test_close_and_come_back(context: BrowserContext, shared_provider: Provider):
    """By the keyboard alone: what it does is read before, and a sign-in is enough to have it back."""
    username = newcomer(shared_provider).username
    page = at_account(context, shared_provider, username)
    page.goto(f"{shared_provider.url}/account/data")
    page.locator("#close-account").press("Enter")
    expect(page.locator("h1")).to_have_text("Close your account")
    expect(page.locator("main")).to_contain_text("Nothing has happened yet")
    page.locator("#close").press("Enter")
    expect(page.locator("h1")).to_have_text("Your account is closed")
    page.locator("#home").press("Enter")
    page.locator("#sign-in-here").press("Enter")
    sign_in(page, username)
    expect(page.locator("h1")).to_have_text("Do you want your account back?")
    page.locator("#take-back").press("Enter")
    expect(page.locator("#notice")).to_have_text("Your account is yours again. Nothing is erased.")


def test_switch_to_another_account(context: BrowserContext, shared_provider: Provider):
    """The browser knows both; whoever was there first only types a password."""
    first, second = (newcomer(shared_provider).username for _ in range(2))
    page = at_account(context, shared_provider, first)
    page.click("#switch-account")
    page.click("#another")
    expect(page.locator("#username")).to_have_value("")
    sign_in(page, second)
    expect(page.locator(".account")).to_contain_text(second)
    page.click("#switch-account")
    expect(page.locator("#account-1")).to_contain_text("signed in")
    page.click("#account-2")
    expect(page.locator("#username")).to_have_value(first)
    expect(page.locator("#password")).to_be_focused()
    page.fill("#password", PASSWORD)
    page.click("#sign-in")
    expect(page.locator(".account")).to_contain_text(first)
