"""Whatever is handed in, the answer is claims or a GuardError: text, bytes, near-tokens and signed nonsense."""

import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sekisho_guard import Guard, GuardError
from sekisho_guard.bearer import Challenge, bearer_token
from sekisho_guard.keyset import KeySet
from tests.clients.guard.issuer import AUDIENCE, JWKS, METADATA, NOW, SigningKey, b64

KEY = SigningKey("k")
ISSUER = "https://id.example"
GOOD = {
    "iss": ISSUER,
    "aud": AUDIENCE,
    "sub": "u",
    "client_id": "c",
    "exp": NOW + 600,
    "iat": NOW,
    "jti": "j",
}
DOCUMENTS = {
    ISSUER + METADATA: {"issuer": ISSUER, "jwks_uri": ISSUER + JWKS},
    ISSUER + JWKS: {"keys": [KEY.jwk()]},
}
GUARD = Guard(
    issuer=ISSUER,
    audience=AUDIENCE,
    clock=lambda: float(NOW),
    fetch=lambda url: json.dumps(DOCUMENTS[url]).encode(),
)

json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=8), inner, max_size=4),
    max_leaves=10,
)
headers = st.fixed_dictionaries(
    {},
    optional={
        "alg": st.sampled_from(["ES256", "RS256", "none", "HS256"]) | json_values,
        "typ": st.sampled_from(["at+jwt", "JWT"]) | json_values,
        "kid": st.sampled_from(["k", "unknown"]) | json_values,
        "crit": json_values,
        "jwk": json_values,
    },
)
payloads = st.dictionaries(
    st.sampled_from([*GOOD, "nbf", "scope", "auth_time", "acr", "cnf"]) | st.text(max_size=5), json_values, max_size=4
)
GOOD_TOKEN = KEY.sign(GOOD)
many = settings(max_examples=1000, deadline=None)
fewer = settings(max_examples=300, deadline=None)  # where an example is costly to make


def outcome(token, scopes=()):
    """The claims or the error; any other exception fails the test."""
    try:
        return GUARD.verify(token, scopes=scopes)
    except GuardError as error:
        return error


def test_the_token_that_the_fuzzing_starts_from_is_good():
    assert outcome(GOOD_TOKEN).subject == "u"


@many
@given(st.text() | st.binary() | json_values)
def test_anything_at_all(anything):
    assert isinstance(outcome(anything), GuardError)


@many
@given(st.lists(st.text("AZaz09-_=.", max_size=40), min_size=1, max_size=5))
def test_segments(segments):
    assert isinstance(outcome(".".join(segments)), GuardError)


@many
@given(st.lists(st.binary(max_size=60), min_size=3, max_size=3))
def test_well_formed_segments_of_any_bytes(segments):
    assert isinstance(outcome(".".join(b64(segment) for segment in segments)), GuardError)


@fewer
@given(headers)
def test_a_signed_token_with_any_header(header):
    result = outcome(KEY.sign_bytes(json.dumps(header).encode(), json.dumps(GOOD).encode()))
    if isinstance(result, GuardError):
        return
    assert (header["alg"], header["typ"], header["kid"]) == ("ES256", "at+jwt", "k")
    assert "crit" not in header


@fewer
@given(payloads)
def test_a_signed_token_with_any_claims(changes):
    result = outcome(KEY.sign(GOOD | changes), scopes=["x"])
    if isinstance(result, GuardError):
        return
    assert "cnf" not in changes
    assert NOW - 30 < result.expires_at < 2**53
    assert all(isinstance(text, str) and text for text in (result.subject, result.client_id, result.token_id))


@many
@given(st.binary())
def test_a_signed_token_with_any_payload(payload):
    assert isinstance(outcome(KEY.sign(payload)), GuardError)


@many
@given(st.data())
def test_a_good_token_with_one_part_changed(data):
    start = data.draw(st.integers(0, len(GOOD_TOKEN) - 1))
    end = data.draw(st.integers(start, len(GOOD_TOKEN)))
    changed = GOOD_TOKEN[:start] + data.draw(st.text(max_size=4)) + GOOD_TOKEN[end:]
    if changed != GOOD_TOKEN:
        assert isinstance(outcome(changed), GuardError)


@many
@given(st.lists(st.text() | st.text("Bearer abc,=\"'\t").map(lambda text: "Bearer " + text), max_size=3))
def test_any_authorization_headers(values):
    """Each refusal makes header lines that an HTTP server can send."""
    try:
        token = bearer_token(values)
    except GuardError as error:
        refusal = Challenge(realm="payments", scopes=["a", "b"]).refusal(error)
        assert refusal.status in {400, 401}
        assert all(value.isascii() and value.isprintable() for _, value in refusal.headers)
    else:
        assert len(values) == 1
        assert token in values[0]


@fewer
@given(
    st.lists(
        json_values
        | st.fixed_dictionaries(
            {"kty": st.sampled_from(["EC", "RSA", "OKP", "oct"]), "kid": st.just("k")},
            optional={
                "crv": st.sampled_from(["P-256", "Ed25519"]) | json_values,
                **{
                    name: st.text(max_size=50) | json_values
                    for name in ("x", "y", "n", "e", "alg", "use", "key_ops", "oth")
                },
            },
        ),
        max_size=3,
    )
)
def test_a_key_set_of_anything(keys):
    """The one good key at its end is found."""
    document = json.dumps({"keys": [*keys, KEY.jwk(kid="good")]}).encode()
    assert KeySet({}).successor(document, frozenset({"ES256", "RS256", "PS256", "EdDSA"})).knows("good")


@pytest.mark.parametrize("scopes", [["x"], "x", {"x"}, iter(["x"])])
def test_scopes_given_in_any_way_are_asked_for(scopes):
    assert outcome(GOOD_TOKEN, scopes=scopes).code == "insufficient_scope"
