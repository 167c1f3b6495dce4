"""`idp apply`: idempotent, all or nothing, a dry run changes nothing, secrets are shown once and stored as hashes."""

import json
from functools import partial
from pathlib import Path

import pytest

from idp.admin.apply import apply, read_declarations
from idp.admin.change import Change
from idp.admin.client_document import DocumentError
from idp.protocol.secrets import hash_secret
from idp.services import Services
from idp.store import clients, partner_events, partners
from tests.provider.provider import DECLARATIONS
from tests.store.rows import contents

APPROVAL = '[approval]\nauthor = "Aiko"\napprover = "Ben"\n'
PARTNER = f'[partner]\nid = "tabi-points"\nname = "Tabi"\nstatus = "active"\n{APPROVAL}'
AGREEMENT = """
[agreement]
id = "tabi-1"
version = 1
partner_id = "tabi-points"
status = "active"
effective_at = 2026-04-01T00:00:00+09:00
expires_at = 2036-04-01T00:00:00+09:00
[agreement.purposes."points.credit"]
max_days = 90
[agreement.purposes."points.credit".fields]
prefecture = { required = false }
"""
CLIENT = """
[[clients]]
client_id = "shop"
kind = "first_party"
name = "Shop"
auth_method = "client_secret_basic"
grant_types = ["authorization_code"]
redirect_uris = ["https://shop.example/callback"]
scopes = ["openid", "email"]
"""
USER = '[[users]]\nusername = "hana@example.jp"\n[users.profile]\nname = "花"\n'


def hashed(password: str) -> str:
    return f"hashed {password}"


def apply_texts(services: Services, folder: Path, *texts: str, dry_run: bool = False) -> list[Change]:
    """Apply texts, each as a file of its own."""
    files = tuple(folder / f"{number}.toml" for number in range(len(texts)))
    for file, text in zip(files, texts, strict=True):
        file.write_text(text, "utf-8")
    return apply(services, read_declarations(files), hashed, dry_run=dry_run)


@pytest.fixture
def run(services: Services, tmp_path: Path):
    return partial(apply_texts, services, tmp_path)


def actions(changes: list[Change]) -> list[tuple[str, str, str]]:
    return [(change.kind, change.id, change.action) for change in changes]


def test_applying_twice_changes_nothing_the_second_time(services: Services):
    """Every declaration that tests know: created once, then kept, with no new secret and not a row touched."""
    first = apply(services, read_declarations(DECLARATIONS), hashed, dry_run=False)
    assert {change.action for change in first} == {"create"}
    before = contents(services.database)
    again = apply(services, read_declarations(DECLARATIONS), hashed, dry_run=False)
    assert [(change.kind, change.id) for change in again] == [(change.kind, change.id) for change in first]
    assert {(change.action, change.secret) for change in again} == {("keep", "")}
    assert not any(change.differences for change in again)
    assert contents(services.database) == before


def test_a_dry_run_tells_the_difference_and_changes_nothing(services: Services, run):
    """Before the first time and before a change."""
    empty = contents(services.database)
    wanted = run(PARTNER + AGREEMENT, CLIENT + USER, dry_run=True)
    assert contents(services.database) == empty
    assert actions(wanted) == [
        ("partner", "tabi-points", "create"),
        ("client", "shop", "create"),
        ("user", "hana@example.jp", "create"),
    ]
    assert not any(change.secret for change in wanted)
    run(PARTNER + AGREEMENT, CLIENT + USER)
    before = contents(services.database)
    changed = run(PARTNER + AGREEMENT, CLIENT.replace('"Shop"', '"New Shop"') + USER, dry_run=True)
    assert contents(services.database) == before
    assert [change.action for change in changed] == ["keep", "update", "keep"]
    assert changed[1].differences == {"name": ("Shop", "New Shop")}


