"""Changes of address that can be taken back: each once, by one of many, and none that came after (ASVS 6.5.1)."""

from sqlalchemy import select

from idp.store import address_changes
from idp.store.address_changes import AddressChange
from idp.store.database import Database
from idp.store.sealing import Sealer
from tests.store.rows import NOW, at_once, new_id

OLD = "hana@example.jp"


def change(database: Database, sealer: Sealer, account: str, now: int = NOW) -> str:
    """Write a change down; return the secret of its link."""
    secret = new_id() + new_id()
    before = {"address": OLD, "had_password": True, "had_app": False, "phone": ""}
    with database.transaction() as connection:
        address_changes.add(connection, sealer, account, secret, now, now + 60, **before)
    return secret


def find(database: Database, sealer: Sealer, secret: str, now: int = NOW) -> AddressChange | None:
    with database.autocommit() as connection:
        return address_changes.find(connection, sealer, secret, now)


def take(database: Database, sealer: Sealer, secret: str, now: int = NOW) -> AddressChange | None:
    with database.transaction() as connection:
        return address_changes.take(connection, sealer, secret, now)


def test_a_link_is_looked_at_as_often_as_anybody_likes_and_used_once(database: Database, sealer: Sealer):
    account = new_id()
    secret = change(database, sealer, account)
    seen = [find(database, sealer, secret) for _ in range(3)]
    assert {(each.account_id, each.address, each.had_password, each.had_app) for each in seen} == {
        (account, OLD, True, False)
    }
    assert take(database, sealer, secret, NOW + 60) is None
    assert take(database, sealer, secret, NOW + 59) == seen[0]
    assert take(database, sealer, secret) is None
    assert find(database, sealer, secret) is None


def test_fifty_at_once_use_one_link_once(database: Database, sealer: Sealer):
    """One conditional UPDATE decides."""
    secret = change(database, sealer, new_id())
    taken = at_once(lambda _: take(database, sealer, secret))
    assert len([each for each in taken if each is not None]) == 1


def test_what_came_after_is_worth_nothing_and_what_came_before_stays(database: Database, sealer: Sealer):
    """A thief who changed the address twice cannot bring back what they put in between."""
    account, other = new_id(), new_id()
    first, second, third = (change(database, sealer, account) for _ in range(3))
    theirs = change(database, sealer, other)
    with database.transaction() as connection:
        assert not address_changes.was_one_undone(connection, account, NOW)
        address_changes.forget_later(connection, address_changes.take(connection, sealer, second, NOW))
        assert address_changes.was_one_undone(connection, account, NOW + 59)
        assert not address_changes.was_one_undone(connection, account, NOW + 60)
    assert [find(database, sealer, each) is not None for each in (first, third, theirs)] == [True, False, True]


def test_what_is_stored_opens_nothing_and_names_nobody(database: Database, sealer: Sealer):
    secret = change(database, sealer, new_id())
    with database.autocommit() as connection:
        stored = repr(connection.execute(select(address_changes.address_changes)).all())
    assert secret not in stored
    assert OLD not in stored


def test_what_is_over_is_forgotten(database: Database, sealer: Sealer):
    secret = change(database, sealer, new_id())
    address_changes.purge(database, NOW + 59)
    assert find(database, sealer, secret) is not None
    assert address_changes.purge(database, NOW + 60) > 0
