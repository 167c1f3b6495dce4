"""Modules about the request as such: what is asked for, what is missing, what is superfluous."""

import secrets
from math import log2

from authlib.oauth2.rfc7636 import create_s256_code_challenge

from tests.conformance.relying_party import PROTOCOL_CLAIMS, RelyingParty
from tests.web.visits import error_code, follow


def test_oidcc_server(rp: RelyingParty):
    """OIDC Core 3.1.3, 3.2.2, 3.3.2 and 3.3.3: everything comes, bound together, and nothing that was not asked for."""
    got = rp.sign_in()
    if "code" in got.front:
        assert len(got.front["code"]) * log2(64) >= 128, "RFC 6749 10.10"
    assert set(got.claims) <= PROTOCOL_CLAIMS
    assert got.claims.get("auth_time", 0) <= rp.provider.clock()


def test_oidcc_server_client_secret_post(rp: RelyingParty):
    """OIDC Core 9: the client proves itself in the body."""
    assert rp.sign_in().access_token


def test_oidcc_response_type_missing(rp: RelyingParty):
    """RFC 6749 3.1.1: told to the client, in the query, for nothing else was asked for."""
    sent = rp.parameters(response_type=None)
    assert rp.refusal(rp.open(sent), sent, in_query=True) in ("invalid_request", "unsupported_response_type")


def test_oidcc_alternate_happy_flow(rp: RelyingParty):
    """RFC 6749 3.3: neither the order of scopes nor that of parameters means anything."""
    rp.scope = "email openid"
    sent = rp.parameters()
    got = rp.finish(rp.open(dict(reversed(sent.items()))), sent)
    told = rp.userinfo(got.access_token) if rp.has_access_token else got.claims
    assert told["email"] == "mori@example.jp"


def test_oidcc_ensure_request_without_nonce_succeeds_for_code_flow(rp: RelyingParty):
    """OIDC Core 3.1.2.1: a nonce is optional where no ID token comes through the browser."""
    assert "nonce" not in rp.sign_in(nonce=None).claims


def test_oidcc_ensure_request_without_nonce_fails(rp: RelyingParty):
    """OIDC Core 3.2.2.1, 3.3.2.11: and needed where one does."""
    sent = rp.parameters(nonce=None)
    assert rp.refusal(rp.open(sent), sent) == "invalid_request"


def test_oidcc_ensure_request_with_unknown_parameter_succeeds(rp: RelyingParty):
    """RFC 6749 3.1: what is not understood is ignored."""
    rp.sign_in(extra="foobar")


def test_oidcc_ensure_request_with_valid_pkce_succeeds(rp: RelyingParty):
    """RFC 7636 4: the code is worth something to whoever knows the verifier."""
    verifier = secrets.token_urlsafe(48)
    sent = rp.parameters(code_challenge=create_s256_code_challenge(verifier), code_challenge_method="S256")
    code = rp.answer(rp.open(sent), sent)["code"]
    rp.check_tokens(rp.redeem(code, code_verifier=verifier).raise_for_status().json(), sent, code)


def test_oidcc_ensure_registered_redirect_uri(rp: RelyingParty):
    """OIDC Core 3.1.2.1: an address that is only like the registered one is shown as an error and never visited."""
    sent = rp.parameters(redirect_uri=f"{rp.redirect_uri}/{secrets.token_urlsafe(8)}")
    assert error_code(rp.open(sent)) == "invalid_request"


def test_oidcc_ensure_post_request_succeeds(rp: RelyingParty):
    """OIDC Core 3.1.2.1: the request in a form, by POST."""
    sent = rp.parameters()
    page = follow(rp.person, rp.person.browser.post("/authorize", data=sent))
    rp.finish(page, sent)
