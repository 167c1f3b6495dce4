"""Load by wrk, and the figures that it prints."""

import os
import statistics
import subprocess
from dataclasses import dataclass
from pathlib import Path

from tests.real.programs import WRK

HERE = Path(__file__).parent
CONNECTIONS = 32


@dataclass(frozen=True)
class Figures:
    """One measurement: requests a second, latencies in milliseconds, requests that failed."""

    per_second: float
    p50: float
    p99: float
    failed: int


@dataclass(frozen=True)
class Scenario:
    """One path under load.

    A pool holds a line for each request. There is one for each run where a run uses it up, else one for all.
    `yardstick` names the empty route to divide by.
    """

    name: str
    url: str
    pools: tuple[Path, ...]
    script: str = "pool.lua"
    yardstick: str = ""


def run(scenario: Scenario, seconds: int, number: int) -> Figures:
    """Load a path for some seconds; `number` counts the runs."""
    command = [WRK.find(), "-t1", f"-c{CONNECTIONS}", f"-d{seconds}s", "-s", str(HERE / scenario.script), scenario.url]
    environment = {**os.environ, "BENCH_POOL": str(scenario.pools[number % len(scenario.pools)])}
    finished = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    if finished.returncode != 0:
        raise SystemExit(f"wrk ended with {finished.returncode}: {finished.stderr or finished.stdout}")
    printed = finished.stdout
    line = next(line for line in printed.splitlines() if line.startswith("BENCH"))
    requests, microseconds, p50, p99, failed = map(int, line.split()[1:])
    return Figures(requests / (microseconds / 1e6), p50 / 1000, p99 / 1000, failed)


def median(measured: list[Figures]) -> Figures:
    """The median of each figure; failures are added up."""
    return Figures(
        statistics.median(figures.per_second for figures in measured),
        statistics.median(figures.p50 for figures in measured),
        statistics.median(figures.p99 for figures in measured),
        sum(figures.failed for figures in measured),
    )
