"""Logout tokens (OIDC Back-Channel Logout 2.4): how a client is told which of its sessions is over."""

import json
from dataclasses import asdict, dataclass

from idp.keys import Keys
from idp.protocol.secrets import Randomness, new_identifier
from idp.store.clients import Client

EVENT = "http://schemas.openid.net/event/backchannel-logout"
TYPE = "logout+jwt"
LIFETIME = 120
"""Two minutes at most; each try of a delivery has a token of its own."""
SIGNED_ALGORITHM = "RS256"
"""For clients whose ID tokens are not signed: a logout token always is."""


@dataclass(frozen=True, slots=True, repr=False)
class EndedSession:
    """What a client knows of a session that ended, by the names that it was given."""

    sub: str
    sid: str

    def to_bytes(self) -> bytes:
        """Return it as it waits in the outbox."""
        return json.dumps(asdict(self)).encode("ascii")

    @classmethod
    def from_bytes(cls, raw: bytes) -> "EndedSession":
        """Return it as it went in."""
        return cls(**json.loads(raw))


def logout_token(keys: Keys, issuer: str, client: Client, ended: EndedSession, now: int, random: Randomness) -> str:
    """Sign a logout token for a client, by the algorithm of its ID tokens."""
    claims = {
        "iss": issuer,
        "sub": ended.sub,
        "aud": client.client_id,
        "iat": now,
        "exp": now + LIFETIME,
        "jti": new_identifier(random),
        "sid": ended.sid,
        "events": {EVENT: {}},
    }
    algorithm = client.id_token_algorithm if client.id_token_algorithm != "none" else SIGNED_ALGORITHM
    return keys.signing_key(algorithm).sign(json.dumps(claims, separators=(",", ":")).encode("ascii"), TYPE)
