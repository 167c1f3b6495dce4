"""Settings: typed, checked before the first request, every refusal one clear line that names the setting."""

import dataclasses
import tomllib
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from idp.settings import Settings, SettingsError, config_files, load_settings

CONFIG = Path(__file__).parents[1] / "config"
NEEDED = {"IDP_ISSUER": "https://id.example.jp", "IDP_KEY_ENCRYPTION_KEY_FILE": "/run/key"}
ON_LOOPBACK = {**NEEDED, "IDP_ISSUER": "http://127.0.0.1:8400"}


def load(*files: Path, **environment: str) -> Settings:
    return load_settings(files, {**NEEDED, **environment})


def refusal(*files: Path, **environment: str) -> str:
    with pytest.raises(SettingsError) as refused:
        load(*files, **environment)
    message = str(refused.value)
    assert "\n" not in message
    return message


@pytest.fixture
def write(tmp_path: Path):
    """Write a TOML file and return its path."""
    count = iter(range(100))

    def write(text: str) -> Path:
        file = tmp_path / f"{next(count)}.toml"
        file.write_text(text, "utf-8")
        return file

    return write


# ---- where settings come from ----------------------------------------------------------------------------------------


def test_later_files_stand_over_earlier_ones_and_the_environment_over_all(write):
    """A table is merged, a value replaced."""
    first = write("threads = 3\nresources = ['https://a.example']\n[lifetimes]\nid_token = 11\naccess_token = 12\n")
    second = write("threads = 4\n[lifetimes]\naccess_token = 13\n")
    settings = load(first, second, IDP_THREADS="5", IDP_LIFETIMES__INTERACTION="14")
    lifetimes = settings.lifetimes
    assert (settings.threads, settings.resources) == (5, ("https://a.example",))
    assert (lifetimes.id_token, lifetimes.access_token, lifetimes.interaction) == (11, 13, 14)


def test_a_list_in_the_environment_is_separated_by_commas():
    """Spaces around the commas do not matter, and nothing is an empty list."""
    assert load(IDP_RESOURCES=" https://a.example , https://b.example,").resources == (
        "https://a.example",
        "https://b.example",
    )
    assert load(IDP_RESOURCES="").resources == ()


def test_other_variables_of_the_environment_are_not_settings():
    """`IDP_CONFIG` names the files; what does not begin with IDP_ is not ours."""
    assert load(IDP_CONFIG="/somewhere", PATH="/bin", XIDP_ISSUER="x").issuer == "https://id.example.jp"
    assert config_files({"IDP_CONFIG": "a.toml:b.toml"}) == (Path("a.toml"), Path("b.toml"))
    assert config_files({}) == ()


def test_the_documented_defaults_are_the_defaults():
    """config/default.toml may be loaded or left out: the server behaves the same."""
    assert load(CONFIG / "default.toml") == load()
    documented = tomllib.loads((CONFIG / "default.toml").read_text("utf-8"))
    assert missing_in(documented, load()) == {"issuer", "key_encryption_key"}


def missing_in(documented: dict[str, Any], settings: object) -> set[str]:
    """The settings that a file does not name, in its tables too."""
    missing = {item.name for item in dataclasses.fields(settings)} - set(documented)  # type: ignore[arg-type]
    for name, value in documented.items():
        part = getattr(settings, name)
        if dataclasses.is_dataclass(part):
            missing |= {f"{name}.{inner}" for inner in missing_in(value, part)}
    return missing


@pytest.mark.parametrize("name", ["default", "demo", "production", "testing"])
def test_every_shipped_file_loads(name: str):
    """With the issuer that it is made for."""
    issuer = {"default": "https://id.example.jp"}.get(name)
    overrides = {"IDP_ISSUER": issuer} if issuer else {}
    settings = load_settings((CONFIG / f"{name}.toml",), {"IDP_KEY_ENCRYPTION_KEY_FILE": "/run/key", **overrides})
    assert settings.issuer


def test_no_secret_is_ever_shown():
    """A log or a traceback that shows the settings shows no key and no password in an address."""
    settings = load(
        IDP_KEY_ENCRYPTION_KEY="hunter2-key",
        IDP_DATABASE_URL="postgresql://sekisho:hunter2-db@db/sekisho",
        IDP_REDIS_URL="redis://:hunter2-redis@cache/0",
    )
    assert settings.key_encryption_key
    assert "hunter2" not in repr(settings)
    assert "hunter2" not in str(dataclasses.replace(settings, threads=3))


