"""Client credentials: a client acts for itself (RFC 6749 4.4)."""

from http import HTTPStatus
from typing import Any

from authlib.oauth2.rfc6749 import BaseGrant, TokenEndpointMixin

from idp.protocol.errors import invalid_scope, unauthorized_client
from idp.protocol.names import GrantType
from idp.protocol.scopes import parse_scope
from idp.store.clients import Client
from idp.token.scope import own_audience, still_allowed


class ClientCredentialsGrant(BaseGrant, TokenEndpointMixin):  # type: ignore[misc]  # Authlib has no types
    """Issues an access token without user and without refresh token; nothing is stored."""

    GRANT_TYPE = GrantType.CLIENT_CREDENTIALS.value

    def validate_token_request(self) -> None:
        """Check who asks and for what."""
        client = self.server.identify_client_for(self.request, self.GRANT_TYPE)
        if client.is_public:
            raise unauthorized_client("A public client cannot act for itself (RFC 6749 4.4).")
        parts = self.server.parts
        requested = parse_scope(self.request.form.get("scope", ""))
        own = _own_scopes(client, requested, parts.sharing.user_scopes)
        self.scopes = still_allowed(parts.scope_rules, client, own)
        self.audience = own_audience(client, self.request.form.repeated, parts.settings.issuer)

    def create_token_response(self) -> tuple[int, dict[str, Any], None]:
        """Mint."""
        parts = self.server.parts
        response = parts.mint.client_response(self.request.client, self.scopes, self.audience, int(parts.clock()))
        return HTTPStatus.OK, response, None


def _own_scopes(client: Client, requested: tuple[str, ...], user_scopes: frozenset[str]) -> tuple[str, ...]:
    """Return the scopes asked for, or all of the client's; never one that stands for a user's data."""
    if not set(requested) <= set(client.scopes):
        raise invalid_scope("The client may not have this scope.")
    if not user_scopes.isdisjoint(requested):
        raise invalid_scope("This scope needs a user; ask for it through the authorization endpoint.")
    return requested or tuple(scope for scope in client.scopes if scope not in user_scopes)
