"""Every module of the official suite's plans has a test of its own name, and README counts them rightly."""

import ast
import re

import pytest

from tests.architecture.repository import ROOT, python_files, text_of
from tests.conformance.modules import PLANS, Plan, name_of_test

SECTION = re.compile(r"(RFC \d+|OIDC [A-Z]\w+|[A-Z]\w+-?\w* Logout|Session Management) ?\d")
"""A specification with a section."""


def named_tests() -> dict[str, str]:
    """The tests of `tests/conformance`, each with what it says it tests."""
    files = [path for path in python_files("tests") if path.parent.name == "conformance"]
    functions = [node for path in files for node in ast.parse(text_of(path)).body if isinstance(node, ast.FunctionDef)]
    return {node.name: ast.get_docstring(node) or "" for node in functions if node.name.startswith("test_")}


def modules() -> set[str]:
    return {name for plan in PLANS for name in plan.names}


def test_every_module_has_a_test_that_cites_the_specification():
    """And every test there is the test of a module."""
    tests = named_tests()
    assert set(tests) == set(map(name_of_test, modules()))
    assert [name for name, says in tests.items() if not SECTION.search(says)] == []


@pytest.mark.parametrize("plan", PLANS, ids=lambda plan: plan.name)
def test_readme_counts_the_runs_of_each_plan(plan: Plan):
    """In the table, beside the specification that the plan is of."""
    name = plan.name.removeprefix("oidcc-").removesuffix("-certification-test-plan")
    assert f"`{name}` {plan.runs}" in text_of(ROOT / "README.md")
