"""Changing one's password and one's address, knowing the one and proving the other (ASVS 6.2.2, 6.2.3, 6.3.7)."""

import pytest

from tests.account.people import elsewhere, without_password
from tests.provider.person import Person, hidden
from tests.provider.provider import Provider
from tests.store.rows import at_once
from tests.web.letters import letters
from tests.web.visits import error_code, follow, shows, sign_in, signed_in

HANA, KEN, NEW_ADDRESS = "hana@example.jp", "ken@example.jp", "hana@example.org"
NEW = "tanuki ga odoru yoru"


@pytest.fixture
def hana(provider: Provider) -> Person:
    return signed_in(Person(provider))


def change(person: Person, current: str | None = None, password: str = NEW, **more: str):
    known = person.provider.secrets[person.username] if current is None else current
    form = {**hidden(person.browser.get("/account/password").text), "current": known, "password": password, **more}
    return person.browser.post("/account/password", data=form)


def ask(person: Person, address: str = NEW_ADDRESS):
    form = hidden(person.browser.get("/account/email").text)
    return follow(person, person.browser.post("/account/email", data={**form, "email": address}))


def confirm(person: Person, link: str):
    form = hidden(person.browser.get(link).text)
    return follow(person, person.browser.post("/account/email/finish", data=form))


def is_signed_in(person: Person) -> bool:
    return person.browser.get("/account").status_code == 200


def test_the_password_changes_and_the_person_is_told(hana: Person):
    """The other sessions stay where the person wants that."""
    elsewhere = signed_in(Person(hana.provider))
    done = follow(hana, change(hana))
    assert shows(done, "notice")
    assert is_signed_in(hana)
    assert is_signed_in(elsewhere)
    assert letters(hana.provider, HANA)
    again = Person(hana.provider)
    assert sign_in(again, again.browser.get("/login")).status_code == 401
    assert sign_in(again, again.browser.get("/login"), NEW).status_code == 200


def test_the_others_are_signed_out_by_choice(hana: Person):
    """ASVS 7.4.3: offered, and ticked beforehand."""
    elsewhere = signed_in(Person(hana.provider))
    assert 'name="others" value="end" type="checkbox" checked' in hana.browser.get("/account/password").text
    change(hana, others="end")
    assert is_signed_in(hana)
    assert not is_signed_in(elsewhere)


def test_the_old_password_is_asked_for(hana: Person):
    """A session alone changes no password; its tries run out, and not the sign-in's."""
    for _ in range(5):
        assert shows(change(hana, "wrong"), "current-error")
    assert change(hana).status_code == 429
    assert is_signed_in(signed_in(Person(hana.provider)))
    hana.provider.clock.forward(900)
    signed_in(hana)
    assert change(hana).status_code == 303


@pytest.mark.parametrize("password", ["short", "password1234567", f"{HANA} 1"])
def test_a_weak_password_is_refused(hana: Person, password: str):
    assert shows(change(hana, password=password), "password-error")


def test_a_password_needs_a_recent_sign_in(hana: Person):
    """ASVS 7.5.1: after ten minutes one signs in first, and comes back."""
    hana.provider.clock.forward(601)
    for path in ("/account/password", "/account/email"):
        assert hana.browser.get(path).headers["location"] == f"/login?next={path.replace('/', '%2F')}"


def set_first(person: Person, password: str = NEW, **more: str):
    form = {**hidden(person.browser.get("/account/password").text), "password": password, **more}
    return person.browser.post("/account/password", data=form)


def test_somebody_without_a_password_sets_a_first_one(hana: Person):
    """By the rules of every password; told as a change is; the other sessions end by choice, and it opens at once."""
    other = elsewhere(hana)
    page = without_password(hana).browser.get("/account/password")
    assert shows(page, "password")
    assert not shows(page, "current")
    assert shows(set_first(hana, f"{HANA} 1"), "password-error")
    assert "You have a password." in follow(hana, set_first(hana, others="end")).text
    assert not is_signed_in(other)
    assert letters(hana.provider, HANA)[0].subject == "パスワードが変更されました"
    assert "The password was changed" in hana.browser.get("/account/activity").text
    again = Person(hana.provider)
    assert sign_in(again, again.browser.get("/login"), NEW).status_code == 200


