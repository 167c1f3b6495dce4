"""Recovery codes: ten at a time, each of which opens once (NIST SP 800-63B 5.1.2)."""

import os

from sqlalchemy import select

from idp.store import recovery_codes
from idp.store.database import Database
from tests.store.rows import at_once

NOW = 1000


def make(database: Database, account_id: str = "hana") -> tuple[str, ...]:
    with database.transaction() as connection:
        return recovery_codes.make_anew(connection, account_id, os.urandom, NOW)


def use(database: Database, code: str, account_id: str = "hana") -> bool:
    with database.transaction() as connection:
        return recovery_codes.use(connection, account_id, code, NOW)


def left(database: Database) -> int:
    with database.autocommit() as connection:
        return recovery_codes.left(connection, "hana")


def test_each_code_opens_once(database: Database):
    """However it is typed, with or without dashes, small or large, with a letter for the digit it looks like."""
    first, second, third, *_ = make(database)
    typed = second.lower().replace("-", " ").replace("0", "o").replace("1", "l")
    assert [use(database, first), use(database, typed), use(database, first), use(database, second)] == [
        True,
        True,
        False,
        False,
    ]
    assert not use(database, third, "ken"), "nor does it open another account"
    assert left(database) == 8


def test_new_codes_end_the_old_ones(database: Database):
    """Whoever lost the paper makes new ones, and the finder has nothing."""
    old, new = make(database), make(database)
    assert len({*old, *new}) == 20
    assert not use(database, old[0])
    assert use(database, new[0])


def test_a_code_used_by_fifty_at_once_opens_once(database: Database):
    """One conditional UPDATE decides."""
    code = make(database)[0]
    assert sorted(at_once(lambda _: use(database, code)))[-2:] == [False, True]


def test_codes_are_kept_hashed(database: Database):
    """What is stored opens nothing."""
    codes = make(database)
    with database.autocommit() as connection:
        stored = repr(connection.execute(select(recovery_codes.recovery_codes)).all())
    assert not [code for code in codes if code in stored or code.replace("-", "") in stored]
