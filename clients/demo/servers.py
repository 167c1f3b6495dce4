"""The demo's servers as processes. Whatever ends the demo ends them too, and the end of one ends the demo."""

import contextlib
import os
import shutil
import signal
import subprocess
import threading
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from queue import SimpleQueue
from types import TracebackType
from typing import Self

import requests

from clients.demo.places import ROOT

READY_WITHIN = 60.0
ANSWER_WITHIN = 5.0
STOP_WITHIN = 10.0
PAUSE = 0.05


class ServerDiedError(Exception):
    """A server ended by itself, or never answered; the message says which, and where it wrote why."""


@dataclass(frozen=True, slots=True, repr=False)
class Server:
    """How to start one server, and the address that answers 200 as soon as it is ready."""

    title: str
    command: Sequence[str]
    environment: Mapping[str, str]
    ready_url: str
    log: Path

    def problem(self, what: str) -> ServerDiedError:
        return ServerDiedError(f"{self.title} {what}; see {self.log.relative_to(ROOT)}")


class Servers:
    """Servers that run from entering to leaving the `with` block."""

    def __init__(self) -> None:
        self._running: list[tuple[Server, subprocess.Popen[bytes]]] = []
        self._ended: SimpleQueue[Server] = SimpleQueue()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        """Stop them all; whoever presses Ctrl-C again does not stop the stopping."""
        for name in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            signal.signal(name, signal.SIG_IGN)
        for _server, process in self._running:
            process.terminate()
        deadline = time.monotonic() + STOP_WITHIN
        for _server, process in self._running:
            with contextlib.suppress(subprocess.TimeoutExpired):
                process.wait(timeout=max(0.0, deadline - time.monotonic()))
            _kill_group(process)

    def start(self, server: Server) -> None:
        with server.log.open("ab") as log:
            process = subprocess.Popen(  # noqa: S603 - a fixed list of arguments
                [*_end_with_parent(), *server.command],
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                cwd=ROOT,
                env=dict(server.environment),
                start_new_session=True,  # Ctrl-C in the terminal reaches the demo alone, which then stops them in order
            )
        self._running.append((server, process))
        threading.Thread(target=self._watch, args=(server, process), daemon=True).start()

    def wait_until_ready(self) -> None:
        """Return once every server answers."""
        deadline = time.monotonic() + READY_WITHIN
        for server, process in self._running:
            while not _answers(server.ready_url):
                if time.monotonic() > deadline:
                    raise server.problem("does not answer")
                with contextlib.suppress(subprocess.TimeoutExpired):
                    process.wait(timeout=PAUSE)
                    raise server.problem("did not start")

    def wait_for_an_end(self) -> None:
        """Wait until a server ends by itself; a signal ends the waiting from outside."""
        raise self._ended.get().problem("ended by itself")

    def _watch(self, server: Server, process: subprocess.Popen[bytes]) -> None:
        process.wait()
        self._ended.put(server)


def _answers(url: str) -> bool:
    with requests.Session() as session:
        session.trust_env = False  # no proxy stands between this machine and itself
        try:
            return session.get(url, timeout=ANSWER_WITHIN).ok
        except requests.RequestException:
            return False


def _end_with_parent() -> list[str]:
    """On Linux the kernel ends a server when the demo dies, in whatever way; elsewhere SIGKILL leaves them behind."""
    setpriv = shutil.which("setpriv")
    return [setpriv, "--pdeathsig=TERM"] if setpriv else []


def _kill_group(process: subprocess.Popen[bytes]) -> None:
    """End whatever is left of a server: one that did not stop in time, and its workers."""
    with contextlib.suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)
    process.wait()
