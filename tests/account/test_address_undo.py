"""A change of address is taken back by the address before it (ASVS 6.3.7, 6.4.4).

A thief who made it is out; who merely reads the mail of the old address gets no more than a forgotten password gave.
"""

import pytest

from idp.protocol.activity import Event
from idp.protocol.upstreams import Identity
from idp.store import activity, passkeys, recovery_codes
from idp.store.accounts import Account
from tests.account.people import PASSWORD, account_id, elsewhere, newcomer, send, without_password
from tests.provider.authenticator import Authenticator, enrol, passkeys_of, sign_in_with
from tests.provider.person import Person, hidden
from tests.provider.phone import set_up
from tests.provider.provider import Provider
from tests.store.rows import at_once, new_id
from tests.web.letters import letters
from tests.web.visits import error_code, follow, shows, sign_in

NEW = "tanuki ga odoru yoru"
DAY = 86_400


@pytest.fixture
def owner(named_provider: Provider) -> Person:
    """Somebody new with a proved address, signed in by password; what follows happens later than that."""
    person = newcomer(named_provider)
    named_provider.clock.forward(1)
    return person


def held(person: Person, account: str) -> Account:
    services = person.provider.services
    with services.database.autocommit() as connection:
        found = services.accounts.find(connection, account)
    assert found is not None
    return found


def new_address() -> str:
    return f"{new_id()}@example.org".lower()


def change_address(person: Person, address: str) -> None:
    """Prove another address and take it, in a person's browser."""
    form = {**hidden(person.browser.get("/account/email").text), "email": address}
    follow(person, person.browser.post("/account/email", data=form))
    page = person.browser.get(letters(person.provider, address)[0].link)
    assert follow(person, person.browser.post("/account/email/finish", data=hidden(page.text))).status_code == 200


def undo_link(person: Person, address: str) -> str:
    """The link of the newest letter to an address, "" where it has none."""
    return letters(person.provider, address)[0].link


def undo(provider: Provider, link: str):
    """Open the link in a browser that nobody is signed in to, and press the button."""
    browser = Person(provider).browser
    return browser.post(link, data=hidden(browser.get(link).text))


def choose_password(provider: Provider, address: str, password: str = NEW) -> bool:
    """Choose another password by mail; false where the letter says that there is none to choose."""
    browser = Person(provider).browser
    browser.post("/login/forgotten", data={**hidden(browser.get("/login/forgotten").text), "email": address})
    link = letters(provider, address)[0].link
    if "/login/forgotten/finish" not in link:
        return False
    form = {**hidden(browser.get(link).text), "password": password}
    return browser.post("/login/forgotten/finish", data=form).status_code == 200


def opens(provider: Provider, address: str, password: str) -> bool:
    person = Person(provider, address)
    return sign_in(person, person.browser.get("/login"), password).status_code == 200


def test_a_thief_who_changed_the_address_is_undone(owner: Person):
    """With everything that they set up since to come back with; the owner chooses a password and is in."""
    provider, services, account, theirs = owner.provider, owner.provider.services, account_id(owner), new_address()
    thief = elsewhere(owner)
    change_address(thief, theirs)
    key = Authenticator(provider.url)
    enrol(thief, key, "Thief's")
    set_up(thief)
    with services.database.transaction() as connection:
        recovery_codes.make_anew(connection, account, services.random, services.now)
        identity = Identity("plain", "https://idp.example", account, "", False, "", ("fed",), 0)
        assert services.upstream_links.add(connection, account, identity, services.now)
        known = services.accounts.find(connection, account)
        numbered = {**known.profile, "phone_number": "+819000000000", "phone_number_verified": True}
        services.accounts.change_profile(connection, account, numbered, services.now)
    page = undo(provider, undo_link(owner, owner.username))
    assert shows(page, "new-password")
    for person in (owner, thief):
        assert person.browser.get("/account").status_code == 303
    assert not opens(provider, theirs, PASSWORD)
    assert not opens(provider, owner.username, PASSWORD), "the thief knows it"
    with services.database.autocommit() as connection:
        assert "phone_number" not in services.accounts.find(connection, account).profile
        assert passkeys.count(connection, account) == 0
        assert recovery_codes.left(connection, account) == 0
        assert services.upstream_links.of_account(connection, account) == []
    assert sign_in_with(Person(provider), key).status_code != 303
    assert choose_password(provider, owner.username)
    assert opens(provider, owner.username, NEW)
    assert "taken back" in letters(provider, theirs)[0].subject


def test_an_account_that_a_thief_locked_by_passkeys_is_opened_again(owner: Person):
    """Passkeys only that were turned on since are not what the owner wanted."""
    provider, account = owner.provider, account_id(owner)
    change_address(owner, new_address())
    first = Authenticator(provider.url)
    enrol(owner, first, "One")
    enrol(owner, Authenticator(provider.url), "Two")
    sign_in_with(owner, first)
    send(owner, "/account/passkeys/only", action="on")
    assert held(owner, account).has_passkeys_only
    undo(provider, undo_link(owner, owner.username))
    assert not held(owner, account).has_passkeys_only
    assert choose_password(provider, owner.username)
    assert opens(provider, owner.username, NEW)


