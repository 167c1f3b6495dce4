"""RFC 9068 sections 2.2 and 4: what an access token must say, and what a service gets to see of it."""

import dataclasses
import json

import pytest

from sekisho_guard import GuardError, InsufficientScopeError, InvalidTokenError
from tests.clients.guard.issuer import AUDIENCE, NOW, make_guard


def refused(guard, token, **kwargs):
    with pytest.raises(InvalidTokenError) as refusal:
        guard.verify(token, **kwargs)
    return refusal.value


@pytest.mark.parametrize("algorithm", ["ES256", "RS256", "PS256", "EdDSA"])
def test_a_good_token_gives_its_claims_typed(guard, issuer, keys, algorithm):
    claims = guard.verify(keys[algorithm].sign(issuer.claims()))
    assert claims.subject == "u_8Zr2Qw13Xk9v"
    assert claims.client_id == "storefront"
    assert claims.scopes == {"payments:read", "payments:write"}
    assert claims.audience == (AUDIENCE,)
    assert claims.expires_at == NOW + 600
    assert claims.auth_time == NOW - 30
    assert claims.acr == "urn:sekisho:acr:passkey"
    assert claims.token_id == "b7a1c0de"
    assert claims.raw["iss"] == issuer.identifier


def test_what_rfc_9068_leaves_optional_may_be_absent(guard, issuer, key):
    claims = guard.verify(key.sign(issuer.claims(scope=None, auth_time=None, acr=None, aud=AUDIENCE)))
    assert (claims.scopes, claims.auth_time, claims.acr, claims.audience) == (frozenset(), None, None, (AUDIENCE,))


@pytest.mark.parametrize("name", ["iss", "exp", "aud", "sub", "client_id", "iat", "jti"])
def test_rfc_9068_section_2_2_required_claims(guard, issuer, key, name):
    refused(guard, key.sign(issuer.claims(**{name: None})))


@pytest.mark.parametrize(
    ("name", "value"),
    [
        *[("iss", value) for value in (7, [], ["https://id.example"], "")],
        *[("aud", value) for value in (7, {}, [], "", [AUDIENCE, 7], {AUDIENCE: 1}, [[AUDIENCE]])],
        *[(name, value) for name in ("sub", "client_id", "jti") for value in (7, "", [], {}, True)],
        *[(name, value) for name in ("acr", "scope") for value in (7, [], {}, True)],
        *[(name, str(NOW)) for name in ("exp", "iat", "nbf", "auth_time")],
        *[(name, True) for name in ("exp", "iat", "nbf", "auth_time")],
        *[("exp", value) for value in (10**400, 1e300, 2**53, [], {})],
    ],
)
def test_a_claim_of_the_wrong_type_is_refused(guard, issuer, key, name, value):
    refused(guard, key.sign(issuer.claims(**{name: value})))


@pytest.mark.parametrize("number", ["NaN", "Infinity", "-Infinity"])
@pytest.mark.parametrize("name", ["exp", "nbf", "note"])
def test_numbers_that_json_does_not_have_are_refused(guard, issuer, key, name, number):
    payload = json.dumps(issuer.claims(**{name: "@"})).replace('"@"', number)
    refused(guard, key.sign(payload.encode()))


@pytest.mark.parametrize("suffix", ["/", ".evil.example", "#", " "])
def test_another_issuer_is_refused_however_alike(guard, issuer, key, suffix):
    assert "another issuer" in str(refused(guard, key.sign(issuer.claims(iss=issuer.identifier + suffix))))


@pytest.mark.parametrize("audience", ["https://orders.example", AUDIENCE + "/", [AUDIENCE.upper()], AUDIENCE[:-1]])
def test_a_token_for_another_service_is_refused(guard, issuer, key, audience):
    assert "another service" in str(refused(guard, key.sign(issuer.claims(aud=audience))))


def test_a_token_for_several_services_is_taken_by_each(guard, issuer, key):
    assert guard.verify(key.sign(issuer.claims(aud=["https://orders.example", AUDIENCE]))).subject


