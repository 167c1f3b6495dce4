"""Signing keys: the key set (RFC 7517, RFC 7638), rotation in three phases, and keys at rest."""

import json
import os
import re
import time
from base64 import b64decode, b64encode, urlsafe_b64decode
from collections import deque
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from joserfc.errors import InvalidKeyIdError
from joserfc.jwk import Key, KeySet

from idp.keys import RSA_BITS
from idp.maintenance import run_once
from idp.protocol.names import ENCRYPTION_KEYS, SIGNING_ALGORITHMS
from idp.services import EXTENSION, key_encryption_key
from idp.settings import SettingsError, load_settings
from idp.store.sealing import UnsealingError, open_root_secret
from tests.provider.apps import PHONE, STOREFRONT, WALLET, tokens_for
from tests.provider.jose import own_key, published_keys, read_with, sign
from tests.provider.operator import idp
from tests.provider.person import Person, as_client
from tests.provider.provider import HTTP, NOON, Provider, another_process, environment, serve_here
from tests.provider.tables import rows
from tests.provider.waiting import eventually
from tests.real.postgres_server import PostgresServer

DAY = 86_400
PERIOD, AHEAD = 90 * DAY, DAY
MAX_AGE = 300
TOKEN_LIFETIME = 300
LEEWAY = 60


@pytest.fixture
def own_provider(postgres_server: PostgresServer) -> Iterator[Provider]:
    """A provider whose keys a test may age and change."""
    with postgres_server.database() as url, serve_here(url) as running:
        yield running


def token_of(provider: Provider) -> str:
    access_token: str = provider.token("payments", grant_type="client_credentials").json()["access_token"]
    return access_token


def is_active(provider: Provider, token: str) -> bool:
    return bool(as_client(provider, "payments", "/introspect", {"token": token}).json()["active"])


def kid_of(keys: KeySet, token: str) -> str:
    kid: str = read_with(keys, token).header["kid"]
    return kid


def rotating_keys(provider: Provider) -> list[Key]:
    """The published keys but for the one of receipts, which stays."""
    lasting = provider.services.receipt_key.public["kid"]
    return [key for key in published_keys(provider) if key.kid != lasting]


def kids(provider: Provider) -> set[str]:
    return {key.kid for key in rotating_keys(provider)}


# ---- the key set -----------------------------------------------------------------------------------------------------


def test_rfc_7517_4_a_key_for_each_algorithm_and_public_parts_alone(shared_provider: Provider):
    """With use, alg and a kid that is the key's RFC 7638 thumbprint; those to encrypt to serve several algorithms."""
    jwks = HTTP.get(f"{shared_provider.url}/jwks").json()
    assert set(jwks) == {"keys"}
    members = {"EC": {"crv", "x", "y"}, "RSA": {"n", "e"}, "OKP": {"crv", "x"}}
    for jwk in jwks["keys"]:
        signs = {"alg"} if jwk["use"] == "sig" else set()
        assert set(jwk) == {"kty", "kid", "use", *signs, *members[jwk["kty"]]}
    lasting = shared_provider.services.receipt_key.public
    rotating = [jwk for jwk in jwks["keys"] if jwk != lasting]
    assert sorted(jwk["alg"] for jwk in rotating if jwk["use"] == "sig") == sorted(SIGNING_ALGORITHMS)
    assert sorted(jwk["kty"] for jwk in rotating if jwk["use"] == "enc") == ["EC", "RSA"]
    assert len(rotating) < len(jwks["keys"])
    for key in KeySet.import_key_set(jwks):
        assert key.kid == key.thumbprint()


def test_rfc_7518_3_3_the_rsa_key_is_large_enough(shared_provider: Provider):
    """2048 bits or more."""
    for rsa in (key for key in published_keys(shared_provider) if key.key_type == "RSA"):
        assert rsa.raw_value.key_size == RSA_BITS >= 2048


def test_every_process_publishes_the_same_keys(store_url: str):
    """They are made once, at the first start, on both databases."""
    with serve_here(store_url) as provider:
        first = kids(provider)
        run_once(provider.services)
        assert kids(provider) == first
        with another_process(provider) as app:
            app.extensions[EXTENSION].keys.ensure()
            assert app.test_client().get("/jwks").json == HTTP.get(f"{provider.url}/jwks").json()


