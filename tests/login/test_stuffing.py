"""Credential stuffing (OWASP, ASVS 6.3.1): a list of 10,000 names with passwords, of which one in twenty is right.

The attacker is slowed: from few addresses by the window of each, from ten thousand by the counter of all of them. The
owners get in all the while: on their own browsers as ever, on new ones with a code from their mailbox.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field

import httpx
import pytest

from idp.protocol.activity import Event, Seen
from tests.provider.mail import mail_of
from tests.provider.person import Person, hidden
from tests.provider.provider import NO_TLS, Provider, serve_here
from tests.web.visits import follow, shows, sign_in

ACCOUNTS = 10_000
PER_ADDRESS, EVERYWHERE = 10, 300
RIGHT = "the very password that leaked elsewhere"
OWNERS = range(0, 200, 20)
"""Owners whose right passwords are on the list, and who use their accounts meanwhile."""


def name(number: int) -> str:
    return f"person-{number}@example.jp"


def leaked(number: int) -> str:
    """What the list says of an account."""
    return RIGHT if number % 20 == 0 else "a password that was changed since"


@pytest.fixture(scope="module")
def crowd(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Provider]:
    """A provider with ten thousand people; those whose password is on the list signed in before."""
    environment = {
        "IDP_TRUSTED_PROXIES": "127.0.0.1/32",
        "IDP_SIGN_IN__FAILURES_PER_ADDRESS": str(PER_ADDRESS),
        "IDP_SIGN_IN__FAILURES_EVERYWHERE": str(EVERYWHERE),
    }
    with serve_here(f"sqlite:///{tmp_path_factory.mktemp('crowd') / 'sekisho.db'}", **environment) as running:
        services = running.services
        shared = services.passwords.hash(RIGHT)
        with services.database.transaction() as connection:
            for number in range(ACCOUNTS):
                profile = {"email": name(number), "email_verified": True, "locale": "en"}
                account_id = services.accounts.create(connection, name(number), shared, profile, services.now)
                if leaked(number) == RIGHT:
                    services.activity.note(connection, account_id, Event.SIGNED_IN, Seen("192.0.2.1", ""), services.now)
        yield running


@dataclass
class Attacker:
    """A program that goes through the list."""

    provider: Provider
    browser: httpx.Client = field(init=False)
    form: dict[str, str] = field(init=False)
    opened: list[int] = field(default_factory=list)
    statuses: list[int] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.renew()

    def renew(self) -> None:
        """Begin anew, without cookies: they would tell one try from the next."""
        self.browser = httpx.Client(base_url=self.provider.url, verify=NO_TLS, timeout=30)
        self.form = hidden(self.browser.get("/login").text)

    def try_one(self, number: int, address: str) -> int:
        """Try an account from an address; note whether it opened."""
        form = {**self.form, "username": name(number), "password": leaked(number)}
        answer = self.browser.post("/login", data=form, headers={"x-forwarded-for": address})
        self.statuses.append(answer.status_code)
        if answer.status_code == 303:
            if name(number) in self.browser.get("/").text:
                self.opened.append(number)
            self.renew()
        return answer.status_code


def arrive(person: Person, address: str) -> httpx.Response:
    person.browser.headers["x-forwarded-for"] = address
    return sign_in(person, person.browser.get("/login"), RIGHT)


def is_in(person: Person) -> bool:
    return person.username in person.browser.get("/").text


def test_a_list_of_ten_thousand_opens_next_to_nothing_and_keeps_no_owner_out(crowd: Provider):
    """In one window of a quarter of an hour; numbers for the limits of this test."""
    at_home = {number: Person(crowd, name(number)) for number in OWNERS}
    for number, owner in at_home.items():
        arrive(owner, f"203.0.113.{number % 250}")
        assert is_in(owner)

    # From twenty addresses: each is turned away after ten wrong passwords, whatever comes in between.
    few = Attacker(crowd)
    next_one = iter(range(201, ACCOUNTS))
    for address in range(20):
        while few.try_one(next(next_one), f"198.51.100.{address}") != 429:
            pass
    looked_at = len([status for status in few.statuses if status != 429])
    assert looked_at <= 20 * (PER_ADDRESS + 3)
    assert looked_at < ACCOUNTS / 30

    # From an address for each try: once failures are more than people's own, a right password alone opens nothing.
    many = Attacker(crowd)
    tried = [next(next_one) for _ in range(240)]
    for position, number in enumerate(tried):
        many.try_one(number, f"10.{position // 250}.{position % 250}.1")
    first_blocked = tried[0] + (EVERYWHERE - 20 * PER_ADDRESS) * 2
    assert [number for number in many.opened if number > first_blocked] == []
    assert many.statuses.count(303) > len(many.opened), "right passwords that opened nothing"

    # The owners: on browsers of theirs as ever, even from an address that the attacker used up.
    for owner in at_home.values():
        owner.browser.cookies.delete("sekisho_session")
        arrive(owner, "198.51.100.1")
        assert is_in(owner)
    # On new browsers with a code from their mailbox, and nobody else has that.
    for number in OWNERS[:5]:
        owner = Person(crowd, name(number))
        page = arrive(owner, f"203.0.113.{number + 1}")
        assert shows(page, "send"), page.text
        assert not is_in(owner)
        owner_gets_in_by_mail(owner, page)

    # Whose account was opened before that was told so.
    for number in few.opened:
        assert any("New sign-in" in mail.subject for mail in mail_of(crowd, name(number))), number


def owner_gets_in_by_mail(owner: Person, page: httpx.Response) -> None:
    send = {**hidden(page.text), "action": "send"}
    sent = follow(owner, owner.browser.post("/login/second-factor", data=send))
    mail = mail_of(owner.provider, owner.username)[0]
    code = next(word for word in mail.text.split() if word.isdecimal() and len(word) == 6)
    owner.browser.post("/login/second-factor", data={**hidden(sent.text), "code": code})
    assert is_in(owner)
