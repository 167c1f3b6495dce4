"""Refresh: a new access token and a new refresh token for the old one (RFC 6749 6, RFC 9700 4.14.2)."""

from http import HTTPStatus
from typing import Any

from authlib.oauth2.rfc6749 import BaseGrant, TokenEndpointMixin

from idp.protocol.errors import OAuthError, invalid_request
from idp.protocol.names import GrantType
from idp.store import families
from idp.store.clients import Client
from idp.token.scope import audience, narrowed, still_allowed, still_heard
from idp.token.standing import check_standing
from idp.tokens.refresh import RefreshToken, parse_refresh_token


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

        Nearly all clients ask for all that they were granted, and rotate in one round trip. A wish for less costs one
        more, for it is checked first. What is refused after the rotation takes it back: a refusal spends nothing.
        """
        client: Client = self.request.client
        parts = self.server.parts
        now = int(parts.clock())
        presented = parse_refresh_token(self.request.form["refresh_token"])
        if "scope" in self.request.form or self.request.form.repeated:
            self._check_wishes(client, presented)
        rotation = parts.refresh_tokens.rotate(client.client_id, presented, now)
        family = rotation.family
        try:
            scopes = narrowed(self.request.form.get("scope", ""), family.scopes)
            scopes = still_allowed(parts.scope_rules, client, scopes)
            resources = audience(self.request.form.repeated, family.resources)
            resources = still_heard(client, resources, parts.settings.issuer)
            check_standing(parts.sharing.standing(client, family, now))
        except OAuthError:
            parts.refresh_tokens.take_back(rotation, presented)
            raise
        response = parts.mint.family_response(
            client, family, scopes, resources, now, refresh_token=rotation.successor.text
        )
        return HTTPStatus.OK, response, None

    def _check_wishes(self, client: Client, presented: RefreshToken) -> None:
        """Refuse scope and resource beyond the grant, where the token is one that the rotation would take."""
        with self.server.parts.database.autocommit() as connection:
            found = families.find_by_handle(connection, presented.handle_hash)
        if found is not None and found[0].client_id == client.client_id and found[1].is_newest(presented.secret_hash):
            narrowed(self.request.form.get("scope", ""), found[0].scopes)
            audience(self.request.form.repeated, found[0].resources)
