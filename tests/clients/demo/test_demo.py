"""`make demo` as people run it: the whole journey, told truly, and nothing left behind."""

import os
import re
import select
import shutil
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from clients.demo.places import Places
from clients.demo.steps import STEPS
from tests.real.process import RunningProgram

ROOT = Path(__file__).parents[3]
UP = "Press Ctrl-C to stop."


def free_ports() -> int:
    """The first of six ports in a row that nobody listens on."""
    for first in range(20_000 + os.getpid() % 5_000, 32_000, 6):
        if Places.from_port(first).taken_port() is None:
            return first
    pytest.fail("no six free ports in a row")


def demo(*arguments: str, root: Path = ROOT) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "clients.demo", *arguments]
    return subprocess.run(command, cwd=root, capture_output=True, text=True, timeout=180, check=False)


@contextmanager
def demo_left_up(first: int) -> Iterator[RunningProgram]:
    """A demo that has played its journey and waits, started with SIGINT ignored as a shell starts background jobs."""
    command = ["sh", "-c", 'trap "" INT; exec "$@"', "sh", sys.executable, "-m", "clients.demo", "--port", str(first)]
    program = RunningProgram(command, ready=UP, cwd=ROOT)
    try:
        yield program
    finally:
        program.kill()
        shutil.rmtree(Places.from_port(first).folder, ignore_errors=True)


def processes_in(folder: Path) -> dict[int, str]:
    """Every process of this machine whose output goes to a log in the folder, by its number."""
    found = {}
    for output in Path("/proc").glob("[0-9]*/fd/1"):
        try:
            if output.readlink().is_relative_to(folder):
                found[int(output.parts[2])] = (output.parents[1] / "cmdline").read_bytes().decode()
        except OSError:  # it ended in the meantime
            continue
    return found


def wait_for_the_end_of(process: int) -> None:
    """Return once a process that is not our child has ended."""
    try:
        watched = os.pidfd_open(process)
    except ProcessLookupError:
        return
    ended, _, _ = select.select([watched], [], [], 20)
    os.close(watched)
    assert ended, f"process {process} still runs"


def test_every_step_holds():
    """ONCE=1: exit status 0, each step with a tick, no secret on the screen, no folder and no process left."""
    first = free_ports()
    done = demo("--once", "--port", str(first))
    assert done.returncode == 0, done.stdout + done.stderr
    for title, _step in STEPS:
        assert f"✓ {title}\n" in done.stdout
    assert "✗" not in done.stdout
    assert "eyJ" not in done.stdout
    assert "  password " not in done.stdout
    assert not Places.from_port(first).folder.exists()
    assert Places.from_port(first).taken_port() is None


def test_a_step_that_does_not_hold_is_told_and_fails_the_run(tmp_path: Path):
    """In a world whose agreement gives the partner less than the story tells, the demo says so and exits 1."""
    for name in ("clients", "config"):
        shutil.copytree(ROOT / name, tmp_path / name, ignore=shutil.ignore_patterns("__pycache__", "guard"))
    agreement = tmp_path / "config" / "sharing" / "agreements" / "tabi-points.toml"
    agreement.write_text(agreement.read_text("utf-8").replace("over_20 = { required = false }\n", ""), "utf-8")
    done = demo("--once", "--port", str(free_ports()), root=tmp_path)
    assert done.returncode == 1
    assert "✗ Tabi Points, a partner, asks for some of her data" in done.stdout
    assert "over_20" in done.stdout
    assert "A step did not hold." in done.stdout


STOPS = [signal.SIGINT, signal.SIGTERM, signal.SIGHUP]
"""A closed terminal does not end what was started with nohup, these tests and their demo included."""


@pytest.mark.parametrize("stop", [stop for stop in STOPS if signal.getsignal(stop) is not signal.SIG_IGN])
def test_it_stays_up_until_it_is_stopped_and_leaves_nothing_behind(stop: signal.Signals):
    """Ctrl-C, `kill`, or a closed terminal: every server ends, the folder with its keys is gone, exit status 0."""
    first = free_ports()
    places = Places.from_port(first)
    folder = places.folder
    with demo_left_up(first) as running:
        said = running.last_lines(200)
        assert all(url in said for url in (places.provider, places.storefront, places.partner))
        assert re.search(r"hana@example\.jp  password \S{20,}", said)
        assert folder.stat().st_mode & 0o777 == 0o700
        assert len(processes_in(folder)) >= 4
        os.killpg(running.process.pid, stop)  # as a terminal does it: to the whole group
        assert running.process.wait(timeout=30) == 0
        assert processes_in(folder) == {}
        assert Places.from_port(first).taken_port() is None
        assert not folder.exists()


def test_servers_end_with_a_demo_that_was_killed():
    """SIGKILL leaves the demo no moment to stop anything; the kernel does."""
    first = free_ports()
    folder = Places.from_port(first).folder
    with demo_left_up(first) as running:
        servers = processes_in(folder)
        running.process.kill()
        running.process.wait()
        for server in servers:
            wait_for_the_end_of(server)
        assert Places.from_port(first).taken_port() is None


def test_a_server_that_dies_ends_the_demo():
    """It says which one, and where to read why; the others are stopped."""
    first = free_ports()
    folder = Places.from_port(first).folder
    with demo_left_up(first) as running:
        partner = next(number for number, command in processes_in(folder).items() if "clients.partner" in command)
        os.kill(partner, signal.SIGKILL)
        assert running.process.wait(timeout=30) == 1
        running._reader.join()
        assert f"The partner ended by itself; see .demo/{first}/partner.log" in running.last_lines()
        assert processes_in(folder) == {}
        assert Places.from_port(first).taken_port() is None


def test_a_taken_port_gives_one_clear_line():
    """Nothing is prepared or thrown away: the folder may belong to the demo that runs there."""
    first = free_ports()
    folder = Places.from_port(first).folder
    folder.mkdir(parents=True)
    with socket.create_server(("127.0.0.1", first + 2)):
        done = demo("--once", "--port", str(first))
    assert done.returncode == 2
    assert done.stdout == ""
    assert done.stderr.startswith(f"Port {first + 2} is taken: ")
    assert done.stderr.count("\n") == 1
    folder.rmdir()


def test_settings_for_other_servers_do_not_reach_it(monkeypatch: pytest.MonkeyPatch):
    """Who works on a real server has its settings in the environment: the demo must not touch that one's database."""
    monkeypatch.setenv("IDP_DATABASE_URL", "sqlite:////nowhere/at/all.db")
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:9")
    monkeypatch.setenv("http_proxy", "http://127.0.0.1:9")
    done = demo("--once", "--port", str(free_ports()))
    assert done.returncode == 0, done.stdout + done.stderr
