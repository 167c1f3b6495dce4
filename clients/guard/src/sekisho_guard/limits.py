"""The numbers a Guard works by, each with the default that suits most services. Times are in seconds."""

import math
from dataclasses import dataclass, fields


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    leeway: float = 30.0
    """How far the issuer's clock and ours may differ when exp, nbf and iat are judged."""
    token_length: int = 8192
    """A longer token is refused unread; common servers take no longer header line."""
    remembered_tokens: int = 10_000
    """How many verified tokens are remembered; 0 remembers none."""
    refresh_every: float = 300.0
    """The age at which the key set is renewed, while requests go on with the one in hand."""
    max_stale: float = 3600.0
    """The age past which a key set that could not be renewed is no longer relied on."""
    fetch_interval: float = 5.0
    """The least time between two fetches, whatever calls for them."""
    timeout: float = 5.0
    """The longest that one fetch, and one request waiting for it, may take."""

    def __post_init__(self) -> None:
        for field in fields(self):
            value = getattr(self, field.name)
            if not (math.isfinite(value) and value >= 0):
                raise ValueError(f"{field.name} must be a number of at least 0")
        if self.refresh_every > self.max_stale:
            raise ValueError("refresh_every must not exceed max_stale")
        if self.timeout == 0:
            raise ValueError("timeout must be above 0")
