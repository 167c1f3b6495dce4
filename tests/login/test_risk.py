"""Sign-ins that look like somebody else's: told, asked for more, refused; never the owner's on a browser of theirs."""

import re
from collections.abc import Iterator

import pytest
from sqlalchemy import event

from idp.store import attempts
from tests.provider.mail import mail_of
from tests.provider.person import Person, hidden
from tests.provider.phone import newcomer
from tests.provider.provider import Provider, serve_here
from tests.real.postgres_server import PostgresServer
from tests.web.visits import follow, shows, sign_in

TOKYO = {"x-country": "JP", "x-latitude": "35.68", "x-longitude": "139.69"}
LONDON = {"x-country": "GB", "x-latitude": "51.51", "x-longitude": "-0.13"}
NOTICE = "New sign-in to your account"
DAY = 86_400


@pytest.fixture(scope="module")
def watched(postgres_server: PostgresServer) -> Iterator[Provider]:
    """A provider behind a proxy that says where each request comes from."""
    environment = {
        "IDP_TRUSTED_PROXIES": "127.0.0.1/32",
        "IDP_RISK__COUNTRY_HEADER": "X-Country",
        "IDP_RISK__LATITUDE_HEADER": "X-Latitude",
        "IDP_RISK__LONGITUDE_HEADER": "X-Longitude",
        "IDP_SIGN_IN__FAILURES_EVERYWHERE": "50",
    }
    with postgres_server.database() as url, serve_here(url, **environment) as running:
        yield running


@pytest.fixture
def owner(watched: Provider) -> Person:
    """Somebody who signed in before, at home in Tokyo, in this browser."""
    person = newcomer(watched, locale="en")
    assert arrive(person, TOKYO)
    return person


def arrive(person: Person, place: dict[str, str]) -> bool:
    """Sign in from somewhere; whether that was all that it took."""
    person.browser.headers.update(place)
    sign_in(person, person.browser.get("/login"))
    return is_in(person)


def is_in(person: Person) -> bool:
    return person.username in person.browser.get("/").text


def elsewhere(person: Person) -> Person:
    """The same person, or whoever has their password, in a browser that was never here."""
    return Person(person.provider, person.username)


def notices(person: Person) -> int:
    return sum(mail.subject.startswith(NOTICE) for mail in mail_of(person.provider, person.username))


def test_a_new_device_is_told_once_there_was_another(owner: Person):
    """Not the first browser ever, not a known one again, and every other one."""
    assert notices(owner) == 0
    assert arrive(owner, TOKYO)
    assert notices(owner) == 0
    assert arrive(elsewhere(owner), TOKYO)
    assert notices(owner) == 1


def test_two_people_may_share_a_browser(owner: Person):
    """It stays known for both of them."""
    other = newcomer(owner.provider, locale="en")
    other.browser = owner.browser
    assert arrive(other, TOKYO)
    assert arrive(owner, TOKYO)
    assert (notices(owner), notices(other)) == (0, 0)


def test_from_a_new_country_on_a_new_device_a_mailed_code_is_asked_for(owner: Person):
    """Nobody is in before it; with it its owner is, and that country is no news any more."""
    owner.provider.clock.forward(2 * DAY)
    abroad = elsewhere(owner)
    abroad.browser.headers.update(LONDON)
    page = sign_in(abroad, abroad.browser.get("/login"))
    assert shows(page, "send"), page.text
    assert not is_in(abroad)
    sent = follow(abroad, abroad.browser.post("/login/second-factor", data={**hidden(page.text), "action": "send"}))
    (mail, *_) = mail_of(owner.provider, owner.username)
    code = next(word for word in mail.text.split() if word.isdecimal() and len(word) == 6)
    abroad.browser.post("/login/second-factor", data={**hidden(sent.text), "code": code})
    assert is_in(abroad)
    assert notices(owner) == 1
    assert arrive(elsewhere(owner), LONDON)


def test_a_journey_that_nobody_makes_is_asked_for_more(owner: Person):
    """Tokyo, and half an hour later London, in a country that is known."""
    owner.provider.clock.forward(2 * DAY)
    assert arrive(owner, LONDON)
    owner.provider.clock.forward(2 * DAY)
    assert arrive(owner, TOKYO)
    owner.provider.clock.forward(1800)
    assert not arrive(elsewhere(owner), LONDON)


def test_on_a_known_browser_its_owner_travels(owner: Person):
    """As fast as they like: a device cookie is worth more than the place of an address."""
    assert arrive(owner, LONDON)
    assert notices(owner) == 0


