"""Under which name an app knows a person or a session: pairwise for third parties (OIDC Core 8.1)."""

from hashlib import sha256
from hmac import digest

from idp.protocol.secrets import encode
from idp.store.clients import Client


class Pairwise:
    """Names that two sectors cannot compare. A partner's sector is the partner, so its own apps share them."""

    def __init__(self, key: bytes) -> None:
        """Take the key of the names; another one would make everybody a stranger."""
        self._key = key

    def name(self, client: Client, identifier: str) -> str:
        """Return what a client knows an account or a session by."""
        if not client.is_pairwise:
            return identifier
        return encode(digest(self._key, f"{client.sector}\x00{identifier}".encode(), sha256))
