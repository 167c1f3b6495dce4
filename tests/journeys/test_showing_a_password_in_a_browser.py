"""Looking at the password that one types, in real Chromium: by a button, and never sent or kept as plain text."""

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, BrowserContext, expect

from tests.account.people import PASSWORD, newcomer
from tests.journeys.test_in_a_browser import watched
from tests.provider.provider import Provider


@pytest.fixture
def context(chromium: Browser) -> Iterator[BrowserContext]:
    yield from watched(chromium.new_context(locale="ja-JP"))


def test_by_keyboard_and_hidden_again_before_it_is_sent(context: BrowserContext, shared_provider: Provider):
    """ASVS 6.2.6: one key shows it and one hides it; a browser that remembers fields is given a password."""
    page = context.new_page()
    page.goto(f"{shared_provider.url}/login")
    field, button = page.locator("#password"), page.get_by_role("button", name="パスワードを表示")
    page.fill("#username", newcomer(shared_provider).username)
    field.fill("wrong")
    field.press("Tab")
    expect(button).to_be_focused()
    expect(button).to_have_attribute("aria-pressed", "false")
    button.press("Enter")
    expect(field).to_have_attribute("type", "text")
    expect(button).to_have_attribute("aria-pressed", "true")
    button.press("Space")
    expect(field).to_have_attribute("type", "password")
    button.click()
    field.fill(PASSWORD)
    page.evaluate("password.form.addEventListener('submit', () => { window.name = password.type })")
    page.click("#sign-in")
    expect(page.locator("#confirm-logout")).to_be_visible()
    assert page.evaluate("window.name") == "password"


def test_without_scripts_there_is_no_button(chromium: Browser, shared_provider: Provider):
    """And the page works as ever."""
    context = chromium.new_context(java_script_enabled=False)
    page = context.new_page()
    page.goto(f"{shared_provider.url}/login")
    expect(page.locator("#show-password")).to_be_hidden()
    page.fill("#username", newcomer(shared_provider).username)
    page.fill("#password", PASSWORD)
    page.click("#sign-in")
    expect(page.locator("#confirm-logout")).to_be_visible()
    context.close()
