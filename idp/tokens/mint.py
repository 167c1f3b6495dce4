"""The only mint. Every token endpoint answer is made here, and every user claim in it was decided by `data_sharing`."""

from collections.abc import Mapping
from typing import Any

from idp.data_sharing import NOTHING, DataSharing, Outgoing, Released, outgoing
from idp.keys import Keys
from idp.protocol.audit import Surface
from idp.protocol.names import GRANT_MANAGEMENT, OPENID
from idp.protocol.secrets import Randomness, new_identifier
from idp.settings import Settings
from idp.store.clients import Client
from idp.store.families import Family
from idp.tokens.id_token import left_half_hash
from idp.tokens.verify import ACCESS_TOKEN_TYPE

WITHHELD_CLAIM = "withheld"
"""Names the fields that a partner asked for and does not get, each with its reason code."""


class Mint:
    """Makes access tokens (RFC 9068) and ID tokens (OIDC Core 2)."""

    def __init__(self, settings: Settings, keys: Keys, sharing: DataSharing, random: Randomness) -> None:
        """Take what every token needs."""
        self._issuer = settings.issuer
        self._lifetimes = settings.lifetimes
        self._manages_grants = GRANT_MANAGEMENT in settings.experimental
        self._keys = keys
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
            response["id_token"] = self._id_token(client, family, scopes, now, nonce=nonce, access_token=access_token)
        return response

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
            released = self._released(client, family, scopes, now, Surface.ACCESS_TOKEN)
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

    def _id_token(
        self, client: Client, family: Family, scopes: tuple[str, ...], now: int, *, nonce: str, access_token: str
    ) -> str:
        claims: dict[str, Any] = {
            "iss": self._issuer,
            "sub": self._sharing.subject(client, family.account_id),
            "aud": client.client_id,
            "iat": now,
            "exp": now + self._lifetimes.id_token,
            "auth_time": family.auth_time,
            "acr": family.acr,
            "amr": list(family.amr),
            "sid": self._sharing.session(client, family.sid),
            "at_hash": left_half_hash(access_token, client.id_token_algorithm),
        }
        if nonce:
            claims["nonce"] = nonce
        released = NOTHING
        if client.id_token_fields or family.id_token_claims:
            released = self._released(client, family, scopes, now, Surface.ID_TOKEN)
        return self._sign(outgoing(released, claims), client.id_token_algorithm, "JWT")

    def _released(
        self, client: Client, family: Family, scopes: tuple[str, ...], now: int, surface: Surface
    ) -> Released:
        only = client.id_token_fields if surface is Surface.ID_TOKEN else client.access_token_fields
        asked = family.asked.with_scopes(scopes)
        return self._sharing.release(client, family.account_id, asked, now, surface, only)

    def _sign_access_token(self, client: Client, claims: Outgoing) -> str:
        return self._sign(claims, client.access_token_algorithm, ACCESS_TOKEN_TYPE)

    def _sign(self, claims: Outgoing, algorithm: str, typ: str) -> str:
        return self._keys.signing_key(algorithm).sign(claims.content, typ)


def _scope(scopes: tuple[str, ...]) -> dict[str, str]:
    """Return the member `scope`, or none where there are no values: an empty string is no scope (RFC 6749 3.3)."""
    return {"scope": " ".join(scopes)} if scopes else {}
