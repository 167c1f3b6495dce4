"""`client_secret_basic`: the secret in the Authorization header (RFC 6749 2.3.1)."""

from base64 import b64decode
from binascii import Error as Base64Error
from urllib.parse import unquote_plus

from idp.authorization_server import ClientDirectory, EndpointRequest
from idp.client_auth.secrets import secret_matches
from idp.store.clients import Client


def authenticate_basic(find_client: ClientDirectory, request: EndpointRequest) -> Client | None:
    """Return the client whose identifier and secret the header holds."""
    credentials = _credentials(request.authorization or "")
    if credentials is None:
        return None
    client_id, secret = credentials
    if request.form.get("client_id", client_id) != client_id:
        return None
    client = find_client(client_id)
    return client if secret_matches(client, secret) else None


def _credentials(header: str) -> tuple[str, str] | None:
    """Return identifier and secret, both form-decoded (RFC 6749 2.3.1), or None for any other header."""
    scheme, _, encoded = header.partition(" ")
    if scheme.lower() != "basic":
        return None
    try:
        text = b64decode(encoded.strip(), validate=True).decode("utf-8")
        client_id, separator, secret = text.partition(":")
        decoded = unquote_plus(client_id, errors="strict"), unquote_plus(secret, errors="strict")
    except (Base64Error, ValueError):
        return None
    return decoded if separator else None
