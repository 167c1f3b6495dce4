"""`idp policy propose` to `replay`: how a policy comes into force, and what is seen before it does."""

import json
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.policy_tools.test_tools import SHIPPED, rewrite
from tests.provider.apps import TABI, tokens_for
from tests.provider.operator import idp
from tests.provider.person import Person
from tests.provider.provider import HTTP, Provider, serve_here


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Provider]:
    """A provider whose partner was given something by the shipped policy."""
    with serve_here(f"sqlite:///{tmp_path_factory.mktemp('promotion') / 'sekisho.db'}") as provider:
        tokens_for(Person(provider), TABI, ticks=("prefecture", "over_20"))
        yield provider


@pytest.fixture
def draft(tmp_path: Path) -> Path:
    return Path(shutil.copytree(SHIPPED, tmp_path / "sharing"))


def policy(provider: Provider, *arguments: object) -> subprocess.CompletedProcess[str]:
    return idp(provider, "policy", *map(str, arguments))


def proposed(provider: Provider, directory: Path) -> dict[str, object]:
    done = policy(provider, "propose", directory, "--by", "yuki", "--json")
    assert done.returncode == 0, done.stderr
    told: dict[str, object] = json.loads(done.stdout)
    return told


def listed(provider: Provider) -> dict[str, dict[str, object]]:
    return {row["hash"]: row for row in json.loads(policy(provider, "list", "--json").stdout)}


def in_force(provider: Provider) -> str:
    (hash_,) = (hash_ for hash_, row in listed(provider).items() if row["state"] == "in force")
    return hash_


def test_g13_a_widening_is_in_force_once_somebody_else_answers_for_each_part_of_it(running: Provider, draft: Path):
    """Not before, and not by who wrote it; each is told with somebody whom it meets. It can be rolled back at once."""
    before = in_force(running)
    answer = 'id = "age-check.answer"\nshare = ["over_18", "over_20"'
    rewrite(draft / "policies" / "service.toml", answer + "]", answer + ', "nickname", "language"]')
    (draft / "policy-tests" / "more.toml").write_text(
        '[[case]]\ntitle = "Who is asked for their age is called by name"\npartner = "third_party.plain"\n'
        'purpose = "fraud_prevention.age_check"\nasks = ["nickname", "language"]\ngets = ["nickname", "language"]\n'
    )
    told = proposed(running, draft)
    wider = [one["id"] for one in told["wider"]]
    assert [one.split()[:3] for one in wider] == [
        [field, "for", "fraud_prevention.age_check"] for field in ("language", "nickname")
    ]
    refused = policy(running, "promote", told["hash"], "--by", "Yuki")
    assert (refused.returncode, "somebody else has to promote it" in refused.stderr) == (1, True)
    refused = policy(running, "promote", told["hash"][:12], "--by", "ken", *signing(wider[1:]), "--json")
    assert refused.returncode == 1
    (objection,) = json.loads(refused.stdout)["objections"]
    assert objection.startswith(f"nobody signed off: {wider[0]} (a ")
    assert "about somebody aged 40" in objection
    assert in_force(running) == before
    done = policy(running, "promote", told["hash"][:12], "--by", "ken", "--reason", "asked for", *signing(wider))
    assert done.returncode == 0, done.stdout + done.stderr
    row = listed(running)[told["hash"]]
    assert (row["state"], row["author"], row["by"], row["signed_off"]) == ("in force", "yuki", "ken", wider)
    running.services.feed.read_now()
    assert running.services.policy.rules.hash == told["hash"]
    assert policy(running, "rollback", before, "--by", "rin").returncode == 0
    assert in_force(running) == before
    running.services.feed.read_now()


def signing(widenings: list[str]) -> list[str]:
    return [word for one in widenings for word in ("--sign-off", one)]


