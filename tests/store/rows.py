"""What tests of the store stand on: an open database, rows to write down, fifty threads at the same moment."""

import secrets
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from typing import TypeVar

from flask import Flask
from sqlalchemy import MetaData, Table, select, text

from idp.store import schema
from idp.store.codes import AuthorizationCode
from idp.store.database import Connection, Database, open_database
from idp.store.families import Family
from tests.provider.waiting import eventually

NOW = 1_795_000_000
THREADS = 50
DAY = 86_400
Answer = TypeVar("Answer")
Rows = dict[str, list[dict[str, object]]]


@contextmanager
def opened(url: str) -> Iterator[Database]:
    """A database at the newest schema."""
    database = open_database(Flask("tests"), url, THREADS)
    schema.upgrade(database)
    yield database
    database.engine.dispose()


def tables(database: Database) -> dict[str, Table]:
    metadata = MetaData()
    metadata.reflect(database.engine)
    return {name: table for name, table in metadata.tables.items() if name != "alembic_version"}


def contents(database: Database) -> Rows:
    with database.autocommit() as connection:
        return {
            name: [dict(row._mapping) for row in connection.execute(table.select())]
            for name, table in tables(database).items()
        }


def randomness(count: int) -> bytes:
    return secrets.token_bytes(count)


def new_id() -> str:
    return secrets.token_urlsafe(16)


def new_hash() -> bytes:
    return secrets.token_bytes(32)


def at_once(function: Callable[[int], Answer], times: int = THREADS) -> list[Answer]:
    """What each of so many threads was answered, all of them let go at the same moment."""
    gate = threading.Barrier(times)

    def one(number: int) -> Answer:
        gate.wait()
        return function(number)

    with ThreadPoolExecutor(times) as pool:
        return list(pool.map(one, range(times)))


@contextmanager
def patient_transaction(database: Database) -> Iterator[Connection]:
    """A transaction that may wait for as long as it takes others to pile up behind it."""
    with database.transaction() as connection:
        if not database.is_sqlite:
            connection.execute(text("SET LOCAL idle_in_transaction_session_timeout = 0"))
        yield connection


def at_once_behind(database: Database, row: Table, function: Callable[[int], Answer]) -> list[Answer]:
    """The same, with every row of a table held until many wait at it: what they had read before is old by then."""
    with ThreadPoolExecutor(1) as conductor:
        with patient_transaction(database) as holder:
            holder.execute(select(row).with_for_update())
            answers = conductor.submit(at_once, function)
            assert database.is_sqlite or eventually(lambda: waiting(database) >= 10, within=20)
        return answers.result()


def waiting(database: Database) -> int:
    """How many connections wait for a lock in PostgreSQL."""
    with database.autocommit() as connection:
        return int(
            connection.execute(
                text(
                    "SELECT count(*) FROM pg_stat_activity"
                    " WHERE datname = current_database() AND wait_event_type = 'Lock'"
                )
            ).scalar_one()
        )


def a_code(**other: object) -> AuthorizationCode:
    values = {
        "code_hash": new_hash(),
        "family_id": new_id(),
        "client_id": "storefront",
        "account_id": new_id(),
        "sid": new_id(),
        "redirect_uri": "https://shop.example.test/callback",
        "redirect_uri_was_sent": True,
        "scopes": ("openid", "email"),
        "resources": ("https://id.example.test",),
        "purpose": "",
        "nonce": "a nonce with spaces and 花",
        "code_challenge": "c" * 43,
        "auth_time": NOW - 5,
        "acr": "urn:sekisho:acr:password",
        "amr": ("pwd",),
        "expires_at": NOW + 60,
        "fields": ("prefecture", "over_20"),
        "days": 30,
        "id_token_claims": ("email",),
        "userinfo_claims": ("name", "over_20"),
    }
    return AuthorizationCode(**{**values, **other})


def a_family(**other: object) -> Family:
    values = {
        "id": new_id(),
        "client_id": "storefront",
        "account_id": new_id(),
        "sid": new_id(),
        "scopes": ("openid", "email"),
        "resources": ("https://id.example.test",),
        "purpose": "",
        "auth_time": NOW - 5,
        "acr": "urn:sekisho:acr:password",
        "amr": ("pwd",),
        "created_at": NOW,
        "expires_at": NOW + DAY,
        "fields": ("prefecture", "over_20"),
        "id_token_claims": ("email",),
        "userinfo_claims": ("name", "over_20"),
    }
    return Family(**{**values, **other})