def test_secrets_are_shown_once_and_only_hashes_are_stored(services: Services, run):
    """256 bits for a client, 24 characters for a person, nowhere in the database as they are."""
    client, user = run(CLIENT + USER)
    assert len(client.secret) == 43
    assert len(user.secret) == 24
    stored = repr(contents(services.database)).encode()
    assert client.secret.encode() not in stored
    assert client.secret not in repr(client)
    with services.database.autocommit() as connection:
        found = clients.find(connection, "shop")
        account = services.accounts.find_by_username(connection, "hana@example.jp")
    assert found is not None
    assert found.secret_hash == hash_secret(client.secret)
    assert account is not None
    assert account.password_hash == hashed(user.secret)


def test_a_change_of_the_method_makes_and_drops_the_secret(services: Services, run):
    """A client that becomes public keeps no secret; one that gets a secret method again gets a new one."""
    first = run(CLIENT)[0].secret
    public = CLIENT.replace("client_secret_basic", "none")
    assert run(public)[0].secret == ""
    with services.database.autocommit() as connection:
        found = clients.find(connection, "shop")
    assert found is not None
    assert found.secret_hash is None
    again = run(CLIENT)[0]
    assert again.action == "update"
    assert again.secret not in ("", first)


def test_an_agreement_does_not_end_by_being_left_out(services: Services, run):
    """Neither silently in force nor silently gone: its end is declared, and then it has ended."""
    run(PARTNER + AGREEMENT)
    with pytest.raises(DocumentError, match="its agreement is missing; to end it, give it status 'ended'"):
        run(PARTNER)
    ended = PARTNER + AGREEMENT.replace('status = "active"', 'status = "ended"')
    with pytest.raises(DocumentError, match="versions never change: write this as version 2"):
        run(ended)
    ended = ended.replace("version = 1", "version = 2")
    assert [change.action for change in (*run(ended), *run(ended))] == ["update", "keep"]
    with services.database.autocommit() as connection:
        found = partners.find(connection, "tabi-points")
    assert found is not None
    assert json.loads(found.agreement)["status"] == "ended"


def test_a_file_never_lifts_a_suspension(services: Services, run):
    """Nor brings back what is terminated; what it says again is still kept, and its own suspension is one."""
    run(PARTNER + AGREEMENT)
    for status in ("suspended", "terminated"):
        ended = PARTNER.replace("active", status) + AGREEMENT
        assert [change.action for change in (*run(ended), *run(ended))] == ["update", "keep"]
        with pytest.raises(DocumentError, match=f"is {status}, and a file does not undo that"):
            run(PARTNER + AGREEMENT)
    with pytest.raises(DocumentError, match="is terminated"):
        run(PARTNER.replace("active", "suspended") + AGREEMENT)
    with services.database.autocommit() as connection:
        told = [(event.before, event.after, event.actor) for event in partner_events.history(connection, "tabi-points")]
    assert told[:2] == [("suspended", "terminated", "Ben"), ("production", "suspended", "Ben")]


def test_a_partner_is_declared_with_all_that_is_known_of_it(services: Services, run):
    """Contacts may be people: their addresses are in no plain column."""
    details = 'legal_entity = "Tabi K.K."\ncountry = "JP"\ncontacts = [{ role = "breach", email = "b@tabi.example" }]\n'
    written = PARTNER.replace("[approval]", f"{details}[approval]") + AGREEMENT
    assert [change.action for change in (*run(written), *run(written))] == ["create", "keep"]
    with services.database.autocommit() as connection:
        found = partners.find(connection, "tabi-points")
        assert partners.contacts_of(connection, services.sealer, "tabi-points") == {"breach": "b@tabi.example"}
    assert found is not None
    assert (found.details.legal_entity, found.details.country) == ("Tabi K.K.", "JP")
    assert b"b@tabi.example" not in repr(contents(services.database)).encode()


