"""The servers that the other tests stand on are real, empty, and gone when their starter is gone."""

import os
import select
import signal
import socket
import subprocess
import sys
from pathlib import Path

import psycopg
import pytest
import redis
from playwright.sync_api import Browser

from tests.real.postgres_server import run_postgres
from tests.real.process import RunningProgram, StartFailedError

REPOSITORY = Path(__file__).parents[2]
DEATH_WITHIN = 20.0


def tables(url: str) -> list[str]:
    with psycopg.connect(url.replace("+psycopg", "")) as connection:
        return [name for (name,) in connection.execute("SELECT tablename FROM pg_tables WHERE schemaname = 'public'")]


@pytest.mark.parametrize("use", [1, 2])
def test_each_test_gets_an_empty_postgresql_database(postgres_url: str, use: int):
    """What one test writes to PostgreSQL, the next does not find."""
    assert tables(postgres_url) == []
    with psycopg.connect(postgres_url.replace("+psycopg", "")) as connection:
        connection.execute("CREATE TABLE left_behind (id integer)")
    assert tables(postgres_url) == ["left_behind"]


@pytest.mark.parametrize("use", [1, 2])
def test_each_test_gets_an_empty_redis(redis_url: str, use: int):
    """What one test writes to Redis, the next does not find."""
    with redis.Redis.from_url(redis_url) as connection:
        assert connection.dbsize() == 0
        connection.set("left", "behind")


def test_a_dropped_database_does_not_wait_for_its_visitors(postgres_server):
    """A test that forgot a connection does not hang the run."""
    with postgres_server.database() as url:
        visitor = psycopg.connect(url.replace("+psycopg", ""))
    with pytest.raises(psycopg.OperationalError):
        visitor.execute("SELECT 1")
    visitor.close()


def test_postgresql_for_the_bench_commits_to_disk():
    """With fsync=True a commit is on disk before it is answered, as in production."""
    with run_postgres(fsync=True) as server, server.database() as url:
        with psycopg.connect(url.replace("+psycopg", "")) as connection:
            rows = connection.execute(
                "SELECT setting FROM pg_settings WHERE name IN ('fsync', 'synchronous_commit', 'full_page_writes')"
            ).fetchall()
        assert rows == [("on",), ("on",), ("on",)]


def test_the_browser_renders_and_speaks_japanese(chromium: Browser):
    """Chromium is real: it runs a page, and has glyphs for the Japanese pages."""
    page = chromium.new_page(locale="ja-JP")
    page.set_content("<p id=p>関所</p><script>document.title = navigator.language</script>")
    assert page.inner_text("#p") == "関所"
    assert page.title() == "ja-JP"
    page.close()


def test_node_runs_the_relying_party_libraries_from_npm(node: Path):
    """oauth4webapi and openid-client load in a Node that understands ES modules."""
    script = (
        "import { processAuthorizationCodeResponse } from 'oauth4webapi'; import { discovery } from 'openid-client';"
        "console.log(typeof processAuthorizationCodeResponse, typeof discovery)"
    )
    result = subprocess.run(
        [node, "--input-type=module", "--eval", script],
        cwd=REPOSITORY / "tests" / "npm",
        capture_output=True,
        text=True,
        check=True,
    )
    assert result.stdout.split() == ["function", "function"]


def test_a_program_that_cannot_start_says_why():
    """A test that fails since its server did not start shows the server's own words."""
    with pytest.raises(StartFailedError, match="no such thing"):
        RunningProgram([sys.executable, "-c", "raise SystemExit('no such thing')"], ready="ready")


@pytest.mark.parametrize("end", [RunningProgram.stop, RunningProgram.kill])
def test_the_workers_of_a_program_end_with_it(end):
    """A server that dies without telling its workers leaves none behind."""
    family = "sleep 600 & echo worker $!; echo ready; exec sleep 600"
    program = RunningProgram(["sh", "-c", family], ready="ready", stop_signal=signal.SIGKILL)
    worker = os.pidfd_open(int(program.last_lines().split()[1]))
    end(program)
    ended, _, _ = select.select([worker], [], [], DEATH_WITHIN)
    os.close(worker)
    assert ended == [worker]


STARTER = """
import signal
from tests.real.process import RunningProgram, StartFailedError
from tests.real.postgres_server import run_postgres
from tests.real.redis_server import run_redis
with run_postgres() as server, run_redis() as url:
    print(server.port, url.rpartition(":")[2].removesuffix("/0"), flush=True)
    signal.pause()
"""


def test_the_servers_die_with_a_killed_starter():
    """A test run that is killed leaves no server behind for the next to meet."""
    with subprocess.Popen(
        [sys.executable, "-c", STARTER], cwd=REPOSITORY, stdout=subprocess.PIPE, text=True
    ) as starter:
        assert starter.stdout is not None
        postgres_port, redis_port = starter.stdout.readline().split()
        postgres = psycopg.connect(host="127.0.0.1", port=postgres_port, user="postgres", autocommit=True)
        redis_socket = socket.create_connection(("127.0.0.1", int(redis_port)), timeout=DEATH_WITHIN)
        starter.kill()
    with pytest.raises(psycopg.OperationalError):
        list(postgres.notifies(timeout=DEATH_WITHIN))
    assert redis_socket.recv(1) == b""
    postgres.close()
    redis_socket.close()
