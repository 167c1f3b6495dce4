"""How this server proves itself at the token endpoint of an upstream provider (RFC 6749 2.3.1, OIDC Core 9, RFC 7523).

Apple wants a client secret that is a JWT: ES256 under a key of the developer's team, made here for each request.
"""

from base64 import b64encode
from collections.abc import Mapping
from pathlib import Path
from typing import Any
from urllib.parse import quote_plus

import jwt
from cryptography.hazmat.primitives.asymmetric.ec import SECP256R1, EllipticCurvePrivateKey
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey
from cryptography.hazmat.primitives.serialization import load_pem_private_key

from idp.protocol.names import HMAC_ALGORITHM, JWT_BEARER_ASSERTION, AuthMethod
from idp.protocol.secrets import Clock, Randomness, new_identifier
from idp.settings import SettingsError, Upstream

ASSERTION_SECONDS = 300
PrivateKey = EllipticCurvePrivateKey | RSAPrivateKey
HMAC_LEAST_BYTES = 32


class Credentials:
    """What one provider knows this server by."""

    def __init__(self, name: str, upstream: Upstream, clock: Clock, random: Randomness) -> None:
        """Read the secret or the key.

        Raises:
            SettingsError: when it cannot be read, or is of a kind or length that will not do.
        """
        self._upstream = upstream
        self._clock = clock
        self._random = random
        self._key = _read_key(name, upstream) if upstream.private_key_file else None
        self.secret = "" if self._key is not None else _read_secret(name, upstream)

    def prove(self) -> tuple[Mapping[str, str], Mapping[str, str]]:
        """Return the parameters and the headers that a token request carries."""
        upstream = self._upstream
        if self._key is not None and upstream.team_id:
            secret = self._signed(self._key, {"iss": upstream.team_id, "sub": upstream.client_id})
            return {"client_id": upstream.client_id, "client_secret": secret}, {}
        if self._key is not None:
            claims = {"iss": upstream.client_id, "sub": upstream.client_id, "jti": new_identifier(self._random)}
            assertion = {
                "client_assertion_type": JWT_BEARER_ASSERTION,
                "client_assertion": self._signed(self._key, claims),
            }
            return {"client_id": upstream.client_id, **assertion}, {}
        if upstream.client_auth == AuthMethod.CLIENT_SECRET_POST:
            return {"client_id": upstream.client_id, "client_secret": self.secret}, {}
        pair = f"{quote_plus(upstream.client_id)}:{quote_plus(self.secret)}"
        return {}, {"Authorization": f"Basic {b64encode(pair.encode('ascii')).decode('ascii')}"}

    def _signed(self, key: PrivateKey, claims: Mapping[str, str]) -> str:
        """Sign for the provider alone: the audience is its issuer, which nobody else's document can name."""
        now = int(self._clock())
        times: dict[str, Any] = {"aud": self._upstream.issuer, "iat": now, "exp": now + ASSERTION_SECONDS}
        algorithm = "RS256" if isinstance(key, RSAPrivateKey) else "ES256"
        return jwt.encode({**claims, **times}, key, algorithm, headers={"kid": self._upstream.key_id})


def _read_secret(name: str, upstream: Upstream) -> str:
    secret = upstream.client_secret
    if upstream.client_secret_file:
        try:
            secret = Path(upstream.client_secret_file).read_text("ascii").strip()
        except (OSError, UnicodeDecodeError) as error:
            raise SettingsError(f"'upstream.{name}.client_secret_file' cannot be read: {error}") from error
    if not secret or not secret.isascii():
        raise SettingsError(f"'upstream.{name}' has an empty client secret, or one that is not ASCII")
    if HMAC_ALGORITHM in upstream.id_token_algorithms and len(secret) < HMAC_LEAST_BYTES:
        raise SettingsError(f"'upstream.{name}' has too short a secret for HS256: 32 characters or more (RFC 7518 3.2)")
    return secret


def _read_key(name: str, upstream: Upstream) -> PrivateKey:
    try:
        key = load_pem_private_key(Path(upstream.private_key_file).read_bytes(), None)
    except (OSError, ValueError, TypeError) as error:
        raise SettingsError(f"'upstream.{name}.private_key_file' cannot be read as a PEM key") from error
    if isinstance(key, EllipticCurvePrivateKey) and isinstance(key.curve, SECP256R1):
        return key
    if isinstance(key, RSAPrivateKey) and not upstream.team_id:
        return key
    raise SettingsError(f"'upstream.{name}.private_key_file' must hold a P-256 key, or RSA where no team is named")