# ---- refusals --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("variable", "value", "said"),
    [
        ("IDP_ISUER", "x", "unknown setting 'isuer'; known here are: access_rules_file, closing"),
        ("IDP_LIFETIMES__ACCES_TOKEN", "5", "unknown setting lifetimes.'acces_token'"),
        ("IDP_LIFETIMES", "5", "'lifetimes' has the wrong type: it takes a table"),
        ("IDP_SCOPES", "a,b", "'scopes' has the wrong type: it takes a table"),
        ("IDP_THREADS", "many", "'threads' has the wrong type: it takes a whole number"),
        ("IDP_THREADS", "-1", "'threads' has the wrong type"),
        ("IDP_THREADS", "2.5", "'threads' has the wrong type"),
        ("IDP_THREADS", "0", "'threads' must be between 1 and 64"),
        ("IDP_THREADS", "65", "'threads' must be between 1 and 64"),
        ("IDP_RESOURCES", "not-absolute", "'resources' holds 'not-absolute'"),
        ("IDP_RESOURCES", "https://a.example#f", "'resources' holds 'https://a.example#f'"),
        ("IDP_TRUSTED_PROXIES", "10.0.0.0/8,proxy.internal", "'trusted_proxies' holds 'proxy.internal'"),
        ("IDP_TRUSTED_PROXIES", "10.1.0.0/8", "'trusted_proxies' holds '10.1.0.0/8'"),
        ("IDP_LIFETIMES__ACCESS_TOKEN", "0", "'lifetimes.access_token' must be a positive number"),
        ("IDP_LIFETIMES__AUTHORIZATION_CODE", "601", "at most 600 seconds (RFC 6749 4.1.2)"),
        ("IDP_LIFETIMES__REFRESH_RETRY", "121", "at most 120 seconds"),
        ("IDP_KEY_ROTATION__PUBLISH_AHEAD", "300", "must exceed 'key_rotation.jwks_max_age'"),
        ("IDP_KEY_ROTATION__JWKS_MAX_AGE", "86400", "must exceed 'key_rotation.jwks_max_age'"),
        ("IDP_KEY_ROTATION__PERIOD", "86400", "must exceed 'key_rotation.publish_ahead'"),
        ("IDP_SIGN_IN__WINDOW", "0", "'sign_in.window' must be a positive number"),
        ("IDP_SIGN_IN__ARGON2_MEMORY_KIB", "7167", "too low: use 19456 and 2"),
        ("IDP_SIGN_IN__ARGON2_TIME_COST", "1", "too low: use 19456 and 2"),
        ("IDP_SIGN_IN__ARGON2_PARALLELISM", "4000", "at least 8 for each"),
        ("IDP_DATABASE_URL", "mysql://user:hunter2@db/x", "'database_url' must be sqlite:///FILE or postgresql://"),
        ("IDP_DATABASE_URL", "sekisho.db", "'database_url' must be"),
        ("IDP_DATABASE_URL", "sqlite://", "'database_url' must be"),
        ("IDP_DATABASE_URL", "sqlite:///:memory:", "'database_url' must be"),
        ("IDP_REDIS_URL", "http://:hunter2@cache", "'redis_url' must be redis://"),
    ],
)
def test_a_wrong_setting_is_refused_in_one_line(variable: str, value: str, said: str):
    """It names the setting and how to mend it, and repeats no address that may hold a password."""
    message = refusal(**{variable: value})
    assert said in message
    assert "hunter2" not in message


@pytest.mark.parametrize(
    "issuer",
    [
        "http://id.example.jp",
        "http://localhost.example.jp",
        "http://10.0.0.1",
        "ftp://id.example.jp",
        "id.example.jp",
        "",
        "https://",
        "https://id.example.jp/",
        "https://id.example.jp/tenant",
        "https://id.example.jp?tenant=1",
        "https://id.example.jp#top",
        "https://id.example.jp?",
        "https://user:hunter2@id.example.jp",
        "https://id.example.jp:port",
        "https://id.example.jp:99999",
        "https://[::1",
        "https://id.example.jp\n",
        " https://id.example.jp",
        "HTTPS://id.example.jp",
        "https://idé.example.jp",
    ],
)
def test_an_issuer_is_a_scheme_and_a_host_and_nothing_else(issuer: str):
    """Everybody compares it character by character (RFC 8414 2, RFC 9207 2.4); http is for this machine alone."""
    message = refusal(IDP_ISSUER=issuer)
    assert "'issuer'" in message
    assert "hunter2" not in message


@pytest.mark.parametrize(
    "issuer", ["https://id.example.jp", "https://id.example.jp:8443", "http://localhost:8400", "http://[::1]:8400"]
)
def test_an_issuer_that_fits_is_taken_as_it_is(issuer: str):
    """Cookies are bound to https where it is https."""
    settings = load(IDP_ISSUER=issuer)
    assert (settings.issuer, settings.is_https) == (issuer, issuer.startswith("https"))


