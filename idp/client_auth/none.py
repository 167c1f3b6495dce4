"""`none`: a public client names itself and proves nothing (RFC 6749 2.1); PKCE binds what it gets."""

from idp.authorization_server import ClientDirectory, EndpointRequest
from idp.store.clients import Client


def authenticate_none(find_client: ClientDirectory, request: EndpointRequest) -> Client | None:
    """Return the client that the body names."""
    return find_client(request.form.get("client_id", ""))