@pytest.mark.parametrize("place", [{}, {"x-country": "関所".encode()}, {"x-country": "JP", "x-latitude": "nan"}])
def test_from_an_unknown_place_people_sign_in(owner: Person, place: dict[str, str]):
    """A proxy that does not know, or says what nobody understands."""
    assert arrive(elsewhere(owner), place)


@pytest.fixture
def guessing_everywhere(watched: Provider) -> Iterator[None]:
    """Passwords are being guessed at accounts of all kinds, from all over."""
    for network in range(60):
        stranger = Person(watched, f"nobody-{network}@example.jp")
        stranger.browser.headers["x-forwarded-for"] = f"198.51.100.{network}"
        sign_in(stranger, stranger.browser.get("/login"), "wrong")
    yield
    watched.clock.forward(900)
    attempts.purge(watched.services.database, watched.services.now, 900)


def answer_of(person: Person, password: str | None = None) -> tuple[int, list[tuple[str, str]], str]:
    """What a browser that was never here gets in London: status, headers and body, but for what differs each time."""
    thief = elsewhere(person)
    thief.browser.headers.update(LONDON)
    page = thief.browser.get("/login")
    answer = thief.sign_in(page, password)
    challenge = re.compile(r"(?<=challenge&#34;: &#34;)[\w-]+")
    once = hidden(answer.text)["csrf"]
    headers = [(name, value) for name, value in answer.headers.multi_items() if name != "date"]
    assert not is_in(thief)
    return answer.status_code, headers, challenge.sub("", answer.text.replace(once, ""))


@pytest.mark.usefixtures("guessing_everywhere")
def test_everything_against_it_is_refused_as_a_wrong_password_is(owner: Person):
    """ASVS 6.3.8: a new device in another country, too far away, while passwords are guessed everywhere.

    Whoever tries a stolen list learns from no byte which of it fits; the owner is told, once a day, and gets in.
    """
    refused = answer_of(owner)
    assert refused == answer_of(owner, "wrong")
    assert refused[0] == 401
    assert refusals(owner) == 1
    assert answer_of(owner) == refused
    assert refusals(owner) == 1
    assert arrive(owner, TOKYO)
    assert owner.browser.get("/account/activity").text.count("A sign-in was refused") == 2


@pytest.mark.usefixtures("guessing_everywhere")
def test_a_refused_password_counts_as_a_wrong_one(owner: Person):
    """Otherwise the fifth try would tell: a right one takes the count of the wrong ones back."""
    thief = elsewhere(owner)
    thief.browser.headers.update(LONDON)
    thief.browser.headers["x-forwarded-for"] = "203.0.113.77"
    page = thief.browser.get("/login")
    seen = [thief.sign_in(page, None if number % 2 else "wrong").status_code for number in range(12)]
    assert seen == [401] * seen.index(429) + [429] * (len(seen) - seen.index(429))


@pytest.mark.usefixtures("guessing_everywhere")
def test_a_refused_password_asks_the_same_of_the_database_as_a_wrong_one(owner: Person):
    """CWE-208: the same statements in the same order, but that a note about nobody is taken back."""
    answer_of(owner)  # the one that a letter is about
    assert statements_of(owner, None) == statements_of(owner, "wrong")


def statements_of(person: Person, password: str | None) -> list[str]:
    """What a try in London has the database do."""
    thief, statements = elsewhere(person), list[str]()
    thief.browser.headers.update(LONDON)
    page = thief.browser.get("/login")
    engine = person.provider.services.database.engine

    def note(_connection, _cursor, statement, *_rest):
        statements.append("COMMIT" if statement == "ROLLBACK" else statement)

    event.listen(engine, "before_cursor_execute", note)
    try:
        assert thief.sign_in(page, password).status_code == 401
    finally:
        event.remove(engine, "before_cursor_execute", note)
    return statements


def refusals(person: Person) -> int:
    """How many letters told of a refused sign-in."""
    told = [mail for mail in mail_of(person.provider, person.username) if "was refused" in mail.subject]
    assert all("change your password" in mail.text and "there is nothing to do" not in mail.text for mail in told)
    return len(told)


def test_where_nothing_can_be_asked_for_a_password_alone_is_refused(watched: Provider):
    """An account without app and proved address, from a new country on a new device: no stranger walks in."""
    person = newcomer(watched, email_verified=False, locale="en")
    assert arrive(person, TOKYO)
    assert answer_of(person) == answer_of(person, "wrong")
    assert arrive(elsewhere(person), TOKYO)
    assert arrive(person, LONDON)


def test_nobody_but_a_trusted_proxy_says_where_a_request_comes_from(shared_provider: Provider):
    """Otherwise a thief would write the owner's country."""
    person = newcomer(shared_provider)
    assert arrive(person, TOKYO)
    assert arrive(elsewhere(person), LONDON)
