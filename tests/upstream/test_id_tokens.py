"""The ID token of another provider, checked in full (OIDC Core 3.1.3.7, RFC 8725)."""

import json
from collections.abc import Callable

import pytest
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from joserfc.jwk import ECKey, RSAKey

from idp.protocol.token_hashes import left_half_hash
from tests.provider.jose import encode, sign
from tests.provider.person import Person
from tests.upstream.conftest import World
from tests.upstream.scripted import CLIENT, SECRET, Upstream, come_back, set_out

REFUSED = "problem=refused"
NEW_HERE = "/login/new-here"


def outcome(person: Person, upstream: Upstream, token: Callable[[], str], **answer: object) -> str:
    """Where somebody is led whose provider gives this ID token."""
    sent = set_out(person, upstream)
    upstream.answers(id_token=token(), **answer)
    return come_back(
        person,
        upstream,
        state=sent["state"],
        code="a code",
        **({"iss": upstream.issuer} if upstream.says_issuer else {}),
    )


def test_a_good_one_is_taken(world: World, person: Person):
    assert outcome(person, world.plain, lambda: world.plain.token(world.provider)) == NEW_HERE


BROKEN = {
    "iss of another provider": {"iss": "https://accounts.example"},
    "iss with a slash more": {"iss": "SLASH"},
    "no iss": {"iss": None},
    "aud of another client": {"aud": "somebody-else"},
    "aud of us and another client": {"aud": [CLIENT, "somebody-else"]},
    "no aud": {"aud": None},
    "azp of another client": {"azp": "somebody-else"},
    "the nonce of another sign-in": {"nonce": "x" * 43},
    "no nonce": {"nonce": None},
    "a nonce that is a number": {"nonce": 7},
    "no sub": {"sub": None},
    "an empty sub": {"sub": ""},
    "a sub that is a number": {"sub": 7},
    "a sub of 256 characters": {"sub": "x" * 256},
    "over for a minute": {"exp": -60},
    "no exp": {"exp": None},
    "exp as text": {"exp": "9999999999"},
    "issued an hour ago": {"iat": -3600},
    "issued in a minute": {"iat": 60},
    "no iat": {"iat": None},
    "not before a minute from now": {"nbf": 60},
    "at_hash of another access token": {"at_hash": "x" * 22},
    "at_hash that is a number": {"at_hash": 7},
}


@pytest.mark.parametrize("changed", BROKEN.values(), ids=BROKEN)
def test_whatever_a_claim_says_wrong_is_refused(world: World, person: Person, changed: dict[str, object]):
    """3.1.3.7, 2 to 12: times are seconds from now."""
    now = int(world.provider.clock())
    (name, value), *_ = changed.items()
    if name in ("exp", "iat", "nbf") and isinstance(value, int):
        value = now + value
    value = f"{world.plain.issuer}/" if value == "SLASH" else value
    assert REFUSED in outcome(person, world.plain, lambda: world.plain.token(world.provider, **{name: value}))


def test_at_hash_of_the_access_token_is_taken(world: World, person: Person):
    """3.1.3.8."""
    at_hash = left_half_hash("an access token", "RS256")
    assert outcome(person, world.plain, lambda: world.plain.token(world.provider, at_hash=at_hash)) == NEW_HERE


def test_at_hash_without_an_access_token_is_refused(world: World, person: Person):
    at_hash = left_half_hash("an access token", "RS256")
    token = lambda: world.plain.token(world.provider, at_hash=at_hash)  # noqa: E731 - one expression
    assert REFUSED in outcome(person, world.plain, token, access_token="")


def test_no_signature_is_refused(world: World, person: Person):
    """RFC 8725 3.2: `none`, in any case of its letters, and a good token cut before its signature."""
    claims = lambda: world.plain.claims(world.provider)  # noqa: E731 - the nonce is known only then
    for token in (
        lambda: sign(b"", claims(), by="none", alg="none"),
        lambda: sign(b"", claims(), by="none", alg="None", kid="first"),
        lambda: sign(b"", claims(), by="none", alg="RS256", kid="first"),
        lambda: world.plain.token(world.provider).rpartition(".")[0] + ".",
    ):
        assert REFUSED in outcome(person, world.plain, token)


def test_a_public_key_is_no_secret(world: World, person: Person):
    """RFC 8725 2.1: an HMAC under the published key, as PEM, DER or JSON, where RS256 and where HS256 is taken."""
    for upstream in (world.plain, world.line):
        public = upstream.key.public_key
        pem = public.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
        der = public.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
        document = upstream.site.pages[f"/{upstream.name}/jwks"]
        assert isinstance(document, bytes)
        for key in (pem, pem.strip(), der, document):

            def token(upstream: Upstream = upstream, key: bytes = key) -> str:
                return sign(key, upstream.claims(world.provider), by="HS256", alg="HS256")

            assert REFUSED in outcome(person, upstream, token)