def test_what_is_needed_and_missing_is_named():
    """The issuer, and a key-encryption key with the command that makes one."""
    with pytest.raises(SettingsError, match="a setting is missing: issuer"):
        load_settings((), {"IDP_KEY_ENCRYPTION_KEY_FILE": "/run/key"})
    with pytest.raises(SettingsError, match="'key_encryption_key_file' to a file made by `idp keys new-encryption-key"):
        load_settings((), {"IDP_ISSUER": "https://id.example.jp"})


@pytest.mark.parametrize(
    ("written", "said"),
    [
        ("threads = '2'\n[scopes.a]\nkinds = 5", "'scopes.a.kinds' has the wrong type: it takes a list of texts"),
        ("[scopes.a]\nkinds = ['service']\nen = 'x'", "a setting is missing: scopes.a.ja"),
        ("[scopes.a]\nkinds = ['butler']\nen = 'x'\nja = 'x'", "'scopes.a' names 'butler'; kinds of client are"),
        ("[scopes.'a b']\nkinds = ['service']\nen = 'x'\nja = 'x'", "'scopes' holds 'a b'"),
        ("[scopes.'花']\nkinds = ['service']\nen = 'x'\nja = 'x'", "'scopes' holds '花'"),
        ("threads = true", "'threads' has the wrong type"),
        ("issuer = 5", "'issuer' has the wrong type: it takes text"),
        ("lifetimes = 5", "'lifetimes' has the wrong type: it takes a table"),
        ("resources = ['https://a.example', 5]", "'resources' has the wrong type"),
        ("[lifetimes.access_token]\nx = 1", "'lifetimes.access_token' has the wrong type"),
        ("issuer = ", "cannot be read as TOML"),
    ],
)
def test_a_wrong_file_is_refused_in_one_line(write, written: str, said: str):
    """With the path of the setting, or the name of the file."""
    files = write("issuer = 'https://id.example.jp'\nkey_encryption_key_file = '/run/key'"), write(written)
    with pytest.raises(SettingsError) as refused:
        load_settings(files, {})
    assert said in str(refused.value)
    assert "\n" not in str(refused.value)


def test_a_file_that_cannot_be_read_is_named(tmp_path: Path):
    """Missing, a directory, or no text."""
    (tmp_path / "binary.toml").write_bytes(b"\xff\xfe")
    for name in ("missing.toml", "", "binary.toml"):
        assert str(tmp_path / name) in refusal(tmp_path / name)


@pytest.mark.parametrize("first", ["IDP_LIFETIMES", "IDP_LIFETIMES__ACCESS_TOKEN"])
def test_a_table_cannot_be_a_value_at_the_same_time(first: str):
    """In whichever order the environment lists the two."""
    both = {"IDP_LIFETIMES": "5", "IDP_LIFETIMES__ACCESS_TOKEN": "5"}
    assert "ifetimes" in refusal(**{first: "5", **both}).lower()


def test_cheap_password_hashes_are_for_tests_alone():
    """A host of this machine or under .test (RFC 6761 6.2) may hash passwords quickly."""
    cheap = {"IDP_SIGN_IN__ARGON2_MEMORY_KIB": "64", "IDP_SIGN_IN__ARGON2_TIME_COST": "1"}
    for issuer in ("http://127.0.0.1:8400", "https://id.example.test"):
        assert load(IDP_ISSUER=issuer, **cheap).sign_in.argon2_memory_kib == 64
    assert "too low" in refusal(IDP_ISSUER="https://id.test.example", **cheap)


@given(
    variables=st.dictionaries(
        st.sampled_from(
            ["ISSUER", "THREADS", "LIFETIMES", "LIFETIMES__ID_TOKEN", "SCOPES__A__EN", "RESOURCES", "X"]
        ).map("IDP_{}".format),
        st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\x00"), max_size=12),
    )
)
def test_any_environment_gives_settings_or_one_clear_line(variables: dict[str, str]):
    """Never a traceback."""
    try:
        settings = load_settings((), {**ON_LOOPBACK, **variables})
    except SettingsError as refused:
        assert len(str(refused).splitlines()) == 1  # noqa: PT017 - either outcome is fine
    else:
        assert settings.threads


def test_a_level_that_there_is_none_of_protects_nothing():
    """A misspelt one would let everybody in, unseen."""
    assert "least_level_of_scopes" in refusal(IDP_SIGN_IN__LEAST_LEVEL_OF_SCOPES__EMAIL="two-factors")