def test_exp_counts_with_the_stated_leeway_and_not_a_moment_longer(guard, issuer, key, clock):
    token = key.sign(issuer.claims())
    clock.now = NOW + 600 + 29.9
    assert guard.verify(token)
    clock.now = NOW + 600 + 30
    assert str(refused(guard, token)) == "The access token expired."


@pytest.mark.parametrize("name", ["nbf", "iat"])
def test_a_token_from_the_future_is_refused_beyond_the_leeway(guard, issuer, key, name):
    assert guard.verify(key.sign(issuer.claims(**{name: NOW + 30})))
    assert "not valid yet" in str(refused(guard, key.sign(issuer.claims(**{name: NOW + 31}))))


def test_the_leeway_can_be_none(issuer, key, clock):
    strict = make_guard(issuer, clock, leeway=0)
    assert strict.verify(key.sign(issuer.claims(exp=NOW + 1)))
    refused(strict, key.sign(issuer.claims(exp=NOW)))


@pytest.mark.parametrize(
    "cnf", [{"jkt": "0ZcOCORZNYy-DWpqq30jZyJGHTN0d2HglBV3uiguA4I"}, {"x5t#S256": "bwcK0esc"}, {}, 7]
)
def test_a_token_bound_to_a_key_is_not_taken_as_a_bearer_token(guard, issuer, key, cnf):
    assert "bound to a key" in str(refused(guard, key.sign(issuer.claims(cnf=cnf))))


@pytest.mark.parametrize(
    "payload", [b"[]", b'"x"', b"7", b"null", b"", b"{", b"\xff\xfe", b"[" * 3000, '{"a":1}'.encode("utf-16")]
)
def test_a_signed_payload_that_is_no_json_object_is_refused(guard, key, payload):
    refused(guard, key.sign(payload))


def test_scopes_asked_for_must_all_be_granted(guard, issuer, key):
    token = key.sign(issuer.claims())
    assert guard.verify(token, scopes=["payments:read", "payments:write"])
    with pytest.raises(InsufficientScopeError) as refusal:
        guard.verify(token, scopes=["payments:read", "payments:refund"])
    assert refusal.value.code == "insufficient_scope"


def test_a_text_of_scopes_means_the_scopes_in_it(guard, issuer, key):
    token = key.sign(issuer.claims())
    assert guard.verify(token, scopes="payments:write payments:read")
    with pytest.raises(InsufficientScopeError):
        guard.verify(token, scopes="payments:write p")


def test_an_empty_scope_claim_grants_nothing(guard, issuer, key):
    with pytest.raises(InsufficientScopeError):
        guard.verify(key.sign(issuer.claims(scope="  ")), scopes=[""])


def test_claims_shared_by_requests_cannot_be_changed(guard, issuer, key):
    claims = guard.verify(key.sign(issuer.claims(roles=["a"], nested={"list": [{"x": 1}]})))
    with pytest.raises(dataclasses.FrozenInstanceError):
        claims.subject = "somebody else"
    with pytest.raises(TypeError):
        claims.raw["sub"] = "somebody else"
    with pytest.raises(TypeError):
        claims.raw["nested"]["list"][0]["x"] = 2
    assert claims.raw["roles"] == ("a",)


def test_printed_claims_do_not_name_the_person(guard, issuer, key):
    assert "u_8Zr2Qw13Xk9v" not in repr(guard.verify(key.sign(issuer.claims())))


def test_an_error_tells_the_caller_a_sentence_and_nothing_of_the_token(guard, issuer, key):
    token = key.sign(issuer.claims(aud="https://orders.example"))
    with pytest.raises(GuardError) as refusal:
        guard.verify(token)
    assert refusal.value.code == "invalid_token"
    assert str(refusal.value) == refusal.value.public == "The access token is meant for another service."
    for part in (*token.split("."), "u_8Zr2Qw13Xk9v", "orders"):
        assert part not in repr(refusal.value)
