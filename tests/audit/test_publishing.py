"""`idp audit`: the log as files, verified with the key alone; what it says and what it must not."""

import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import create_engine, text

from idp.audit import AuditError, export, provisions
from idp.data_sharing.policy_documents import hash_of
from idp.protocol.audit import Provision
from idp.protocol.log_folder import Verified, verify
from idp.protocol.signed_note import VerifierKey
from idp.protocol.tiles import entries_of
from idp.store.sealing import UnsealingError
from tests.provider.apps import KAZE, STOREFRONT, TABI, code_for, tokens_for
from tests.provider.operator import idp
from tests.provider.person import Person, as_client
from tests.provider.provider import CONFIG, HTTP, ROOT, Provider, environment, serve_here
from tests.sharing.written import SHIPPED


def userinfo(provider: Provider, token: str) -> dict[str, object]:
    answer = HTTP.get(f"{provider.url}/userinfo", headers={"Authorization": f"Bearer {token}"})
    assert answer.status_code == 200, answer.text
    claims: dict[str, object] = answer.json()
    return claims


def end_sharing(person: Person) -> None:
    page = person.browser.get("/account/sharing").text
    csrf = page.split('name="csrf" value="')[1].split('"')[0]
    form = {"csrf": csrf, "client_id": "tabi-points", "purpose": "points.credit"}
    assert person.browser.post("/account/sharing", data=form).status_code == 303


def verify_here(folder: Path, key: VerifierKey, earlier: str | None = None) -> Verified:
    return verify(lambda path: (folder / path).read_bytes(), key, earlier)


def command(*arguments: object, **surroundings: str) -> subprocess.CompletedProcess[str]:
    """`idp audit` in a process of its own, with these settings and no other."""
    return subprocess.run(
        [sys.executable, "-m", "idp", "audit", *map(str, arguments)],
        env={"PYTHONPATH": str(ROOT), **surroundings},
        cwd="/",
        capture_output=True,
        text=True,
        check=False,
    )


def leaves(folder: Path) -> list[dict[str, object]]:
    """The entries of an exported log of less than 257."""
    (bundle,) = (folder / "tile" / "entries").rglob("*.p/*")
    return [json.loads(entry) for entry in entries_of(bundle.read_bytes())]


def changed(provider: Provider, statement: str) -> None:
    """Change the database behind the provider's back."""
    engine = create_engine(provider.database_url)
    with engine.begin() as connection:
        connection.execute(text(statement))
    engine.dispose()


def share_and_end(person: Person) -> None:
    """A consent, disclosures by every kind of answer, and an end."""
    tokens = tokens_for(person, TABI, ticks=("prefecture", "over_20"))
    userinfo(person.provider, tokens["access_token"])
    userinfo(person.provider, tokens["access_token"])
    as_client(person.provider, "tabi-points", "/introspect", {"token": tokens["access_token"]})
    end_sharing(person)


@pytest.fixture
def postgres_provider(postgres_url: str) -> Iterator[Provider]:
    with serve_here(postgres_url) as running:
        yield running


@pytest.fixture
def exported(provider: Provider, hana: Person, tmp_path: Path) -> Path:
    """A log with everything in it, in a folder."""
    share_and_end(hana)
    export(provider.services, tmp_path / "log")
    return tmp_path / "log"


def test_every_kind_of_answer_is_a_leaf_and_so_are_policy_consent_partner_and_agreement(exported: Path):
    """In the order of what happened, with names of fields, reasons, surface, purpose and agreement."""
    found = leaves(exported)
    kinds = [(leaf["kind"], leaf.get("surface")) for leaf in found]
    assert kinds[0] == ("policy", None)
    assert (found[0]["event"], found[0]["policy"], found[0]["before"]) == ("begun", hash_of(SHIPPED), "")
    assert sorted(kinds[1:5]) == [("agreement", None)] * 2 + [("partner_status", None)] * 2
    assert kinds[5:] == [
        ("grant", None),
        ("disclosure", "access_token"),
        ("disclosure", "id_token"),
        ("disclosure", "userinfo"),
        ("disclosure", "userinfo"),
        ("disclosure", "introspection"),
        ("grant", None),
    ]
    assert [found[place]["event"] for place in (5, -1)] == ["given", "revoked"]
    userinfo_leaf = found[8]
    assert userinfo_leaf["fields"] == ["over_20", "prefecture"]
    assert userinfo_leaf["withheld"] == {"email": "FIELD_NOT_IN_AGREEMENT"}
    assert userinfo_leaf["agreement"] == {"id": "tabi-points-2026", "version": 1}
    assert (userinfo_leaf["partner"], userinfo_leaf["purpose"]) == ("tabi-points", "points.credit")
    assert len({leaf["consent"] for leaf in found[5:]}) == 1


