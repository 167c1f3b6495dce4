"""README's table `| Spec | Home | Tests |` tells where each specification lives, and is true."""

import ast
import re
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.architecture.repository import ROOT, python_files, text_of

HEADER = "| Spec | Home | Tests |"
RFC = re.compile(r"RFC (\d+)")
PATH = re.compile(r"`([^`]+)`")


@dataclass(frozen=True)
class Row:
    """One specification: its name, the files that implement it, the files that test it."""

    spec: str
    home: list[Path]
    tests: list[Path]


def cells(line: str) -> list[str]:
    return [cell.strip() for cell in line.strip().strip("|").split("|")]


@pytest.fixture(scope="module")
def table() -> list[Row]:
    lines = text_of(ROOT / "README.md").splitlines()
    assert HEADER in lines, f"README.md must hold the table {HEADER}"
    rows = []
    for line in lines[lines.index(HEADER) + 2 :]:
        if not line.startswith("|"):
            break
        spec, home, tests = cells(line)
        rows.append(Row(spec, *([ROOT / path for path in PATH.findall(cell)] for cell in (home, tests))))
    return rows


def module_docstrings() -> dict[Path, str]:
    return {path: ast.get_docstring(ast.parse(text_of(path))) or "" for path in python_files("idp", "policies")}


def read(path: Path) -> str:
    """The Python text of a file, or of every file in a folder."""
    return "".join(text_of(file) for file in (path.rglob("*.py") if path.is_dir() else [path]))


def test_every_row_names_a_home_and_its_tests(table: list[Row]):
    """A specification without a home, or without a test, is not implemented."""
    assert table
    assert [row.spec for row in table if not (row.home and row.tests)] == []


def test_every_path_exists(table: list[Row]):
    """What README points at is there."""
    assert [str(path.relative_to(ROOT)) for row in table for path in row.home + row.tests if not path.exists()] == []


def test_every_rfc_that_a_module_implements_is_in_the_table(table: list[Row]):
    """A module's docstring cites what it implements; README must list it."""
    listed = {number for row in table for number in RFC.findall(row.spec)}
    missing = {
        str(path.relative_to(ROOT)): sorted(unlisted)
        for path, docstring in module_docstrings().items()
        if (unlisted := set(RFC.findall(docstring)) - listed)
    }
    assert missing == {}


def test_every_home_speaks_of_its_rfc(table: list[Row]):
    """A reader who follows the table finds the RFC's number in the code that implements it."""
    silent = [
        f"RFC {number}: {path.relative_to(ROOT)}"
        for row in table
        for number in RFC.findall(row.spec)
        for path in row.home
        if number not in read(path)
    ]
    assert silent == []