# ---- rotation --------------------------------------------------------------------------------------------------------


def test_by_age_no_token_is_refused_on_the_way(own_provider: Provider):
    """Two rotations, second by second where it matters.

    Every token is good for its whole life, here and at a service whose copy of the key set is as old as it may be.
    """
    clock = own_provider.clock
    copies: deque[tuple[float, KeySet]] = deque()
    tokens: deque[tuple[float, str]] = deque()
    signers: list[str] = []
    for moment in interesting_moments():
        clock.now = NOON + moment
        run_once(own_provider.services)
        copies.append((clock.now, published_keys(own_provider)))
        tokens.append((clock.now, token_of(own_provider)))
        while clock.now - copies[0][0] > MAX_AGE:
            copies.popleft()
        while clock.now - tokens[0][0] >= TOKEN_LIFETIME:
            tokens.popleft()
        signers.append(kid_of(copies[-1][1], tokens[-1][1]))
        for _, token in tokens:
            assert is_active(own_provider, token)
            for _, copy in (copies[0], copies[-1]):
                assert read_with(copy, token).claims["client_id"] == "payments"
    assert len(dict.fromkeys(signers)) == 3
    assert signers == sorted(signers, key=list(dict.fromkeys(signers)).index)


def interesting_moments() -> list[int]:
    """Minutes around each change of two rotations: publishing, taking over, leaving."""
    changes = [0]
    for takes_over in (PERIOD, 2 * PERIOD):
        changes += [takes_over - AHEAD, takes_over, takes_over + TOKEN_LIFETIME + LEEWAY]
    return sorted({max(0, at + offset) for at in changes for offset in (-301, -290, -150, -1, 0, 1, 61, 290, 301)})


def test_the_three_phases(own_provider: Provider):
    """Published a day ahead, then signing, then published until its last token is over, then gone for good."""
    clock, services = own_provider.clock, own_provider.services
    (old,) = algorithm_kids(own_provider, "ES256")
    last_token = token_of(own_provider)
    stolen = own_key(own_provider)

    clock.now = NOON + PERIOD - AHEAD - 1
    run_once(services)
    assert algorithm_kids(own_provider, "ES256") == [old]
    clock.now += 1
    run_once(services)
    _, new = sorted(algorithm_kids(own_provider, "ES256"), key=lambda kid: kid != old)
    assert kid_of(published_keys(own_provider), token_of(own_provider)) == old

    clock.now = NOON + PERIOD - 1
    assert kid_of(published_keys(own_provider), token_of(own_provider)) == old
    clock.now += 1
    assert kid_of(published_keys(own_provider), token_of(own_provider)) == new

    clock.now = NOON + PERIOD + TOKEN_LIFETIME + LEEWAY - 1
    assert set(algorithm_kids(own_provider, "ES256")) == {old, new}
    clock.now += 1
    assert algorithm_kids(own_provider, "ES256") == [new]
    with pytest.raises(InvalidKeyIdError):
        read_with(published_keys(own_provider), last_token)

    now = int(clock.now)
    claims = {"iss": own_provider.url, "sub": "payments", "aud": "x", "client_id": "payments", "jti": "x"}
    forged = sign(stolen, {**claims, "iat": now, "exp": now + 60}, alg="ES256", kid=old, typ="at+jwt")
    assert not is_active(own_provider, forged)
    run_once(services)
    assert old not in str(rows(own_provider)["signing_keys"])


def algorithm_kids(provider: Provider, algorithm: str) -> list[str]:
    return [key.kid for key in rotating_keys(provider) if key.as_dict(private=False).get("alg") == algorithm]