def test_a_profile_is_what_the_file_says_and_the_password_stays(services: Services, run):
    """What the file no longer says of a person is gone."""
    (created,) = run(USER)
    changed = USER.replace('name = "花"', 'nickname = "hana"')
    assert [(change.action, change.secret) for change in (*run(changed), *run(changed))] == [
        ("update", ""),
        ("keep", ""),
    ]
    with services.database.autocommit() as connection:
        account = services.accounts.find_by_username(connection, "HANA@example.jp")
    assert account is not None
    assert account.profile == {"nickname": "hana"}
    assert account.password_hash == hashed(created.secret)


def test_an_agreement_is_kept_as_it_was_agreed(services: Services, run):
    """Instants as seconds, so that no time zone of a server changes what was agreed."""
    run(PARTNER + AGREEMENT)
    with services.database.autocommit() as connection:
        found = partners.find(connection, "tabi-points")
    assert found is not None
    agreement = json.loads(found.agreement)
    assert (agreement["effective_at"], agreement["expires_at"]) == (1_774_969_200, 2_090_588_400)


WRONG = {
    "unknown section": (CLIENT, "[[agrements]]\nid = 1"),
    "cannot be read as TOML": (CLIENT, "[[clients]"),
    "stands beside its [partner]": (CLIENT, AGREEMENT),
    "[partner], [agreement] and [approval] are tables": (CLIENT, 'partner = "tabi"'),
    "say who wrote this and who approved it": (CLIENT, PARTNER.replace(APPROVAL, "") + AGREEMENT),
    "[approval] takes author and approver": (CLIENT, PARTNER.replace('approver = "Ben"', "") + AGREEMENT),
    "the approver is somebody else than the author": (CLIENT, PARTNER.replace("Ben", "AIKO") + AGREEMENT),
    "of tier plain, which is not for email": (CLIENT, PARTNER + AGREEMENT.replace("prefecture =", "email =")),
    "heading [[clients]]": (CLIENT, "clients = ['shop']"),
    "heading [[users]]": (CLIENT, "[users]\nusername = 'x'"),
    "client 'shop' is declared twice": (CLIENT, CLIENT),
    "partner 'tabi-points' is declared twice": (PARTNER, PARTNER + AGREEMENT),
    "user 'hana@example.jp' is declared twice": (USER, USER.replace("hana@", " HANA@")),
    "the agreement beside it is with 'tabi-points'": (CLIENT, PARTNER.replace("tabi-points", "other") + AGREEMENT),
    "agreement.id: is missing": (CLIENT, PARTNER + "[agreement]"),
    "is not a field of the catalogue": (CLIENT, PARTNER + AGREEMENT.replace("prefecture =", "shoe_size =")),
    "is not a purpose of the catalogue": (CLIENT, PARTNER + AGREEMENT.replace("points.credit", "points.steal")),
    "effective_at: must be a date and time with an offset": (CLIENT, PARTNER + AGREEMENT.replace("+09:00", "")),
    "more than 100 characters": (CLIENT, PARTNER.replace('"Tabi"', f'"{"T" * 101}"')),
    "partner.status: must be one of": (CLIENT, PARTNER.replace("active", "actif")),
    "'password' is not known; claims go under profile": (CLIENT, '[[users]]\nusername = "x"\npassword = "hunter2"'),
    "dates in the profile are texts": (CLIENT, '[[users]]\nusername = "x"\nprofile.birthdate = 1994-05-17'),
    "a user has a username and a table profile": (CLIENT, '[[users]]\nusername = " "'),
}


@pytest.mark.parametrize("said", WRONG)
def test_a_wrong_declaration_is_refused_and_nothing_is_written(untouched: Services, tmp_path: Path, said: str):
    """Not even the right ones beside it; the refusal says where and what to write instead."""
    before = contents(untouched.database)
    with pytest.raises(DocumentError) as refused:
        apply_texts(untouched, tmp_path, *WRONG[said])
    assert said in str(refused.value)
    assert "hunter2" not in str(refused.value)
    assert contents(untouched.database) == before


def test_a_missing_file_is_named(tmp_path: Path):
    """With its path."""
    with pytest.raises(DocumentError, match=r"missing\.toml"):
        read_declarations((tmp_path / "missing.toml",))
