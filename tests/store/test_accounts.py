"""Accounts: found by sign-in name or identifier, one for each name, nothing personal in a plain column."""

import pytest
from sqlalchemy import text

from idp.store import accounts
from idp.store.accounts import Accounts
from idp.store.changes import ChangeFeed, Topic
from idp.store.database import Database
from idp.store.sealing import Sealer, UnsealingError
from tests.store.rows import NOW, at_once, new_id, randomness

PROFILE = {"name": "佐藤 花", "email": "hana@example.jp", "email_verified": True, "address": {"region": "Tokyo"}}


@pytest.fixture
def people(sealer: Sealer) -> Accounts:
    return Accounts(sealer, randomness)


def create(database: Database, people: Accounts, username: str) -> str | None:
    with database.transaction() as connection:
        return people.create(connection, username, "a hash", PROFILE, NOW)


def test_an_account_is_found_by_its_name_however_it_is_typed(database: Database, people: Accounts):
    """Case and surrounding space of a sign-in name do not matter."""
    name = new_id()
    account_id = create(database, people, f"{name}@Example.JP")
    with database.autocommit() as connection:
        found = people.find_by_username(connection, f"  {name}@example.jp ".upper())
        assert found is not None
        assert (found.id, found.profile, found.is_active) == (account_id, PROFILE, True)
        assert people.find(connection, found.id) == found
        assert people.find_by_username(connection, "somebody else") is None
        assert people.find(connection, "no such id") is None


def test_of_fifty_who_take_a_name_at_once_one_gets_it(database: Database, people: Accounts):
    """A sign-in name belongs to one account, decided by the database."""
    name = new_id()
    created = at_once(lambda _: create(database, people, name))
    assert len([account_id for account_id in created if account_id]) == 1


def test_changes_of_an_account_are_written_and_announced(database: Database, people: Accounts):
    """Profile, password and status change together with the news of it."""
    name = new_id()
    account_id = create(database, people, name)
    assert account_id
    heard: list[str] = []
    feed = ChangeFeed(database, 0)
    feed.subscribe(Topic.ACCOUNT, heard.append)
    feed.catch_up()
    heard.clear()
    with database.transaction() as connection:
        people.change_profile(connection, account_id, {"name": "Hana"}, NOW + 1)
        people.change_password(connection, account_id, "another hash", NOW + 2)
        people.change_status(connection, account_id, "suspended", NOW + 3)
    feed.catch_up()
    assert set(heard) == {account_id}
    with database.autocommit() as connection:
        found = people.find(connection, account_id)
    assert found is not None
    assert (found.profile, found.password_hash, found.status) == ({"name": "Hana"}, "another hash", "suspended")
    assert (found.is_active, found.updated_at) == (False, NOW + 3)


def test_nothing_personal_stands_in_a_plain_column(database: Database, people: Accounts):
    """Whoever reads the table learns neither names nor addresses, and repr shows none either."""
    account_id = create(database, people, "plain-hana@example.jp")
    with database.autocommit() as connection:
        row = connection.execute(text("SELECT * FROM accounts WHERE id = :id"), {"id": account_id}).one()
        found = people.find(connection, str(account_id))
    readable = b"|".join(value if isinstance(value, bytes) else str(value).encode() for value in row)
    for personal in ("hana", "佐藤", "Tokyo"):
        assert personal.encode() not in readable
        assert personal not in repr(found)


def test_a_profile_that_was_moved_to_another_account_does_not_open(database: Database, people: Accounts):
    """A sealed value is bound to its row: swapping two people's data in the table is noticed."""
    names = new_id(), new_id()
    first, second = (create(database, people, name) for name in names)
    with database.transaction() as connection:
        stolen = connection.execute(text("SELECT profile FROM accounts WHERE id = :id"), {"id": first}).scalar_one()
        connection.execute(accounts.accounts.update().where(accounts.accounts.c.id == second).values(profile=stolen))
    with database.autocommit() as connection:
        with pytest.raises(UnsealingError):
            people.find(connection, str(second))
        assert people.find(connection, str(first)) is not None
