"""Every small change of a module, one at a time, against the tests of a folder.

    python -m tests.mutation policies/*.py [--sample 150] [--at-least 95] [--examples 25]

The tests are collected, and measured once: which lines each runs. Each change is tested in a copy of that process, in
which the functions of the module have the changed code; the tests that run its lines are run, the quick ones first,
until one fails: that one has noticed. What runs before any test does, when modules are imported, is tried again with
the module imported as changed. Properties try few examples and shrink nothing. Limits are of the processor's time; a
run that exceeds one is tried again with ten times as much, and counted as endless if that is not enough either. What
nobody noticed is printed; what nobody can notice stands in equivalent.toml with the reason, and counts apart.
"""

import argparse
import random
import sys
import time
import tomllib
from collections import Counter
from collections.abc import Mapping
from pathlib import Path

import pytest
from hypothesis import HealthCheck, Phase, settings

from tests.mutation.changes import Change, changes
from tests.mutation.hunt import LEFT_OUT, PLAIN, Hunt
from tests.mutation.reach import traced

EQUIVALENT = Path(__file__).with_name("equivalent.toml")


class Hunting:
    """A plugin of pytest that hunts in place of its loop over the tests."""

    def __init__(self, made: list[Change], known: Mapping[str, str], examples: int) -> None:
        """Take the changes, and which of them nobody can notice."""
        self._made, self._known, self._examples = made, known, examples
        self._tracing = traced(str(Path("policies").resolve()))
        self._at_import = self._tracing.__enter__()
        self.answers: Counter[str] = Counter()

    @pytest.hookimpl(tryfirst=True)
    def pytest_runtestloop(self, session: pytest.Session) -> bool:
        """Try one change after the other."""
        self._tracing.__exit__(None, None, None)
        started = time.monotonic()
        hunt = Hunt(session, dict(self._at_import), self._examples)
        print(f"{len(session.items)} tests measured in {time.monotonic() - started:.0f} s", flush=True)
        for change in self._made:
            answer = "equivalent" if change.name in self._known else hunt.answer(change)
            self.answers[answer] += 1
            if answer == "missed":
                print(f"{change.name}   [{change.lines.start}]", flush=True)
        return True


def equivalent() -> dict[str, str]:
    """What nobody can notice, by the names of the changes, each with the reason."""
    return {one["change"]: one["why"] for one in tomllib.loads(EQUIVALENT.read_text("utf-8"))["equivalent"]}


def main() -> int:
    """Change, run, count; 1 when fewer are noticed than should be."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("files", nargs="+", type=Path)
    parser.add_argument("--tests", type=Path, default=Path("tests/policies"))
    parser.add_argument("--sample", type=int, help="so many changes, chosen at random")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--examples", type=int, default=25, help="what a property tries at most")
    parser.add_argument("--at-least", type=float, default=95.0, help="per cent of the changes")
    asked = parser.parse_args()
    settings.register_profile(
        "mutation",
        database=None,
        deadline=None,
        derandomize=True,
        phases=(Phase.explicit, Phase.generate),
        suppress_health_check=list(HealthCheck),
    )
    settings.load_profile("mutation")
    started = time.monotonic()
    made = [change for file in asked.files for change in changes(file)]
    if asked.sample:
        made = random.Random(asked.seed).sample(made, asked.sample)
    hunting = Hunting(made, equivalent(), asked.examples)
    if pytest.main([*PLAIN, *LEFT_OUT, "-s", str(asked.tests)], plugins=[hunting]) not in (
        0,
        pytest.ExitCode.NO_TESTS_COLLECTED,
    ):
        return 1
    answers = hunting.answers
    counted = len(made) - answers["equivalent"]
    share = 100 * (answers["noticed"] + answers["endless"]) / counted if counted else 100.0
    print(", ".join(f"{number} {answer}" for answer, number in answers.most_common()))
    print(f"{share:.1f} % of {counted} were noticed, in {time.monotonic() - started:.0f} s")
    return 0 if share >= asked.at_least else 1


if __name__ == "__main__":
    sys.exit(main())
