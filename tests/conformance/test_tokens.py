"""Modules about the token endpoint: codes used twice, refresh tokens, keys of clients that change."""

import json
import re
from typing import Any

from joserfc.jwk import RSAKey

from tests.conformance.conftest import Register
from tests.conformance.relying_party import RelyingParty, SignedIn
from tests.provider.outside import Site
from tests.provider.provider import HTTP

OFFLINE = {"prompt": "consent", "scope": "openid offline_access"}


def test_oidcc_codereuse(rp: RelyingParty):
    """RFC 6749 4.1.2, 5.2: a code that was used is worth nothing."""
    got = rp.sign_in()
    assert rp.refused(rp.redeem(got.front["code"])) == "invalid_grant"


def test_oidcc_codereuse_30seconds(rp: RelyingParty):
    """RFC 6749 4.1.2: and using it again later ends what it had brought."""
    got = rp.sign_in()
    rp.provider.clock.forward(30)
    assert rp.refused(rp.redeem(got.front["code"])) == "invalid_grant"
    bearer = {"Authorization": f"Bearer {got.tokens['access_token']}"}
    assert HTTP.get(f"{rp.provider.url}/userinfo", headers=bearer).status_code == 401


def test_oidcc_refresh_token(register: Register):
    """RFC 6749 6, OIDC Core 11, 12: it works with and without a scope, and for its own client alone."""
    first, second = (register(second=each, refresh=True) for each in (False, True))
    refreshed(first, first.sign_in(**OFFLINE), scope=OFFLINE["scope"])
    tokens = refreshed(second, second.sign_in(**OFFLINE))
    stolen = {"grant_type": "refresh_token", "refresh_token": tokens["refresh_token"]}
    assert first.refused(first.token(stolen)) == "invalid_grant"


def test_oidcc_refresh_token_rp_key_rotation(register: Register, suite_site: Site):
    """OIDC Core 10.1.1: a client publishes another key, and proves itself by it a minute later."""
    rp = register(refresh=True, jwks=None, jwks_uri=suite_site.url("/rotated"))
    rp.key = _published(suite_site, "before")
    got = rp.sign_in(**OFFLINE)
    rp.key = _published(suite_site, "after")
    rp.provider.clock.forward(60)
    refreshed(rp, got)


def test_oidcc_ensure_client_assertion_with_iss_aud_succeeds(rp: RelyingParty):
    """RFC 7523 3, OIDC Core 9: the issuer as the audience of an assertion."""
    sent = rp.parameters()
    members = rp.answer(rp.open(sent), sent)
    if "code" in members:
        form = {"grant_type": "authorization_code", "code": members["code"], "redirect_uri": rp.redirect_uri}
        proof = rp.assertion(rp.provider.url)
        rp.check_tokens(HTTP.post(f"{rp.provider.url}/token", data={**form, **proof}).raise_for_status().json(), sent)


def _published(site: Site, kid: str) -> RSAKey:
    """Make a key and publish it alone."""
    key = RSAKey.generate_key(2048, {"kid": kid, "use": "sig", "alg": "RS256"})
    site.pages["/rotated"] = json.dumps({"keys": [key.as_dict(private=False)]}).encode()
    return key


def refreshed(rp: RelyingParty, got: SignedIn, **more: str) -> dict[str, Any]:
    """The answer to a refresh, checked as the first one was; its ID token has no nonce (OIDC Core 12.2)."""
    rp.provider.clock.forward(1)
    token = got.tokens["refresh_token"]
    assert re.fullmatch(r"[\x20-\x7e]{22,}", token), "RFC 6749 A.17, 10.10"
    response = rp.token({"grant_type": "refresh_token", "refresh_token": token, **more})
    assert response.status_code == 200, response.text
    assert "no-store" in response.headers["cache-control"], "RFC 6749 5.1"
    tokens: dict[str, Any] = response.json()
    assert tokens["access_token"] != got.tokens["access_token"]
    claims = rp.check_tokens(tokens, {})
    same = ("iss", "sub", "aud", "auth_time")
    assert [claims[name] for name in same] == [got.claims[name] for name in same]
    assert claims["iat"] > got.claims["iat"]
    return tokens
