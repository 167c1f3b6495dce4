"""The `idp` command: every command by hand and for scripts, mistakes told in one line, secrets shown once."""

import json
import shutil
import stat
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import click
import pytest
from click.testing import CliRunner, Result

from idp.cli import main
from idp.protocol.names import ENCRYPTION_KEYS, SIGNING_ALGORITHMS
from idp.settings import CONFIG_VARIABLE
from tests.provider.provider import CONFIG, DECLARATIONS, ROOT, environment, free_port
from tests.store.rows import contents, opened

ISSUER = "http://127.0.0.1:8400"
SHARING = ROOT / "config" / "sharing"
Idp = Callable[..., Result]


def run_idp(database_url: str, *arguments: str | Path, stdin: str = "", **extra: str) -> Result:
    """Run the command in this process; unexpected errors come through."""
    words = ["--config", str(CONFIG), *map(str, arguments)]
    surroundings = {**environment(database_url, ISSUER), **extra}
    return CliRunner().invoke(main, words, input=stdin, env=surroundings, catch_exceptions=False)


@pytest.fixture
def idp(monkeypatch: pytest.MonkeyPatch) -> Idp:
    monkeypatch.setenv(CONFIG_VARIABLE, "")  # the command sets it for the workers that it starts
    return run_idp


@pytest.fixture(scope="module")
def pattern(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An SQLite database at the schema, with the declarations that tests know."""
    file = tmp_path_factory.mktemp("cli") / "pattern.db"
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv(CONFIG_VARIABLE, "")
        assert run_idp(f"sqlite:///{file}", "db", "upgrade").exit_code == 0
        assert run_idp(f"sqlite:///{file}", "apply", *DECLARATIONS).exit_code == 0
    return file


@pytest.fixture
def prepared(idp: Idp, pattern: Path, tmp_path: Path) -> str:
    """A copy of it for one test."""
    return f"sqlite:///{shutil.copy(pattern, tmp_path / 'cli.db')}"


def said(result: Result) -> str:
    """What a command said that succeeded."""
    assert result.exit_code == 0, result.output
    return result.stdout


def told(result: Result) -> Any:
    """What a command told a script."""
    return json.loads(said(result))


def refused(result: Result) -> str:
    """The one line of a command that refused."""
    assert result.exit_code == 1, result.output
    assert result.stdout == ""
    (line,) = result.stderr.splitlines()
    assert line.startswith("Error: ")
    return line


def commands(group: click.Command, path: tuple[str, ...] = ()) -> Iterator[tuple[str, ...]]:
    yield path
    if isinstance(group, click.Group):
        for name, command in group.commands.items():
            yield from commands(command, (*path, name))


@pytest.mark.parametrize("path", list(commands(main)), ids=" ".join)
def test_every_command_explains_itself(idp: Idp, path: tuple[str, ...]):
    """`--help` everywhere, with a sentence of what the command does, and before anything is configured."""
    result = CliRunner().invoke(main, [*path, "--help"], env={"IDP_ISSUER": None})
    usage, _, explanation = result.stdout.partition("\n\n")
    assert result.exit_code == 0
    assert usage.startswith("Usage: ")
    assert explanation.strip()[0].isupper()
    assert "--help" in explanation


@pytest.fixture
def run(idp: Idp, store_url: str) -> Idp:
    """Run the command against a database of each kind, prepared as `prepared` is."""
    assert said(idp(store_url, "db", "upgrade")) == said(idp(store_url, "db", "upgrade"))
    assert {change["action"] for change in told(idp(store_url, "apply", *DECLARATIONS, "--json"))} == {"create"}
    return lambda *arguments, stdin="": idp(store_url, *arguments, stdin=stdin)


def test_an_operator_looks_after_clients_and_partners(run: Idp):
    """Lists for people and for scripts; what one command does, the next one sees."""
    clients = {row["client_id"]: row for row in told(run("client", "list", "--json"))}
    tabi = {"client_id": "tabi-points", "kind": "third_party", "status": "active", "name": "Tabi Points"}
    assert clients["tabi-points"] == tabi
    assert "tabi-points  third_party  active  Tabi Points\n" in said(run("client", "list"))
    rotated = told(run("client", "rotate-secret", "payments", "--json"))
    assert (rotated["client_id"], len(rotated["secret"])) == ("payments", 43)
    assert said(run("client", "rotate-secret", "payments")).strip() not in ("", rotated["secret"])
    why = ("--by", "Aiko", "--reason", "complaints")
    assert said(run("partner", "suspend", "tabi-points", *why)) == "suspended\n"
    partner = {"id": "tabi-points", "status": "suspended", "name": "Tabi Points"}
    assert partner in told(run("partner", "list", "--json"))
    lifted = told(run("partner", "lift", "tabi-points", *why, "--json"))
    assert lifted == {"id": "tabi-points", "status": "production"}
    assert "tier: plain\n" in said(run("partner", "show", "tabi-points"))
    (newest, *_) = told(run("partner", "show", "tabi-points", "--json"))["history"]
    assert (newest["kind"], newest["actor"], newest["reason"]) == ("lift", "Aiko", "complaints")


def test_an_operator_takes_a_partner_from_a_draft_to_its_end(run: Idp, tmp_path: Path):
    """Each step by name and with a reason where one is due; two people for what opens something."""
    file = tmp_path / "kumo.toml"
    file.write_text('[partner]\nid = "kumo"\nname = "Kumo"\nstatus = "draft"\n')
    said(run("apply", file))
    text = (SHARING / "agreements" / "tabi-points.toml").read_text("utf-8")
    file.write_text(text.replace('"tabi-points"', '"kumo"').replace("tabi-points-2026", "kumo-2026"))
    proposed = told(run("partner", "agreement", "propose", file, "--by", "Aiko", "--json"))
    assert (proposed["state"], all(change["widens"] for change in proposed["changes"])) == ("draft", True)
    assert "somebody else has to approve it" in refused(
        run("partner", "agreement", "approve", "kumo", "1", "--by", "aiko")
    )
    assert said(run("partner", "agreement", "approve", "kumo", "1", "--by", "Ben")) == "in_force\n"
    assert said(run("partner", "submit", "kumo", "--by", "Aiko")) == "submitted\n"
    assert "somebody else has to approve it" in refused(run("partner", "approve", "kumo", "--by", " ＡIKO "))
    assert said(run("partner", "approve", "kumo", "--by", "Ben")) == "sandbox\n"
    assert "say why" in refused(run("partner", "terminate", "kumo", "--by", "Ben"))
    assert said(run("partner", "terminate", "kumo", "--by", "Ben", "--reason", "given up")) == "terminated\n"
    assert "is terminated; to approve takes" in refused(run("partner", "approve", "kumo", "--by", "Ben"))


def test_an_operator_looks_after_users(run: Idp, tmp_path: Path):
    """The password comes from a file or standard input; a name exists once, however it is typed."""
    profile = '{"name": "次郎", "email_verified": true}'
    created = told(run("user", "create", "jiro@example.jp", "--profile", profile, "--json", stdin="a good password\n"))
    (tmp_path / "password").write_text("another good one")
    assert said(run("user", "create", "saburo@example.jp", "--password-file", tmp_path / "password")).strip()
    assert "a user of this name already" in refused(run("user", "create", " JIRO@example.jp", stdin="another good one"))
    assert told(run("user", "suspend", "jiro@example.jp", "--json")) == {"id": created["id"], "status": "suspended"}
    assert said(run("user", "restore", "Jiro@Example.jp")) == "active\n"


def test_an_operator_looks_after_keys_and_what_is_over(run: Idp):
    """A rotation publishes the next key and asks for patience when it is asked again."""
    assert set(told(run("db", "purge", "--json")).values()) == {0}
    assert "token_families: 0 removed\n" in said(run("db", "purge"))
    signing = [(each, "signing") for each in SIGNING_ALGORITHMS]
    signing += [(each, "encryption") for each in ENCRYPTION_KEYS]
    assert {(key["algorithm"], key["phase"]) for key in told(run("keys", "list", "--json"))} == set(signing)
    (rotated,) = told(run("keys", "rotate", "--algorithm", "ES256", "--json"))
    keys = told(run("keys", "list", "--json"))
    assert sorted((key["algorithm"], key["phase"]) for key in keys) == sorted([*signing, ("ES256", "published")])
    assert rotated["kid"] in said(run("keys", "list"))
    again = said(run("keys", "rotate")).splitlines()
    assert again[0] == "ES256: the next key is published already and will take over"
    assert len(again) == len((*SIGNING_ALGORITHMS, *ENCRYPTION_KEYS))


def test_a_dry_run_prints_the_difference_and_a_run_prints_each_secret_once(idp: Idp, tmp_path: Path):
    """`--dry-run` changes nothing; afterwards there is nothing left to do or to show."""
    url = f"sqlite:///{tmp_path / 'cli.db'}"
    idp(url, "db", "upgrade")
    idp(url, "client", "list")  # the first command makes the root secret
    with opened(url) as database:
        before = contents(database)
        dry = said(idp(url, "apply", "--dry-run", *DECLARATIONS))
        assert contents(database) == before
        assert "would create client storefront\n" in dry
        assert "shown this once" not in dry
        done = said(idp(url, "apply", *DECLARATIONS))
        secrets = [line.split()[-1] for line in done.splitlines() if "shown this once" in line]
        assert len(secrets) > 5
        stored = repr(contents(database))
        assert not any(secret in stored for secret in secrets)
    again = said(idp(url, "apply", *DECLARATIONS))
    assert {line.split()[0] for line in again.splitlines()} == {"keep"}


def test_a_changed_declaration_prints_what_changes(idp: Idp, prepared: str, tmp_path: Path):
    """The old and the new value of each member."""
    changed = tmp_path / "changed.toml"
    changed.write_text(DECLARATIONS[0].read_text("utf-8").replace('name = "Storefront"', 'name = "Shop"'), "utf-8")
    output = said(idp(prepared, "apply", "--dry-run", changed))
    assert "would update client storefront\n  name: 'Storefront' -> 'Shop'\n" in output


MISTAKES: list[tuple[tuple[str, ...], str, str]] = [
    (("client", "rotate-secret", "nobody"), "", "nobody is not a client with a secret"),
    (("client", "rotate-secret", "storefront-phone"), "", "storefront-phone is not a client with a secret"),
    (("user", "create", "new@example.jp"), "short", "a password has 15 to"),
    (("user", "create", "new@example.jp"), "x" * 5000, "a password has 15 to"),
    (("user", "create", "new@example.jp"), "password12345678", "guessed first: common"),
    (("user", "create", " "), "a good password", "a user has a name to sign in with"),
    (("user", "create", "new@example.jp", "--profile", "{"), "a good password", "not JSON"),
    (("user", "create", "new@example.jp", "--profile", "[]"), "a good password", "a profile is a JSON object"),
    (("user", "suspend", "nobody@example.jp"), "", "there is no user of this name"),
    (("user", "restore", "nobody@example.jp"), "", "there is no user of this name"),
    (("partner", "suspend", "nobody", "--by", "Aiko"), "", "there is no partner nobody"),
    (("partner", "show", "nobody"), "", "there is no partner nobody"),
    (("partner", "suspend", "tabi-points", "--by", " "), "", "name who does this"),
    (("partner", "suspend", "tabi-points", "--by", "Aiko"), "", "say why"),
    (("partner", "submit", "tabi-points", "--by", "Aiko"), "", "is production; to submit takes one that is draft"),
    (("partner", "agreement", "approve", "tabi-points", "9", "--by", "Aiko"), "", "there is no version 9"),
    (("partner", "agreement", "approve", "tabi-points", "1", "--by", "Aiko"), "", "only a draft is approved"),
    (("partner", "agreement", "propose", "-", "--by", "Aiko"), "[partner]", "the file has no [agreement]"),
    (("partner", "agreement", "propose", "-", "--by", "Aiko"), "agreement =", "the file cannot be read as TOML"),
    (("keys", "new-encryption-key", "/no/such/folder/key"), "", "No such file or directory"),
]


@pytest.mark.parametrize(("arguments", "stdin", "why"), MISTAKES)
def test_a_mistake_is_told_in_one_line_and_changes_nothing(
    idp: Idp, prepared: str, arguments: tuple[str, ...], stdin: str, why: str
):
    """Never a traceback."""
    with opened(prepared) as database:
        before = contents(database)
        assert why in refused(idp(prepared, *arguments, stdin=stdin))
        assert contents(database) == before


def test_a_wrong_file_is_refused_and_nothing_is_written(idp: Idp, prepared: str, tmp_path: Path):
    """Not even from the right file beside it."""
    wrong, right = tmp_path / "wrong.toml", tmp_path / "right.toml"
    right.write_text('[[users]]\nusername = "new@example.jp"\n')
    wrong.write_text('[[clients]]\nclient_id = "x"\nkind = "butler"\n')
    with opened(prepared) as database:
        before = contents(database)
        assert "client 'x': kind must be one of" in refused(idp(prepared, "apply", right, wrong))
        assert contents(database) == before


NEEDS_A_DATABASE = [
    ("client", "list"),
    ("user", "suspend", "x"),
    ("partner", "list"),
    ("keys", "list"),
    ("db", "purge"),
    ("serve", "--port", str(free_port())),
]


@pytest.mark.parametrize("arguments", NEEDS_A_DATABASE)
def test_a_command_says_what_it_cannot_work_with(idp: Idp, tmp_path: Path, arguments: tuple[str, ...]):
    """An empty database, none at all, a wrong setting, a missing catalogue: one line each."""
    url = f"sqlite:///{tmp_path / 'empty.db'}"
    assert "run `idp db upgrade`" in refused(idp(url, *arguments))
    away = f"postgresql://nobody:hunter2@127.0.0.1:{free_port()}/nothing"
    line = refused(idp(away, *arguments))
    assert "the database cannot be reached" in line
    assert "hunter2" not in line
    assert "'issuer' must be an https URL" in refused(idp(url, *arguments, IDP_ISSUER="http://id.example.jp"))
    assert idp(url, "db", "upgrade").exit_code == 0
    assert "catalogue.toml" in refused(idp(url, *arguments, IDP_SHARING_DIRECTORY=str(tmp_path)))


def test_a_configuration_file_that_is_not_there_is_named():
    """Before anything else happens."""
    result = CliRunner().invoke(main, ["--config", "missing.toml", "client", "list"])
    assert result.exit_code == 2
    assert "missing.toml" in result.stderr


def test_no_command_takes_a_password_as_an_argument():
    """What stands on a command line is read by every process of the machine and by the shell's history."""
    options = {option for path in commands(main) for parameter in command_at(path).params for option in parameter.opts}
    assert {option for option in options if "password" in option or "secret" in option} == {"--password-file"}


def command_at(path: tuple[str, ...]) -> click.Command:
    command: click.Command = main
    for name in path:
        assert isinstance(command, click.Group)
        command = command.commands[name]
    return command


# ---- the key-encryption key ------------------------------------------------------------------------------------------


def test_a_new_encryption_key_is_for_its_owner_alone_and_never_overwrites(idp: Idp, tmp_path: Path):
    """0600 from the first byte; a second time it refuses and leaves the key as it was."""
    file = tmp_path / "key"
    assert said(idp("", "keys", "new-encryption-key", file)) == ""
    key = file.read_bytes()
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert len(key) == 45
    assert "File exists" in refused(idp("", "keys", "new-encryption-key", file))
    assert file.read_bytes() == key
    idp("", "keys", "new-encryption-key", tmp_path / "other")
    assert (tmp_path / "other").read_bytes() != key


def test_the_key_encryption_key_can_be_changed(idp: Idp, tmp_path: Path):
    """After `keys rewrap` the new key opens everything, and the old one nothing."""
    url, old, new = f"sqlite:///{tmp_path / 'cli.db'}", tmp_path / "old", tmp_path / "new"
    idp(url, "db", "upgrade")
    for file in (old, new):
        idp(url, "keys", "new-encryption-key", file)
    with_old = {"IDP_KEY_ENCRYPTION_KEY": "", "IDP_KEY_ENCRYPTION_KEY_FILE": str(old)}
    with_new = {"IDP_KEY_ENCRYPTION_KEY": "", "IDP_KEY_ENCRYPTION_KEY_FILE": str(new)}
    idp(url, "db", "purge", **with_old)
    keys = told(idp(url, "keys", "list", "--json", **with_old))
    assert "not the one that this database was made with" in refused(idp(url, "keys", "list", **with_new))
    assert said(idp(url, "keys", "rewrap", new, **with_old)).startswith("Done.")
    assert told(idp(url, "keys", "list", "--json", **with_new)) == keys
    assert "not the one that this database was made with" in refused(idp(url, "keys", "list", **with_old))
    assert "not the one that this database was made with" in refused(idp(url, "keys", "rewrap", new, **with_old))


@pytest.mark.parametrize("content", [b"", b"too short", b"AAAA", b"\xff" * 44, b"A" * 43])
def test_what_is_no_key_is_refused(idp: Idp, prepared: str, tmp_path: Path, content: bytes):
    """With the command that makes one; the content is not repeated."""
    file = tmp_path / "key"
    file.write_bytes(content)
    line = refused(idp(prepared, "keys", "list", IDP_KEY_ENCRYPTION_KEY="", IDP_KEY_ENCRYPTION_KEY_FILE=str(file)))
    assert "the key-encryption key" in line
    assert not content or content.decode("latin-1") not in line
    assert "key-encryption key" in refused(idp(prepared, "keys", "rewrap", file))
