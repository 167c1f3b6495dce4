"""From an app that one never used to an account, in real Chromium; and back in when the password is lost."""

import json
from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, expect

from tests.journeys.relying_party import RelyingParty, serve_relying_party
from tests.provider.provider import Provider
from tests.web.axe import DESKTOP, PHONE, violations, visitor
from tests.web.letters import letters

PASSWORD, ANOTHER = "tanuki ga odoru yoru", "kitsune mo odoru asa"


@pytest.fixture(scope="module")
def app(shared_provider: Provider) -> Iterator[RelyingParty]:
    with serve_relying_party(shared_provider) as served:
        yield served


@pytest.fixture
def desk(chromium: Browser, app: RelyingParty) -> Iterator[BrowserContext]:
    """A browser on a desk; the app has received nothing yet."""
    app.answers, app.id_token = [], ""
    context = visitor(chromium, "en", "light", DESKTOP)
    context.set_default_timeout(10_000)
    yield context
    context.close()


def is_fine(page: Page) -> None:
    assert violations(page) == []


def test_sign_up_by_code_and_forget_the_password(desk: BrowserContext, app: RelyingParty):
    """The app's request waits through mail, code, password and consent; every page on the way is judged by axe."""
    address, page = "mei@example.org", desk.new_page()
    sign_up(page, app, address)
    page.click("#allow")
    assert json.loads(page.inner_text("#profile"))["sub"]
    for path in ("/account/password", "/account/email"):
        page.goto(app.provider.url + path)
        is_fine(page)
    page.goto(f"{app.provider.url}/logout")
    page.click("#confirm-logout")
    choose_another_password(page, app, address)
    page.click("#to-sign-in")
    page.fill("#username", address)
    page.fill("#password", ANOTHER)
    page.click("#sign-in")
    expect(page.locator("#profile, #allow").first).to_be_visible()


def sign_up(page: Page, app: RelyingParty, address: str) -> None:
    """From the app to the new account, with every mistake once."""
    page.goto(f"{app.url}/sign-in")
    page.click("#sign-up")
    is_fine(page)
    page.keyboard.type("mei")  # the field has the focus
    page.keyboard.press("Enter")
    expect(page.locator("#email-error")).to_be_visible()
    is_fine(page)
    page.fill("#email", address)
    page.click("#send")
    is_fine(page)
    page.fill("#code", "1")
    page.click("#go-on")
    expect(page.locator("#code-error")).to_be_visible()
    is_fine(page)
    page.fill("#code", letters(app.provider, address)[0].code)
    page.click("#go-on")
    is_fine(page)
    page.fill("#password", "password1234567")
    page.check("#terms")
    page.click("#create")
    expect(page.locator("#password")).to_have_attribute("aria-invalid", "true")
    is_fine(page)
    page.fill("#password", PASSWORD)
    page.check("#terms")
    page.click("#create")


def choose_another_password(page: Page, app: RelyingParty, address: str) -> None:
    """From the app again, by the link of a mail."""
    page.goto(f"{app.url}/sign-in")
    page.click("#forgotten")
    is_fine(page)
    page.fill("#email", address)
    page.click("#send")
    page.goto(app.provider.url + letters(app.provider, address)[0].link)
    page.fill("#password", ANOTHER)
    is_fine(page)
    page.click("#change")
    is_fine(page)


def test_the_link_is_opened_on_the_phone(desk: BrowserContext, chromium: Browser, app: RelyingParty):
    """Mail is read elsewhere: the phone makes the account, in Japanese; the desk signs in to it."""
    address = "rei@example.org"
    page = desk.new_page()
    page.goto(f"{app.url}/sign-in")
    page.click("#sign-up")
    page.fill("#email", address)
    page.click("#send")
    phone = visitor(chromium, "ja", "dark", PHONE)
    on_phone = phone.new_page()
    on_phone.goto(app.provider.url + letters(app.provider, address)[0].link)
    is_fine(on_phone)
    on_phone.fill("#password", PASSWORD)
    on_phone.check("#terms")
    on_phone.click("#create")
    expect(on_phone.locator("h1")).to_have_text("アカウント")
    phone.close()
    page.click("#again")
    page.click("#to-sign-in")
    page.fill("#username", address)
    page.fill("#password", PASSWORD)
    page.click("#sign-in")
    expect(page.locator("#allow")).to_be_visible()
