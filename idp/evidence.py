"""The keys for what is signed to be kept: checkpoints of the audit log (C2SP signed-note), receipts (RFC 7515).

They are derived from the root secret and never change, so that what they signed can be verified years later, long after
the keys of tokens were rotated away.
"""

import json
from collections.abc import Mapping
from typing import Any
from urllib.parse import urlsplit

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from jwt import PyJWS
from jwt.algorithms import OKPAlgorithm

from idp.keys import public_jwk
from idp.protocol import receipts
from idp.protocol.merkle import Frontier
from idp.protocol.receipts import Receipt
from idp.protocol.signed_note import Checkpoint, VerifierKey, sign_checkpoint, verifier_key
from idp.store.sealing import Sealer

EDDSA = "EdDSA"
_JWS = PyJWS()


class LogKey:
    """Signs for one log. The log's name is the issuer's address, so that it is one of a kind."""

    def __init__(self, issuer: str, sealer: Sealer) -> None:
        """Derive the key."""
        address = urlsplit(issuer)
        self._private = Ed25519PrivateKey.from_private_bytes(sealer.derive("audit log"))
        self.public: VerifierKey = verifier_key(f"{address.netloc}{address.path.rstrip('/')}/audit", self._private)
        """The key by which others verify the log."""

    def checkpoint(self, frontier: Frontier) -> Checkpoint:
        """Return what there is to sign of the log's present state."""
        return Checkpoint(self.public.name, frontier.size, frontier.root())

    def sign(self, checkpoint: Checkpoint) -> str:
        """Return a checkpoint as a signed note."""
        return sign_checkpoint(checkpoint, self._private)


class ReceiptKey:
    """Signs receipts. It stands in the published key set; no token is signed by it."""

    def __init__(self, sealer: Sealer) -> None:
        """Derive the key."""
        self._private = Ed25519PrivateKey.from_private_bytes(sealer.derive("receipts"))
        jwk = OKPAlgorithm.to_jwk(self._private.public_key(), as_dict=True)
        self.public: Mapping[str, Any] = public_jwk(jwk, EDDSA)
        """The JSON Web Key by which others verify receipts."""

    def sign(self, receipt: Receipt) -> str:
        """Return a receipt as a signed JSON-LD document, compact (RFC 7515 7.1)."""
        payload = json.dumps(receipts.document(receipt), ensure_ascii=False, separators=(",", ":")).encode("utf-8")
        header = {"typ": receipts.TYPE, "cty": receipts.CONTENT_TYPE, "kid": self.public["kid"]}
        return _JWS.encode(payload, self._private, EDDSA, header)
