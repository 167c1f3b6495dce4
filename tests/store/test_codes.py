"""Authorization codes are spent once, by one conditional statement (RFC 6749 4.1.2)."""

from contextlib import suppress

import pytest
from sqlalchemy.exc import IntegrityError

from idp.store import codes, families
from idp.store.codes import KEEP_SECONDS, AuthorizationCode
from idp.store.database import Database
from idp.store.families import Family
from tests.store.rows import NOW, THREADS, a_code, a_family, at_once, at_once_behind, new_hash


def add(database: Database, **other: object) -> AuthorizationCode:
    code = a_code(**other)
    with database.transaction() as connection:
        codes.add(connection, code)
    return code


def test_a_code_comes_back_as_it_was_stored(database: Database):
    """Every binding of a code is kept: client, person, redirect URI, scope, resources, nonce, proof."""
    code = add(database, resources=(), amr=("pwd", "otp"))
    with database.autocommit() as connection:
        assert codes.find(connection, code.code_hash) == code
        assert codes.find(connection, new_hash()) is None


def test_fifty_threads_spend_a_code_once(database: Database):
    """Exactly one is told that the code was its."""
    code = add(database)

    def spend(number: int) -> bool:
        with database.transaction() as connection:
            return codes.consume(connection, code.code_hash, NOW + number)

    answers = at_once_behind(database, codes.authorization_codes, spend)
    assert sorted(answers) == [False] * (THREADS - 1) + [True]


def test_a_spent_code_is_still_found(database: Database):
    """A replay has to be seen as one, so that its family can be ended (RFC 9700 2.1.1)."""
    code = add(database)
    with database.transaction() as connection:
        assert codes.consume(connection, code.code_hash, NOW + 1)
        found = codes.find(connection, code.code_hash)
    assert found is not None
    assert found.used_at == NOW + 1


def spend_and_begin(database: Database, code: AuthorizationCode, family: Family) -> None:
    with database.transaction() as connection:
        assert codes.consume(connection, code.code_hash, NOW)
        families.add(connection, family, None, None)


def test_a_code_is_not_spent_when_its_family_cannot_begin(database: Database):
    """Code and family stand or fall together: what fails afterwards gives the code back."""
    code, taken = add(database), a_family()
    with database.transaction() as connection:
        families.add(connection, taken, None, None)
    with pytest.raises(IntegrityError):
        spend_and_begin(database, code, taken)
    with database.transaction() as connection:
        assert codes.consume(connection, code.code_hash, NOW)


class DiedError(Exception):
    """What happens to a process at the worst moment."""


def test_who_dies_leaves_the_code_to_the_next(database: Database):
    """A process that dies between spending and committing has spent nothing; those who wait for it go on."""
    code = add(database)

    def spend(number: int) -> bool:
        with suppress(DiedError), database.transaction() as connection:
            spent = codes.consume(connection, code.code_hash, NOW)
            if number % 2:
                raise DiedError
            return spent
        return False

    assert sum(at_once(spend)) == 1


def test_codes_are_kept_for_an_hour_after_they_expired(database: Database):
    """A late replay still ends its family; after that the code is forgotten."""
    kept = add(database, expires_at=NOW - KEEP_SECONDS)
    gone = add(database, expires_at=NOW - KEEP_SECONDS - 1)
    assert codes.purge(database, NOW) == 1
    with database.autocommit() as connection:
        assert codes.find(connection, kept.code_hash) == kept
        assert codes.find(connection, gone.code_hash) is None
