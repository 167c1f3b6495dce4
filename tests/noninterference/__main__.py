"""Compares many pairs, in several processes, and prints what was found; ends with 1 if any byte differed."""

import argparse
import sys
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path
from time import monotonic

from tests.noninterference.comparing import Found, compare

BATCH = 2_500
"""Pairs for which two worlds live: their logs grow with every answer."""


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.noninterference", description=__doc__)
    parser.add_argument("--pairs", type=int, default=1000)
    parser.add_argument("--jobs", type=int, default=1, help="how many processes compare")
    parser.add_argument("--seed", type=int, default=0, help="the same seed draws the same people")
    parser.add_argument("--folder", type=Path, help="where the databases of the worlds are made; best in memory")
    arguments = parser.parse_args()
    sizes = [min(BATCH, arguments.pairs - begun) for begun in range(0, arguments.pairs, BATCH)]
    found, began = Found(), monotonic()
    with ProcessPoolExecutor(arguments.jobs) as pool:
        runs = [
            pool.submit(compare, size, arguments.seed + number, None, arguments.folder)
            for number, size in enumerate(sizes)
        ]
        for run in runs:
            found.add(run.result())
            print(
                f"{found.pairs} pairs, {len(found.differing)} differing answers, {monotonic() - began:.0f} s",
                flush=True,
            )
    print(f"{sum(found.answers.values())} answers compared")
    for path, count in sorted(found.answers.items()):
        print(f"  {path:26} {count:9}")
    print(f"controls: {found.noticed} of {found.controls} noticed")
    for line in found.differing[:20]:
        print(line)
    return 1 if found.differing or found.noticed < found.controls else 0


if __name__ == "__main__":
    sys.exit(main())
