"""The key that signs checkpoints of the audit log (C2SP signed-note); derived from the root secret, so it stays."""

from urllib.parse import urlsplit

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from idp.protocol.merkle import Frontier
from idp.protocol.signed_note import Checkpoint, VerifierKey, sign_checkpoint, verifier_key
from idp.store.sealing import Sealer


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
