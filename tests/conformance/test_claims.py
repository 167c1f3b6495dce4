"""Modules about what is said of the person: ID tokens by algorithm, userinfo by method, scopes and single claims."""

import json

from tests.conformance.conftest import EVERY_CLAIM, Register
from tests.conformance.relying_party import RelyingParty, SignedIn
from tests.provider.jose import read

PROFILE = frozenset(EVERY_CLAIM) - {"email", "email_verified", "address", "phone_number", "phone_number_verified"}
CLAIMS_OF = {
    "profile": PROFILE,
    "email": {"email", "email_verified"},
    "address": {"address"},
    "phone": {"phone_number", "phone_number_verified"},
}
"""OIDC Core 5.4."""


# ---- ID tokens -------------------------------------------------------------------------------------------------------


def test_oidcc_idtoken_signature(rp: RelyingParty):
    """OIDC Core 3.1.3.7, 10.1: RS256 for whoever names no algorithm, under a key that is named."""
    check_rs256(rp, rp.sign_in())


def test_oidcc_idtoken_rs256(register: Register):
    """OIDC Registration 2: RS256 for whoever asks for it."""
    rp = register(id_token_signed_response_alg="RS256")
    check_rs256(rp, rp.sign_in())


def check_rs256(rp: RelyingParty, got: SignedIn) -> None:
    headers = [read(rp.provider, token).header for token in got.id_tokens]
    assert [header["alg"] for header in headers] == ["RS256"] * len(headers)
    assert all(header["kid"] for header in headers)


def test_oidcc_idtoken_unsigned(register: Register):
    """OIDC Core 2, 3.1.3.7: no signature for whoever asks for none and gets ID tokens from the token endpoint alone."""
    rp = register(id_token_signed_response_alg="none")
    assert rp.sign_in().id_token.endswith(".")


# ---- userinfo --------------------------------------------------------------------------------------------------------


def test_oidcc_userinfo_get(rp: RelyingParty):
    """OIDC Core 5.3.1: GET with the token in the header."""
    got = rp.sign_in()
    assert rp.userinfo(got.access_token)["sub"]


def test_oidcc_userinfo_post_header(rp: RelyingParty):
    """OIDC Core 5.3.1: POST with the token in the header."""
    got = rp.sign_in()
    assert rp.userinfo(got.access_token, "POST") == rp.userinfo(got.access_token)


def test_oidcc_userinfo_post_body(rp: RelyingParty):
    """RFC 6750 2.2: POST with the token in the body."""
    got = rp.sign_in()
    body = {"access_token": got.access_token}
    assert rp.userinfo(got.access_token, "POST", data=body) == rp.userinfo(got.access_token)


def test_oidcc_userinfo_rs256(register: Register):
    """OIDC Core 5.3.2: a JWT with issuer and audience, without a nonce."""
    rp = register(userinfo_signed_response_alg="RS256")
    claims = rp.userinfo(rp.sign_in().access_token)
    assert (claims["iss"], claims["aud"]) == (rp.provider.url, rp.client_id)
    assert "nonce" not in claims


# ---- scopes and single claims ----------------------------------------------------------------------------------------


def test_oidcc_scope_profile(rp: RelyingParty):
    """OIDC Core 5.4: profile."""
    check_scope(rp, "profile")


def test_oidcc_scope_email(rp: RelyingParty):
    """OIDC Core 5.4: email."""
    check_scope(rp, "email")


def test_oidcc_scope_address(rp: RelyingParty):
    """OIDC Core 5.1.1, 5.4: address."""
    check_scope(rp, "address")


def test_oidcc_scope_phone(rp: RelyingParty):
    """OIDC Core 5.4: phone."""
    check_scope(rp, "phone")


def test_oidcc_scope_all(rp: RelyingParty):
    """OIDC Core 5.4: all of them together."""
    check_scope(rp, "email", "phone", "address", "profile")


def check_scope(rp: RelyingParty, *scopes: str) -> None:
    """At userinfo, or in the ID token that comes alone: every claim of the scopes and no other one."""
    rp.scope = " ".join(("openid", *scopes))
    told = told_of(rp, rp.sign_in())
    assert told == {name: EVERY_CLAIM[name] for scope in scopes for name in CLAIMS_OF[scope]}


def told_of(rp: RelyingParty, got: SignedIn) -> dict[str, object]:
    told = rp.userinfo(got.access_token) if rp.has_access_token else got.claims
    return {name: value for name, value in told.items() if name in EVERY_CLAIM}


def test_oidcc_claims_essential(rp: RelyingParty):
    """OIDC Core 5.5.1: the name, asked for by itself, comes where it was asked for and nowhere else."""
    where = "userinfo" if rp.has_access_token else "id_token"
    got = rp.sign_in(claims=json.dumps({where: {"name": {"essential": True}}}))
    assert told_of(rp, got) == {"name": EVERY_CLAIM["name"]}
    if where == "userinfo":
        assert not any("name" in claims_in(rp, token) for token in got.id_tokens)


def claims_in(rp: RelyingParty, id_token: str) -> dict[str, object]:
    claims: dict[str, object] = read(rp.provider, id_token).claims
    return claims
