"""Passkeys, their challenges and the ways back: whatever may happen once happens once (WebAuthn 7.2, 13.4.3)."""

from dataclasses import replace

import pytest

from idp.store import passkeys, recoveries
from idp.store.database import Database
from idp.store.passkeys import Ceremony, Passkey, Passkeys
from idp.store.recoveries import Recovery
from idp.store.sealing import Sealer
from tests.store.rows import DAY, NOW, THREADS, at_once, contents, new_id

ONCE = [False] * (THREADS - 1) + [True]


@pytest.fixture
def store(sealer: Sealer) -> Passkeys:
    return Passkeys(sealer)


def added(database: Database, store: Passkeys, sign_count: int = 0) -> Passkey:
    passkey = Passkey(
        id=new_id().encode(),
        account_id=new_id(),
        public_key=b"key",
        sign_count=sign_count,
        backup_eligible=True,
        backed_up=False,
        transports=("internal", "hybrid"),
        name="Hana's phone 関所",
        created_at=NOW,
    )
    with database.transaction() as connection:
        assert store.add(connection, passkey)
    return passkey


def begun(database: Database) -> tuple[str, Ceremony]:
    challenge, ceremony = new_id(), Ceremony("sign_in", new_id())
    with database.transaction() as connection:
        passkeys.begin(connection, challenge, ceremony, NOW + 60)
    return challenge, ceremony


def take(database: Database, challenge: str, ceremony: Ceremony, now: int = NOW) -> bool:
    with database.autocommit() as connection:
        return passkeys.take(connection, challenge, ceremony, now)


def use(database: Database, passkey: Passkey, sign_count: int) -> bool:
    with database.autocommit() as connection:
        return passkeys.use(connection, passkey.id, sign_count, NOW, backed_up=True)


def test_fifty_threads_take_a_challenge_once(database: Database):
    challenge, ceremony = begun(database)
    assert sorted(at_once(lambda _: take(database, challenge, ceremony))) == ONCE


def test_a_challenge_is_of_one_session_ceremony_and_account_and_not_for_long(database: Database):
    """What does not fit takes nothing."""
    challenge, ceremony = begun(database)
    for wrong in ({"session_id": "x"}, {"name": "enrol"}, {"account_id": "x"}):
        assert not take(database, challenge, replace(ceremony, **wrong))
    assert not take(database, challenge, ceremony, NOW + 60)
    assert not take(database, challenge + "x", ceremony)
    assert take(database, challenge, ceremony, NOW + 59)


def test_fifty_uses_with_one_count_are_one(database: Database, store: Passkeys):
    """WebAuthn 7.2 step 22: a key and its copy that sign at the same moment do not both come in."""
    passkey = added(database, store, sign_count=7)
    assert sorted(at_once(lambda _: use(database, passkey, 8))) == ONCE
    assert not use(database, passkey, 8)
    assert not use(database, passkey, 0)
    assert use(database, passkey, 2**32 - 1)


def test_a_key_that_does_not_count_is_used_as_often_as_one_likes(database: Database, store: Passkeys):
    """But one that began to count goes on."""
    passkey = added(database, store)
    assert use(database, passkey, 0)
    assert use(database, passkey, 0)
    with database.autocommit() as connection:
        (found,) = store.of_account(connection, passkey.account_id)
    assert found == replace(passkey, backed_up=True, used_at=NOW)
    assert use(database, passkey, 1)
    assert not use(database, passkey, 0)


def test_what_a_person_calls_a_passkey_is_sealed(database: Database, store: Passkeys):
    """And a challenge is hashed, so that whoever reads the database can answer none."""
    added(database, store)
    challenge, _ = begun(database)
    assert "Hana's phone" not in repr(contents(database)["passkeys"])
    assert challenge not in repr(contents(database)["passkey_challenges"])


def test_an_identifier_is_one_accounts(database: Database, store: Passkeys):
    """WebAuthn 7.1 step 26: a second one of the same name is not stored, and changes nothing of the first."""
    passkey = added(database, store)
    with database.transaction() as connection:
        assert not store.add(connection, replace(passkey, account_id="another", public_key=b"another"))
    with database.autocommit() as connection:
        assert store.find(connection, passkey.id) == passkey


def recovery(database: Database, account_id: str) -> tuple[Recovery, str, str]:
    found = Recovery(new_id(), account_id, "", NOW, NOW + DAY, NOW + 2 * DAY)
    secret, cancel_secret = new_id(), new_id()
    with database.transaction() as connection:
        recoveries.begin(connection, found, secret, cancel_secret)
    return found, secret, cancel_secret


def spend(database: Database, found: Recovery, now: int = NOW + DAY) -> bool:
    with database.autocommit() as connection:
        return recoveries.use(connection, found.id, now)


def test_fifty_threads_use_a_recovery_once_and_in_its_time(database: Database):
    found, secret, cancel_secret = recovery(database, new_id())
    assert not spend(database, found, NOW + DAY - 1)
    assert not spend(database, found, NOW + 2 * DAY)
    with database.autocommit() as connection:
        assert recoveries.find(connection, secret, NOW) == (found, True)
        assert recoveries.find(connection, cancel_secret, NOW) == (found, False)
        assert recoveries.find(connection, secret + "x", NOW) is None
    assert sorted(at_once(lambda _: spend(database, found))) == ONCE


def test_what_is_cancelled_is_not_used(database: Database):
    """A cancellation and a use at the same moment: one of them happens."""
    found, _, _ = recovery(database, new_id())

    def one(number: int) -> bool:
        if number % 2:
            return spend(database, found)
        with database.autocommit() as connection:
            return recoveries.cancel(connection, found.account_id, NOW + DAY)

    assert sorted(at_once(one)) == ONCE


def test_another_recovery_ends_the_one_before(database: Database):
    account_id = new_id()
    first, *_ = recovery(database, account_id)
    second, *_ = recovery(database, account_id)
    assert not spend(database, first)
    assert spend(database, second)
