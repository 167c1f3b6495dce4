"""The only mint: every answer with tokens is made here, and every user claim in it was decided by `data_sharing`."""

from collections.abc import Mapping
from typing import Any

from idp.data_sharing import NOTHING, DataSharing, Outgoing, outgoing
from idp.protocol.audit import Surface
from idp.protocol.names import GRANT_MANAGEMENT, ID_TOKEN, OPENID, TOKEN
from idp.protocol.secrets import Randomness, new_identifier
from idp.settings import Settings
from idp.store.clients import Client
from idp.store.families import Family
from idp.tokens.encrypting import Encrypter
from idp.tokens.id_token import IdTokens
from idp.tokens.signing import Signer
from idp.tokens.verify import ACCESS_TOKEN_TYPE

WITHHELD_CLAIM = "withheld"
"""Names the fields that a partner asked for and does not get, each with its reason code."""


class Mint:
    """Makes access tokens (RFC 9068), and has ID tokens made (`tokens.id_token`)."""

    def __init__(
        self,
        settings: Settings,
        signer: Signer,
        encrypter: Encrypter,
        id_tokens: IdTokens,
        sharing: DataSharing,
        random: Randomness,
    ) -> None:
        """Take what every token needs."""
        self._issuer = settings.issuer
        self._lifetimes = settings.lifetimes
        self._manages_grants = GRANT_MANAGEMENT in settings.experimental
        self._signer = signer
        self._encrypter = encrypter
        self._id_tokens = id_tokens
        self._sharing = sharing
        self._random = random

    def client_response(
        self, client: Client, scopes: tuple[str, ...], audience: tuple[str, ...], now: int
    ) -> dict[str, Any]:
        """Return the token response for a client acting for itself (RFC 6749 4.4.3)."""
        claims = self._common_claims(client, client.client_id, scopes, audience, now)
        return self._response(self._sign_access_token(client, outgoing(NOTHING, claims)), scopes)

    def family_response(
        self,
        client: Client,
        family: Family,
        scopes: tuple[str, ...],
        audience: tuple[str, ...],
        now: int,
        *,
        refresh_token: str = "",
        nonce: str = "",
    ) -> dict[str, Any]:
        """Return the token response for a client acting for a user."""
        details = self._sharing.authorization_details(client, family, now)
        access_token = self._family_access_token(client, family, scopes, audience, now, details)
        response = {**self._response(access_token, scopes), **details, **self._grant(client, family)}
        if refresh_token:
            response["refresh_token"] = refresh_token
        if OPENID in scopes:
            response["id_token"] = self._id_tokens.make(
                client, family, scopes, now, nonce=nonce, access_token=access_token
            )
        return response

    def front_channel_response(
        self,
        client: Client,
        family: Family,
        audience: tuple[str, ...],
        now: int,
        *,
        parts: frozenset[str],
        code: str,
        nonce: str,
    ) -> dict[str, Any]:
        """Return the tokens that go through the browser, those of `parts` (OIDC Core 3.2.2.5, 3.3.2.5)."""
        response: dict[str, Any] = {}
        if TOKEN in parts:
            details = self._sharing.authorization_details(client, family, now)
            response = self._response(
                self._family_access_token(client, family, family.scopes, audience, now, details), family.scopes
            )
        if ID_TOKEN in parts:
            response["id_token"] = self._id_tokens.make(
                client,
                family,
                family.scopes,
                now,
                nonce=nonce,
                access_token=response.get("access_token", ""),
                code=code,
                from_front=True,
            )
        return response

    def userinfo_token(self, client: Client, claims: Outgoing) -> str | None:
        """Return userinfo as a JWT, signed and encrypted as the client registered, or None for JSON (OIDC Core 5.3.2).

        Raises:
            OAuthError: `invalid_request` when no key of the client's fits.
        """
        signing, wanted = client.userinfo_signed_response_alg, client.userinfo_encrypted_response_alg
        content_algorithm = client.userinfo_encrypted_response_enc
        if not signing and not wanted:
            return None
        if not signing:
            return self._encrypter.encrypted(client, claims.content, wanted, content_algorithm, is_jwt=False)
        signed = self._signer.sign_outgoing(claims, signing, "JWT")
        return self._encrypter.encrypted(client, signed, wanted, content_algorithm) if wanted else signed

    def _grant(self, client: Client, family: Family) -> dict[str, str]:
        """Return the member `grant_id`, where grants are managed (OAuth Grant Management 5)."""
        grant_id = self._sharing.grant_id(client, family) if self._manages_grants else None
        return {"grant_id": grant_id} if grant_id else {}

    def _response(self, access_token: str, scopes: tuple[str, ...]) -> dict[str, Any]:
        return {
            "access_token": access_token,
            "token_type": "Bearer",
            "expires_in": self._lifetimes.access_token,
            **_scope(scopes),
        }

    def _family_access_token(
        self,
        client: Client,
        family: Family,
        scopes: tuple[str, ...],
        audience: tuple[str, ...],
        now: int,
        details: Mapping[str, object],
    ) -> str:
        subject = self._sharing.subject(client, family.account_id)
        claims = {**self._common_claims(client, subject, scopes, audience, now), **details}
        claims["fam"] = family.id
        claims["auth_time"] = family.auth_time
        claims["acr"] = family.acr
        released = NOTHING
        if client.access_token_fields:
            asked = family.asked.with_scopes(scopes)
            only = client.access_token_fields
            released = self._sharing.release(client, family.account_id, asked, now, Surface.ACCESS_TOKEN, only)
        return self._sign_access_token(client, outgoing(released, claims))

    def _common_claims(
        self, client: Client, subject: str, scopes: tuple[str, ...], audience: tuple[str, ...], now: int
    ) -> dict[str, Any]:
        return {
            "iss": self._issuer,
            "sub": subject,
            "aud": audience[0] if len(audience) == 1 else list(audience),
            "client_id": client.client_id,
            "iat": now,
            "exp": now + self._lifetimes.access_token,
            "jti": new_identifier(self._random),
            **_scope(scopes),
        }

    def _sign_access_token(self, client: Client, claims: Outgoing) -> str:
        return self._signer.sign_outgoing(claims, client.access_token_algorithm, ACCESS_TOKEN_TYPE)


def _scope(scopes: tuple[str, ...]) -> dict[str, str]:
    """Return the member `scope`, or none where there are no values: an empty string is no scope (RFC 6749 3.3)."""
    return {"scope": " ".join(scopes)} if scopes else {}
