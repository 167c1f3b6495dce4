"""The comparison of a presented secret with the stored hash, shared by the two secret methods."""

from hmac import compare_digest

from idp.protocol.secrets import hash_secret
from idp.store.clients import Client

_NO_SECRET = bytes(32)


def secret_matches(client: Client | None, presented: str) -> bool:
    """Whether a secret is the client's; takes the same time for a client that does not exist or has no secret."""
    stored = client.secret_hash if client is not None else None
    equal = compare_digest(hash_secret(presented), stored or _NO_SECRET)
    return equal and stored is not None