def test_every_algorithm_rotates(own_provider: Provider):
    """ID tokens too, by all three algorithms; an old ID token is still a hint while its key is published."""
    person = Person(own_provider)
    hint = tokens_for(person, STOREFRONT)["id_token"]
    before = kids(own_provider)
    own_provider.clock.now = NOON + PERIOD - AHEAD
    run_once(own_provider.services)
    own_provider.clock.now = NOON + PERIOD
    after = kids(own_provider)
    assert before < after
    assert len(after) == 2 * len((*SIGNING_ALGORITHMS, *ENCRYPTION_KEYS))
    person = Person(own_provider)
    for app in (STOREFRONT, PHONE, WALLET):
        tokens = tokens_for(person, app)
        for name in ("id_token", "access_token"):
            assert kid_of(published_keys(own_provider), tokens[name]) in after - before
    answer = person.authorize("storefront", STOREFRONT.redirect_uri, "openid", id_token_hint=hint, prompt="none")
    assert "code" in answer.parameters


def test_after_a_long_sleep_the_old_key_signs_until_the_new_one_was_published(own_provider: Provider):
    """A server that was off for a year does not sign with a key that nobody has seen."""
    own_provider.clock.now = NOON + 365 * DAY
    (old,) = algorithm_kids(own_provider, "ES256")
    run_once(own_provider.services)
    assert kid_of(published_keys(own_provider), token_of(own_provider)) == old
    own_provider.clock.forward(AHEAD)
    assert kid_of(published_keys(own_provider), token_of(own_provider)) != old


def test_by_command_it_is_known_to_a_running_server_within_a_second(own_provider: Provider):
    """`idp keys rotate` in another process: published at once, signing a day later, and the list says so."""
    own_provider.clock.now = time.time()
    before = kids(own_provider)
    rotated = idp(own_provider, "keys", "rotate", "--algorithm", "ES256")
    assert rotated.returncode == 0, rotated.stderr
    new = rotated.stdout.split()[-1]
    assert eventually(lambda: new in kids(own_provider))
    assert kids(own_provider) == before | {new}
    assert kid_of(published_keys(own_provider), token_of(own_provider)) != new
    listed = {row["kid"]: row["phase"] for row in json.loads(idp(own_provider, "keys", "list", "--json").stdout)}
    signing = {kid for algorithm in SIGNING_ALGORITHMS for kid in algorithm_kids(own_provider, algorithm)} - {new}
    encryption = dict.fromkeys(before - signing, "encryption")
    assert listed == {**dict.fromkeys(signing, "signing"), **encryption, new: "published"}
    own_provider.clock.now = time.time() + AHEAD
    assert kid_of(published_keys(own_provider), token_of(own_provider)) == new


def test_asked_twice_it_makes_one_new_key(own_provider: Provider):
    """The next key is published already; the one after it comes once that one signs."""
    keys, clock = own_provider.services.keys, own_provider.clock
    (old,) = algorithm_kids(own_provider, "ES256")
    with ThreadPoolExecutor(4) as crowd:
        made = [kid for kid in crowd.map(keys.rotate, ["ES256"] * 4) if kid is not None]
    assert len(made) == 1
    assert keys.rotate("ES256") is None
    assert set(algorithm_kids(own_provider, "ES256")) == {old, *made}
    clock.forward(AHEAD)
    assert kid_of(published_keys(own_provider), token_of(own_provider)) == made[0]
    assert keys.rotate("ES256") not in (None, *made)


# ---- at rest ---------------------------------------------------------------------------------------------------------


def private_parts(provider: Provider) -> list[bytes]:
    """What of the private keys must not be found anywhere: numbers in binary, and as a JWK would write them."""
    found = []
    for algorithm in SIGNING_ALGORITHMS:
        jwk = own_key(provider, algorithm).as_dict(private=True)
        for member in {"d", "p", "q", "dp", "dq", "qi"} & set(jwk):
            text = str(jwk[member]).encode()
            found += [text, bytes_of(jwk[member])]
    return found


def bytes_of(member: str) -> bytes:
    return urlsafe_b64decode(member + "=" * (-len(member) % 4))


def test_private_keys_are_sealed_in_the_database(tmp_path: Path):
    """Neither in the file nor in its journal; the public parts are there, so the search finds what is there."""
    database = tmp_path / "store.db"
    with serve_here(f"sqlite:///{database}") as provider:
        token_of(provider)
        stored = b"".join(file.read_bytes() for file in tmp_path.iterdir())
        (public,) = (key.as_dict(private=False)["x"] for key in rotating_keys(provider) if key.key_type == "OKP")
        assert public.encode() in stored
        for part in private_parts(provider):
            assert part not in stored