def test_a_policy_whose_tests_or_promises_do_not_hold_is_not_promoted(running: Provider, draft: Path):
    """Each is told."""
    before = in_force(running)
    rewrite(draft / "policies" / "marketing.toml", 'when = "under 18"', 'when = "under 16"')
    told = proposed(running, draft)
    refused = policy(running, "promote", told["hash"], "--by", "ken", "--json")
    objections = json.loads(refused.stdout)["objections"]
    assert refused.returncode == 1
    assert "not proved: promise.no-advertising-to-minors" in objections
    assert any(one.startswith("nobody signed off: nickname for marketing.news") for one in objections)
    assert in_force(running) == before


def test_g9_what_went_out_comes_out_again_and_a_candidate_is_measured_by_it(running: Provider, draft: Path):
    """By the policy of its time to the letter, by the same policy without a difference; by another it is told."""
    done = policy(running, "replay", "--json")
    same = json.loads(done.stdout)
    assert (done.returncode, same["otherwise"]) == (0, [])
    (partner,) = same["partners"]
    assert (partner["partner"], partner["widened"], partner["narrowed"], partner["denied"]) == ("tabi-points", 0, 0, 0)
    assert partner["decisions"] > 0
    rewrite(draft / "policies" / "service.toml", 'share = ["prefecture", "over_18", "over_20"]', 'share = ["over_20"]')
    (narrower,) = json.loads(policy(running, "replay", "--candidate", draft, "--json").stdout)["partners"]
    assert (narrower["widened"], narrower["narrowed"] + narrower["denied"]) == (0, partner["decisions"])


def test_what_an_app_would_see_of_somebody_is_told_without_a_value(running: Provider, draft: Path):
    """Each field for each agreed purpose, shared or with the reason; by the policy in force, and by a candidate."""
    told = json.loads(policy(running, "simulate", TABI.client_id, "hana@example.jp", "--json").stdout)
    seen = {(one["purpose"], one["field"]): one for one in told}
    assert seen["points.credit", "prefecture"]["shared"]
    assert seen["points.credit", "birthdate"]["reason"] == "FIELD_NOT_IN_AGREEMENT"
    rewrite(draft / "policies" / "service.toml", 'share = ["prefecture", "over_18", "over_20"]', 'share = ["over_20"]')
    table = policy(running, "simulate", TABI.client_id, "hana@example.jp", "--candidate", draft).stdout
    (line,) = [line for line in table.splitlines() if line.startswith("prefecture ")]
    assert line.split() == ["prefecture", "POLICY"]
    user = HTTP.get(f"{running.url}/userinfo", headers={"Authorization": f"Bearer {a_token(running)}"}).json()
    assert user["prefecture"] not in table
    assert policy(running, "simulate", TABI.client_id, "nobody@example.jp").returncode == 1


def a_token(provider: Provider) -> str:
    token: str = tokens_for(Person(provider), TABI, ticks=("prefecture", "over_20"))["access_token"]
    return token


def test_a_policy_can_be_tried_beside_the_one_in_force(running: Provider, draft: Path):
    """Its differences are counted by field and partner, in people."""
    rewrite(draft / "policies" / "service.toml", 'share = ["prefecture", "over_18", "over_20"]', 'share = ["over_18"]')
    told = proposed(running, draft)
    assert policy(running, "shadow", "begin", told["hash"], "--by", "yuki").returncode == 0
    running.services.feed.read_now()
    a_token(running)
    results = json.loads(policy(running, "shadow", "results", told["hash"], "--json").stdout)
    assert {(one["partner"], one["field"], one["direction"], one["people"]) for one in results} == {
        ("tabi-points", "prefecture", "narrower", 1),
        ("tabi-points", "over_20", "narrower", 1),
    }
    assert listed(running)[told["hash"]]["state"] == "tried"
    assert policy(running, "shadow", "end", "--by", "yuki").returncode == 0
    assert policy(running, "shadow", "end", "--by", "yuki").returncode == 1
