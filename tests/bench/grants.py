"""A million grants against ten thousand: what a decision and a read cost (issue "One million grants on PostgreSQL").

    python -m tests.bench.grants

Two databases on one PostgreSQL differ in nothing but how many people there are, each with an account, a living grant
and a token family. In each some people are read once, for the first time in the process that answers, so that nothing
about them is remembered there: one in the small database, one in the large one, in turn, so that whatever else the
machine does meets both. Then a few people are read again and again, as memory answers. PostgreSQL has both databases in
its own memory.
"""

import argparse
import statistics
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import replace
from random import Random
from time import perf_counter

from flask import Flask
from sqlalchemy import create_engine, text
from sqlalchemy.pool import NullPool

from idp.app import create_app
from idp.protocol.authentication import ACR_PASSWORD
from idp.services import EXTENSION, Services
from idp.store import families, grants
from idp.store.clients import Client
from idp.store.families import Family
from idp.store.grants import Answer, Grant
from tests.fuzz.answer import call
from tests.fuzz.message import Message
from tests.provider.provider import declare, prepare, testing_settings
from tests.real.postgres_server import SUPERUSER, PostgresServer, run_postgres

APP, PURPOSE, SCOPES = "tabi-points", "points.credit", ("openid", "prefecture", "over_20")
PROFILE = {"birthdate": "1990-01-01", "address": {"region": "Tokyo", "country": "JP"}, "zoneinfo": "Asia/Tokyo"}
YEAR = 365 * 86_400
HOT = 50
"""People who are read again and again."""
TOGETHER = 50
"""Answers over one connection: which processor serves a connection is luck, and lasts as long as it does."""
FILL = {
    "accounts": {"id": "'a' || lpad(n::text, 21, '0')", "login_key": "sha256(n::text::bytea)"},
    "grants": {"id": "'g' || lpad(n::text, 21, '0')", "account_id": "'a' || lpad(n::text, 21, '0')"},
    "token_families": {"id": "'f' || lpad(n::text, 21, '0')", "account_id": "'a' || lpad(n::text, 21, '0')"},
}
"""What tells the rows of a table apart; the rest is as in the row of the first person."""


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m tests.bench.grants")
    parser.add_argument("--small", type=int, default=10_000)
    parser.add_argument("--large", type=int, default=1_000_000)
    parser.add_argument("--reads", type=int, default=3_000, help="how many people are read once in each database")
    parser.add_argument("--fsync", action="store_true", help="wait for the disk at every commit, in both")
    parser.add_argument("--shared-buffers", default="2GB", help="as much as the larger database needs")
    arguments = parser.parse_args()
    with run_postgres(fsync=arguments.fsync) as postgres, ExitStack() as stack:
        give_memory(postgres, arguments.shared_buffers)
        small, large = (
            stack.enter_context(crowd(postgres, size, arguments.reads)) for size in (arguments.small, arguments.large)
        )
        print(f"\n{'milliseconds':46}{arguments.small:>12,}{arguments.large:>12,}{'ratio':>8}")
        for name, ask in (("decision and read, GET /data/v1/me", Crowd.read), ("decision alone", Crowd.foresee)):
            of_each = [list(range(arguments.reads))] * 2
            report(f"{name}, each person once", in_turn((small, large), of_each, ask))
        again = [[number % HOT for number in range(arguments.reads)]] * 2
        report("decision and read, from memory", in_turn((small, large), again, Crowd.read))


class Crowd:
    """A database full of people, and an application that knows none of them yet."""

    def __init__(self, app: Flask, client: Client, people: list[str], tokens: list[str]) -> None:
        self._app = app
        self._services: Services = app.extensions[EXTENSION]
        self._client = client
        self._people = people
        self._tokens = tokens

    def connect_anew(self) -> None:
        """Talk to another process of PostgreSQL from now on."""
        self._services.database.engine.dispose()
        with self._services.database.autocommit() as connection:
            connection.exec_driver_sql("SELECT 1")

    def read(self, number: int) -> None:
        """Read somebody's data as their partner does."""
        bearer = (("Authorization", f"Bearer {self._tokens[number]}".encode()),)
        answer = call(self._app, Message("GET", b"/data/v1/me", headers=bearer))
        assert answer.status == 200, answer.body
        assert b'"prefecture":"Tokyo"' in answer.body

    def foresee(self, number: int) -> None:
        """Decide about somebody else, of whom nothing was read."""
        person = self._people[len(self._tokens) + number]
        fields = frozenset(("prefecture", "over_20"))
        foreseen = self._services.sharing.foresee(self._client, person, PURPOSE, fields, self._services.now)
        assert len(foreseen.released) == len(fields)


