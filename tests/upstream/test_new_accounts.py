"""Making an account as somebody whom another provider knows: a letter proves the address, and there is no password."""

import pytest

from tests.provider.apps import STOREFRONT
from tests.provider.person import Person, hidden
from tests.upstream.conftest import World
from tests.upstream.scripted import go_by
from tests.web.letters import letters
from tests.web.pages import Page
from tests.web.visits import answer, error_code, follow, shows, visit

NEW_HERE = "/login/new-here"


@pytest.fixture
def address(request: pytest.FixtureRequest) -> str:
    """An address that nobody has."""
    return f"{request.node.name.replace('_', '-')[:40]}@example.org"


def want_account(person: Person, world: World, sub: str, page: str = "/login", **claims: object) -> str:
    """Arrive, say that one wants an account; return the page that asks for an address."""
    assert go_by(person, world.plain, page, sub=sub, **claims) == NEW_HERE
    asked = person.browser.post(NEW_HERE, data=hidden(person.browser.get(NEW_HERE).text))
    assert asked.headers["location"].startswith("/sign-up?flow=")
    return person.browser.get(asked.headers["location"]).text


def follow_letter(person: Person, page: str, address: str):
    follow(person, person.browser.post("/sign-up", data={**hidden(page), "email": address}))
    return person.browser.get(letters(person.provider, address)[0].link)


def test_a_new_account_has_no_password_and_the_app_is_answered(world: World, person: Person, address: str):
    """The provider's word on the address is a suggestion: the letter proves it. From then on the provider is enough."""
    flow = hidden(visit(person, STOREFRONT).text)["flow"]
    page = want_account(person, world, address, f"/login?flow={flow}", email=address, email_verified=True)
    assert Page(page).by_id("email").attributes["value"] == address
    finish = follow_letter(person, page, address)
    assert shows(finish, "create")
    assert not shows(finish, "password")
    done = person.browser.post("/sign-up/finish", data={**hidden(finish.text), "terms": "agreed"})
    assert "code" in answer(follow(person, done))
    services = world.provider.services
    assert services is not None
    with services.database.autocommit() as connection:
        account = services.accounts.find_by_username(connection, address)
    assert account is not None
    assert (account.password_hash, account.profile["email_verified"]) == ("", True)
    again = Person(world.provider)
    assert go_by(again, world.plain, sub=address) == "/"
    assert address in again.browser.get("/").text
    guess = Person(world.provider, address)
    assert guess.sign_in(guess.browser.get("/login"), "").status_code == 401


def test_a_first_password_is_a_way_of_its_own(world: World, person: Person, address: str):
    """After a sign-in with the other provider just now; from then on the account does not depend on it."""
    finish = follow_letter(person, want_account(person, world, address), address)
    follow(person, person.browser.post("/sign-up/finish", data={**hidden(finish.text), "terms": "agreed"}))
    page = person.browser.get("/account/password")
    assert not shows(page, "current")
    person.browser.post("/account/password", data={**hidden(page.text), "password": "tanuki ga odoru yoru"})
    again = Person(world.provider, address)
    assert again.sign_in(again.browser.get("/login"), "tanuki ga odoru yoru").status_code == 303
    assert go_by(Person(world.provider), world.plain, sub=address) == "/"


def test_the_letter_opened_in_another_browser_makes_an_account_with_a_password(
    world: World, person: Person, address: str
):
    """The other side is proved in the first browser alone."""
    page = want_account(person, world, address)
    follow(person, person.browser.post("/sign-up", data={**hidden(page), "email": address}))
    phone = Person(world.provider)
    finish = phone.browser.get(letters(world.provider, address)[0].link)
    assert shows(finish, "password")
    refused = phone.browser.post("/sign-up/finish", data={**hidden(finish.text), "terms": "agreed", "password": ""})
    assert refused.status_code == 400
    made = {**hidden(finish.text), "terms": "agreed", "password": "tanuki ga odoru yoru"}
    assert phone.browser.post("/sign-up/finish", data=made).headers["location"] == "/account"
    assert go_by(Person(world.provider), world.plain, sub=address) == NEW_HERE


def test_whoever_did_not_ask_for_an_account_is_connected_with_none(world: World, person: Person, address: str):
    """A stranger arrived in this browser and left; somebody who signs up here afterwards chooses a password."""
    assert go_by(person, world.plain, sub=address) == NEW_HERE
    finish = follow_letter(person, person.browser.get("/sign-up").text, address)
    assert shows(finish, "password")


def test_an_account_that_exists_is_not_taken_over(world: World, person: Person):
    """The letter says that there is an account; nothing is connected."""
    page = want_account(person, world, "taker", email="ken@example.jp", email_verified=True)
    before = len(letters(world.provider, "ken@example.jp"))
    follow(person, person.browser.post("/sign-up", data={**hidden(page), "email": "ken@example.jp"}))
    new = letters(world.provider, "ken@example.jp")
    assert len(new) == before + 1
    assert not new[0].link or "/sign-up/finish" not in new[0].link
    assert go_by(Person(world.provider), world.plain, sub="taker") == NEW_HERE


def test_wanting_an_account_takes_this_browsers_form(world: World, person: Person, address: str):
    """CSRF (RFC 9700 4.7)."""
    go_by(person, world.plain, sub=address)
    refused = person.browser.post(NEW_HERE, data={"csrf": "x" * 43})
    assert (refused.status_code, error_code(refused)) == (403, "page_expired")
    stranger = Person(world.provider)
    form = hidden(stranger.browser.get("/login").text)
    assert stranger.browser.post(NEW_HERE, data=form).headers["location"] == "/login"
