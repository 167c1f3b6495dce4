"""A session that somebody else planted in a browser is worth nothing once its person signed in (ASVS 7.2.4, CWE-384).

By every way in. The second factor's is in tests/login/test_second_factor.py, other providers' in tests/upstream.
"""

from collections.abc import Callable
from dataclasses import dataclass

import httpx
import pytest

from tests.provider.apps import STOREFRONT
from tests.provider.authenticator import Authenticator, enrol, sign_in_with
from tests.provider.person import Person, hidden
from tests.provider.provider import NO_TLS, Provider
from tests.web.letters import letters
from tests.web.visits import error_code, flow_of, follow, sign_in, signed_in, visit

COOKIE = "sekisho_session"
MEI = "mei@example.org"
GOOD = "tanuki ga odoru yoru"


def by_password(person: Person, flow: str) -> str:
    sign_in(person, person.browser.get(f"/login?flow={flow}"))
    return person.username


def by_passkey(person: Person, flow: str) -> str:
    key = Authenticator(person.provider.url)
    enrol(signed_in(Person(person.provider)), key, "Phone")
    follow(person, sign_in_with(person, key, person.browser.get(f"/login?flow={flow}")))
    return person.username


def by_signing_up(person: Person, flow: str) -> str:
    form = hidden(person.browser.get(f"/sign-up?flow={flow}").text)
    page = follow(person, person.browser.post("/sign-up", data={**form, "email": MEI}))
    code = letters(person.provider, MEI)[0].code
    page = follow(person, person.browser.post("/sign-up/code", data={**hidden(page.text), "code": code}))
    form = {**hidden(page.text), "password": GOOD, "terms": "agreed"}
    follow(person, person.browser.post("/sign-up/finish", data=form))
    return MEI


WAYS: list[Callable[[Person, str], str]] = [by_password, by_passkey, by_signing_up]
"""Each signs somebody in for a request that waits, and returns their name."""


@dataclass
class Attacker:
    """Somebody who began a request, and has put their own session into a victim's browser."""

    browser: httpx.Client
    flow: str
    csrf: str


@pytest.fixture
def victim(named_provider: Provider) -> Person:
    return Person(named_provider)


@pytest.fixture
def attacker(victim: Person) -> Attacker:
    """What the attacker kept of the session: the cookie, the request and the token of its forms."""
    page = visit(victim, STOREFRONT)
    cookies = {COOKIE: victim.browser.cookies[COOKIE]}
    browser = httpx.Client(base_url=victim.provider.url, cookies=cookies, verify=NO_TLS)
    return Attacker(browser, flow_of(page), hidden(page.text)["csrf"])


@pytest.mark.parametrize("way", WAYS, ids=lambda way: way.__name__)
def test_what_was_planted_before_is_worth_nothing_after(
    victim: Person, attacker: Attacker, way: Callable[[Person, str], str]
):
    """The cookie opens no page, no request and no form; the person is in under another one."""
    planted = attacker.browser.cookies[COOKIE]
    name = way(victim, attacker.flow)
    assert name in victim.browser.get("/").text
    assert victim.browser.cookies[COOKIE] != planted
    assert name not in attacker.browser.get("/").text
    assert error_code(attacker.browser.get(f"/authorize/continue?flow={attacker.flow}")) == "flow_over"
    form = {"csrf": attacker.csrf, "decision": "confirm"}
    assert error_code(attacker.browser.post("/logout/confirm", data=form)) == "page_expired"
    assert error_code(victim.browser.post("/logout/confirm", data=form)) == "page_expired", "nor from that browser"