@pytest.mark.parametrize("command", [("serve", "--port", "1"), ("keys", "list")])
def test_with_another_key_encryption_key_nothing_starts(shared_provider: Provider, command: tuple[str, ...]):
    """One line that says what is wrong and what to do, and a status that scripts see."""
    refused = idp(shared_provider, *command, IDP_KEY_ENCRYPTION_KEY=b64encode(b"x" * 32).decode())
    assert refused.returncode == 1
    assert refused.stderr.splitlines() == [
        "Error: the key-encryption key is not the one that this database was made with; set the right one"
    ]


@pytest.mark.parametrize(
    ("wrong", "sentence"),
    [
        ({"IDP_KEY_ENCRYPTION_KEY": ""}, "set 'key_encryption_key_file'"),
        ({"IDP_KEY_ENCRYPTION_KEY": "c2VjcmV0"}, "must be 32 bytes in base64"),
        ({"IDP_KEY_ENCRYPTION_KEY": b64encode(b"x" * 31).decode()}, "must be 32 bytes in base64"),
        ({"IDP_KEY_ENCRYPTION_KEY": "not base64 at all"}, "must be 32 bytes in base64"),
        ({"IDP_KEY_ENCRYPTION_KEY": "", "IDP_KEY_ENCRYPTION_KEY_FILE": "/nowhere/key"}, "cannot be read"),
    ],
)
def test_a_missing_or_malformed_key_is_told_plainly(shared_provider: Provider, wrong: dict[str, str], sentence: str):
    """Before anything is served, in a line that does not hold the key."""
    with pytest.raises(SettingsError, match=re.escape(sentence)) as refused:
        key_encryption_key(load_settings((), environment(shared_provider.database_url, shared_provider.url, **wrong)))
    assert "c2VjcmV0" not in str(refused.value)


def test_a_new_key_is_written_once_for_its_owner_alone(shared_provider: Provider, tmp_path: Path):
    """32 random bytes that nobody else may read; a file that exists may be the only copy, and stays."""
    file = tmp_path / "key"
    assert idp(shared_provider, "keys", "new-encryption-key", str(file)).returncode == 0
    assert file.stat().st_mode & 0o777 == 0o600
    content = file.read_bytes()
    assert len(b64decode(content, validate=False)) == 32
    again = idp(shared_provider, "keys", "new-encryption-key", str(file))
    assert (again.returncode, again.stderr.splitlines()) == (1, [f"Error: {file}: File exists"])
    assert file.read_bytes() == content


def test_rewrapping_changes_the_key_encryption_key_and_nothing_else(store_url: str, tmp_path: Path):
    """Keys, refresh tokens and personal data from before live on under the new key; the old one opens nothing."""
    file = tmp_path / "key"
    file.write_bytes(b64encode(b"another key-encryption key......"))
    with serve_here(store_url) as provider:
        secrets = provider.secrets
        refresh_token = tokens_for(Person(provider), STOREFRONT)["refresh_token"]
        before = kids(provider)
        rewrapped = idp(provider, "keys", "rewrap", str(file))
        assert rewrapped.returncode == 0, rewrapped.stderr
        old_key = key_encryption_key(provider.services.settings)
        with provider.services.database.transaction() as connection, pytest.raises(UnsealingError):
            open_root_secret(connection, old_key, os.urandom)
    new_key = {"IDP_KEY_ENCRYPTION_KEY": "", "IDP_KEY_ENCRYPTION_KEY_FILE": str(file), "IDP_ISSUER": provider.url}
    with serve_here(store_url, **new_key) as provider:
        provider.secrets.update(secrets)
        assert kids(provider) == before
        parameters = {"grant_type": "refresh_token", "refresh_token": refresh_token}
        refreshed = as_client(provider, "storefront", "/token", parameters).json()
        bearer = {"Authorization": f"Bearer {refreshed['access_token']}"}
        assert HTTP.get(f"{provider.url}/userinfo", headers=bearer).json()["name"] == "佐藤 花"
