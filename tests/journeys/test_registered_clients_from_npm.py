"""openid-client as a client that registers itself, by every way of asking and answering that it knows.

What it checks is its own: iss, state, nonce, c_hash, at_hash, signatures, the subject of userinfo, decryption.
"""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.conformance.modules import RESPONSE_TYPES
from tests.journeys.node_scripts import run_script
from tests.provider.person import Person
from tests.provider.provider import ServedProvider, serve_elsewhere
from tests.real.postgres_server import PostgresServer

BACK = "https://rp.example.test/callback"
SIGNED_OUT = "https://rp.example.test/signed-out"
ENCRYPTED = {
    "id_token_encrypted_response_alg": "RSA-OAEP-256",
    "id_token_encrypted_response_enc": "A256GCM",
    "userinfo_signed_response_alg": "RS256",
    "userinfo_encrypted_response_alg": "RSA-OAEP-256",
    "userinfo_encrypted_response_enc": "A256GCM",
}
SIGNS = {"request_object_signing_alg": "RS256"}
MUST_PUSH = {"require_pushed_authorization_requests": True}
WAYS: dict[str, dict[str, Any]] = {
    "code": {},
    "code by form": {"response_mode": "form_post"},
    "hybrid": {"response_type": "code id_token"},
    "hybrid by form": {"response_type": "code id_token", "response_mode": "form_post"},
    "implicit": {"response_type": "id_token"},
    "implicit by form": {"response_type": "id_token", "response_mode": "form_post"},
    "pushed": {"request": "pushed", "metadata": MUST_PUSH},
    "request object": {"request": "object", "metadata": {**SIGNS, "require_signed_request_object": True}},
    "pushed request object": {"request": "pushed object", "metadata": {**SIGNS, **MUST_PUSH}},
    "encrypted": {"metadata": ENCRYPTED},
    "encrypted hybrid": {"response_type": "code id_token", "metadata": ENCRYPTED},
    "signed userinfo": {"metadata": {"userinfo_signed_response_alg": "ES256"}},
    "EdDSA": {"metadata": {"id_token_signed_response_alg": "EdDSA"}},
}


@pytest.fixture(scope="module")
def served(postgres_server: PostgresServer) -> Iterator[ServedProvider]:
    """A provider that allows every response type, on the real clock."""
    allowed = {"IDP_RESPONSE_TYPES": ",".join(RESPONSE_TYPES)}
    with postgres_server.database() as url, serve_elsewhere(url, workers=1, **allowed) as running:
        yield running


@pytest.mark.parametrize("way", WAYS)
def test_openid_client_registers_and_signs_in(served: ServedProvider, node: Path, way: str):
    """RFC 7591, then OIDC Core 3.1 to 3.3, 5.3.2, 10, RFC 9101, RFC 9126, Form Post, RP-Initiated Logout."""
    usual = {"issuer": served.url, "redirect_uri": BACK, "signed_out": SIGNED_OUT, "response_type": "code"}
    task = {**usual, "request": "plain", "metadata": {}, **WAYS[way]}
    person = Person(served)
    with person.browser:
        report = run_script(node, "registered.mjs", person, task)
    assert report["id_token"]["aud"] == report["client_id"]
    if task["response_type"] != "id_token":
        assert report["userinfo"]["sub"] == report["id_token"]["sub"]
    if report["signed_out"]:
        assert report["signed_out"] == f"{SIGNED_OUT}?state=out"
    else:
        assert "encrypted" in way or task["response_type"] == "id_token"
