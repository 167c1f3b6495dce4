"""The main journey in real Chromium, on both sides of it: sign in, share a part, sign out."""

import json
import re
from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, BrowserContext, ConsoleMessage, Page, expect

from tests.journeys.relying_party import RelyingParty, serve_relying_party
from tests.provider.provider import Provider

HANA = "hana@example.jp"
NASTY = "a b+&\"<x'>%41{{7*7}}関所"
PHONE = {"viewport": {"width": 360, "height": 640}, "has_touch": True, "is_mobile": True, "device_scale_factor": 2}


@pytest.fixture(scope="module")
def app(shared_provider: Provider) -> Iterator[RelyingParty]:
    with serve_relying_party(shared_provider) as served:
        yield served


@pytest.fixture
def tabi(app: RelyingParty) -> RelyingParty:
    """The app of a partner, which asks for consent each time and has received nothing yet."""
    app.asks, app.answers, app.id_token = {"prompt": "consent"}, [], ""
    return app


@pytest.fixture
def context(chromium: Browser) -> Iterator[BrowserContext]:
    """A browser with an empty cookie jar that may not complain about anything on our pages."""
    yield from watched(chromium.new_context())


def watched(context: BrowserContext) -> Iterator[BrowserContext]:
    """Let a test use a context; a script error or a breach of our own policy fails it."""
    complaints: list[str] = []
    context.on("console", lambda message: complaints.append(message.text) if is_complaint(message) else None)
    context.on("weberror", lambda error: complaints.append(str(error.error)))
    context.set_default_timeout(8_000)
    yield context
    context.close()
    assert complaints == []


def is_complaint(message: ConsoleMessage) -> bool:
    """Whether something went wrong on a page; that a page itself says 4xx, and the app has no icon, is well."""
    of_a_page = message.text.startswith("Failed to load resource") and "/static/" not in message.location["url"]
    return message.type == "error" and not of_a_page


def sign_in(page: Page, provider: Provider) -> None:
    page.fill("#username", HANA)
    page.fill("#password", provider.secrets[HANA])
    page.click("#sign-in")


def profile(page: Page, app: RelyingParty) -> dict[str, object]:
    """What the app shows of the person, once the browser is back there."""
    expect(page.locator("#profile")).to_be_visible()
    shown: dict[str, object] = json.loads(page.inner_text("#profile"))
    assert shown.pop("sub")
    return shown


def test_sign_in_share_a_part_and_sign_out(context: BrowserContext, tabi: RelyingParty):
    """The whole journey: two pages in between, one box ticked, one field shared, and out again by the app's link."""
    page = context.new_page()
    page.goto(tabi.url)
    page.click("#sign-in-here")
    expect(page.locator("h1")).to_have_text("Sign in")
    expect(page.locator("#username")).to_be_focused()
    sign_in(page, tabi.provider)
    expect(page.locator("h1")).to_have_text("Tabi Points asks for some of your data")
    page.get_by_label("Prefecture").check()
    page.click("#allow")
    assert profile(page, tabi) == {"prefecture": "Tokyo", "withheld": {"over_20": "FIELD_NOT_CONSENTED"}}
    page.click("#sign-out")
    page.wait_for_url(f"{tabi.url}/signed-out**")
    assert page.inner_text("#received") == "ようこそ"
    page.goto(f"{tabi.url}/sign-in")
    expect(page.locator("#sign-in")).to_be_visible()


def test_an_app_that_proves_nothing_has_the_person_asked(context: BrowserContext, tabi: RelyingParty):
    """RP-Initiated Logout 2: without an ID token of the session the page asks; a no leads home, a yes to the app."""
    page = context.new_page()
    page.goto(f"{tabi.provider.url}/login")
    sign_in(page, tabi.provider)
    page.goto(f"{tabi.url}/sign-out")
    page.click("#cancel-logout")
    expect(page.locator("h1")).to_have_text("Your account")
    page.goto(f"{tabi.url}/sign-out")
    page.click("#confirm-logout")
    expect(page.locator("#received")).to_have_text("ようこそ")
    page.goto(tabi.provider.url)
    expect(page.locator("h1")).to_have_text("Welcome")


