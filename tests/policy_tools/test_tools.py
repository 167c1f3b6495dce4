"""`idp policy test`, `prove` and `diff`: what an officer sees who changes the shipped policy."""

import json
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

SHIPPED = Path(__file__).parents[2] / "config" / "sharing"


@pytest.fixture
def draft(tmp_path: Path) -> Path:
    """A copy of the shipped directory, to change."""
    directory = tmp_path / "sharing"
    shutil.copytree(SHIPPED, directory)
    return directory


def idp_policy(*arguments: object) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "idp", "policy", *map(str, arguments)]
    return subprocess.run(command, capture_output=True, text=True, check=False)


def rewrite(file: Path, old: str, new: str) -> None:
    text = file.read_text("utf-8")
    assert text.count(old) == 1
    file.write_text(text.replace(old, new), "utf-8")


def test_the_shipped_policy_is_as_its_tests_say_and_they_notice_every_small_change():
    """Mutation of clauses: each dropped, turned round, narrowed and opened wide; the issue asks for 95 in 100."""
    done = idp_policy("test", SHIPPED, "--json")
    told = json.loads(done.stdout)
    assert (done.returncode, told["objections"]) == (0, [])
    assert told["noticed"] == told["changes"] > 100


def test_a_policy_that_no_longer_does_as_its_tests_say_is_refused_with_the_case(draft: Path):
    rewrite(draft / "policies" / "service.toml", 'share = ["address", "phone"]', 'share = ["phone"]')
    done = idp_policy("test", draft)
    assert done.returncode == 1
    assert "A parcel goes where somebody lives: gets" in done.stdout


def test_a_clause_that_no_case_reaches_is_named(draft: Path):
    (draft / "policies" / "more.toml").write_text(
        '[[clause]]\nid = "more"\nshare = "website"\nwith = "anyone"\nfor = "marketing"\n'
    )
    done = idp_policy("test", draft)
    assert done.returncode == 1
    assert "no case notices: more" in done.stdout or "not covered: more" in done.stdout


def test_the_shipped_policy_is_proved_to_narrow_only_and_to_keep_its_promises():
    """G1, G2, G3 and G11 of the data-sharing model, by the solver, over all inputs."""
    done = idp_policy("prove", SHIPPED, "--json")
    proofs = {proof["id"]: proof["holds"] for proof in json.loads(done.stdout)}
    assert done.returncode == 0
    assert {"G1 contract", "G1 consent", "G1 policy", "G1 inference", "G2 person", "G3", "G11"} <= proofs.keys()
    assert {id_ for id_ in proofs if id_.startswith("promise.")}
    assert all(proofs.values())


def test_a_promise_that_the_policy_does_not_keep_is_told_with_an_example(draft: Path):
    rewrite(draft / "policies" / "marketing.toml", 'when = "under 18"', 'when = "under 16"')
    done = idp_policy("prove", draft)
    assert done.returncode == 1
    (line,) = [line for line in done.stdout.splitlines() if line.startswith("promise.no-advertising-to-minors")]
    assert "False" in line
    assert any(f"one.age = {age}" in line for age in (16, 17))


def test_what_is_wider_is_listed_with_somebody_whom_it_meets(draft: Path):
    """G13: a new version narrows, or each widening is named."""
    rewrite(draft / "policies" / "marketing.toml", 'when = "under 18"', 'when = "under 16"')
    done = idp_policy("diff", SHIPPED, draft, "--json")
    found = json.loads(done.stdout)
    assert done.returncode == 1
    assert {one["direction"] for one in found} == {"wider"}
    (nickname,) = [one for one in found if one["id"].startswith("nickname for marketing.news")]
    assert "aged 16" in nickname["example"]


def test_what_only_narrows_needs_nobodys_signature(draft: Path):
    rewrite(draft / "policies" / "service.toml", 'share = ["address", "phone"]', 'share = ["address"]')
    done = idp_policy("diff", SHIPPED, draft, "--json")
    assert done.returncode == 0
    assert {(one["direction"], one["id"].split()[0]) for one in json.loads(done.stdout)} == {("narrower", "phone")}


def test_the_same_policy_in_other_words_is_no_difference(draft: Path):
    """Order and files mean nothing (G4)."""
    policies = draft / "policies"
    together = "\n".join(file.read_text("utf-8") for file in sorted(policies.glob("*.toml"), reverse=True))
    for file in policies.glob("*.toml"):
        file.unlink()
    (policies / "all.toml").write_text(together, "utf-8")
    done = idp_policy("diff", SHIPPED, draft, "--json")
    assert (done.returncode, json.loads(done.stdout)) == (0, [])


@pytest.mark.parametrize(
    ("file", "old", "new", "said"),
    [
        ("policy-tests/service.toml", 'asks = ["address", "email"]', 'asks = "address"', "asks"),
        ("promises.toml", "never_share = ", "share = ", "never_share"),
        ("policies/service.toml", 'for = "points.credit"', 'for = "points.credits"', "did you mean 'points.credit'"),
    ],
)
def test_what_cannot_be_read_is_told_in_one_line(draft: Path, file: str, old: str, new: str, said: str):
    text = (draft / file).read_text("utf-8")
    if file.startswith("policy-tests"):
        text += (
            '\n[[case]]\ntitle = "x"\npartner = "third_party.plain"\npurpose = "service"\nasks = "name"\ngets = []\n'
        )
        (draft / file).write_text(text, "utf-8")
    else:
        (draft / file).write_text(text.replace(old, new, 1), "utf-8")
    done = idp_policy("test", draft)
    assert done.returncode == 1
    assert said in done.stderr
    assert "Traceback" not in done.stderr
