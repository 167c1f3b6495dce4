"""ID tokens: who signed in, when and how, bound to what goes out beside them (OIDC Core 2, 3.1.3.6, 3.3.2.11)."""

from typing import Any

from idp.data_sharing import NOTHING, DataSharing, outgoing
from idp.protocol.audit import Surface
from idp.protocol.names import NO_SIGNATURE
from idp.protocol.token_hashes import left_half_hash
from idp.settings import Settings
from idp.store.clients import Client
from idp.store.families import Family
from idp.tokens.encrypting import Encrypter
from idp.tokens.signing import Signer

DEFAULT_ALGORITHM = "RS256"


class IdTokens:
    """Makes ID tokens."""

    def __init__(self, settings: Settings, signer: Signer, encrypter: Encrypter, sharing: DataSharing) -> None:
        """Take what every ID token needs."""
        self._issuer = settings.issuer
        self._lifetime = settings.lifetimes.id_token
        self._may_be_unsigned = settings.unsigned_id_tokens
        self._signer = signer
        self._encrypter = encrypter
        self._sharing = sharing

    def make(
        self,
        client: Client,
        family: Family,
        scopes: tuple[str, ...],
        now: int,
        *,
        nonce: str,
        access_token: str = "",
        code: str = "",
        from_front: bool = False,
    ) -> str:
        """Return an ID token, bound to the access token and the code that go out with it.

        One that comes through the browser (`from_front`) is always signed. One that comes alone, with no access token
        now or later, holds what userinfo would (OIDC Core 5.4). It is encrypted for a client that registered for that.

        Raises:
            OAuthError: `invalid_request` when no key of the client's fits.
        """
        algorithm = self._algorithm(client, from_front=from_front)
        claims: dict[str, Any] = {
            "iss": self._issuer,
            "sub": self._sharing.subject(client, family.account_id),
            "aud": client.client_id,
            "iat": now,
            "exp": now + self._lifetime,
            "auth_time": family.auth_time,
            "acr": family.acr,
            "amr": list(family.amr),
            "sid": self._sharing.session(client, family.sid),
        }
        if nonce:
            claims["nonce"] = nonce
        for name, value in (("at_hash", access_token), ("c_hash", code)):
            if value and algorithm != NO_SIGNATURE:
                claims[name] = left_half_hash(value, algorithm)
        released = NOTHING
        is_alone = from_front and not access_token and not code
        if client.id_token_fields or family.id_token_claims or is_alone:
            only = None if is_alone else client.id_token_fields
            asked = family.asked.with_scopes(scopes)
            released = self._sharing.release(client, family.account_id, asked, now, Surface.ID_TOKEN, only)
        signed = self._signer.sign_outgoing(outgoing(released, claims), algorithm, "JWT")
        wanted, content = client.id_token_encrypted_response_alg, client.id_token_encrypted_response_enc
        return self._encrypter.encrypted(client, signed, wanted, content) if wanted else signed

    def _algorithm(self, client: Client, *, from_front: bool) -> str:
        """Return what the client registered; no signature only where the operator still allows that (OIDC Core 2)."""
        if client.id_token_algorithm == NO_SIGNATURE and (from_front or not self._may_be_unsigned):
            return DEFAULT_ALGORITHM
        return client.id_token_algorithm
