"""Which tests run which lines of the engine, and how long each takes: measured once, each function on its own."""

import sys
import time
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import groupby
from types import FrameType

import pytest
from hypothesis import settings

from tests.mutation.forks import in_fork

Lines = dict[str, set[int]]
"""Lines that ran, by file."""
FEW = 5
"""Examples that show which lines a property runs: looking at each line takes long."""


@dataclass(frozen=True)
class Reach:
    """`at_import` are lines that run while the tests are collected, for all of them. Tests go by their places."""

    lines: list[Lines]
    seconds: list[float]
    at_import: Lines

    def tests_of(self, file: str, lines: range) -> list[int]:
        """Tests that run some of these lines, the quick ones first."""
        running = [test for test, ran in enumerate(self.lines) if not ran.get(file, set()).isdisjoint(lines)]
        return sorted(running, key=self.seconds.__getitem__)

    def all_tests(self) -> list[int]:
        """All, the quick ones first."""
        return sorted(range(len(self.seconds)), key=self.seconds.__getitem__)

    def shows_at_import(self, file: str, lines: range) -> bool:
        """Whether some of these lines run before any test does."""
        return not self.at_import.get(file, set()).isdisjoint(lines)


def few_examples(items: Iterable[pytest.Item], examples: int) -> None:
    """Let properties try no more than so many examples, however many they ask for."""
    for item in items:
        test = getattr(item, "obj", None)
        usual = getattr(test, "_hypothesis_internal_use_settings", None)
        if usual is not None:
            test._hypothesis_internal_use_settings = settings(usual, max_examples=min(examples, usual.max_examples))


def measured(items: list[pytest.Item], at_import: Lines, folder: str, run: Callable[[pytest.Item], bool]) -> Reach:
    """Run all tests, those of each function in a process of their own: what one remembers spares no other a line.

    Raises:
        RuntimeError: when a test fails.
    """
    lines: list[Lines] = []
    seconds: list[float] = []
    for function, group in groupby(items, key=lambda item: item.nodeid.partition("[")[0]):
        same = list(group)
        said = in_fork(lambda same=same: _measured(same, folder, run)).said
        if said is None:
            raise RuntimeError(f"without any change, {function} fails")
        ran, taken = said
        lines += [ran] * len(same)
        seconds += taken
    return Reach(lines, seconds, at_import)


def _measured(
    items: list[pytest.Item], folder: str, run: Callable[[pytest.Item], bool]
) -> tuple[Lines, list[float]] | None:
    taken = []
    few_examples(items, FEW)
    with traced(folder) as ran:
        for item in items:
            started = time.process_time()
            if not run(item):
                return None
            taken.append(time.process_time() - started)
    return dict(ran), taken


@contextmanager
def traced(folder: str) -> Iterator[Lines]:
    """Note the lines of the files in a folder that run meanwhile."""
    ran: Lines = defaultdict(set)

    def enter(frame: FrameType, _event: str, _argument: object) -> object:
        file = frame.f_code.co_filename
        if not file.startswith(folder):
            return None
        here = ran[file]
        here.add(frame.f_lineno)

        def within(inner: FrameType, _event: str, _argument: object) -> object:
            here.add(inner.f_lineno)
            return within

        return within

    sys.settrace(enter)
    try:
        yield ran
    finally:
        sys.settrace(None)
