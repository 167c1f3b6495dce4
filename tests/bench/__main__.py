"""Runs every measurement and prints the table that README's performance section holds.

Every scenario is measured in turn, `--rounds` times over, beside its empty route; the medians are printed.
"""

import argparse
import os
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import httpx

from tests.bench import decision, guard, pages
from tests.bench.load import Figures, Scenario, median, run
from tests.bench.prepared import EXTRA, Pools, prepare_provider
from tests.provider.provider import CONFIG, ROOT, environment, free_port
from tests.real.postgres_server import run_postgres
from tests.real.process import RunningProgram

WORKERS = 2
PYTHON = ROOT / ".venv" / "bin" / "python"


def main() -> None:
    parser = argparse.ArgumentParser(prog="make bench")
    parser.add_argument("--seconds", type=int, default=5, help="length of one measurement")
    parser.add_argument("--rounds", type=int, default=3, help="how often each is repeated")
    parser.add_argument("--only", help="measure only the scenario whose name holds this text")
    parser.add_argument("--threads", type=int, default=8, help="blocking threads of a worker, of both servers")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder, ExitStack() as stack:
        postgres = stack.enter_context(run_postgres(fsync=True))
        database_url = stack.enter_context(postgres.database())
        url = f"http://127.0.0.1:{free_port()}"
        pools = prepare_provider(database_url, url, Path(folder), arguments.rounds + 1)
        provider = stack.enter_context(_provider(url, database_url, arguments.threads))
        empty = stack.enter_context(_empty_routes(arguments.threads))
        chosen = [each for each in _scenarios(url, pools) if not arguments.only or arguments.only in each.name]
        measured = _measure(chosen, empty, pools, seconds=arguments.seconds, rounds=arguments.rounds)
        _print_table(chosen, measured)
        print(f"\nlargest worker: {_largest_worker(provider.process.pid):.0f} MB\n")
        pages.print_table(pages.measure(stack.enter_context(postgres.database())))
    figures = decision.measure()
    print(f"\none sharing decision at {decision.CLAUSES} clauses: p50 {figures.p50:.1f} us, p99 {figures.p99:.1f} us")
    print("\none validation inside a service, microseconds of processor time (median)")
    for name, microseconds in guard.measure():
        print(f"  {name:28} {microseconds:8.2f}")


def _scenarios(url: str, pools: Pools) -> list[Scenario]:
    return [
        Scenario("client_credentials, ES256", f"{url}/token", pools.client_credentials, yardstick="post"),
        Scenario("refresh, PostgreSQL, ID token", f"{url}/token", pools.refresh, "refresh.lua", yardstick="post"),
        Scenario("introspection", f"{url}/introspect", pools.introspection, yardstick="post"),
        Scenario("userinfo", f"{url}/userinfo", pools.userinfo, yardstick="get"),
        Scenario("jwks", f"{url}/jwks", pools.nothing_get, yardstick="get"),
        Scenario("discovery", f"{url}/.well-known/openid-configuration", pools.nothing_get, yardstick="get"),
    ]


def _measure(
    scenarios: list[Scenario], empty: str, pools: Pools, *, seconds: int, rounds: int
) -> dict[str, list[Figures]]:
    """Measure everything in turn, round after round, so that a drift of the machine meets all alike."""
    yardsticks = [Scenario("get", empty, pools.nothing_get), Scenario("post", empty, pools.nothing_post)]
    measured: dict[str, list[Figures]] = {each.name: [] for each in [*yardsticks, *scenarios]}
    for scenario in [*yardsticks, *scenarios]:
        run(scenario, 1, 0)
    for number in range(1, rounds + 1):
        for scenario in [*yardsticks, *scenarios]:
            measured[scenario.name].append(run(scenario, seconds, number))
    return measured


def _print_table(scenarios: list[Scenario], measured: dict[str, list[Figures]]) -> None:
    print(f"{'':32}{'per second':>12}{'p50 ms':>9}{'p99 ms':>9}{'failed':>8}{'ratio':>8}")
    for name in ("get", "post"):
        _print_row(f"empty route, {name.upper()}", median(measured[name]), 1.0)
    for scenario in scenarios:
        ratios = [
            ours.per_second / theirs.per_second
            for ours, theirs in zip(measured[scenario.name], measured[scenario.yardstick], strict=True)
        ]
        _print_row(scenario.name, median(measured[scenario.name]), sorted(ratios)[len(ratios) // 2])


def _print_row(name: str, figures: Figures, ratio: float) -> None:
    print(f"{name:32}{figures.per_second:12.0f}{figures.p50:9.2f}{figures.p99:9.2f}{figures.failed:8}{ratio:8.2f}")


@contextmanager
def _provider(url: str, database_url: str, threads: int) -> Iterator[RunningProgram]:
    """`idp serve`, as users run it."""
    port = url.rsplit(":", 1)[1]
    settings = environment(database_url, url, IDP_THREADS=str(threads), **EXTRA)
    program = RunningProgram(
        [PYTHON, "-m", "idp", "serve", "--config", CONFIG, "--port", port, "--workers", str(WORKERS)],
        ready=f"Started worker-{WORKERS}",
        env={**os.environ, **settings},
        cwd=ROOT,
    )
    try:
        _wait_until_it_answers(f"{url}/health/ready")
        yield program
    finally:
        program.stop()


@contextmanager
def _empty_routes(threads: int) -> Iterator[str]:
    """The empty application on the same server."""
    port = free_port()
    program = RunningProgram(
        [
            *(PYTHON, "-m", "granian", "tests.bench.empty:application", "--interface", "wsgi", "--port", str(port)),
            *("--workers", str(WORKERS), "--blocking-threads", str(threads), "--no-ws"),
        ],
        ready=f"Started worker-{WORKERS}",
        env=dict(os.environ),
        cwd=ROOT,
    )
    try:
        _wait_until_it_answers(f"http://127.0.0.1:{port}/")
        yield f"http://127.0.0.1:{port}/"
    finally:
        program.stop()


def _wait_until_it_answers(url: str) -> None:
    """Wait for a server that says that it has started: its workers may still be on their way to the port."""
    with httpx.Client(transport=httpx.HTTPTransport(retries=10)) as client:
        client.get(url).raise_for_status()


def _largest_worker(server: int) -> float:
    """Return the resident memory of the largest process below the server, in megabytes."""
    children = Path(f"/proc/{server}/task/{server}/children").read_text().split()
    resident = [
        int(line.split()[1])
        for child in children
        for line in Path(f"/proc/{child}/status").read_text().splitlines()
        if line.startswith("VmRSS")
    ]
    return max(resident) / 1024


main()
