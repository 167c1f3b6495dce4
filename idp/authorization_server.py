"""The Authlib seam: our stores, clock and errors behind Authlib's dispatch of grants and client authentication.

Authlib picks the grant and holds the registry of authentication methods; parsing, PKCE, single use, minting and every
security decision are ours. Grants are built by Authlib for each request and reach what they need through `server`.
"""

import logging
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from authlib.oauth2 import AuthorizationServer as AuthlibServer
from authlib.oauth2 import OAuth2Error
from authlib.oauth2.rfc6749 import OAuth2Payload

from idp.client_keys import ClientKeys
from idp.data_sharing import DataSharing
from idp.protocol.errors import SUSPENDED, OAuthError, invalid_client, invalid_request, unauthorized_client
from idp.protocol.names import AuthMethod
from idp.protocol.parameters import Parameters
from idp.protocol.secrets import Clock
from idp.settings import Settings
from idp.store.changes import ChangeFeed
from idp.store.clients import Client
from idp.store.database import Database
from idp.store.replay import SeenAssertions
from idp.tokens.mint import Mint
from idp.tokens.refresh import RefreshTokens
from idp.tokens.scope_rules import ScopeRules

logging.getLogger("authlib").setLevel(logging.INFO)  # at DEBUG it prints tokens


class Payload(OAuth2Payload):  # type: ignore[misc]  # Authlib has no types
    """The parameters as Authlib asks for them."""

    def __init__(self, parameters: Parameters) -> None:
        """Hold parameters that were parsed once."""
        self.parameters = parameters

    @property
    def data(self) -> Parameters:
        """Return the single values."""
        return self.parameters


@dataclass(slots=True)
class EndpointRequest:
    """A request to a machine endpoint, parsed: what Authlib reads of a request, and nothing of Flask."""

    method: str
    parameters: Parameters
    authorization: str | None
    """The Authorization header as it was sent."""
    payload: Payload
    client: Client | None = None
    auth_method: str | None = None
    user: Any = None

    @property
    def form(self) -> Parameters:
        """Return the body parameters; the query is never read (RFC 6749 2.3.1)."""
        return self.parameters


ClientDirectory = Callable[[str], Client | None]
"""Finds an active client by its identifier, at the speed of memory."""

TokenAnswer = tuple[int, Mapping[str, Any]]


@dataclass(frozen=True, slots=True)
class Dependencies:
    """What grants and authentication methods reach through the server."""

    settings: Settings
    clock: Clock
    database: Database
    sharing: DataSharing
    scope_rules: ScopeRules
    mint: Mint
    refresh_tokens: RefreshTokens
    seen_assertions: SeenAssertions
    find_client: ClientDirectory
    client_keys: ClientKeys
    feed: ChangeFeed


class AuthorizationServer(AuthlibServer):  # type: ignore[misc]  # Authlib has no types
    """Authlib's server over our own parts."""

    def __init__(self, dependencies: Dependencies) -> None:
        """Start without grants and methods; capabilities register theirs."""
        super().__init__()
        self.parts = dependencies

    def query_client(self, client_id: str) -> Client | None:
        """Return an active client (Authlib's hook)."""
        return self.parts.find_client(client_id)

    def create_oauth2_request(self, request: EndpointRequest) -> EndpointRequest:
        """Return the request as it is: routes parse it (Authlib's hook)."""
        return request

    def send_signal(self, name: str, *args: object, **kwargs: object) -> None:
        """Send nothing; nobody listens (Authlib's hook)."""

    def handle_response(self, status: int, body: Mapping[str, Any], _headers: object) -> TokenAnswer:
        """Return a grant's answer for the route to render (Authlib's hook)."""
        return status, body

    def handle_error_response(self, _request: EndpointRequest, error: OAuth2Error) -> TokenAnswer:
        """Raise Authlib's own errors as ours, so that one renderer writes them all (Authlib's hook)."""
        raise _translated(error)

    def identify_client(self, request: EndpointRequest) -> Client:
        """Authenticate the client by the one method that it presents (RFC 6749 2.3).

        Raises:
            OAuthError: `invalid_request` for more than one method, `invalid_client` for any failure.
        """
        method = presented_method(request)
        try:
            client: Client = self.authenticate_client(request, [method.value])
        except OAuth2Error as error:
            raise invalid_client(f"{method} failed") from error
        request.client = client
        return client

    def identify_client_for(self, request: EndpointRequest, grant_type: str) -> Client:
        """Authenticate the client and check that it may use a grant.

        Raises:
            OAuthError: as `identify_client`, and `unauthorized_client`.
        """
        client = self.identify_client(request)
        if grant_type not in client.grant_types:
            raise unauthorized_client("The client is not registered for this grant type.")
        if not self.parts.sharing.is_welcome(client):
            raise unauthorized_client(SUSPENDED)
        return client


def presented_method(request: EndpointRequest) -> AuthMethod:
    """Return how a client tries to prove itself.

    Raises:
        OAuthError: `invalid_request` when it tries more than one way (RFC 6749 2.3).
    """
    presented = []
    if request.authorization is not None:
        presented.append(AuthMethod.CLIENT_SECRET_BASIC)
    if "client_secret" in request.form:
        presented.append(AuthMethod.CLIENT_SECRET_POST)
    if "client_assertion" in request.form or "client_assertion_type" in request.form:
        presented.append(AuthMethod.PRIVATE_KEY_JWT)
    if len(presented) > 1:
        raise invalid_request("Authenticate the client in one way only.", may_redirect=False)
    return presented[0] if presented else AuthMethod.NONE


_AUTHLIB_DESCRIPTIONS = {
    "unsupported_grant_type": "This grant type is not supported. See the discovery document for those that are.",
}


def _translated(error: OAuth2Error) -> OAuthError:
    """Turn an error of Authlib's into ours; its own text may quote input, so it is dropped."""
    code = error.error or "invalid_request"
    return OAuthError(code, _AUTHLIB_DESCRIPTIONS.get(code, "The request is not valid."), may_redirect=False)