def test_saying_no_leads_back_as_well(context: BrowserContext, tabi: RelyingParty):
    """The app is told access_denied and nothing more; the person stays signed in here."""
    page = context.new_page()
    page.goto(f"{tabi.url}/sign-in")
    sign_in(page, tabi.provider)
    page.click("#deny")
    page.wait_for_url(f"{tabi.url}/callback**")
    (answer,) = tabi.answers
    assert answer["error"] == "access_denied"
    page.goto(tabi.provider.url)
    expect(page.locator("h1")).to_have_text("Your account")


def test_the_enter_key_never_agrees(context: BrowserContext, tabi: RelyingParty):
    """Enter signs in, for that is what was typed for; on the consent page it presses the harmless button."""
    page = context.new_page()
    page.goto(f"{tabi.url}/sign-in")
    page.fill("#username", HANA)
    page.fill("#password", tabi.provider.secrets[HANA])
    page.keyboard.press("Enter")
    page.get_by_label("Prefecture").check()
    page.keyboard.press("Enter")
    page.wait_for_url(f"{tabi.url}/callback**")
    assert tabi.answers[0]["error"] == "access_denied"


@pytest.mark.parametrize("mode", ["query", "form_post"])
def test_values_arrive_intact(context: BrowserContext, tabi: RelyingParty, mode: str):
    """Form Post Response Mode 2: the form leaves by itself, under our own policy, and every character survives."""
    tabi.asks = {"prompt": "consent", "response_mode": mode, "state": NASTY}
    page = context.new_page()
    page.goto(f"{tabi.url}/sign-in")
    sign_in(page, tabi.provider)
    page.click("#allow")
    assert "withheld" in profile(page, tabi)
    (answer,) = tabi.answers
    assert answer["state"] == NASTY
    assert answer["iss"] == tabi.provider.url


@pytest.mark.parametrize("mode", ["query", "form_post"])
def test_without_javascript(chromium: Browser, tabi: RelyingParty, mode: str):
    """Every page works without scripts; where one would press a button, the button is there."""
    for context in watched(chromium.new_context(java_script_enabled=False)):
        tabi.asks = {"prompt": "consent", "response_mode": mode, "state": NASTY}
        page = context.new_page()
        page.goto(f"{tabi.url}/sign-in")
        sign_in(page, tabi.provider)
        page.get_by_label("Whether you are 20 or over").check()
        page.click("#allow")
        if mode == "form_post":
            page.click("#continue")
        assert profile(page, tabi)["over_20"] is True
        assert tabi.answers[0]["state"] == NASTY
        page.goto(f"{tabi.provider.url}/account/sharing")
        page.get_by_text("Stop sharing …").first.click()
        page.get_by_role("button", name="Stop sharing with Tabi Points").first.click()
        expect(page.locator("main")).to_contain_text("You share nothing with anybody at present")


def test_a_request_by_post_from_another_site_knows_who_is_signed_in(context: BrowserContext, tabi: RelyingParty):
    """OIDC Core 3.1.2.1 by POST: SameSite=Lax keeps the cookie out of the post, and single sign-on works anyway."""
    page = context.new_page()
    page.goto(f"{tabi.url}/sign-in")
    sign_in(page, tabi.provider)
    page.click("#allow")
    profile(page, tabi)
    tabi.asks = {"prompt": "none"}
    page.goto(f"{tabi.url}/sign-in-by-post")
    page.click("#go")
    assert "withheld" in profile(page, tabi)


def test_an_app_that_leads_on_to_another_address_is_reached(context: BrowserContext, tabi: RelyingParty):
    """CSP 3 form-action holds for redirects too: the app may send the person on to an address of its own."""
    tabi.asks = {"prompt": "consent", "redirect_uri": f"{tabi.url}/lead-on"}
    page = context.new_page()
    page.goto(f"{tabi.url}/sign-in")
    sign_in(page, tabi.provider)
    page.click("#allow")
    page.wait_for_url(f"http://127.0.0.1:{tabi.port}/callback**")
    assert "code" in tabi.answers[0]


def test_an_app_that_listens_on_ipv6_is_reached(context: BrowserContext, tabi: RelyingParty):
    """RFC 8252 7.3: `[::1]` is a loopback address as good as 127.0.0.1, also where a form leads to it."""
    tabi.asks = {"prompt": "consent", "redirect_uri": "http://[::1]:51004/callback"}
    context.route(
        "http://[::1]:51004/**", lambda route: route.fulfill(body="<p id=there>there</p>", content_type="text/html")
    )
    page = context.new_page()
    page.goto(f"{tabi.url}/sign-in")
    sign_in(page, tabi.provider)
    page.click("#allow")
    expect(page.locator("#there")).to_be_visible()


