"""`idp audit search`, `subject` and `erase`: the log asked about somebody or something, and a person who leaves it."""

import json
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from idp.audit import export
from idp.cli import main
from idp.settings import CONFIG_VARIABLE
from tests.audit.test_publishing import userinfo, verify_here
from tests.provider.apps import KAZE, TABI, App, tokens_for
from tests.provider.person import Person
from tests.provider.provider import CONFIG, Provider, environment
from tests.web.visits import signed_in

HANA, KEN = "hana@example.jp", "ken@example.jp"
NEWS = App("kaze-ads", KAZE.redirect_uri, "openid email purpose:marketing.news")


@pytest.fixture(scope="module")
def shared(shared_provider: Provider) -> Provider:
    """Hana shares with two partners, Ken with one."""
    hana, ken = Person(shared_provider), Person(shared_provider, KEN)
    userinfo(shared_provider, tokens_for(hana, TABI, ticks=("prefecture", "over_20"))["access_token"])
    shared_provider.clock.forward(60)
    tokens_for(hana, NEWS)
    userinfo(shared_provider, tokens_for(ken, TABI, ticks=("prefecture",))["access_token"])
    return shared_provider


def audit(provider: Provider, *arguments: str) -> Result:
    """Run `idp audit`, in this process for the sake of time, with the settings of a provider."""
    surroundings = {CONFIG_VARIABLE: str(CONFIG), **environment(provider.database_url, provider.url)}
    return CliRunner().invoke(main, ["audit", *arguments], env=surroundings)


def search(provider: Provider, *arguments: str) -> list[dict]:
    done = audit(provider, "search", *arguments, "--json")
    assert done.exit_code == 0, done.output
    found: list[dict] = json.loads(done.stdout)
    return found


def test_entries_are_found_by_partner_purpose_field_time_and_kind(shared: Provider):
    """Each narrows, and they narrow together; the order is that of the log."""
    everything = search(shared)
    assert [each["position"] for each in everything] == list(range(len(everything)))
    assert {each["partner"] for each in search(shared, "--partner", "kaze-ads")} == {"kaze-ads"}
    assert {each["purpose"] for each in search(shared, "--purpose", "points.credit")} == {"points.credit"}
    went_out = search(shared, "--kind", "disclosure", "--field", "over_20")
    assert went_out
    assert all("over_20" in each["fields"] for each in went_out)
    moment = "2026-11-18T11:07:00"
    halves = [search(shared, option, moment) for option in ("--since", "--until")]
    assert all(halves)
    assert sorted(each["position"] for half in halves for each in half) == [each["position"] for each in everything]
    assert search(shared, "--partner", "kaze-ads", "--field", "prefecture") == []
    assert {"policy", "agreement", "partner_status"} <= {each["kind"] for each in everything}


def test_entries_about_a_person_are_found_by_their_sign_in_name(shared: Provider):
    """Those of each, and nobody else's; a name that nobody has is said."""
    hanas, kens = search(shared, "--username", HANA), search(shared, "--username", KEN)
    assert {each["client"] for each in hanas} == {"tabi-points", "kaze-ads"}
    assert {each["client"] for each in kens} == {"tabi-points"}
    assert not {each["position"] for each in hanas} & {each["position"] for each in kens}
    subjects = {each["subject"] for each in hanas if each["client"] == "tabi-points"}
    assert len(subjects) == 1
    done = audit(shared, "search", "--username", "nobody@example.jp")
    assert (done.exit_code, "no user of this name" in done.stderr) == (1, True)


def test_the_bundle_for_subject_access_is_what_the_person_can_download_and_the_provision_records(shared: Provider):
    """APPI 33: grants, events, entries, signed receipts; and to whom what was provided."""
    bundle = json.loads(audit(shared, "subject", HANA).stdout)
    own = signed_in(Person(shared)).browser.get("/account/sharing/export").json()
    assert [each["id"] for each in bundle["grants"]] == [each["id"] for each in own["grants"]]
    assert bundle["grants"] == own["grants"]
    provided = {record["partner"]: record for record in bundle["provision_records"]}
    assert provided["tabi-points"]["items"] == ["over_20", "prefecture"]
    assert provided["tabi-points"]["times"] >= 2
    assert "Tokyo" not in json.dumps(bundle)


def test_whoever_is_erased_is_found_by_nobody_and_the_log_verifies_as_before(shared: Provider, tmp_path: Path):
    """Salt and links are gone, everything shared is over; other people's stays theirs; asked first, nothing is done."""
    key = shared.services.log_key.public
    before = search(shared, "--username", HANA)
    export(shared.services, tmp_path)
    earlier = (tmp_path / "checkpoint").read_text("utf-8")
    asked = json.loads(audit(shared, "erase", HANA, "--json").stdout)
    assert (asked["erased"], asked["ended"], asked["entries"]) == (False, 2, len(before))
    assert search(shared, "--username", HANA) == before
    done = json.loads(audit(shared, "erase", HANA, "--yes", "--json").stdout)
    assert (done["erased"], done["ended"]) == (True, 2)
    assert search(shared, "--username", HANA) == []
    assert search(shared, "--username", KEN)
    assert json.loads(audit(shared, "subject", HANA).stdout)["provision_records"] == []
    export(shared.services, tmp_path)
    verified = verify_here(tmp_path, key, earlier)
    assert verified.account.violations == []
    assert [each for each in search(shared) if each["position"] == before[0]["position"]] == before[:1]


def test_after_an_erasure_a_person_is_somebody_new_to_the_log(shared: Provider, tmp_path: Path):
    """They may share again: under another salt, so the old entries and the new ones cannot be joined."""
    old = {each["subject"] for each in search(shared, "--kind", "disclosure", "--partner", "tabi-points")}
    shared.services.feed.read_now()
    hana = Person(shared)
    userinfo(shared, tokens_for(hana, TABI, ticks=("prefecture",))["access_token"])
    new = {each["subject"] for each in search(shared, "--username", HANA, "--kind", "disclosure")}
    assert len(new) == 1
    assert not new & old
    export(shared.services, tmp_path)
    assert verify_here(tmp_path, shared.services.log_key.public).account.violations == []
