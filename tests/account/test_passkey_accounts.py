"""An account that nothing but passkeys opens, and the way back into it, which is as strong (NIST SP 800-63B-4 4.2)."""

import re
from dataclasses import replace
from itertools import count
from pathlib import Path
from time import time

import httpx
import pytest

from idp.completion import complete
from idp.protocol.activity import Event
from idp.protocol.upstreams import Identity
from idp.services import EXTENSION
from idp.store import activity, recovery_codes
from idp.store.accounts import Account
from idp.web.errors import PageError
from idp.web.sessions import RECENTLY
from tests.provider.authenticator import Authenticator, enrol, options_of, passkeys_of, sign_in_with
from tests.provider.operator import declare_people, idp
from tests.provider.person import Person, hidden
from tests.provider.provider import Provider, another_process
from tests.web.pages import Page
from tests.web.visits import follow, shows, signed_in

PAGE, ONLY = "/account/passkeys", "/account/passkeys/only"
DAY = 86_400
NEW = "tanuki ga odoru yoru"
_NUMBERS = count(1)
_LINK = re.compile(r"http://localhost:\d+(/account/recovery/\S+)")


@pytest.fixture
def owner(named_provider: Provider) -> Person:
    """Somebody new with a proved address, signed in by password."""
    name = f"owner-{next(_NUMBERS)}@example.jp"
    profile = {"email": name, "email_verified": True, "locale": "en"}
    declare_people(named_provider, {"username": name, "profile": profile})
    return signed_in(Person(named_provider, name))


def account_of(person: Person) -> Account:
    services = person.provider.services
    with services.database.autocommit() as connection:
        account = services.accounts.find_by_username(connection, person.username)
    assert account is not None
    return account


def key(person: Person) -> Authenticator:
    """A new passkey of a person's."""
    made = Authenticator(person.provider.url)
    enrol(person, made, "Key")
    return made


def codes(person: Person) -> tuple[str, ...]:
    services = person.provider.services
    with services.database.transaction() as connection:
        return recovery_codes.make_anew(connection, account_of(person).id, services.random, services.now)


def press(person: Person, action: str, path: str = ONLY) -> str:
    """Press a button of the page; return what it says afterwards."""
    form = {**hidden(person.browser.get(PAGE).text), "action": action}
    response = person.browser.post(path, data=form)
    return Page(person.browser.get(response.headers["location"]).text).by_id("notice").text


def set_password(person: Person) -> str:
    """Send the form of a first password, whether or not the page has it; return where that leads."""
    form = {**hidden(person.browser.get(PAGE).text), "password": NEW}
    return person.browser.post("/account/password", data=form).headers["location"]


def passkeys_only(person: Person, *, second: bool = True) -> Authenticator:
    """Turn a person's account into one that passkeys alone open, in their browser; return their first passkey."""
    first = key(person)
    if second:
        key(person)
    assert sign_in_with(person, first).status_code == 303
    assert "nothing but your passkeys" in press(person, "on")
    return first


def letters(person: Person, subject: str) -> list[str]:
    """What was written to a person under a subject, the newest first."""
    services = person.provider.services
    with services.database.autocommit() as connection:
        kept = services.mailer.kept(connection, 50)
    return [each.text for each in kept if each.to == person.username and subject in each.subject]


def happened(person: Person) -> list[str]:
    services = person.provider.services
    with services.database.autocommit() as connection:
        return [each.kind for each in activity.latest(connection, services.sealer, account_of(person).id, 20)]


def refused_page(person: Person, username: str, password: str) -> str:
    """The answer to a password, without what differs between any two."""
    person.username = username
    response = person.sign_in(person.browser.get("/login"), password)
    assert response.status_code == 401
    return re.sub(r'(name="csrf" value=|name="username" value=|data-options=)"[^"]*"', r"\1", response.text)


# Turning it on


def test_it_takes_two_passkeys_or_one_and_codes(owner: Person):
    """Nobody locks themselves out: the page says what is missing, and the server holds to it."""
    first = key(owner)
    assert sign_in_with(owner, first).status_code == 303
    assert shows(owner.browser.get(PAGE), "too-few")
    assert "Make a second passkey first" in press(owner, "on")
    codes(owner)
    assert shows(owner.browser.get(PAGE), "only-passkeys")
    assert "nothing but your passkeys" in press(owner, "on")


