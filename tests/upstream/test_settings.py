"""What cannot be an upstream provider is refused before the first request, in one line that names the setting."""

from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from idp.settings import Settings, SettingsError, Upstream, load_settings
from idp.upstream.credentials import Credentials

GOOD = {"issuer": "https://accounts.example", "client_id": "us", "en": "X", "ja": "X", "client_secret": "a secret"}


def load(name: str = "google", **changed: str) -> Settings:
    values = {key: value for key, value in {**GOOD, **changed}.items() if value}
    upstream = {f"IDP_UPSTREAM__{name}__{key}".upper(): value for key, value in values.items()}
    return load_settings((), {"IDP_ISSUER": "https://id.example.jp", "IDP_KEY_ENCRYPTION_KEY_FILE": "/k", **upstream})


def test_a_good_one_is_taken():
    assert load().upstream["google"].in_language("ja") == "X"
    assert "a secret" not in repr(load())


def test_the_samples_for_google_apple_and_line_work_once_they_are_filled_in(tmp_path: Path):
    """`config/default.toml` holds them as comments: these words and no others, with what the developer is given."""
    text = (Path(__file__).parents[2] / "config" / "default.toml").read_text("utf-8")
    samples = text[text.index("# [upstream.google]") : text.index("# [upstream.NAME.amr]")].replace("\n# ", "\n")[2:]
    (tmp_path / "secret").write_text("0123456789abcdef0123456789abcdef")
    key = ec.generate_private_key(ec.SECP256R1())
    (tmp_path / "key.p8").write_bytes(key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))
    for empty, given in (
        ("client_secret_file", tmp_path / "secret"),
        ("private_key_file", tmp_path / "key.p8"),
        ("client_id", "us"),
        ("key_id", "KEY1234567"),
        ("team_id", "TEAM123456"),
    ):
        samples = samples.replace(f'{empty} = ""', f'{empty} = "{given}"')
    (tmp_path / "idp.toml").write_text(samples, "utf-8")
    given = {"IDP_ISSUER": "https://id.example.jp", "IDP_KEY_ENCRYPTION_KEY_FILE": "/k"}
    found = load_settings((tmp_path / "idp.toml",), given).upstream
    assert set(found) == {"google", "apple", "line"}
    for name, upstream in found.items():
        form, headers = Credentials(name, upstream, lambda: 0, bytes).prove()
        assert bool(headers) is (name == "google")
        assert ("client_secret" in form) is (name != "google")


@pytest.mark.parametrize(
    ("changed", "told"),
    [
        ({"name": "goo-gle"}, "needs a name"),
        ({"issuer": "http://accounts.example"}, "'issuer'"),
        ({"issuer": "https://accounts.example?x=1"}, "'issuer'"),
        ({"client_secret": ""}, "needs one of 'client_secret'"),
        ({"client_secret_file": "/x"}, "needs one of 'client_secret'"),
        ({"client_secret": "", "private_key_file": "/x"}, "'key_id'"),
        ({"client_auth": "none"}, "'client_auth'"),
        ({"scopes": "email"}, "'openid'"),
        ({"response_mode": "fragment"}, "'response_mode'"),
        ({"id_token_algorithms": "none"}, "'id_token_algorithms'"),
        ({"id_token_algorithms": "HS512"}, "'id_token_algorithms'"),
        ({"client_secret": "", "private_key_file": "/x", "key_id": "k", "id_token_algorithms": "HS256"}, "HS256"),
        ({"amr__hwk": "pop"}, "has a meaning"),
        ({"acr__gold": "phr"}, "has a meaning"),
    ],
)
def test_what_would_not_do_is_refused(changed: dict[str, str], told: str):
    """HS256 without a secret, `none`, a key of ours claimed for others: each says what to do."""
    with pytest.raises(SettingsError) as refused:
        load(**changed)
    assert "'upstream." in str(refused.value)
    assert told in str(refused.value)


def credentials(**changed: str) -> Credentials:
    values = {key: value for key, value in {**GOOD, **changed}.items() if value}
    lists = {"id_token_algorithms": (values.pop("id_token_algorithms"),)} if "id_token_algorithms" in values else {}
    return Credentials("google", Upstream(**values, **lists), lambda: 0, bytes)


def test_a_secret_for_hs256_is_long_enough():
    """RFC 7518 3.2."""
    with pytest.raises(SettingsError, match="32 characters"):
        credentials(id_token_algorithms="HS256")


def test_a_secret_comes_from_a_file_too(tmp_path: Path):
    file = tmp_path / "secret"
    file.write_text(" a secret from a file\n", "ascii")
    assert credentials(client_secret="", client_secret_file=str(file)).secret == "a secret from a file"
    for broken in ("", "関所"):
        file.write_text(broken, "utf-8")
        with pytest.raises(SettingsError, match="client"):
            credentials(client_secret="", client_secret_file=str(file))


@pytest.mark.parametrize("key", [ec.generate_private_key(ec.SECP384R1()), rsa.generate_private_key(65537, 2048), None])
def test_apple_needs_a_key_of_its_kind(tmp_path: Path, key: ec.EllipticCurvePrivateKey | rsa.RSAPrivateKey | None):
    file = tmp_path / "key.pem"
    file.write_bytes(key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()) if key else b"no key")
    with pytest.raises(SettingsError, match="private_key_file"):
        credentials(client_secret="", private_key_file=str(file), key_id="k", team_id="t")
