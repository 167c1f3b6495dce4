"""The repository can be cloned anywhere and says nothing about the machine that it was written on."""

import re

import pytest

from tests.architecture.repository import ROOT, text_of, tracked_files

# Written so that no pattern matches its own line.
FORBIDDEN = {
    "a package registry's host": re.compile(
        r"(py[p]i|pytho[n]hosted|np[m]js|yar[n]pkg|crate[s])\.(org|com|io)|prox[y]\.golang\.org|\b(deb|ftp)\.debia[n]\.org"
    ),
    "a path of one machine": re.compile(rf"{re.escape(str(ROOT))}/|/hom[e]/\w|/User[s]/\w|(?<![\w.])/roo[t]/|/wor[k]/"),
}


@pytest.mark.parametrize("what", FORBIDDEN)
def test_no_tracked_file_names(what: str):
    """Downloads go where the reader's own client is set up to go; paths are relative."""
    found = [
        f"{path.relative_to(ROOT)}:{number}"
        for path in tracked_files()
        for number, line in enumerate(text_of(path).splitlines(), start=1)
        if FORBIDDEN[what].search(line)
    ]
    assert found == []


def test_the_top_level_holds_what_it_must_and_no_more():
    """A new folder or file beside these is a decision about the house, not an accident."""
    assert {path.relative_to(ROOT).parts[0] for path in tracked_files()} - ALLOWED_AT_THE_TOP == set()


ALLOWED_AT_THE_TOP = {
    *("idp", "clients", "policies", "tests", "config", "pyproject.toml", "README.md"),
    *("Makefile", "LICENSE", "CHANGELOG.md", "SECURITY.md", "constraints.txt", ".ci", ".github", ".gitignore"),
}