def test_codes_are_no_way_back_without_an_address_to_tell(owner: Person):
    """Notice to every channel means that there is one."""
    services = owner.provider.services
    first = key(owner)
    codes(owner)
    with services.database.transaction() as connection:
        account = account_of(owner)
        profile = {**account.profile, "email_verified": False}
        services.accounts.change_profile(connection, account.id, profile, services.now)
    sign_in_with(owner, first)
    assert "Make a second passkey first" in press(owner, "on")


def test_it_takes_a_sign_in_by_passkey(owner: Person):
    """Who turns it on has just seen that their passkey works."""
    key(owner)
    key(owner)
    assert shows(owner.browser.get(PAGE), "by-passkey")
    assert "Sign in with a passkey first" in press(owner, "on")
    assert not account_of(owner).has_passkeys_only


def test_the_password_is_gone_and_answers_as_a_wrong_one_does(owner: Person):
    """To the letter; neither it nor the empty one opens; whoever was in by it elsewhere is out."""
    elsewhere = signed_in(Person(owner.provider, owner.username))
    first = passkeys_only(owner)
    assert account_of(owner).password_hash == ""
    assert elsewhere.browser.get(PAGE).status_code == 303
    visitor = Person(owner.provider)
    nobody = refused_page(visitor, "nobody@example.jp", "wrong")
    for password in (owner.provider.secrets[owner.username], "wrong", "nobody has this password"):
        assert refused_page(visitor, owner.username, password) == nobody
    assert sign_in_with(visitor, first).status_code == 303
    assert Event.PASSKEY_ACCOUNT_ON in happened(owner)
    assert letters(owner, "Your account now uses passkeys only")


def test_no_password_comes_back_in_any_other_way(owner: Person, tmp_path: Path):
    """Neither the operator's command nor any page sets one: the store does not take it."""
    passkeys_only(owner)
    assert not shows(owner.browser.get("/account/password"), "password")
    assert set_password(owner).endswith("done=unchanged")
    file = tmp_path / "password"
    file.write_text("a whole new password for the owner")
    told = idp(owner.provider, "user", "set-password", owner.username, "--password-file", str(file))
    assert "opens by passkeys only" in told.stderr
    services = owner.provider.services
    with services.database.transaction() as connection:
        assert not services.accounts.change_password(connection, account_of(owner).id, "x", services.now)
    assert account_of(owner).password_hash == ""


def test_connections_to_others_end_and_their_word_opens_nothing(owner: Person):
    """Whoever takes the account at the other provider takes this one no more; every way in asks the same gate."""
    services = owner.provider.services
    elsewhere = Identity("plain", "https://idp.example", owner.username, "", False, "", ("fed",), 0)
    with services.database.transaction() as connection:
        assert services.upstream_links.add(connection, account_of(owner).id, elsewhere, services.now)
    passkeys_only(owner)
    with services.database.autocommit() as connection:
        assert services.upstream_links.find(connection, "https://idp.example", owner.username) is None
    with another_process(owner.provider) as app, app.test_request_context("/"), pytest.raises(PageError) as refused:
        complete(app.extensions[EXTENSION], account_of(owner), ("fed",), None)
    assert refused.value.code == "passkeys_only"


def test_the_last_way_in_cannot_be_removed(owner: Person):
    """Of two passkeys without codes neither can go; with codes, one may."""
    passkeys_only(owner)
    first, _second = passkeys_of(owner)
    form = {"passkey": first.id.hex(), "action": "remove"}

    def remove() -> str:
        response = owner.browser.post(PAGE, data={**hidden(owner.browser.get(PAGE).text), **form})
        return Page(owner.browser.get(response.headers["location"]).text).by_id("notice").text

    assert "Nothing was removed" in remove()
    codes(owner)
    assert "Removed" in remove()
    (form["passkey"],) = [each.id.hex() for each in passkeys_of(owner)]
    assert "Nothing was removed" in remove()


