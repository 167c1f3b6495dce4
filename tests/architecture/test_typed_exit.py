"""Only what was released can be sent or signed: type checker, constructors and the shape of the code hold that."""

import ast
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from idp.data_sharing import NOTHING, Outgoing, Released, outgoing
from tests.architecture.repository import ROOT, python_files, text_of

PROFILE_READERS = {
    "idp/account/data.py",  # gives people what is theirs, as a file
    "idp/account/phone.py",  # the number that somebody proved, to them alone
    "idp/account/profile.py",  # shows people what is theirs, and lets them change some of it
    "idp/activity.py",  # writes to people
    "idp/admin/apply.py",  # an operator's declarations are compared with what is stored
    "idp/data_sharing/answers.py",
    "idp/data_sharing/asking.py",  # shows people an example of their own
    "idp/data_sharing/offer.py",  # the same
    "idp/data_sharing/overview.py",  # shows people what they share
    "idp/data_sharing/people.py",
    "idp/data_sharing/relay.py",
    "idp/data_sharing/sharing.py",
    # shows people their own name
}
"""Who may look into a person's profile. A module that answers clients is never one of them."""

EXITS = {"released_response", "sign_outgoing", "_sign_access_token"}
"""Where bytes with a person's data leave; each takes `Outgoing`."""

ALLOWED = """
from idp.data_sharing import NOTHING, outgoing
from idp.web.responses import released_response

released_response(outgoing(NOTHING, {"sub": "x"}))
"""
REFUSED = {
    "a mapping is no answer": "released_response({'email': 'hana@example.jp'})",
    "nor are bytes": "released_response(b'{}')",
    "an answer is not made of a mapping": "outgoing({'email': 'hana@example.jp'}, {})",
    "claims out of a release are not released anew": "outgoing(NOTHING.claims, {})",
    "nobody else releases": "Released({'email': 'hana@example.jp'}, {})",
    "not with a seal of one's own": "Released(object(), {'email': 'hana@example.jp'}, {})",
    "nobody else makes an answer": "Outgoing(object(), b'{}')",
    "nothing is added to a release": "NOTHING.claims['email'] = 'hana@example.jp'",
    "nobody is a Released by inheritance": "class Mine(Released): pass",
}


@pytest.fixture(scope="module")
def checked(tmp_path_factory: pytest.TempPathFactory) -> dict[str, list[str]]:
    """What mypy, set up as in this repository, says about each of the lines above, in one run."""
    folder = tmp_path_factory.mktemp("snippets")
    imports = "from idp.data_sharing import NOTHING, Outgoing, Released, outgoing\n" + ALLOWED
    for number, line in enumerate(REFUSED.values()):
        (folder / f"refused_{number}.py").write_text(f"{imports}\n{line}\n")
    (folder / "allowed.py").write_text(ALLOWED)
    files = [str(file) for file in sorted(folder.iterdir())]
    command = [sys.executable, "-m", "mypy", "--config-file", str(ROOT / "pyproject.toml"), *files]
    said = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False).stdout.splitlines()
    return {file: [line for line in said if Path(file).name in line.partition(":")[0]] for file in files}


def test_the_type_checker_accepts_what_was_released(checked: dict[str, list[str]]):
    """The one way out is open."""
    assert [said for file, said in checked.items() if file.endswith("allowed.py")] == [[]]


@pytest.mark.parametrize("number", range(len(REFUSED)), ids=list(REFUSED))
def test_the_type_checker_refuses_everything_else(checked: dict[str, list[str]], number: int):
    """Each of these lines is an error of its own, at the last line of its file."""
    (said,) = (said for file, said in checked.items() if file.endswith(f"refused_{number}.py"))
    assert [line for line in said if " error: " in line], list(REFUSED.values())[number]


def test_the_constructors_refuse_what_a_type_checker_did_not_see():
    """Deny by default, also at run time."""
    for make in (lambda: Released(object(), {"email": "x"}, {}), lambda: Outgoing(object(), b"{}")):
        with pytest.raises(TypeError):
            make()
    with pytest.raises(TypeError):
        outgoing({"email": "x"}, {})
    with pytest.raises(TypeError):
        NOTHING.claims["email"] = "x"


def test_the_members_of_the_protocol_stand_over_released_claims():
    """A field that is named like `sub` or `active` cannot take its place."""
    assert outgoing(NOTHING, {"active": False}).content == b'{"active":false}'
    assert outgoing(NOTHING, {"sub": "x"}, within="data").content == b'{"sub":"x","data":{}}'


def trees(*folders: str) -> Iterator[tuple[str, ast.Module]]:
    for path in python_files(*folders):
        yield path.relative_to(ROOT).as_posix(), ast.parse(text_of(path))


def test_the_seal_stays_in_its_package():
    """Whoever imported it could release anything."""
    holders = {
        name
        for name, tree in trees("idp", "policies", "clients")
        for node in ast.walk(tree)
        if isinstance(node, ast.ImportFrom | ast.Import)
        for alias in node.names
        if alias.name == "SEAL"
        or alias.name.endswith("data_sharing.released")
        or (isinstance(node, ast.ImportFrom) and str(node.module).endswith("data_sharing.released"))
    }
    assert all(name.startswith("idp/data_sharing/") for name in holders), holders
    assert holders


def test_nobody_looks_into_a_profile_but_those_who_must():
    """What is never read cannot be sent: the other way around the exit."""
    readers = {
        name
        for name, tree in trees("idp")
        for node in ast.walk(tree)
        if isinstance(node, ast.Attribute) and node.attr == "profile" and not isinstance(node.ctx, ast.Store)
        if not name.startswith("idp/store/")
    }
    assert readers == PROFILE_READERS


def test_every_exit_takes_what_goes_out_and_no_other_type():
    """A signature that was widened to a mapping would let everything through, and the type checker with it."""
    taken = {
        node.name: [ast.unparse(argument.annotation) for argument in node.args.args if argument.annotation]
        for _name, tree in trees("idp")
        for node in ast.walk(tree)
        if isinstance(node, ast.FunctionDef) and node.name in EXITS
    }
    assert set(taken) == EXITS
    assert [name for name, types in taken.items() if "Outgoing" not in types] == []