def test_going_back_after_the_end_is_no_trap(context: BrowserContext, tabi: RelyingParty):
    """Whoever goes back to a page that is done with is told so, types no password in vain, and finds a way on."""
    page = context.new_page()
    page.goto(f"{tabi.url}/sign-in")
    sign_in(page, tabi.provider)
    page.click("#allow")
    profile(page, tabi)
    page.go_back()
    expect(page.locator("#error-code, #allow")).to_be_visible()
    if page.locator("#allow").is_visible():
        page.click("#allow")
    expect(page.locator("#error-code")).to_have_text("flow_over")
    expect(page.locator("#continue")).to_have_attribute("href", "https://tabi.example")
    assert len([answer for answer in tabi.answers if "code" in answer]) == 1


def test_going_back_from_the_consent_to_the_sign_in_and_on_again(context: BrowserContext, tabi: RelyingParty):
    """The sign-in page is still there while the request waits; signing in once more leads to the same consent."""
    page = context.new_page()
    page.goto(f"{tabi.url}/sign-in")
    sign_in(page, tabi.provider)
    expect(page.locator("#allow")).to_be_visible()
    page.go_back()
    sign_in(page, tabi.provider)
    expect(page.locator("#allow, #error-code")).to_be_visible()
    if page.locator("#error-code").is_visible():
        page.click("#continue")
    page.click("#allow")
    assert "withheld" in profile(page, tabi)


def test_two_impatient_clicks(context: BrowserContext, tabi: RelyingParty):
    """A double click on a button sends its form once and ends at the app, with one code."""
    page = context.new_page()
    page.goto(f"{tabi.url}/sign-in")
    page.fill("#username", HANA)
    page.fill("#password", tabi.provider.secrets[HANA])
    page.dblclick("#sign-in")
    expect(page.locator("#allow")).to_be_visible()
    page.dblclick("#allow")
    expect(page.locator("#profile")).to_be_visible()
    assert len([answer for answer in tabi.answers if "code" in answer]) == 1


@pytest.mark.parametrize("language", ["en-GB", "ja-JP"])
def test_on_a_phone(chromium: Browser, tabi: RelyingParty, language: str):
    """On a small screen nothing is cut off or too small to press, in either language."""
    for context in watched(chromium.new_context(locale=language, **PHONE)):
        page = context.new_page()
        page.goto(f"{tabi.url}/sign-in")
        fits(page)
        assert page.locator("html").get_attribute("lang") == language[:2]
        sign_in(page, tabi.provider)
        expect(page.locator("#allow")).to_be_visible()
        fits(page)
        page.tap("label[for=field-1]")
        expect(page.locator("#field-1")).to_be_checked()
        page.tap("#allow")
        assert len(profile(page, tabi)) == 2
        page.goto(f"{tabi.provider.url}/account/sharing")
        fits(page)


def fits(page: Page) -> None:
    """Nothing is wider than the screen, and every button is large enough for a finger (WCAG 2.2, 2.5.8)."""
    width = page.evaluate("document.documentElement.scrollWidth")
    assert width <= PHONE["viewport"]["width"]
    for button in page.locator("button:visible, summary:visible").all():
        box = button.bounding_box()
        assert box is not None
        assert box["height"] >= 40


def test_in_japanese_from_the_first_page_to_the_last(chromium: Browser, tabi: RelyingParty):
    """A browser that prefers Japanese sees no English on the way, and the link at the top changes it."""
    for context in watched(chromium.new_context(locale="ja-JP")):
        page = context.new_page()
        page.goto(f"{tabi.url}/sign-in")
        expect(page.locator("h1")).to_have_text("ログイン")
        sign_in(page, tabi.provider)
        expect(page.locator("h1")).to_have_text(re.compile("^Tabi Pointsが、.*求めています$"))
        page.get_by_role("link", name="English").click()
        expect(page.locator("h1")).to_have_text(re.compile("^Tabi Points asks "))
        page.get_by_role("link", name="日本語").click()
        page.get_by_label("都道府県").check()
        page.click("#allow")
        assert profile(page, tabi)["prefecture"] == "Tokyo"
