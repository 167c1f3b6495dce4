"""A person's phone with an authenticator app, and people of one's own who have one."""

from dataclasses import dataclass
from itertools import count

import httpx
import pyotp

from tests.provider.operator import declare_people
from tests.provider.person import Person, hidden
from tests.provider.provider import Provider
from tests.web.pages import Page
from tests.web.visits import follow, shows, signed_in

_NUMBERS = count(1)
STEP = 30


@dataclass
class Phone:
    """An app that was set up; its clock is the provider's."""

    provider: Provider
    secret: str

    def code(self, steps: int = 0) -> str:
        """The code that is shown now, or was or will be so many steps from now."""
        return pyotp.TOTP(self.secret).at(int(self.provider.clock.now), counter_offset=steps)

    def next_code(self) -> str:
        """A code that was never used: time goes on until the app shows another one."""
        self.provider.clock.forward(STEP)
        return self.code()


def newcomer(provider: Provider, **claims: object) -> Person:
    """Somebody of whom no other test knows; with an e-mail address that is proved, unless it is said otherwise."""
    username = f"newcomer-{next(_NUMBERS)}@example.jp"
    profile = {"email": username, "email_verified": True, **claims}
    declare_people(provider, {"username": username, "profile": profile})
    return Person(provider, username)


def set_up(person: Person) -> Phone:
    """Set an app up on the pages of one's own account, as a signed-in person does."""
    page = person.browser.get("/account/authenticator")
    person.browser.post("/account/authenticator", data={**hidden(page.text), "action": "begin"})
    page = person.browser.get("/account/authenticator")
    phone = Phone(person.provider, Page(page.text).by_id("key").text.replace(" ", ""))
    done = person.browser.post(
        "/account/authenticator", data={**hidden(page.text), "action": "confirm", "code": phone.code()}
    )
    assert done.headers["location"] == "/account/recovery-codes?done=authenticator_on", done.text
    return phone


def protected(provider: Provider) -> tuple[Person, Phone]:
    """A newcomer with an app, in a browser that was never here."""
    person = signed_in(newcomer(provider))
    return Person(provider, person.username), set_up(person)


def make_codes(person: Person) -> list[str]:
    """Make recovery codes on the pages of one's own account."""
    page = person.browser.get("/account/recovery-codes")
    made = Page(person.browser.post("/account/recovery-codes", data=hidden(page.text)).text)
    return [code.text for code in made.all("code")]


def type_code(person: Person, page: httpx.Response, code: str, **changed: str) -> httpx.Response:
    """Fill in the page that asks for a second factor; return the answer to that."""
    assert shows(page, "prove") or shows(page, "send"), page.text
    return person.browser.post("/login/second-factor", data={**hidden(page.text), "code": code, **changed})


def prove(person: Person, page: httpx.Response, code: str, **changed: str) -> httpx.Response:
    """The same, and go where it leads."""
    return follow(person, type_code(person, page, code, **changed))
