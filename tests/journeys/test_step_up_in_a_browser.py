"""Step-up in real Chromium: an app asks for two factors, the person is taken there and back (RFC 9470)."""

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, expect

from tests.journeys.relying_party import RelyingParty, serve_relying_party
from tests.journeys.test_in_a_browser import profile, watched
from tests.provider.phone import Phone, newcomer
from tests.provider.provider import Provider
from tests.web.axe import violations, visitor
from tests.web.test_accessible import WAYS, open_all
from tests.web.visits import claims_of

TWO_FACTORS = "urn:sekisho:acr:two-factors"


@pytest.fixture(scope="module")
def app(shared_provider: Provider) -> Iterator[RelyingParty]:
    with serve_relying_party(shared_provider) as served:
        yield served


@pytest.fixture
def context(chromium: Browser) -> Iterator[BrowserContext]:
    yield from watched(chromium.new_context())


def sign_in(page: Page, provider: Provider, username: str) -> None:
    page.fill("#username", username)
    page.fill("#password", provider.secrets[username])
    page.click("#sign-in")


def set_up(page: Page, provider: Provider, username: str) -> Phone:
    """Set an app up from the list of ways to sign in, by the key that stands below the picture."""
    page.goto(f"{provider.url}/account/sign-in")
    sign_in(page, provider, username)
    page.click("#authenticator")
    page.click("#set-up")
    expect(page.locator("#picture svg")).to_be_visible()
    page.click("summary")
    phone = Phone(provider, page.inner_text("#key").replace(" ", ""))
    page.fill("#code", phone.code())
    page.keyboard.press("Enter")
    expect(page.locator("#notice")).to_contain_text("authenticator app is set up")
    return phone


def test_an_app_asks_for_two_factors_and_gets_them(context: BrowserContext, app: RelyingParty, chromium: Browser):
    """Signed in by a password; the app wants more; one code, and back with what was asked for, in the same session."""
    provider, page = app.provider, context.new_page()
    username = newcomer(provider, address={"region": "Tokyo"}).username
    app.asks, app.answers = {"prompt": "consent"}, []
    page.goto(f"{app.url}/sign-in")
    sign_in(page, provider, username)
    page.click("#allow")
    profile(page, app)
    before = claims_of(app.id_token)
    elsewhere = chromium.new_context()
    phone = set_up(elsewhere.new_page(), provider, username)
    elsewhere.close()

    app.asks = {"acr_values": TWO_FACTORS}
    page.goto(f"{app.url}/sign-in")
    expect(page.locator("h1")).to_have_text("One more step")
    expect(page.locator("#code")).to_be_focused()
    page.fill("#code", "000000")
    page.keyboard.press("Enter")
    expect(page.locator("#code-error")).to_be_visible()
    page.fill("#code", phone.next_code())
    page.keyboard.press("Enter")
    profile(page, app)
    after = claims_of(app.id_token)
    assert (before["acr"], after["acr"]) == ("urn:sekisho:acr:password", TWO_FACTORS)
    assert after["amr"] == ["pwd", "otp", "mfa"]
    assert after["sid"] == before["sid"]
    assert after["auth_time"] == provider.clock.now


def test_a_lost_phone_is_no_lost_account(context: BrowserContext, shared_provider: Provider):
    """Codes are made right after the app is set up; one of them opens in the phone's place."""
    page = context.new_page()
    username = newcomer(shared_provider).username
    set_up(page, shared_provider, username)
    page.click("#make")
    codes = page.locator("#codes code").all_inner_texts()
    assert len(codes) == 10
    page.click("#kept")
    expect(page.locator("main")).to_contain_text("Codes left: 10")
    context.clear_cookies()
    page.goto(f"{shared_provider.url}/login?next=/account/authenticator")
    sign_in(page, shared_provider, username)
    page.click("#use-recovery-code")
    page.fill("#code", codes[3])
    page.click("#prove")
    expect(page.locator("main")).to_contain_text("You have 9 recovery codes left")


@pytest.mark.parametrize("way", WAYS, ids=lambda way: "-".join(map(str, way[:2])))
def test_pages_break_no_rule(chromium: Browser, shared_provider: Provider, way: tuple):
    """WCAG 2.2 AA by axe-core, in both languages, light and dark, wide and narrow, with everything shown."""
    provider, username = shared_provider, newcomer(shared_provider).username
    context = visitor(chromium, *way)
    page, broken = context.new_page(), []

    def judge(name: str, *pressed: str) -> None:
        for button in pressed:
            page.click(button)
        open_all(page)
        broken.extend(f"{name}: {each}" for each in violations(page))

    page.goto(f"{provider.url}/login?next=/account/authenticator")
    sign_in(page, provider, username)
    judge("not set up")
    judge("setting up", "#set-up")
    phone = Phone(provider, page.inner_text("#key").replace(" ", ""))
    page.fill("#code", "000000")
    judge("wrong first code", "#confirm")
    page.fill("#code", phone.code())
    judge("no recovery codes", "#confirm")
    judge("recovery codes", "#make")
    page.goto(f"{provider.url}/account/authenticator")
    judge("set up")
    context.clear_cookies()
    page.goto(f"{provider.url}/login")
    sign_in(page, provider, username)
    judge("code")
    page.fill("#code", "000000")
    judge("wrong code", "#prove")
    judge("recovery code", "#use-recovery-code")
    context.close()
    assert broken == []