def test_it_can_be_turned_off_by_a_passkey(owner: Person):
    """Then a password may be set again; the old one stays gone."""
    passkeys_only(owner)
    assert "can be set up again" in press(owner, "off")
    account = account_of(owner)
    assert (account.has_passkeys_only, account.password_hash) == (False, "")
    assert happened(owner)[0] == Event.PASSKEY_ACCOUNT_OFF
    assert set_password(owner).endswith("done=password_set")
    again = Person(owner.provider, owner.username)
    assert again.sign_in(again.browser.get("/login"), NEW).status_code == 303
    assert again.sign_in(again.browser.get("/login"), owner.provider.secrets[owner.username]).status_code == 401


# The way back


def ask(person: Person, code: str, username: str = "") -> httpx.Response:
    """Ask for a way back, in a browser that nobody is signed in to."""
    stranger = Person(person.provider)
    form = hidden(stranger.browser.get("/login/recovery").text)
    sent = {**form, "username": username or person.username, "code": code}
    return stranger.browser.post("/login/recovery", data=sent)


def link_of(person: Person, subject: str) -> str:
    (path,) = _LINK.findall(letters(person, subject)[0])
    return path


def recover(person: Person, path: str, made: Authenticator) -> httpx.Response:
    page = person.browser.get(path)
    form = {**hidden(page.text), "name": "New", "answer": made.create(options_of(page, "enrol"))}
    return person.browser.post(path, data=form)


ASKED = "asked for a way back"


def test_a_recovery_code_the_mailbox_and_days_lead_back(owner: Person):
    """The letter is there at once; the link opens after the waiting; a new passkey signs in, and the rest is out."""
    passkeys_only(owner)
    code, *_ = codes(owner)
    assert shows(ask(owner, code.lower()), "begun")
    path = link_of(owner, ASKED)
    back = Person(owner.provider, owner.username)
    assert shows(back.browser.get(path), "waiting")
    owner.provider.clock.forward(3 * DAY - 1)
    assert not shows(back.browser.get(path), "enrol")
    owner.provider.clock.forward(1)
    new = Authenticator(owner.provider.url)
    assert recover(back, path, new).headers["location"] == PAGE
    assert "New" in back.browser.get(PAGE).text
    assert owner.browser.get(PAGE).status_code == 303, "whoever was in is out"
    assert sign_in_with(Person(owner.provider), new).status_code == 303
    assert Event.RECOVERED in happened(owner)
    assert letters(owner, "Your account was recovered")
    assert back.browser.get(path).status_code == 404, "once"


def test_the_overview_shows_it_and_whoever_signed_in_just_now_cancels_it(owner: Person):
    """Without looking for the letter; a browser that was left open asks for a passkey first."""
    passkeys_only(owner)
    assert not shows(owner.browser.get("/account"), "cancel-recovery")
    ask(owner, codes(owner)[0])
    page = owner.browser.get("/account")
    assert shows(page, "cancel-recovery")
    form = hidden(page.text)
    assert owner.browser.post("/account/recovery", data={"csrf": "x"}).status_code == 403
    owner.provider.clock.forward(RECENTLY + 1)
    asked = owner.browser.post("/account/recovery", data=form).headers["location"]
    assert asked == "/login?next=%2Faccount%2Frecovery"
    assert shows(owner.browser.get("/account"), "cancel-recovery")
    owner.provider.clock.forward(-RECENTLY - 1)
    done = owner.browser.post("/account/recovery", data=form)
    assert done.headers["location"] == "/account?done=recovery_cancelled"
    assert not shows(owner.browser.get(done.headers["location"]), "cancel-recovery")
    assert Event.RECOVERY_CANCELLED in happened(owner)
    assert owner.browser.get(link_of(owner, ASKED)).status_code == 404


def test_before_its_time_the_link_makes_nothing(owner: Person):
    """The waiting is the server's, not the page's."""
    passkeys_only(owner)
    ask(owner, codes(owner)[0])
    path, thief = link_of(owner, ASKED), Person(owner.provider)
    form = {**hidden(thief.browser.get(path).text), "action": "add", "name": "x", "answer": "{}"}
    assert thief.browser.post(path, data=form).status_code == 403
    assert len(passkeys_of(owner)) == 2


def test_whoever_it_is_about_cancels_by_the_link(owner: Person):
    """Without signing in; and following the link alone, as mail scanners do, cancels nothing."""
    passkeys_only(owner)
    ask(owner, codes(owner)[0])
    path, browser = link_of(owner, ASKED), Person(owner.provider).browser
    for _ in range(2):
        page = browser.get(path)
        assert page.status_code == 200
    assert "Cancelled" in browser.post(path, data={**hidden(page.text), "action": "cancel"}).text
    owner.provider.clock.forward(3 * DAY)
    assert browser.get(path).status_code == 404
    assert Event.RECOVERY_CANCELLED in happened(owner)


