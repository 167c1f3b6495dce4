"""A throwaway Redis that keeps nothing on disk."""

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.real.process import RunningProgram, start_on_free_port
from tests.real.programs import REDIS

READY = "Ready to accept connections"


@contextmanager
def run_redis() -> Iterator[str]:
    """The URL of a Redis of its own."""
    with tempfile.TemporaryDirectory(prefix="sekisho-redis-") as folder:
        command: list[str | Path] = [
            REDIS.find("redis-server"),
            "--bind",
            "127.0.0.1",
            "--save",
            "",
            "--appendonly",
            "no",
            "--dir",
            folder,
        ]
        port, program = start_on_free_port(
            lambda port: RunningProgram([*command, "--port", str(port)], ready=READY, cwd=Path(folder))
        )
        try:
            yield f"redis://127.0.0.1:{port}/0"
        finally:
            program.stop()
