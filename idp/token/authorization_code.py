"""Authorization code: redeemed once, by the client it was issued to, with the proof it was asked with.

RFC 6749 4.1.3, RFC 7636 4.6, RFC 9700 2.1.1. Checks come first, then the code is consumed and its family begins in one
transaction, then tokens are minted. A client that dies after the commit has lost its code and starts again; the other
order could hand out two sets of tokens for one code.
"""

from http import HTTPStatus
from typing import Any

from authlib.oauth2.rfc6749 import BaseGrant, TokenEndpointMixin

from idp.protocol import pkce
from idp.protocol.errors import OAuthError, invalid_grant, invalid_request
from idp.protocol.names import OFFLINE_ACCESS, GrantType
from idp.protocol.secrets import hash_secret
from idp.store import codes, families
from idp.store.clients import Client
from idp.store.codes import AuthorizationCode
from idp.store.families import Family
from idp.token.scope import audience, still_allowed, still_heard
from idp.token.standing import check_standing
from idp.tokens.refresh import RefreshToken

DAY = 86_400


class AuthorizationCodeGrant(BaseGrant, TokenEndpointMixin):  # type: ignore[misc]  # Authlib has no types
    """Exchanges a code for tokens."""

    GRANT_TYPE = GrantType.AUTHORIZATION_CODE.value

    def validate_token_request(self) -> None:
        """Check who asks, and that the code is theirs and proven."""
        client = self.server.identify_client_for(self.request, self.GRANT_TYPE)
        self.now = int(self.server.parts.clock())
        self.code = self._find_code(client)
        _check_redirect_uri(self.code, self.request.form.get("redirect_uri", ""))
        _check_proof(self.code, self.request.form.get("code_verifier", ""))
        if self.code.expires_at <= self.now:
            raise _refused("expired")
        check_standing(self.server.parts.sharing.standing(client, self.code, self.now))
        parts = self.server.parts
        wanted = audience(self.request.form.repeated, self.code.resources)
        self.audience = still_heard(client, wanted, parts.settings.issuer)
        self.scopes = still_allowed(parts.scope_rules, client, self.code.scopes)

    def create_token_response(self) -> tuple[int, dict[str, Any], None]:
        """Consume the code, begin its family, mint."""
        client: Client = self.request.client
        refresh_token = self.server.parts.refresh_tokens.first() if _gets_refresh_token(client, self.code) else None
        family = self._begin_family(refresh_token)
        response = self.server.parts.mint.family_response(
            client,
            family,
            self.scopes,
            self.audience,
            self.now,
            refresh_token=refresh_token.text if refresh_token else "",
            nonce=self.code.nonce,
        )
        return HTTPStatus.OK, response, None

    def _find_code(self, client: Client) -> AuthorizationCode:
        presented = self.request.form.get("code")
        if presented is None:
            raise invalid_request("The parameter code is missing.")
        with self.server.parts.database.autocommit() as connection:
            code = codes.find(connection, hash_secret(presented))
        if code is None:
            raise _refused("unknown code")
        if code.client_id != client.client_id or code.used_at is not None:
            self._end_family(code)
            raise _refused("replayed, or used by another client")
        return code

    def _begin_family(self, refresh_token: RefreshToken | None) -> Family:
        family = self._family(refresh_token)
        with self.server.parts.database.transaction() as connection:
            consumed = codes.consume(connection, self.code.code_hash, self.now)
            if consumed and self.code.amends:
                families.end_of_grant(
                    connection, self.code.account_id, self.code.client_id, self.code.purpose, families.AMENDED, self.now
                )
            if consumed:
                families.add(
                    connection,
                    family,
                    refresh_token.handle_hash if refresh_token else None,
                    refresh_token.secret_hash if refresh_token else None,
                )
        if not consumed:
            self._end_family(self.code)
            raise _refused("lost the race for the code")
        return family

    def _end_family(self, code: AuthorizationCode) -> None:
        """End what the code began, committed before the error is raised; and spend a code that leaked unspent.

        Nobody honours its tokens any more by the time that the client is told (RFC 6749 4.1.2).
        """
        with self.server.parts.database.transaction() as connection:
            codes.consume(connection, code.code_hash, self.now)
            was_alive = families.end(connection, code.family_id, families.REPLAYED_CODE, self.now)
        if was_alive:
            self.server.parts.feed.let_everybody_read()

    def _family(self, refresh_token: RefreshToken | None) -> Family:
        lifetimes = self.server.parts.settings.lifetimes
        lifetime = lifetimes.refresh_token if refresh_token else lifetimes.access_token
        if self.code.days:
            lifetime = min(lifetime, self.code.days * DAY)
        return Family(
            id=self.code.family_id,
            client_id=self.code.client_id,
            account_id=self.code.account_id,
            sid=self.code.sid,
            scopes=self.code.scopes,
            resources=self.code.resources,
            purpose=self.code.purpose,
            auth_time=self.code.auth_time,
            acr=self.code.acr,
            amr=self.code.amr,
            created_at=self.now,
            expires_at=self.now + lifetime,
            fields=self.code.fields,
            id_token_claims=self.code.id_token_claims,
            userinfo_claims=self.code.userinfo_claims,
        )


def _gets_refresh_token(client: Client, code: AuthorizationCode) -> bool:
    """Whether the client may stay connected: always within the group, by `offline_access` beyond it (OIDC Core 11)."""
    if GrantType.REFRESH_TOKEN not in client.grant_types:
        return False
    return OFFLINE_ACCESS in code.scopes or not client.is_third_party


def _check_redirect_uri(code: AuthorizationCode, presented: str) -> None:
    """Compare with what the authorization request named (RFC 6749 4.1.3)."""
    if presented != code.redirect_uri and (presented or code.redirect_uri_was_sent):
        raise _refused("redirect_uri differs")


def _check_proof(code: AuthorizationCode, verifier: str) -> None:
    """Check the PKCE proof; a proof for a code that asked for none is refused too (RFC 9700 2.1.1)."""
    if code.code_challenge:
        if not pkce.matches(verifier, code.code_challenge):
            raise _refused("code_verifier does not match")
    elif verifier:
        raise _refused("code_verifier without code_challenge")


def _refused(detail: str) -> OAuthError:
    return invalid_grant(
        "The code is not valid: it is unknown, expired, already used, or belongs to another request. Start again.",
        detail=detail,
    )
