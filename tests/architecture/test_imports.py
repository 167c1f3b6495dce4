"""Who may import whom: the contracts of pyproject.toml, and what they cannot express."""

import ast
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.architecture.repository import ROOT, python_files, text_of

OURS = {"idp", "policies", "clients", "sekisho_guard", "tests"}
FUNCTIONS = (ast.FunctionDef, ast.AsyncFunctionDef, ast.Lambda)


def imported(node: ast.AST) -> list[str]:
    """The top-level names of the packages that a node imports."""
    match node:
        case ast.Import(names=names):
            return [alias.name.partition(".")[0] for alias in names]
        case ast.ImportFrom(module=str(module), level=0):
            return [module.partition(".")[0]]
        case ast.ImportFrom():
            return ["."]
        case _:
            return []


def packages_imported(path: Path) -> set[str]:
    return {name for node in ast.walk(ast.parse(text_of(path))) for name in imported(node)}


def late_imports(source: str) -> Iterator[int]:
    """The lines where a function imports one of our own packages."""
    functions = [node for node in ast.walk(ast.parse(source)) if isinstance(node, FUNCTIONS)]
    for node in (inner for function in functions for inner in ast.walk(function)):
        if {*OURS, "."} & set(imported(node)):
            yield node.lineno


def test_the_import_contracts_hold():
    """Every contract of pyproject.toml is kept."""
    command = [Path(sys.executable).with_name("lint-imports"), "--no-logo", "--no-cache"]
    result = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert result.returncode == 0, result.stdout + result.stderr


@pytest.mark.parametrize(
    ("folder", "beyond_the_standard_library"),
    [
        ("policies", {"policies"}),
        ("clients/guard/src/sekisho_guard", {"sekisho_guard", "jwt", "cryptography", "flask"}),
    ],
)
def test_a_pure_package_leans_on_nothing_else(folder: str, beyond_the_standard_library: set[str]):
    """The policy engine needs the standard library alone; guard PyJWT and cryptography, and Flask for one adapter."""
    files = [path for path in python_files(Path(folder).parts[0]) if path.is_relative_to(ROOT / folder)]
    assert files
    allowed = sys.stdlib_module_names | beyond_the_standard_library
    assert {
        str(path.relative_to(ROOT)): foreign for path in files if (foreign := packages_imported(path) - allowed)
    } == {}


def test_guard_needs_flask_for_its_flask_adapter_alone():
    """A service without Flask can install and use guard."""
    files = [path for path in python_files("clients") if path.is_relative_to(ROOT / "clients/guard/src")]
    assert [path.name for path in files if "flask" in packages_imported(path)] == ["flask.py"]


def test_no_function_imports_our_own_packages():
    """An import inside a function hides a circle between modules."""
    found = [
        f"{path.relative_to(ROOT)}:{line}"
        for path in python_files("idp", "policies", "clients")
        for line in late_imports(text_of(path))
    ]
    assert found == []
