"""A program run for a test: started until it says that it is ready, stopped with whoever started it."""

import contextlib
import os
import shutil
import signal
import socket
import subprocess
import threading
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

LINES_KEPT = 200
LINES_SHOWN = 15
READY_WITHIN = 60.0
STOP_WITHIN = 15.0
PORTS_TRIED = 3


class StartFailedError(Exception):
    """The program ended, or kept silent too long, before it was ready: the message carries its last lines."""


class RunningProgram:
    """A child process whose output is read all the time, so that a full pipe never stalls it."""

    def __init__(
        self,
        command: Sequence[str | Path],
        *,
        ready: str,
        stop_signal: signal.Signals = signal.SIGTERM,
        user: str | None = None,
        cwd: Path | None = None,
        env: Mapping[str, str] | None = None,
    ) -> None:
        """Return once a line of output holds `ready`; raise StartFailedError when none comes."""
        self._stop_signal = stop_signal
        self._last_lines: deque[str] = deque(maxlen=LINES_KEPT)
        self._ready = False
        self._decided = threading.Event()
        self.process = subprocess.Popen(
            [*_die_with_parent(stop_signal, user), *command],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            cwd=cwd,
            env=env,
            text=True,
            errors="replace",
            start_new_session=True,  # a group of its own: its workers end with it, and Ctrl-C reaches the tests first
        )
        self._reader = threading.Thread(target=self._read, args=(ready,), daemon=True)
        self._reader.start()
        self._decided.wait(READY_WITHIN)
        if not self._ready:
            self.kill()
            raise StartFailedError(f"{command[0]} did not start:\n{self.last_lines()}")

    def last_lines(self, count: int = LINES_SHOWN) -> str:
        """What the program said last, for a failing test to show."""
        return "".join(list(self._last_lines)[-count:])

    def stop(self) -> None:
        """Ask the program to end, and insist when it does not; whatever it had started ends with it."""
        if self.process.poll() is None:
            self.process.send_signal(self._stop_signal)
        with contextlib.suppress(subprocess.TimeoutExpired):
            self.process.wait(timeout=STOP_WITHIN)
        self.kill()

    def kill(self) -> None:
        """End the program and all that it started at once, as a power cut would."""
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self.process.pid, signal.SIGKILL)
        self.process.wait()
        self._reader.join()

    def _read(self, ready: str) -> None:
        assert self.process.stdout is not None
        with self.process.stdout as lines:
            for line in lines:
                self._last_lines.append(line)
                if ready in line:
                    self._ready = True
                    self._decided.set()
        self._decided.set()


def _die_with_parent(stop_signal: signal.Signals, user: str | None) -> list[str]:
    """On Linux the kernel ends the child when its parent dies, however that happens; no stale server is left behind."""
    setpriv = shutil.which("setpriv")
    if setpriv is None:
        return []
    change_user = [f"--reuid={user}", f"--regid={user}", "--clear-groups"] if user else []
    return [setpriv, f"--pdeathsig={stop_signal.name.removeprefix('SIG')}", *change_user]


def start_on_free_port(start: Callable[[int], RunningProgram]) -> tuple[int, RunningProgram]:
    """Start a program on a loopback port; on another one when somebody took the first in the meantime."""
    for _ in range(PORTS_TRIED - 1):
        port = free_port()
        with contextlib.suppress(StartFailedError):
            return port, start(port)
    port = free_port()
    return port, start(port)


def free_port() -> int:
    """A loopback port that nobody listens on at this moment."""
    with contextlib.closing(socket.socket()) as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def is_root() -> bool:
    return os.geteuid() == 0
