"""SECURITY.md's tables of OWASP ASVS 5.0 are whole, and point at what is there."""

import ast
import re
from dataclasses import dataclass

import pytest

from tests.architecture.repository import ROOT, text_of

REQUIRED = {
    "6.1": 3,
    "6.2": 12,
    "6.3": 4,
    "6.4": 4,
    "6.5": 5,
    "6.6": 3,
    "6.8": 4,
    "7.1": 3,
    "7.2": 4,
    "7.3": 2,
    "7.4": 5,
    "7.5": 2,
    "7.6": 2,
    "9.1": 3,
    "9.2": 4,
    "10.1": 2,
    "10.2": 2,
    "10.3": 4,
    "10.4": 11,
    "10.5": 5,
    "10.6": 2,
    "10.7": 3,
}
"""How many requirements of levels 1 and 2 each section has; they come before those of level 3. 6.7 has none."""
ROW = re.compile(r"\| (\d+\.\d+\.\d+) \|")
NAMED = re.compile(r"`([^`]+)`")
SHORT_OF = ("**Gap:**", "Not applicable:")
A_PLACE = re.compile(r"(idp|clients|config|tests|policies)/[\w./-]+")


@dataclass(frozen=True)
class Row:
    """One requirement, where it is met and by which tests."""

    number: str
    asks: str
    met: str
    tests: list[str]


@pytest.fixture(scope="module")
def rows() -> list[Row]:
    found = []
    for line in text_of(ROOT / "SECURITY.md").splitlines():
        if ROW.match(line):
            number, asks, met, tests = (
                cell.strip() for cell in line.strip().removeprefix("|").removesuffix("|").split("|")
            )
            found.append(Row(number, asks, met, NAMED.findall(tests)))
    return found


def test_every_requirement_of_levels_1_and_2_stands_there_once(rows: list[Row]):
    """One that is missing looks as if it were met."""
    wanted = {f"{section}.{number}" for section, count in REQUIRED.items() for number in range(1, count + 1)}
    numbers = [row.number for row in rows]
    assert wanted - set(numbers) == set()
    assert len(numbers) == len(set(numbers))


def test_every_row_has_a_test_or_says_what_is_missing(rows: list[Row]):
    """A claim without a test is a wish."""
    assert [row.number for row in rows if not row.asks or not row.met] == []
    assert [row.number for row in rows if not row.tests and not any(word in row.met for word in SHORT_OF)] == []


def test_every_file_is_there(rows: list[Row]):
    """What the table points at as the place, or as the test."""
    named = [(row.number, path) for row in rows for path in NAMED.findall(row.met) if A_PLACE.fullmatch(path)]
    assert [each for each in named if not (ROOT / each[1]).exists()] == []
    assert [row.number for row in rows if any(not test.startswith("tests/") for test in row.tests)] == []


def test_every_test_is_there(rows: list[Row]):
    """By file and name; a test that was renamed takes its row along."""
    assert [(row.number, test) for row in rows for test in row.tests if not is_there(test)] == []
    elsewhere = [name for name in NAMED.findall(text_of(ROOT / "SECURITY.md")) if name.startswith("tests/")]
    assert [test for test in elsewhere if not is_there(test)] == []


def is_there(test: str) -> bool:
    path, _, name = test.partition("::")
    if not (ROOT / path).is_file():
        return False
    functions = [node.name for node in ast.walk(ast.parse(text_of(ROOT / path))) if isinstance(node, ast.FunctionDef)]
    return name in functions if name else any(each.startswith("test_") for each in functions)