@contextmanager
def crowd(postgres: PostgresServer, size: int, reads: int) -> Iterator[Crowd]:
    """Fill a database and make the tokens of some people, spread over all of it."""
    began = perf_counter()
    with postgres.database() as url:
        settings = testing_settings(url, "http://127.0.0.1:8400", IDP_LIFETIMES__ACCESS_TOKEN="86400")
        prepare(settings)
        app = create_app(settings)
        declare(app)
        services: Services = app.extensions[EXTENSION]
        client = services.find_client(APP)
        assert client is not None
        first = first_person(services)
        fill(url, size, first)
        people = [f"a{number:021}" for number in Random(size).sample(range(size), 2 * reads)]
        know(services, people)
        mint, issuer = services.server.parts.mint, settings.issuer
        tokens = []
        for person in people[:reads]:
            family = replace(first, id=f"f{person[1:]}", account_id=person)
            tokens.append(mint.family_response(client, family, SCOPES, (issuer,), services.now)["access_token"])
        app.extensions[EXTENSION].database.engine.dispose()
        print(f"{size:,} people are there, after {perf_counter() - began:.0f} s", flush=True)
        answering = create_app(settings)
        yield Crowd(answering, client, people, tokens)
        answering.extensions[EXTENSION].database.engine.dispose()


def first_person(services: Services) -> Family:
    """Write down an account with its grant and token family; everybody else's are like these."""
    now = services.now
    with services.database.transaction() as connection:
        account_id = services.accounts.create(connection, "first@example.jp", "no password", PROFILE, now)
        assert account_id is not None
        answers = {field: Answer(agreed=True, at=now, until=now + YEAR // 5) for field in ("prefecture", "over_20")}
        scopes = {"openid": Answer(agreed=True, at=now, until=now + YEAR // 5)}
        read = {"agreement_version": 1, "changed_at": now}
        grant = Grant("first", account_id, APP, PURPOSE, scopes, answers, now, now + YEAR // 5, **read)
        assert grants.add(connection, grant)
        family = Family(
            id="first",
            client_id=APP,
            account_id=account_id,
            sid="first",
            scopes=SCOPES,
            resources=(services.settings.issuer,),
            purpose=PURPOSE,
            acr=ACR_PASSWORD,
            amr=("pwd",),
            auth_time=now,
            created_at=now - 60,
            expires_at=now + YEAR,
        )
        families.add(connection, family, None, None)
    return family


def fill(url: str, size: int, first: Family) -> None:
    """Add people like the first one."""
    engine = create_engine(url, poolclass=NullPool, isolation_level="AUTOCOMMIT")
    with engine.connect() as connection:
        for table, own in FILL.items():
            columns = connection.execute(
                text("SELECT column_name FROM information_schema.columns WHERE table_name = :table"), {"table": table}
            ).scalars()
            values = {column: own.get(column, column) for column in columns}
            first_id = first.account_id if table == "accounts" else "first"
            connection.execute(
                text(
                    f"INSERT INTO {table} ({', '.join(values)}) SELECT {', '.join(values.values())}"  # noqa: S608 - names of our own tables
                    f" FROM {table}, generate_series(0, :size - 1) AS n WHERE id = :first"
                ),
                {"size": size, "first": first_id},
            )
        connection.execute(text("VACUUM ANALYZE"))
        connection.execute(text("CREATE EXTENSION pg_prewarm"))
        ours = "relkind IN ('r', 'i') AND relnamespace = 'public'::regnamespace"
        connection.execute(text(f"SELECT sum(pg_prewarm(oid)) FROM pg_class WHERE {ours}"))  # noqa: S608 - our own words
        connection.execute(text("CHECKPOINT"))


def give_memory(postgres: PostgresServer, shared_buffers: str) -> None:
    """Let PostgreSQL hold both databases in its memory, as a server does that is sized for its work."""
    engine = create_engine(f"postgresql+psycopg://{SUPERUSER}@127.0.0.1:{postgres.port}/postgres", poolclass=NullPool)
    with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        connection.exec_driver_sql(f"ALTER SYSTEM SET shared_buffers = '{shared_buffers}'")
    with postgres.stopped():
        pass


def know(services: Services, people: list[str]) -> None:
    """Give people a profile that opens, for each is sealed in its own place."""
    for person in people:
        with services.database.transaction() as connection:
            services.accounts.change_profile(connection, person, PROFILE, services.now)
    with services.database.autocommit() as connection:
        connection.exec_driver_sql("DELETE FROM changes WHERE id < (SELECT max(id) FROM changes)")


def in_turn(
    crowds: tuple[Crowd, Crowd], numbers: list[list[int]], ask: Callable[[Crowd, int], None]
) -> tuple[list[float], list[float]]:
    """Ask both crowds in turn, in which order is drawn; return the seconds that each answer took."""
    random, seconds = Random(1), ([], [])
    for place, pair in enumerate(zip(*numbers, strict=True)):
        if place % TOGETHER == 0:
            for each in crowds:
                each.connect_anew()
        for which in random.sample((0, 1), 2):
            began = perf_counter()
            ask(crowds[which], pair[which])
            seconds[which].append(perf_counter() - began)
    return seconds


def report(name: str, seconds: tuple[list[float], list[float]]) -> None:
    """Print median and 90th percentile of both, and how they compare."""
    for what, of in (("median", statistics.median), ("p90", lambda each: statistics.quantiles(each, n=10)[-1])):
        small, large = (of(each) * 1000 for each in seconds)
        print(f"{name + ', ' + what:46}{small:12.3f}{large:12.3f}{large / small:8.2f}", flush=True)


if __name__ == "__main__":
    main()
