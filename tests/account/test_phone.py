"""A phone number that is proved by a text, told of what happens, and never a way in (NIST SP 800-63B-4 3.1.3.3)."""

import pytest

from idp.store import mail_proofs
from tests.account.people import PASSWORD, elsewhere, newcomer, send
from tests.provider.authenticator import Authenticator, enrol
from tests.provider.mail import mail_of
from tests.provider.person import Person, hidden
from tests.provider.provider import Provider
from tests.store.rows import at_once
from tests.web.visits import error_code, follow, shows

PAGE = "/account/phone"
_NUMBERS = iter(range(10_000_000, 99_999_999))


@pytest.fixture
def mio(named_provider: Provider) -> Person:
    return newcomer(named_provider, locale="en")


def new_number() -> str:
    return f"+8190{next(_NUMBERS)}"


def texts(provider: Provider, number: str) -> list[str]:
    """What was texted to a number, the newest first."""
    return [each.text for each in mail_of(provider, number)]


def profile(person: Person) -> dict[str, object]:
    services = person.provider.services
    with services.database.autocommit() as connection:
        return dict(services.accounts.find_by_username(connection, person.username).profile)


def ask(person: Person, number: str):
    form = hidden(person.browser.get(PAGE).text)
    return follow(person, person.browser.post(PAGE, data={**form, "phone": number}))


def code_of(provider: Provider, number: str) -> str:
    return "".join(each for each in texts(provider, number)[0].partition(":")[0] if each.isdigit())[:6]


def type_code(person: Person, page, code: str):
    return follow(person, person.browser.post(f"{PAGE}/code", data={**hidden(page.text), "code": code}))


def prove(person: Person, number: str = "") -> str:
    """Prove a number; return it."""
    number = number or new_number()
    page = type_code(person, ask(person, number), code_of(person.provider, number))
    assert shows(follow(person, person.browser.post(f"{PAGE}/finish", data=hidden(page.text))), "notice")
    return number


def test_a_number_counts_once_its_code_was_typed(mio: Person):
    """However it is spaced; then the profile says that it is checked, and so do claims (OIDC Core 5.1)."""
    number = new_number()
    page = ask(mio, f" {number[:3]} {number[3:5]}-{number[5:9]}-{number[9:]} ")
    assert shows(page, "code")
    assert "phone_number" not in profile(mio)
    page = type_code(mio, page, code_of(mio.provider, number))
    assert "phone_number" not in profile(mio)
    mio.browser.post(f"{PAGE}/finish", data=hidden(page.text))
    assert (profile(mio)["phone_number"], profile(mio)["phone_number_verified"]) == (number, True)
    assert number in mio.browser.get("/account/profile").text
    assert "not checked yet" not in mio.browser.get("/account/profile").text
    assert mail_of(mio.provider, mio.username)[0].subject == "Your phone number was changed"


def test_five_wrong_codes_are_the_last(mio: Person):
    """A million codes, five tries; there is no link in a text."""
    number = new_number()
    page = ask(mio, number)
    assert "http://localhost" not in texts(mio.provider, number)[0].replace(mio.provider.url + ",", "")
    right = code_of(mio.provider, number)
    wrong = "000000" if right != "000000" else "111111"
    for _ in range(mail_proofs.MAX_TRIES):
        assert shows(type_code(mio, page, wrong), "code-error")
    assert shows(type_code(mio, page, right), "code-error")
    assert "phone_number" not in profile(mio)


def test_a_code_is_over_after_ten_minutes(mio: Person):
    """ASVS 6.5.5."""
    number = new_number()
    page = ask(mio, number)
    mio.provider.clock.forward(600)
    assert error_code(type_code(mio, page, code_of(mio.provider, number))) == "link_over"


def test_a_code_counts_in_the_browser_and_account_that_asked(mio: Person):
    number = new_number()
    page = ask(mio, number)
    other = newcomer(mio.provider)
    form = {**hidden(page.text), **hidden(other.browser.get(PAGE).text), "code": code_of(mio.provider, number)}
    assert error_code(other.browser.post(f"{PAGE}/code", data=form)) == "link_over"
    link = type_code(mio, page, code_of(mio.provider, number)).url
    assert error_code(other.browser.get(str(link))) == "link_over"


@pytest.mark.parametrize("typed", ["", "090 1234 5678", "+81", "+81 90 1234 567x", "tel:+819012345678", "+" + "1" * 16])
def test_what_is_no_number_with_its_country_is_refused(mio: Person, typed: str):
    assert shows(ask(mio, typed), "phone-error")


def test_what_happens_is_told_to_mail_and_phone(mio: Person):
    """A new passkey, a new device, the password, in few words and without a link to open."""
    number = prove(mio)
    enrol(mio, Authenticator(mio.provider.url), "Key")
    assert texts(mio.provider, number)[0].startswith("A passkey was added")
    mio.provider.clock.forward(60)
    elsewhere(mio, "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Firefox/140.0")
    assert texts(mio.provider, number)[0].startswith("New sign-in to your account")
    send(mio, "/account/password", current=PASSWORD, password="tanuki ga odoru yoru")
    assert texts(mio.provider, number)[0].startswith("Your password was changed")


def test_a_number_that_is_replaced_or_removed_is_told_last(mio: Person):
    first = prove(mio)
    second = prove(mio)
    assert texts(mio.provider, first)[0].startswith("Your phone number was changed")
    send(mio, PAGE, action="remove")
    assert texts(mio.provider, second)[0].startswith("Your phone number was removed")
    assert "phone_number" not in profile(mio)
    assert "phone_number_verified" not in profile(mio)
    told = len(texts(mio.provider, second))
    enrol(mio, Authenticator(mio.provider.url), "Key")
    assert len(texts(mio.provider, second)) == told


def test_a_number_that_nobody_proved_is_told_nothing(named_provider: Provider):
    number = new_number()
    enrol(newcomer(named_provider, phone_number=number), Authenticator(named_provider.url), "Key")
    assert texts(named_provider, number) == []


def test_a_phone_is_no_second_factor(mio: Person):
    """Neither offered nor taken: whoever moves the number to a card of theirs gets no further."""
    number = prove(mio)
    other = Person(mio.provider, mio.username)
    page = follow(other, other.sign_in(other.browser.get("/login?next=/account")))
    assert shows(page, "confirm-logout")
    assert number not in page.text
    assert len([each for each in texts(mio.provider, number) if "code" in each]) == 1


def test_a_change_needs_a_recent_sign_in(mio: Person):
    mio.provider.clock.forward(601)
    for path in (PAGE, f"{PAGE}/finish"):
        assert mio.browser.get(path).headers["location"].startswith("/login?next=")


def test_one_code_is_used_once_by_many_at_once(provider: Provider):
    """On both databases: one conditional statement decides, as for mail."""
    person, number = newcomer(provider), new_number()
    page = type_code(person, ask(person, number), code_of(provider, number))
    form = hidden(page.text)
    said = at_once(lambda _: person.browser.post(f"{PAGE}/finish", data=form).status_code, 6)
    assert sorted(said) == [303, *[400] * 5]
