"""`client_secret_post`: the secret in the body (RFC 6749 2.3.1)."""

from idp.authorization_server import ClientDirectory, EndpointRequest
from idp.client_auth.secrets import secret_matches
from idp.store.clients import Client


def authenticate_post(find_client: ClientDirectory, request: EndpointRequest) -> Client | None:
    """Return the client whose identifier and secret the body holds."""
    client = find_client(request.form.get("client_id", ""))
    return client if secret_matches(client, request.form.get("client_secret", "")) else None
