"""A throwaway PostgreSQL cluster."""

import secrets
import shutil
import signal
import subprocess
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import psycopg
from psycopg import sql

from tests.real.process import RunningProgram, is_root, start_on_free_port
from tests.real.programs import POSTGRESQL

SUPERUSER = "postgres"
MAX_CONNECTIONS = 200
READY = "ready to accept connections"


class PostgresServer:
    """Listens on a loopback port of its own; everybody on this machine may connect for as long as it runs."""

    def __init__(self, start: Callable[[int], RunningProgram]) -> None:
        self._start = start
        self.port, self._program = start_on_free_port(start)

    def stop(self) -> None:
        self._program.stop()

    @contextmanager
    def stopped(self) -> Iterator[None]:
        """Inside the block it does not run; afterwards it runs again where it was."""
        self.stop()
        yield
        self._program = self._start(self.port)

    @contextmanager
    def database(self) -> Iterator[str]:
        """The URL of a new, empty database, which is dropped at the end, whoever is still connected."""
        name = f"test_{secrets.token_hex(8)}"
        self._execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(name)))
        try:
            yield f"postgresql+psycopg://{SUPERUSER}@127.0.0.1:{self.port}/{name}"
        finally:
            self._execute(sql.SQL("DROP DATABASE {} WITH (FORCE)").format(sql.Identifier(name)))

    def _execute(self, statement: sql.Composed) -> None:
        with psycopg.connect(host="127.0.0.1", port=self.port, user=SUPERUSER, autocommit=True) as connection:
            connection.execute(statement)


@contextmanager
def run_postgres(*, fsync: bool = False) -> Iterator[PostgresServer]:
    """Without fsync a commit is faster and a power cut fatal: right for tests, wrong for measuring."""
    # PostgreSQL refuses to run as root; its Debian package brings the user that it runs as.
    user = SUPERUSER if is_root() else None
    folder = Path(tempfile.mkdtemp(prefix="sekisho-postgres-"))
    try:
        if user:
            shutil.chown(folder, user)
        data = folder / "data"
        _create_cluster(data, user)
        server = PostgresServer(
            lambda port: RunningProgram(
                [POSTGRESQL.find("postgres"), "-D", data, *_options(port, folder, fsync=fsync)],
                ready=READY,
                stop_signal=signal.SIGINT,  # its "fast shutdown": ends open connections, then itself
                user=user,
                cwd=folder,
            )
        )
        try:
            yield server
        finally:
            server.stop()
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _create_cluster(data: Path, user: str | None) -> None:
    command: list[str | Path] = [
        POSTGRESQL.find("initdb"),
        "--pgdata",
        data,
        "--username",
        SUPERUSER,
        "--auth",
        "trust",
    ]
    subprocess.run(
        [*command, "--encoding", "UTF8", "--no-locale", "--no-sync"],
        user=user,
        group=user,
        extra_groups=[] if user else None,
        cwd=data.parent,
        check=True,
        capture_output=True,
    )


def _options(port: int, socket_folder: Path, *, fsync: bool) -> list[str]:
    settings = {
        "listen_addresses": "127.0.0.1",
        "port": port,
        "unix_socket_directories": socket_folder,
        "max_connections": MAX_CONNECTIONS,
        "fsync": "on" if fsync else "off",
        "full_page_writes": "on" if fsync else "off",
        "synchronous_commit": "on" if fsync else "off",
    }
    return [word for name, value in settings.items() for word in ("-c", f"{name}={value}")]
