"""Passkeys in real Chromium, with virtual authenticators: made, filled in, used on a second device."""

from collections.abc import Iterator
from dataclasses import dataclass

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, expect

from tests.account.test_passkey_accounts import ASKED, DAY, codes, link_of
from tests.journeys.test_in_a_browser import HANA, watched
from tests.provider.operator import declare_people
from tests.provider.person import Person
from tests.provider.provider import Provider
from tests.web.axe import violations, visitor
from tests.web.test_accessible import WAYS, open_all

PASSKEYS = "/account/passkeys"
LOST = "lost@example.jp"


@dataclass
class Device:
    """A browser with an authenticator of its own."""

    page: Page
    provider: Provider

    def __post_init__(self) -> None:
        self.devtools = self.page.context.new_cdp_session(self.page)
        self.devtools.send("WebAuthn.enable")
        self.authenticator = self.devtools.send(
            "WebAuthn.addVirtualAuthenticator",
            {
                "options": {
                    "protocol": "ctap2",
                    "ctap2Version": "ctap2_1",
                    "transport": "internal",
                    "hasResidentKey": True,
                    "hasUserVerification": True,
                    "isUserVerified": True,
                }
            },
        )["authenticatorId"]

    def owner_is_there(self, *, there: bool) -> None:
        """Whether somebody touches the device when it asks."""
        self._send("setAutomaticPresenceSimulation", enabled=there)

    def keys(self) -> list[dict[str, object]]:
        return self._send("getCredentials")["credentials"]

    def forget_keys(self) -> None:
        self._send("clearCredentials")

    def ask_for_a_way_back(self, person: Person) -> None:
        self.page.click("#lost-passkeys")
        self.page.fill("#username", person.username)
        self.page.fill("#code", codes(person)[0])
        self.page.click("#begin-recovery")
        expect(self.page.locator("#begun")).to_contain_text("In 3 days")

    def _send(self, method: str, **values: object) -> dict:
        return self.devtools.send(f"WebAuthn.{method}", {"authenticatorId": self.authenticator, **values})

    def open(self, path: str) -> None:
        self.page.goto(f"{self.provider.url}{path}")

    def make_passkey(self, name: str) -> None:
        self.open(PASSKEYS)
        self.page.fill("#name", name)
        self.page.click("#make-passkey")
        expect(self.page.locator("#notice")).to_contain_text("Your passkey is made")


def new_device(chromium: Browser, provider: Provider) -> Iterator[Device]:
    for context in watched(chromium.new_context()):
        yield Device(context.new_page(), provider)


@pytest.fixture
def phone(chromium: Browser, named_provider: Provider) -> Iterator[Device]:
    yield from new_device(chromium, named_provider)


@pytest.fixture
def laptop(chromium: Browser, named_provider: Provider) -> Iterator[Device]:
    yield from new_device(chromium, named_provider)


@pytest.fixture
def lost(named_provider: Provider) -> Person:
    """Somebody who is about to lose their devices."""
    profile = {"email": LOST, "email_verified": True, "locale": "en"}
    declare_people(named_provider, {"username": LOST, "profile": profile})
    return Person(named_provider, LOST)


def sign_in(page: Page, provider: Provider, username: str) -> None:
    page.fill("#username", username)
    page.fill("#password", provider.secrets[username])
    page.click("#sign-in")


def forget_sessions(context: BrowserContext) -> None:
    context.clear_cookies()


def test_made_once_and_filled_in_ever_after(phone: Device, laptop: Device):
    """Sign in by password once, make a passkey; from then on the field of the address offers it, or the button does."""
    page = phone.page
    phone.open(PASSKEYS)
    sign_in(page, phone.provider, HANA)
    expect(page.locator("h1")).to_have_text("Passkeys")
    phone.make_passkey("Hana's phone")
    assert len(phone.keys()) == 1
    page.click("#make-passkey")
    expect(page.locator("#passkey-present")).to_be_visible()

    forget_sessions(page.context)
    phone.open("/login?next=/account/passkeys")  # where Chromium's virtual owner takes what is offered at once
    expect(page.locator("h1")).to_have_text("Passkeys")

    laptop.open("/login?next=/account/passkeys")
    sign_in(laptop.page, laptop.provider, HANA)
    laptop.make_passkey("Laptop")
    forget_sessions(laptop.page.context)
    laptop.owner_is_there(there=False)
    laptop.open("/login?next=/account/passkeys")
    expect(laptop.page.locator("#username")).to_be_focused()
    laptop.owner_is_there(there=True)
    laptop.page.click("#use-passkey")
    expect(laptop.page.locator("main")).to_contain_text("Hana's phone")
    expect(laptop.page.locator("main")).to_contain_text("Laptop")


def test_a_passkey_account_and_the_way_back_into_it(phone: Device, laptop: Device, lost: Person):
    """Two devices, then passkeys only; both lost; a recovery code, a letter, three days, and a new phone is in."""
    for device in (phone, laptop):
        device.open(PASSKEYS)
        sign_in(device.page, device.provider, lost.username)
        device.make_passkey("A device")
    page = phone.page
    page.reload()
    page.click("#by-passkey")
    page.click("text=Use passkeys only …")
    page.click("#only-passkeys")
    expect(page.locator("#notice")).to_contain_text("nothing but your passkeys opens this account")

    forget_sessions(laptop.page.context)
    laptop.owner_is_there(there=False)
    laptop.open("/login")
    sign_in(laptop.page, laptop.provider, lost.username)
    expect(laptop.page.locator("#sign-in-error")).to_contain_text("The e-mail address or the password is not right")
    laptop.forget_keys()
    laptop.ask_for_a_way_back(lost)
    laptop.open(link_of(lost, ASKED))
    expect(laptop.page.locator("#waiting")).to_be_visible()
    lost.provider.clock.forward(3 * DAY)
    laptop.page.reload()
    laptop.owner_is_there(there=True)
    laptop.page.fill("#name", "New phone")
    laptop.page.click("#make-passkey")
    expect(laptop.page.locator("h1")).to_have_text("Passkeys")
    expect(laptop.page.locator("main")).to_contain_text("New phone")
    phone.owner_is_there(there=False)
    page.reload()
    expect(page.locator("h1")).to_have_text("Sign in")


def test_pages_break_no_rule(chromium: Browser, named_provider: Provider):
    """WCAG 2.2 AA by axe-core, in both languages, light and dark, wide and narrow, with everything shown."""
    for way in WAYS:
        context = visitor(chromium, *way)
        device = Device(context.new_page(), named_provider)
        device.owner_is_there(there=False)
        device.open("/login?next=/account/passkeys")
        expect(device.page.locator("#use-passkey")).to_be_visible()
        assert violations(device.page) == []
        sign_in(device.page, named_provider, HANA)
        device.owner_is_there(there=True)
        device.page.click("#make-passkey")
        expect(device.page.locator("#notice")).to_be_visible()
        open_all(device.page)
        assert violations(device.page) == []
        context.close()
