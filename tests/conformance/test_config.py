"""The module about discovery: every member that the official suite looks at, of a provider at an https address."""

import re
from collections.abc import Iterator
from typing import Any
from urllib.parse import urlsplit

import pytest

from tests.conformance.modules import RESPONSE_TYPES
from tests.provider.provider import HTTP, Provider, serve_here
from tests.real.postgres_server import PostgresServer

ISSUER = "https://op.example.test"
LANGUAGE = re.compile(r"[a-z]{2,3}(-[A-Z][a-z]{3})?(-[A-Z]{2})?")
"""A language tag in its usual letters (RFC 5646 2.1.1)."""
SCOPE = re.compile(r"[\x21\x23-\x5b\x5d-\x7e]+")
LISTS = {
    "scopes_supported": {"openid", "profile", "email", "address", "phone", "offline_access"},
    "response_types_supported": {"code", "id_token", "id_token token"},
    "response_modes_supported": {"query", "fragment", "form_post"},
    "grant_types_supported": {"authorization_code", "implicit", "refresh_token"},
    "subject_types_supported": {"public", "pairwise"},
    "id_token_signing_alg_values_supported": {"RS256"},
    "userinfo_signing_alg_values_supported": {"RS256"},
    "request_object_signing_alg_values_supported": {"RS256", "none"},
    "token_endpoint_auth_methods_supported": {"client_secret_basic", "client_secret_post", "private_key_jwt"},
    "token_endpoint_auth_signing_alg_values_supported": {"RS256"},
    "claims_supported": {"sub", "name", "email", "address", "phone_number", "auth_time", "acr"},
    "claim_types_supported": {"normal"},
    "display_values_supported": {"page", "popup"},
    "acr_values_supported": set(),
    "ui_locales_supported": {"en", "ja"},
    "code_challenge_methods_supported": {"S256"},
}
"""Lists, and what must be in each (OIDC Discovery 3, OIDC Core 15.1 and 15.2, RFC 8414 2)."""
SWITCHES = (
    "claims_parameter_supported",
    "request_parameter_supported",
    "request_uri_parameter_supported",
    "require_request_uri_registration",
    "authorization_response_iss_parameter_supported",
)
NEEDED = (
    "authorization_endpoint",
    "token_endpoint",
    "userinfo_endpoint",
    "registration_endpoint",
    "jwks_uri",
)

FURTHER = {
    "authorization_details_types_supported",
    "backchannel_logout_session_supported",
    "backchannel_logout_supported",
    "check_session_iframe",
    "end_session_endpoint",
    "frontchannel_logout_session_supported",
    "frontchannel_logout_supported",
    "id_token_encryption_alg_values_supported",
    "id_token_encryption_enc_values_supported",
    "introspection_endpoint",
    "introspection_endpoint_auth_methods_supported",
    "introspection_endpoint_auth_signing_alg_values_supported",
    "issuer",
    "prompt_values_supported",
    "pushed_authorization_request_endpoint",
    "request_object_encryption_alg_values_supported",
    "request_object_encryption_enc_values_supported",
    "require_pushed_authorization_requests",
    "revocation_endpoint",
    "revocation_endpoint_auth_methods_supported",
    "revocation_endpoint_auth_signing_alg_values_supported",
    "userinfo_encryption_alg_values_supported",
    "userinfo_encryption_enc_values_supported",
}
"""What else may stand there: names of IANA's registry (RFC 8414 7.1), for the suite warns of any other."""


@pytest.fixture(scope="module")
def provider(postgres_server: PostgresServer) -> Iterator[Provider]:
    """A provider that knows itself by https, as it does behind a proxy that ends TLS."""
    allowed = {"IDP_RESPONSE_TYPES": ",".join(RESPONSE_TYPES), "IDP_UNSIGNED_ID_TOKENS": "true"}
    with postgres_server.database() as url, serve_here(url, IDP_ISSUER=ISSUER, **allowed) as running:
        yield running


def test_oidcc_discovery_endpoint_verification(provider: Provider):
    """OIDC Discovery 3, 4 and 4.3, RFC 8414 2: one document, by which a client finds all the rest."""
    response = HTTP.get(f"{provider.url}/.well-known/openid-configuration")
    assert (response.status_code, response.headers["content-type"]) == (200, "application/json")
    document: dict[str, Any] = response.json()
    assert document["issuer"] == ISSUER
    assert set(document) <= {*LISTS, *SWITCHES, *NEEDED, *FURTHER}
    for name, needed in LISTS.items():
        values = document[name]
        assert isinstance(values, list), name
        assert values, name
        assert len(set(values)) == len(values), name
        assert needed <= set(values), name
    assert [document[name] for name in SWITCHES] == [True] * len(SWITCHES)
    assert all(LANGUAGE.fullmatch(tag) for tag in document["ui_locales_supported"])
    assert all(SCOPE.fullmatch(scope) for scope in document["scopes_supported"])
    assert_addresses(document)
    assert_keys(provider, urlsplit(document["jwks_uri"]).path)


def assert_addresses(document: dict[str, Any]) -> None:
    addresses = {name: value for name, value in document.items() if name.endswith(("_endpoint", "_uri", "_iframe"))}
    assert set(NEEDED) <= set(addresses)
    for name, address in addresses.items():
        assert address.startswith(f"{ISSUER}/"), name
        assert not urlsplit(address).query + urlsplit(address).fragment, name


def assert_keys(provider: Provider, path: str) -> None:
    """RFC 7517: public keys, each with a name of its own and saying what it is for, one of them for RS256."""
    response = HTTP.get(f"{provider.url}{path}")
    assert response.headers["content-type"] in ("application/json", "application/jwk-set+json")
    keys = response.json()["keys"]
    assert len({key["kid"] for key in keys}) == len(keys)
    assert {key["use"] for key in keys} == {"sig", "enc"}
    assert any(key.get("alg") == "RS256" for key in keys)
    assert not any({"d", "p", "q", "dp", "dq", "qi", "k"} & set(key) for key in keys)
