"""Encrypting for clients that registered for it (OIDC Core 10.2): with a public key of theirs, never in the clear."""

from idp.client_keys import ClientKeys
from idp.protocol.encryption import encrypt
from idp.protocol.errors import invalid_request
from idp.protocol.names import DEFAULT_CONTENT_ENCRYPTION
from idp.store.clients import Client


class Encrypter:
    """Encrypts to the keys of clients."""

    def __init__(self, client_keys: ClientKeys) -> None:
        """Take what finds those keys."""
        self._client_keys = client_keys

    def encrypted(
        self, client: Client, content: str | bytes, algorithm: str, content_algorithm: str, *, is_jwt: bool = True
    ) -> str:
        """Return a compact JWE; without a content algorithm it is the default one (OIDC Registration 2).

        Raises:
            OAuthError: `invalid_request` when no key of the client's fits, or none can be had.
        """
        for jwks in self._client_keys.key_sets(client):
            closed = encrypt(content, jwks, algorithm, content_algorithm or DEFAULT_CONTENT_ENCRYPTION, is_jwt=is_jwt)
            if closed is not None:
                return closed
        raise invalid_request("The answer cannot be encrypted: the key set of the app holds no fitting key.")