def test_a_sign_in_by_passkey_cancels(owner: Person):
    """Who has a passkey needs no way back; if it was a thief who asked, that was the end of it."""
    first = passkeys_only(owner)
    ask(owner, codes(owner)[0])
    path = link_of(owner, ASKED)
    assert sign_in_with(owner, first).status_code == 303
    assert owner.browser.get(path).status_code == 404


def test_a_code_is_good_once_and_its_link_not_for_ever(owner: Person):
    passkeys_only(owner)
    code, *_ = codes(owner)
    assert shows(ask(owner, code), "begun")
    assert ask(owner, code).status_code == 401
    owner.provider.clock.forward(17 * DAY)
    assert Person(owner.provider).browser.get(link_of(owner, ASKED)).status_code == 404


def test_a_second_recovery_ends_the_first(owner: Person):
    """And waits anew: there is never more than one."""
    passkeys_only(owner)
    first, second, *_ = codes(owner)
    ask(owner, first)
    earlier = link_of(owner, ASKED)
    ask(owner, second)
    assert Person(owner.provider).browser.get(earlier).status_code == 404
    assert Person(owner.provider).browser.get(link_of(owner, ASKED)).status_code == 200


def test_nobody_learns_who_can_be_recovered(owner: Person):
    """The same answer for a wrong code, nobody's address and an account with other ways; and no code is used up."""
    code, *_ = codes(owner)

    def answer(username: str, sent: str) -> str:
        response = ask(owner, sent, username)
        assert response.status_code == 401
        return re.sub(r'(name="csrf" value=|name="username" value=)"[^"]*"', r"\1", response.text)

    assert answer(owner.username, code) == answer("nobody@example.jp", code) == answer(owner.username, "x")
    assert letters(owner, ASKED) == []
    passkeys_only(owner, second=False)
    assert shows(ask(owner, code), "begun")


def test_an_operator_opens_a_way_back(owner: Person):
    """A hook for proofing who somebody is: at once, told to every address, by a letter whose link only cancels."""
    owner.provider.clock.now = time()  # the command is a process of its own, on the clock of this machine
    passkeys_only(signed_in(owner))
    blank = idp(owner.provider, "user", "open-recovery", owner.username, "--by", " ")
    assert blank.returncode != 0
    opened = idp(owner.provider, "user", "open-recovery", owner.username, "--by", "desk 7")
    assert opened.returncode == 0, opened.stderr
    owner.provider.clock.now = time() + 1
    (path,) = _LINK.findall(opened.stdout)
    cancels = link_of(owner, "A way back into your account was opened")
    back = Person(owner.provider, owner.username)
    page = back.browser.get(cancels)
    assert not shows(page, "enrol")
    form = {**hidden(page.text), "action": "add", "answer": "{}"}
    assert back.browser.post(cancels, data=form).status_code == 403
    new = Authenticator(owner.provider.url)
    assert recover(back, path, new).headers["location"] == PAGE
    assert back.browser.get(cancels).status_code == 404


def test_a_link_is_no_pass_for_other_accounts_or_other_browsers(owner: Person, named_provider: Provider):
    """The new passkey is made in the browser that asked, for the account of the link, verified as everywhere."""
    passkeys_only(owner)
    ask(owner, codes(owner)[0])
    path = link_of(owner, ASKED)
    owner.provider.clock.forward(3 * DAY)
    one, other = Person(named_provider), Person(named_provider)
    made = Authenticator(named_provider.url)
    answer = made.create(options_of(one.browser.get(path), "enrol"))
    form = {**hidden(other.browser.get(path).text), "name": "x", "answer": answer}
    assert other.browser.post(path, data=form).status_code == 400
    lying = replace(made, origin="https://evil.example")
    assert recover(one, path, lying).status_code == 400
    assert one.browser.post(path, data={**form, "csrf": "x"}).status_code == 403
    assert recover(one, path, made).status_code == 303
    assert follow(one, one.browser.get(PAGE)).status_code == 200