def test_a_copy_is_verified_with_the_key_alone(postgres_provider: Provider, tmp_path: Path):
    """No settings, no database, no network; with an earlier checkpoint also that the log only grew. One line if not."""
    provider, folder = postgres_provider, tmp_path / "log"
    settings = {**environment(provider.database_url, provider.url), "IDP_CONFIG": str(CONFIG)}
    share_and_end(Person(provider))
    assert command("export", folder, **settings).returncode == 0
    key = command("key", **settings).stdout.strip()
    earlier = tmp_path / "earlier"
    earlier.write_bytes((folder / "checkpoint").read_bytes())
    tokens_for(Person(provider), TABI, ticks=("prefecture",))
    assert command("export", folder, **settings).stdout.startswith("15 entries, root ")
    done = command("verify", folder, "--key", key, "--earlier", earlier)
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.splitlines() == [
        f"{provider.url.removeprefix('http://')}/audit: signed, and its 15 entries are all there",
        "it has only grown since the earlier checkpoint",
        "7 disclosures, none after the end of its consent",
    ]
    entry, proof = tmp_path / "entry", tmp_path / "entry.tlog-proof"
    entry.write_text(command("prove", folder, 7, proof, "--key", key).stdout, "utf-8")
    done = command("verify-proof", entry, proof, "--key", key)
    assert done.stdout.startswith("it is entry 7 of the 15 of 127.0.0.1:")
    (folder / "tile/0/000.p/15").write_bytes(bytes(15 * 32))
    done = command("verify", folder, "--key", key)
    assert (done.returncode, done.stderr) == (1, "Error: tile/0/000.p/15 is not the hashes of the entries\n")
    done = command("verify", folder, "--key", "no key")
    assert (done.returncode, len(done.stderr.splitlines())) == (1, 1)
    listed = command("provision-records", "--username", "hana@example.jp", **settings).stdout.splitlines()
    assert len(listed) == 2
    assert listed[0].startswith("Tabi Points (tabi-points)  points.credit  subject ")
    assert "over_20, prefecture  5 times from 2026-" in listed[0]
    nobody = command("provision-records", "--username", "nobody", **settings)
    assert (nobody.returncode, nobody.stderr) == (1, "Error: there is no user of this name\n")


def test_no_personal_value_is_in_any_file_nor_in_the_table(provider: Provider, exported: Path):
    """Neither a value of the profile, nor a sign-in name, nor an identifier of the account."""
    services = provider.services
    with services.database.autocommit() as connection:
        account = services.accounts.find_by_username(connection, "hana@example.jp")
    values = [*account.profile["address"].values(), *(str(v) for v in account.profile.values()), account.id]
    client = services.find_client("tabi-points")
    values.append(services.sharing.subject(client, account.id))
    everything = b"".join(file.read_bytes() for file in exported.rglob("*") if file.is_file())
    assert b'"prefecture"' in everything
    secret = [value for value in values if value not in ("True", "1-2-3", "ja-JP")]
    assert [value for value in secret if value.encode() in everything] == []


def test_once_the_salt_is_gone_nobody_can_say_whom_the_log_is_about(provider: Provider, exported: Path):
    """Erasure drops one row; the log verifies as before."""
    assert len(provisions(provider.services, "hana@example.jp")) == 1
    changed(provider, "DELETE FROM audit_salts")
    assert provisions(provider.services, "hana@example.jp") == []
    export(provider.services, exported)
    assert verify_here(exported, provider.services.log_key.public).account.disclosures == 5


def test_records_of_provision_to_third_parties(provider: Provider, exported: Path):
    """APPI article 29: to whom, what, when first and last, by which consent; of one person or of all."""
    hers = provisions(provider.services, "hana@example.jp")
    assert hers == provisions(provider.services, None)
    now = int(provider.clock())
    assert hers == [
        Provision(
            partner="tabi-points",
            client="tabi-points",
            purpose="points.credit",
            subject=hers[0].subject,
            items=("over_20", "prefecture"),
            first_at=now,
            last_at=now,
            times=5,
            consent_entry=5,
            consent_given_at=now,
        )
    ]
    assert provisions(provider.services, "ken@example.jp") == []


