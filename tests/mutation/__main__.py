"""Every small change of a module, one at a time, against the quick tests of a folder.

    python -m tests.mutation policies/decide.py policies/gates.py [--tests tests/policies] [--at-least 95]

Each change runs in a process of its own, in which the module is imported as changed; the first test that fails has
noticed it, and so has a run that takes far longer than usual. What nobody noticed is printed with its line.
"""

import argparse
import importlib.abc
import importlib.util
import os
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import hypothesis
import pytest

from tests.mutation.changes import Change, changes

FIRST = ("test_decide.py", "test_ill_typed.py")
"""Those that notice most."""
NOT_QUICK = ("test_cedar_oracle.py", "test_guarantees.py")
"""They take a minute and more."""
PATIENCE = 3
"""How many times as long as without a change a run may take."""
PLAIN = ("-q", "-x", "--noconftest", "-p", "no:cacheprovider", "-W", "ignore::pytest.PytestAssertRewriteWarning")


class Changed(importlib.abc.MetaPathFinder, importlib.abc.Loader):
    """Imports one module as it was changed."""

    def __init__(self, change: Change) -> None:
        """Take the change."""
        self._change = change
        self._name = ".".join(change.file.with_suffix("").parts)

    def find_spec(self, name, path=None, target=None):
        """Find this module alone."""
        if name != self._name:
            return None
        return importlib.util.spec_from_file_location(name, self._change.file, loader=self)

    def exec_module(self, module) -> None:
        """Run the module as changed."""
        exec(compile(self._change.tree, str(self._change.file), "exec"), vars(module))  # noqa: S102 - its very purpose


def is_noticed(change: Change | None, tests: list[str], seconds: float) -> bool:
    """Whether some test fails, or takes too long, with a change."""
    child = os.fork()
    if child == 0:
        _run(change, tests)
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        ended, status = os.waitpid(child, os.WNOHANG)
        if ended:
            return status != 0
        time.sleep(0.05)
    os.kill(child, 9)
    os.waitpid(child, 0)
    return True


def _run(change: Change | None, tests: list[str]) -> None:
    silence = os.open(os.devnull, os.O_WRONLY)
    os.dup2(silence, 1)
    os.dup2(silence, 2)
    if change is not None:
        sys.meta_path.insert(0, Changed(change))
    os._exit(0 if pytest.main([*PLAIN, *tests]) == 0 else 1)


def quick_tests(folder: Path) -> list[str]:
    """Return the tests to run, those that notice most first."""
    files = [file for file in sorted(folder.glob("test_*.py")) if file.name not in NOT_QUICK]
    return [str(file) for file in sorted(files, key=lambda file: file.name not in FIRST)]


def main() -> int:
    """Change, run, count; 1 when fewer are noticed than should be."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("files", nargs="+", type=Path)
    parser.add_argument("--tests", type=Path, default=Path("tests/policies"))
    parser.add_argument("--at-least", type=float, default=95.0, help="per cent of the changes")
    parser.add_argument("--at-once", type=int, default=os.cpu_count() or 1)
    asked = parser.parse_args()
    every_check = list(hypothesis.HealthCheck)
    hypothesis.settings.register_profile(
        "mutation", database=None, deadline=None, derandomize=True, suppress_health_check=every_check
    )
    hypothesis.settings.load_profile("mutation")
    tests, started = quick_tests(asked.tests), time.monotonic()
    if is_noticed(None, tests, 3600):
        print("the tests fail without any change")
        return 1
    patience = PATIENCE * (time.monotonic() - started) + 5
    made = [change for file in asked.files for change in changes(file)]
    noticed = 0
    with ThreadPoolExecutor(asked.at_once) as pool:
        answers = pool.map(lambda change: is_noticed(change, tests, patience), made)
        for change, is_seen in zip(made, answers, strict=True):
            noticed += is_seen
            if not is_seen:
                print(f"{change.file}:{change.line}: {change.what}", flush=True)
    share = 100 * noticed / len(made) if made else 0.0
    print(f"{noticed} of {len(made)} changes were noticed: {share:.1f} %")
    return 0 if share >= asked.at_least else 1


if __name__ == "__main__":
    sys.exit(main())
