"""Signing what goes out, by the key that signs now (RFC 7515)."""

from jwt import PyJWS

from idp.data_sharing import Outgoing
from idp.keys import Keys
from idp.protocol.names import NO_SIGNATURE

_JWS = PyJWS()


class Signer:
    """Signs with the server's keys."""

    def __init__(self, keys: Keys) -> None:
        """Take the keys."""
        self._keys = keys

    def sign_outgoing(self, content: Outgoing, algorithm: str, typ: str) -> str:
        """Return a compact JWS; with no signature where the algorithm is `none`, which its caller must have allowed."""
        if algorithm == NO_SIGNATURE:
            return _JWS.encode(content.content, "", algorithm=NO_SIGNATURE, headers={"typ": typ})
        return self._keys.signing_key(algorithm).sign(content.content, typ)