def test_an_account_that_a_thief_closes_stays(owner: Person):
    change_address(owner, new_address())
    send(owner, "/account/close")
    assert shows(undo(owner.provider, undo_link(owner, owner.username)), "new-password")
    assert choose_password(owner.provider, owner.username)
    assert opens(owner.provider, owner.username, NEW)


def test_a_thief_who_changes_it_twice_cannot_take_the_undoing_back(owner: Person):
    """What came after the change that is taken back is over, its link included."""
    first, second = new_address(), new_address()
    change_address(owner, first)
    change_address(owner, second)
    theirs, own = undo_link(owner, first), undo_link(owner, owner.username)
    account = account_id(Person(owner.provider, second))
    undo(owner.provider, own)
    assert held(owner, account).profile["email"] == owner.username
    assert error_code(Person(owner.provider).browser.get(theirs)) == "undo_over"


def test_who_reads_old_mail_gets_no_further_than_the_password(owner: Person):
    """The authenticator app of before is asked for as it was, and passkeys of before stay."""
    provider, account = owner.provider, account_id(owner)
    set_up(owner)
    enrol(owner, Authenticator(provider.url), "Mine")
    provider.clock.forward(1)
    change_address(owner, new_address())
    undo(provider, undo_link(owner, owner.username))
    assert choose_password(provider, owner.username)
    reader = Person(provider, owner.username)
    asked = sign_in(reader, reader.browser.get("/login"), NEW)
    assert str(asked.url).endswith("/login/second-factor?flow=")
    assert reader.browser.get("/account").status_code == 303
    assert len(passkeys_of(Person(provider, owner.username))) == 1
    assert held(owner, account).password_hash


def test_an_app_that_was_turned_off_since_leaves_nothing_to_old_mail(owner: Person):
    """Mail alone opens no account that mail alone did not open before the change."""
    provider = owner.provider
    set_up(owner)
    provider.clock.forward(1)
    change_address(owner, new_address())
    send(owner, "/account/authenticator", action="off")
    assert shows(undo(provider, undo_link(owner, owner.username)), "sign-in-here")
    assert not choose_password(provider, owner.username)


def test_an_account_without_a_password_gets_none(owner: Person):
    """Nor keeps one that was set since: mail never opened it."""
    account = account_id(without_password(owner))
    change_address(owner, new_address())
    send(owner, "/account/password", password=NEW)
    assert held(owner, account).password_hash
    assert shows(undo(owner.provider, undo_link(owner, owner.username)), "sign-in-here")
    assert held(owner, account).password_hash == ""
    assert not choose_password(owner.provider, owner.username)


def test_a_change_after_one_that_was_taken_back_is_for_good(owner: Person):
    """Or whoever reads the mail of an address could hold its owner there; after some days there is a link again."""
    change_address(owner, new_address())
    undo(owner.provider, undo_link(owner, owner.username))
    choose_password(owner.provider, owner.username)
    owner.provider.secrets[owner.username] = NEW
    again, last = elsewhere(owner), new_address()
    change_address(again, last)
    assert letters(owner.provider, owner.username)[0].link == ""
    owner.provider.clock.forward(7 * DAY)
    owner.provider.secrets[last] = NEW
    change_address(elsewhere(Person(owner.provider, last)), new_address())
    assert undo_link(owner, last)


def test_a_link_is_looked_at_as_often_as_anybody_likes_and_over_after_days(owner: Person):
    """Programs that scan mail follow links."""
    new = new_address()
    change_address(owner, new)
    link, browser = undo_link(owner, owner.username), Person(owner.provider).browser
    assert [browser.get(link).status_code for _ in range(2)] == [200, 200]
    assert owner.browser.get("/account").status_code == 200
    owner.provider.clock.forward(7 * DAY)
    assert error_code(browser.get(link)) == "undo_over"
    assert error_code(undo_by_form(owner.provider, link)) == "undo_over"


def undo_by_form(provider: Provider, link: str):
    browser = Person(provider).browser
    return browser.post(link, data={"csrf": hidden(browser.get("/login").text)["csrf"]})


def test_an_address_that_somebody_else_took_stays_theirs(owner: Person):
    """The person is told, and nothing is changed."""
    new = new_address()
    change_address(owner, new)
    services = owner.provider.services
    with services.database.transaction() as connection:
        assert services.accounts.create(connection, owner.username, "", {"email": owner.username}, services.now)
    assert error_code(undo(owner.provider, undo_link(owner, owner.username))) == "address_taken"
    assert opens(owner.provider, new, PASSWORD)


def test_only_a_proved_address_gets_a_link(named_provider: Provider):
    person = newcomer(named_provider, email_verified=False)
    change_address(person, new_address())
    assert letters(named_provider, person.username) == []


def test_two_press_at_once_and_one_is_undone(provider: Provider):
    """The other is told that the link was used; it happened once."""
    person = newcomer(provider)
    new = new_address()
    change_address(person, new)
    account, link = account_id(Person(provider, new)), undo_link(person, person.username)
    people = [Person(provider) for _ in range(6)]
    forms = [hidden(each.browser.get(link).text) for each in people]
    said = at_once(lambda number: people[number].browser.post(link, data=forms[number]).status_code, len(people))
    assert sorted(said) == [200, *[404] * 5]
    services = provider.services
    with services.database.autocommit() as connection:
        kinds = [each.kind for each in activity.latest(connection, services.sealer, account, 20)]
    assert kinds.count(Event.EMAIL_RESTORED) == 1
