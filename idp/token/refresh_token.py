"""Refresh: a new access token and a new refresh token for the old one (RFC 6749 6, RFC 9700 4.14.2)."""

from http import HTTPStatus
from typing import Any

from authlib.oauth2.rfc6749 import BaseGrant, TokenEndpointMixin

from idp.protocol.errors import invalid_grant, invalid_request
from idp.protocol.names import GrantType
from idp.store.clients import Client
from idp.token.scope import audience, narrowed
from idp.tokens.refresh import parse_refresh_token


class RefreshTokenGrant(BaseGrant, TokenEndpointMixin):  # type: ignore[misc]  # Authlib has no types
    """Rotates a refresh token; how, and what happens to a stolen one, is in `tokens.refresh`."""

    GRANT_TYPE = GrantType.REFRESH_TOKEN.value

    def validate_token_request(self) -> None:
        """Check who asks."""
        self.server.identify_client_for(self.request, self.GRANT_TYPE)
        if "refresh_token" not in self.request.form:
            raise invalid_request("The parameter refresh_token is missing.")

    def create_token_response(self) -> tuple[int, dict[str, Any], None]:
        """Rotate, decide anew what may still be had, mint.

        Scope and resource are checked after the rotation, which is the price of rotating in one round trip; a client
        that asked for too much repeats the request without it, within the retry window.
        """
        client: Client = self.request.client
        parts = self.server.parts
        now = int(parts.clock())
        presented = parse_refresh_token(self.request.form["refresh_token"])
        family, successor = parts.refresh_tokens.rotate(client.client_id, presented, now)
        scopes = narrowed(self.request.form.get("scope", ""), family.scopes)
        resources = audience(self.request.form.repeated, family.resources)
        if not parts.sharing.stands(client, family, now):
            raise invalid_grant("The user or this server ended the access. Ask the user again.")
        response = parts.mint.family_response(client, family, scopes, resources, now, refresh_token=successor.text)
        return HTTPStatus.OK, response, None