def test_a_first_password_needs_a_recent_sign_in(hana: Person):
    """Nothing else proves who it is that sets it."""
    form = {**hidden(without_password(hana).browser.get("/account/password").text), "password": NEW}
    hana.provider.clock.forward(601)
    assert hana.browser.post("/account/password", data=form).headers["location"].startswith("/login?next=")
    again = Person(hana.provider)
    assert sign_in(again, again.browser.get("/login"), NEW).status_code == 401


def test_a_first_password_is_set_once(hana: Person):
    """Of two at the same moment one counts: the other did not know a password that there was by then."""
    without_password(hana)
    form = hidden(hana.browser.get("/account/password").text)
    passwords = (NEW, "kitsune ga neru asa")

    def post(number: int) -> str:
        return hana.browser.post("/account/password", data={**form, "password": passwords[number]}).headers["location"]

    said = at_once(post, 2)
    assert sorted(place.rpartition("=")[2] for place in said) == ["password_set", "unchanged"]
    winner = passwords[[place.endswith("password_set") for place in said].index(True)]
    again = Person(hana.provider)
    assert sign_in(again, again.browser.get("/login"), winner).status_code == 200
    assert shows(set_first(hana), "current-error")


def test_an_address_counts_once_it_is_proved(hana: Person):
    """By code where it was begun; then one signs in with it, the old one is told and opens nothing."""
    page = ask(hana)
    assert NEW_ADDRESS not in hana.browser.get("/account/email").text
    (letter,) = letters(hana.provider, NEW_ADDRESS)
    page = follow(hana, hana.browser.post("/account/email/code", data={**hidden(page.text), "code": letter.code}))
    done = follow(hana, hana.browser.post("/account/email/finish", data=hidden(page.text)))
    assert shows(done, "notice")
    assert NEW_ADDRESS in done.text
    assert [letters(hana.provider, address)[0].code for address in (HANA, NEW_ADDRESS)] == ["", ""]
    again, old = Person(hana.provider, NEW_ADDRESS), Person(hana.provider)
    hana.provider.secrets[NEW_ADDRESS] = hana.provider.secrets[HANA]
    assert sign_in(old, old.browser.get("/login")).status_code == 401
    assert sign_in(again, again.browser.get("/login")).status_code == 200


def test_a_link_for_an_address_works_where_its_account_is_signed_in(hana: Person):
    """Whoever reads the mail of an address cannot take another's account over, nor give it the address by accident."""
    ask(hana)
    (letter,) = letters(hana.provider, NEW_ADDRESS)
    for stranger in (Person(hana.provider), signed_in(Person(hana.provider, KEN))):
        assert error_code(stranger.browser.get(letter.link)) == "sign_in_first"
        csrf = hidden(stranger.browser.get("/login/forgotten").text)["csrf"]
        form = {"csrf": csrf, "token": letter.link.partition("=")[2]}
        assert error_code(stranger.browser.post("/account/email/finish", data=form)) == "sign_in_first"
    assert NEW_ADDRESS in confirm(hana, letter.link).text


def test_an_address_of_somebody_else_is_not_told_and_not_taken(hana: Person):
    """ASVS 6.3.8: the page is the same; whoever reads the mail learns that there is an account."""
    assert shows(ask(hana, KEN), "code")
    assert letters(hana.provider, KEN)[0].link == ""


def test_two_people_prove_one_address_at_the_same_time(provider: Provider):
    """One account gets it; the other is told, and nothing of it changed."""
    people = [signed_in(Person(provider)), signed_in(Person(provider, KEN))]
    forms = []
    for person in people:
        ask(person)
        forms.append(hidden(person.browser.get(letters(provider, NEW_ADDRESS)[0].link).text))

    def finish(number: int) -> int:
        return people[number % 2].browser.post("/account/email/finish", data=forms[number % 2]).status_code

    said = at_once(finish, 2)
    assert sorted(said) == [303, 409]
    assert sum(NEW_ADDRESS in person.browser.get("/account/email").text for person in people) == 1


def test_what_was_begun_before_a_change_is_over(hana: Person):
    """A letter with which another password could be chosen does not outlive the password."""
    form = hidden(hana.browser.get("/login/forgotten").text)
    hana.browser.post("/login/forgotten", data={**form, "email": HANA})
    (letter,) = letters(hana.provider, HANA)
    change(hana)
    assert error_code(hana.browser.get(letter.link)) == "link_over"
