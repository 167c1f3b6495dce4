"""`idp apply`: idempotent, all or nothing, a dry run changes nothing, secrets are shown once and stored as hashes."""

import json
from functools import partial
from pathlib import Path

import pytest

from idp.admin.apply import Change, apply, read_declarations
from idp.admin.client_document import DocumentError
from idp.protocol.secrets import hash_secret
from idp.services import Services
from idp.store import clients, partners
from tests.provider.provider import DECLARATIONS
from tests.store.rows import contents

PARTNER = '[partner]\nid = "tabi-points"\nname = "Tabi"\nstatus = "active"\n'
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
    assert [change.action for change in (*run(ended), *run(ended))] == ["update", "keep"]
    with services.database.autocommit() as connection:
        found = partners.find(connection, "tabi-points")
    assert found is not None
    assert json.loads(found.agreement)["status"] == "ended"


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
    "[partner] and [agreement] are tables": (CLIENT, 'partner = "tabi"'),
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
    with pytest.raises(DocumentError) as refused:
        apply_texts(untouched, tmp_path, *WRONG[said])
    assert said in str(refused.value)
    assert "hunter2" not in str(refused.value)
    written = {table for table, rows in contents(untouched.database).items() if rows}
    assert written == {"root_secrets"}


def test_a_missing_file_is_named(tmp_path: Path):
    """With its path."""
    with pytest.raises(DocumentError, match=r"missing\.toml"):
        read_declarations((tmp_path / "missing.toml",))
