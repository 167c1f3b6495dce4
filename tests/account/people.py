"""People whom a test makes for itself, because it changes or ends their account."""

from idp.passwords.hashing import Passwords
from tests.provider.person import Person, hidden
from tests.provider.provider import Provider
from tests.store.rows import new_id
from tests.web.visits import signed_in

PASSWORD = "a long password of nobody else"


def newcomer(provider: Provider, **profile: object) -> Person:
    """Somebody new, signed in."""
    services, username = provider.services, f"{new_id()}@example.jp".lower()
    claims = {"name": "Mio Abe", "email": username, "email_verified": True, "zoneinfo": "Asia/Tokyo", **profile}
    hashed = Passwords(services.settings.sign_in).hash(PASSWORD)
    with services.database.transaction() as connection:
        assert services.accounts.create(connection, username, hashed, claims, services.now)
    provider.secrets[username] = PASSWORD
    return signed_in(Person(provider, username))


def without_password(person: Person) -> Person:
    """The same person as somebody whom another provider or a passkey signed in: there is no password."""
    services = person.provider.services
    with services.database.transaction() as connection:
        assert services.accounts.change_password(connection, account_id(person), "", services.now)
    return person


def elsewhere(person: Person, user_agent: str = "") -> Person:
    """The same person, signed in in another browser."""
    other = Person(person.provider, person.username)
    other.browser.headers["user-agent"] = user_agent
    return signed_in(other)


def account_id(person: Person) -> str:
    services = person.provider.services
    with services.database.autocommit() as connection:
        return services.accounts.find_by_username(connection, person.username).id


def send(person: Person, path: str, **form: str):
    """Send a form of the person's pages."""
    response = person.browser.post(path, data={**hidden(person.browser.get("/account/devices").text), **form})
    person.provider.services.feed.read_now()
    return response