def test_a_symmetric_key_in_the_published_set_signs_nothing(world: World, person: Person):
    """RFC 8725 3.1: a published key is known to everybody."""
    shared = b"known to everybody, for 32 bytes"
    jwk = {"kty": "oct", "kid": "shared", "alg": "HS256", "k": encode(shared)}
    world.plain.site.pages["/plain/jwks"] = json.dumps({"keys": [jwk]}).encode()
    claims = lambda: world.plain.claims(world.provider)  # noqa: E731 - the nonce is known only then
    token = lambda: sign(shared, claims(), by="HS256", alg="HS256", kid="shared")  # noqa: E731
    assert REFUSED in outcome(person, world.plain, token)
    world.plain.publish_keys(world.plain.key)


def test_another_algorithm_than_is_configured_is_refused(world: World, person: Person):
    """3.1.3.7, 7: by a good key of the provider's all the same."""
    own = ECKey.generate_key("P-256", {"kid": "ec"})
    world.plain.publish_keys(world.plain.key, own)
    for by, key in (("RS512", world.plain.key), ("PS256", world.plain.key), ("ES256", own)):
        token = lambda by=by, key=key: sign(key, world.plain.claims(world.provider), alg=by, kid=key.kid)  # noqa: E731
        assert REFUSED in outcome(person, world.plain, token)
    world.plain.publish_keys(world.plain.key)


def test_a_stranger_signs_nothing(world: World, person: Person):
    """Under the name of a good key, under none, and with its own key or its address in the header (RFC 8725 3.10)."""
    own = RSAKey.generate_key(2048, {"kid": "first"})
    headers = (
        {"kid": "first"},
        {},
        {"kid": "first", "jwk": own.as_dict(private=False)},
        {"jku": world.plain.site.url("/evil/jwks")},
    )
    for header in headers:
        assert REFUSED in outcome(
            person,
            world.plain,
            lambda header=header: sign(own, world.plain.claims(world.provider), alg="RS256", **header),
        )
    assert world.plain.site.asked("/evil/jwks") == 0


@pytest.mark.parametrize(
    "token", ["", "x", "a.b.c", "...", "é.é.é", "x" * 20_000, f"{encode(b'[1]')}.e30.", f"{encode(b'{')}.e30.AAAA"]
)
def test_what_is_no_token_is_refused(world: World, person: Person, token: str):
    assert REFUSED in outcome(person, world.plain, lambda: token)


@pytest.mark.parametrize("payload", [b"", b"[]", b"7", b'"text"', b"{", b'{"sub":"a","sub":"b"}', b"\xff", b"[" * 5000])
def test_what_holds_no_claims_is_refused(world: World, person: Person, payload: bytes):
    assert REFUSED in outcome(person, world.plain, lambda: sign(world.plain.key, payload, alg="RS256", kid="first"))


def test_new_keys_are_found_and_old_ones_forgotten(world: World, person: Person):
    """OIDC Core 10.1.1: a key that is not known yet is looked for at once; one that is gone signs nothing."""
    before, world.plain.key = world.plain.key, RSAKey.generate_key(2048, {"kid": "second"})
    world.plain.publish_keys(world.plain.key)
    asked = world.plain.site.asked("/plain/jwks")
    assert outcome(person, world.plain, lambda: world.plain.token(world.provider)) == NEW_HERE
    assert world.plain.site.asked("/plain/jwks") == asked + 1
    assert REFUSED in outcome(
        person, world.plain, lambda: sign(before, world.plain.claims(world.provider), alg="RS256", kid="first")
    )


def test_unknown_keys_do_not_make_us_ask_without_end(world: World, person: Person):
    """Six times a minute, whatever comes."""
    own = RSAKey.generate_key(2048, {"kid": "mine"})
    asked = world.plain.site.asked("/plain/jwks")
    for _ in range(12):
        assert REFUSED in outcome(
            person, world.plain, lambda: sign(own, world.plain.claims(world.provider), alg="RS256", kid="mine")
        )
    assert world.plain.site.asked("/plain/jwks") <= asked + 6


def test_line_signs_by_the_channel_secret(world: World, person: Person):
    """HS256 where it is configured, under the secret and nothing else; its published keys sign nothing there."""
    line = world.line
    good = lambda: sign(SECRET.encode(), line.claims(world.provider), by="HS256", alg="HS256")  # noqa: E731
    assert outcome(person, line, good) == NEW_HERE
    bad = lambda: sign(b"another secret of 32 characters..", line.claims(world.provider), by="HS256", alg="HS256")  # noqa: E731
    assert REFUSED in outcome(person, line, bad)
    assert REFUSED in outcome(person, line, lambda: line.token(world.provider))


def test_the_secret_signs_nothing_where_hs256_is_not_configured(world: World, person: Person):
    token = lambda: sign(SECRET.encode(), world.plain.claims(world.provider), by="HS256", alg="HS256")  # noqa: E731
    assert REFUSED in outcome(person, world.plain, token)
