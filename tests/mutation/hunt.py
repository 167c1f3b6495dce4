"""The hunt: the tests are collected once, and each change is tested in a copy of the process in which they are."""

import gc
import importlib.abc
import importlib.util
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from types import CodeType, FunctionType

import pytest

from tests.mutation.changes import Change
from tests.mutation.forks import in_fork
from tests.mutation.reach import FEW, Lines, Reach, few_examples, measured

PLAIN = ("-q", "-x", "--noconftest", "-p", "no:cacheprovider", "-W", "ignore::pytest.PytestAssertRewriteWarning")
LEFT_OUT = ("--ignore-glob=*/test_cedar_oracle.py",)
"""Tests that take far longer than the rest: another engine decides the same at length."""
_NOTICED = (pytest.ExitCode.TESTS_FAILED, pytest.ExitCode.INTERRUPTED)
"""A test failed, or could not even be imported."""
_OURS = ("policies", "tests")


class Changed(importlib.abc.MetaPathFinder, importlib.abc.Loader):
    """Imports one module as it was changed."""

    def __init__(self, change: Change) -> None:
        """Take the change."""
        self._change = change
        self._module = ".".join(change.file.with_suffix("").parts).removesuffix(".__init__")

    def find_spec(self, name, path=None, target=None):
        """Find this module alone."""
        if name != self._module:
            return None
        return importlib.util.spec_from_file_location(name, self._change.file, loader=self)

    def exec_module(self, module) -> None:
        """Run the module as changed."""
        exec(self._change.code, vars(module))  # noqa: S102 - its very purpose


class Chosen:
    """A plugin of pytest that runs these tests, in this order."""

    def __init__(self, tests: list[str], examples: int) -> None:
        """Take the tests by their ids."""
        self._tests, self._examples = tests, examples

    @pytest.hookimpl(trylast=True)
    def pytest_collection_modifyitems(self, items: list[pytest.Item]) -> None:
        """Choose. A test that is no longer there, because a change made it one of other values, cannot notice."""
        by_id = {item.nodeid: item for item in items}
        items[:] = [by_id[test] for test in self._tests if test in by_id]
        few_examples(items, self._examples)


class Hunt:
    """Tries changes, one after the other."""

    def __init__(self, session: pytest.Session, at_import: Lines, examples: int) -> None:
        """Measure the collected tests as they are.

        Raises:
            RuntimeError: when one of them fails without any change.
        """
        self._session, self._examples = session, examples
        folder = str(Path("policies").resolve())
        self.reach: Reach = measured(session.items, at_import, folder, self._passes)
        few_examples(session.items, examples)
        if in_fork(lambda: all(self._passes(session.items[test]) for test in self.reach.all_tests())).said is not True:
            raise RuntimeError("without any change, the tests fail one after the other, the quick ones first")
        self.tried_again = 0
        live = [one for one in gc.get_objects() if isinstance(one, FunctionType)]
        self._functions = [one for one in live if one.__code__.co_filename.startswith(folder)]

    def answer(self, change: Change) -> str:
        """Return "noticed", "missed", or "endless" for what came to no end in ten times the limit."""
        file = str(change.file.resolve())
        tests = self.reach.tests_of(file, change.lines)
        answer = self._within_time(tests, lambda: self._swapped(change, tests)) if tests else "missed"
        if answer == "missed" and self.reach.shows_at_import(file, change.lines):
            rest = set(tests)
            every = [*tests, *(test for test in self.reach.all_tests() if test not in rest)]
            answer = self._within_time(every, lambda: self._anew(change, every))
        return answer

    def _within_time(self, tests: list[int], run: Callable[[], bool]) -> str:
        limit = 3 * sum(self.reach.seconds[test] for test in tests) * max(1, self._examples / FEW) + 10
        ended = in_fork(run, limit)
        if ended.out_of_time:
            self.tried_again += 1
            ended = in_fork(run, 10 * limit)
        if ended.out_of_time:
            return "endless"
        return "missed" if ended.said is True else "noticed"

    def _swapped(self, change: Change, tests: list[int]) -> bool:
        """Whether tests pass while every function of the module runs the changed code."""
        old, new = dict(_codes(change.original)), dict(_codes(change.code))
        names = {code: name for name, code in old.items()}
        file = str(change.file.resolve())
        for function in self._functions:
            code = function.__code__
            if code.co_filename == file:
                changed = new.get(names[code])
                if changed is None or changed.co_freevars != code.co_freevars:
                    return self._anew(change, tests)
                function.__code__ = changed
        return all(self._passes(self._session.items[test]) for test in tests)

    def _anew(self, change: Change, tests: list[int]) -> bool:
        """Whether tests pass where the module was imported as changed."""
        chosen = [self._session.items[test].nodeid for test in tests]
        for name in [name for name in sys.modules if name.split(".")[0] in _OURS]:
            del sys.modules[name]
        sys.meta_path.insert(0, Changed(change))
        files = list(dict.fromkeys(test.partition("::")[0] for test in chosen))
        return pytest.main([*PLAIN, *files], plugins=[Chosen(chosen, self._examples)]) not in _NOTICED

    def _passes(self, item: pytest.Item) -> bool:
        item.config.hook.pytest_runtest_protocol(item=item, nextitem=None)
        return not self._session.testsfailed


def _codes(code: CodeType, path: str = "") -> Iterator[tuple[str, CodeType]]:
    """Yield the code of every function in a module, by its place."""
    met: dict[str, int] = {}
    for one in code.co_consts:
        if isinstance(one, CodeType):
            met[one.co_name] = met.get(one.co_name, 0) + 1
            place = f"{path}.{one.co_name}{met[one.co_name]}"
            yield place, one
            yield from _codes(one, place)
