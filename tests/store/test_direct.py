"""Statements that go straight to the driver answer and fail as SQLAlchemy's do."""

import contextlib

import pytest
from sqlalchemy import bindparam, select, update
from sqlalchemy.exc import DBAPIError, IntegrityError

from idp.store import families
from idp.store.database import Database, DatabaseUnavailableError
from idp.store.direct import DirectStatement
from idp.store.families import token_families
from tests.store.outage import unreachable
from tests.store.rows import a_family, new_hash

COLUMNS = (
    token_families.c.account_id,
    token_families.c.scopes,
    token_families.c.amr,
    token_families.c.created_at,
    token_families.c.ended_at,
)
RENAME = DirectStatement(
    update(token_families)
    .where(token_families.c.id == bindparam("family"))
    .values(account_id=bindparam("name"), handle_hash=bindparam("hash")),
    COLUMNS,
)


def rename(database: Database, family: str, name: str = "somebody", handle: bytes | None = None) -> tuple | None:
    with database.autocommit() as connection:
        return RENAME.first(connection, {"family": family, "name": name, "hash": handle or new_hash()})


def rename_over_a_lost_connection(database: Database, family: str) -> None:
    with database.autocommit() as connection:
        with unreachable(database):
            pass
        RENAME.first(connection, {"family": family, "name": "lost", "hash": new_hash()})


def added(database: Database, **values: object) -> families.Family:
    family = a_family(**values)
    with database.transaction() as connection:
        families.add(connection, family, new_hash(), new_hash())
    return family


@pytest.mark.parametrize("name", ["somebody", "", "花子 'or' %s $1", "é" * 16])
def test_texts_lists_numbers_and_nothing_come_back_as_sqlalchemy_gives_them(database: Database, name: str):
    """Also what a driver might take for a placeholder or a quotation mark."""
    family = added(database, scopes=("openid", "email"), amr=())
    assert rename(database, family.id, name) == (name, ("openid", "email"), (), family.created_at, None)
    with database.autocommit() as connection:
        stored = connection.execute(select(*COLUMNS).where(token_families.c.id == family.id)).one()
    assert tuple(stored) == (name, ("openid", "email"), (), family.created_at, None)


def test_no_row_is_none_and_changes_nothing(database: Database):
    """However often the statement is executed on a connection."""
    assert [rename(database, "no such family") for _ in range(8)] == [None] * 8


def test_inside_a_transaction_it_is_undone_with_the_rest(database: Database):
    """It works on the transaction's own connection."""
    family = added(database)
    with contextlib.suppress(KeyError), database.transaction() as connection:
        assert RENAME.first(connection, {"family": family.id, "name": "gone", "hash": new_hash()}) is not None
        raise KeyError
    with database.autocommit() as connection:
        assert families.find(connection, family.id) == family


def test_a_mistake_is_sqlalchemys_error_and_tells_no_value(database: Database):
    """What was asked may be a secret; the connection is as good as before."""
    first, second, handle = added(database), added(database), new_hash()
    assert rename(database, first.id, handle=handle) is not None
    with pytest.raises(DBAPIError) as raised:
        rename(database, second.id, "a secret name", handle=handle)
    assert isinstance(raised.value, IntegrityError)
    assert "a secret name" not in str(raised.value)
    assert rename(database, second.id) is not None


def test_an_unreachable_database_is_told_as_such_and_comes_back(fresh_database: Database):
    """Also where the server ends the connection after it was taken from the pool."""
    family = added(fresh_database)
    if not fresh_database.is_sqlite:
        with pytest.raises(DatabaseUnavailableError):
            rename_over_a_lost_connection(fresh_database, family.id)
    with unreachable(fresh_database), pytest.raises(DatabaseUnavailableError):
        rename(fresh_database, family.id)
    assert rename(fresh_database, family.id, "found") is not None
