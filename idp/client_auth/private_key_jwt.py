"""`private_key_jwt`: a signed assertion, used once (RFC 7523 2.2 and 3, OIDC Core 9)."""

from collections.abc import Mapping
from typing import Any

import jwt
from jwt.types import Options

from idp.authorization_server import ClientDirectory, Dependencies, EndpointRequest
from idp.protocol.names import ASSERTION_ALGORITHMS, JWT_BEARER_ASSERTION
from idp.protocol.verification_keys import verification_keys
from idp.store.clients import Client

LEEWAY = 30
MAX_JTI_CHARACTERS = 256
MAX_ASSERTION_CHARACTERS = 16_384
_REQUIRED = ["iss", "sub", "aud", "exp", "jti"]


class PrivateKeyJwt:
    """Checks assertions against the registered keys of a client."""

    def __init__(self, parts: Dependencies) -> None:
        """Take the clock, the store of seen assertions and the audiences that are ours."""
        issuer = parts.settings.issuer
        self._audiences = frozenset({issuer, f"{issuer}/token", f"{issuer}/par"})  # RFC 9126 2: all three
        self._longest = parts.settings.lifetimes.client_assertion
        self._clock = parts.clock
        self._seen = parts.seen_assertions
        self._client_keys = parts.client_keys

    def __call__(self, find_client: ClientDirectory, request: EndpointRequest) -> Client | None:
        """Return the client that signed the assertion, unless the assertion was seen before."""
        form = request.form
        unverified = form.get("client_assertion", "")
        if form.get("client_assertion_type") != JWT_BEARER_ASSERTION or len(unverified) > MAX_ASSERTION_CHARACTERS:
            return None
        client = find_client(_unverified_subject(unverified))
        if client is None or form.get("client_id", client.client_id) != client.client_id:
            return None
        claims = self._verified_claims(client, unverified)
        if claims is None or not self._is_acceptable(client, claims):
            return None
        return client if self._is_first_use(client, claims) else None

    def _verified_claims(self, client: Client, unverified: str) -> Mapping[str, Any] | None:
        verified = (
            _verified_claims(jwks, client.assertion_algorithm, unverified)
            for jwks in self._client_keys.key_sets(client)
        )
        return next((claims for claims in verified if claims is not None), None)

    def _is_acceptable(self, client: Client, claims: Mapping[str, Any]) -> bool:
        now = self._clock()
        audience = claims["aud"] if isinstance(claims["aud"], list) else [claims["aud"]]
        times = [claims["exp"], claims.get("iat", now), claims.get("nbf", now)]
        if not all(type(time) in (int, float) for time in times):
            return False
        expires, issued, not_before = times
        return (
            claims["iss"] == claims["sub"] == client.client_id
            and bool(audience)
            and all(isinstance(value, str) and value in self._audiences for value in audience)
            and now - LEEWAY < expires <= now + self._longest + LEEWAY
            and max(issued, not_before) <= now + LEEWAY
            and isinstance(claims["jti"], str)
            and 0 < len(claims["jti"]) <= MAX_JTI_CHARACTERS
        )

    def _is_first_use(self, client: Client, claims: Mapping[str, Any]) -> bool:
        """Take the assertion for this request alone, committed at once so that no failure gives it back."""
        expires_at = int(claims["exp"]) + LEEWAY + 1
        return self._seen.claim(client.client_id, claims["jti"], expires_at, int(self._clock()))


def _unverified_subject(unverified: str) -> str:
    """Return whose keys to check with; nothing else is read before the signature is."""
    try:
        claims = jwt.decode(unverified, options={"verify_signature": False})
    except (jwt.InvalidTokenError, ValueError, RecursionError):
        return ""
    subject = claims.get("sub")
    return subject if isinstance(subject, str) else ""


def _verified_claims(jwks: str, registered_algorithm: str, unverified: str) -> Mapping[str, Any] | None:
    """Return the claims when one of the keys signed them; times and audience are checked by the caller."""
    options: Options = {
        "require": _REQUIRED,
        "verify_aud": False,
        "verify_exp": False,
        "verify_iat": False,
        "verify_nbf": False,
        "verify_jti": False,
        "verify_sub": False,
    }
    algorithms = (registered_algorithm,) if registered_algorithm else ASSERTION_ALGORITHMS
    kid = jwt.get_unverified_header(unverified).get("kid")
    for key_id, fitting, key in verification_keys(jwks, algorithms):
        if kid is not None and key_id is not None and kid != key_id:
            continue
        try:
            claims: dict[str, Any] = jwt.decode(unverified, key, algorithms=list(fitting), options=options)
        except (jwt.InvalidTokenError, ValueError, TypeError):
            continue
        return claims
    return None