def test_first_parties_and_empty_answers_leave_no_entry(provider: Provider, hana: Person):
    """Neither is a disclosure to a third party."""
    before = waiting(provider)
    token = tokens_for(hana, STOREFRONT)["access_token"]
    assert userinfo(provider, token)["email"] == "hana@example.jp"
    assert waiting(provider) == before
    refused = tokens_for(hana, TABI)["access_token"]
    assert set(userinfo(provider, refused)) == {"sub", "withheld"}
    assert waiting(provider) == before + 1  # the consent to nothing


def test_partners_cannot_be_joined_by_the_commitments(provider: Provider, hana: Person, tmp_path: Path):
    """One person is another subject to each partner."""
    tokens_for(hana, TABI, ticks=("prefecture",))
    code_for(hana, KAZE)
    export(provider.services, tmp_path / "log")
    subjects = {leaf["partner"]: leaf["subject"] for leaf in leaves(tmp_path / "log") if "subject" in leaf}
    assert len(subjects) == len(set(subjects.values())) == 2


def test_a_change_of_status_is_an_entry_and_no_change_is_none(postgres_provider: Provider):
    """`idp partner suspend`, twice, `lift`, and `idp apply` of what is so already."""
    before = waiting(postgres_provider)
    why = ("--by", "Aiko", "--reason", "complaints")
    for status in (0, 1):
        assert idp(postgres_provider, "partner", "suspend", "tabi-points", *why).returncode == status
    assert waiting(postgres_provider) == before + 1
    assert idp(postgres_provider, "partner", "lift", "tabi-points", *why).returncode == 0
    agreement = str(ROOT / "config/sharing/agreements/tabi-points.toml")
    for _ in range(2):
        assert idp(postgres_provider, "apply", agreement).returncode == 0
    assert waiting(postgres_provider) == before + 2


@pytest.mark.parametrize(
    "tampering",
    [
        "UPDATE audit_entries SET position = position + 1 WHERE position = (SELECT max(position) FROM audit_entries)",
        "DELETE FROM audit_entries WHERE position = 5",
        "UPDATE audit_entries SET leaf = (SELECT leaf FROM audit_entries WHERE position = 9) WHERE position = 7",
        "DELETE FROM audit_tree",
        "UPDATE audit_tree SET frontier = (SELECT salt FROM audit_salts)",
    ],
)
def test_what_was_tampered_with_in_the_database_is_not_signed(provider: Provider, exported: Path, tampering: str):
    """Whoever can write to the database, but holds no key; the folder stays as it was."""
    before = (exported / "checkpoint").read_bytes()
    changed(provider, tampering)
    with pytest.raises((AuditError, UnsealingError)):
        export(provider.services, exported)
    assert (exported / "checkpoint").read_bytes() == before


def test_a_folder_of_another_log_is_not_overwritten(provider: Provider, exported: Path):
    """Nor what is no checkpoint at all."""
    note = (exported / "checkpoint").read_text("utf-8")
    for wrong in (note.replace("/audit", "/other"), ""):
        (exported / "checkpoint").write_text(wrong, "utf-8")
        with pytest.raises(AuditError, match="not a checkpoint of this log"):
            export(provider.services, exported)
        assert (exported / "checkpoint").read_text("utf-8") == wrong


def test_a_database_that_was_set_back_cannot_sign_another_past(provider: Provider, exported: Path):
    """An old copy of everything, sealed frontier included, that then goes on: the folder knows better."""
    saved = provider.services.audit_tree.frontier()
    tokens_for(Person(provider), TABI, ticks=("prefecture",))
    export(provider.services, exported)
    assert saved.size == 12
    changed(provider, "DELETE FROM audit_entries WHERE position >= 12")
    with provider.services.database.autocommit() as connection:
        provider.services.audit_tree._store(connection, saved)
    for _ in range(2):
        with pytest.raises(AuditError, match="of a log with other entries"):
            export(provider.services, exported)
        tokens_for(Person(provider), TABI, ticks=("over_20",), prompt="consent")
        tokens_for(Person(provider), TABI, ticks=("over_20",), prompt="consent")


def waiting(provider: Provider) -> int:
    """How many entries were ever written down."""
    engine = create_engine(provider.database_url)
    with engine.connect() as connection:
        count: int = connection.execute(text("SELECT count(*) FROM audit_entries")).scalar_one()
    engine.dispose()
    return count
