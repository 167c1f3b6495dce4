"""Somebody whom another provider proves, or why they came back without an answer that counts."""

from dataclasses import dataclass
from enum import StrEnum


class Setback(StrEnum):
    """What the person is told about; `idp.web.upstreams` has a sentence for each."""

    CANCELLED = "cancelled"
    """They said no there."""
    OVER = "over"
    """They took too long, came back a second time, or in another browser."""
    UNAVAILABLE = "unavailable"
    """The provider does not answer."""
    REFUSED = "refused"
    """The answer is not one that counts."""
    NOT_FRESH = "not_fresh"
    """An app wants them to prove themselves anew, and the provider does not say that they did."""
    CLOSED = "closed"
    """Their account here is not to be signed in to in this way."""
    TAKEN = "taken"
    """They came to connect somebody who is connected to another account."""


class UpstreamError(Exception):
    """A way that ends without an answer; `detail` is for the operator's log, and holds nothing that came from there."""

    def __init__(self, reason: Setback, detail: str) -> None:
        super().__init__(f"{reason}: {detail}")
        self.reason = reason
        self.detail = detail


@dataclass(frozen=True, slots=True, repr=False)
class Identity:
    """Somebody as another provider has just proved them; `provider` is its name in the settings.

    `amr` is in our own words; `auth_time` is 0 where the provider does not tell it; `email` and `name` are "" where it
    told none, and no more than what the person calls themselves there.
    """

    provider: str
    issuer: str
    subject: str
    email: str
    is_email_verified: bool
    name: str
    amr: tuple[str, ...]
    auth_time: int

    @property
    def shown(self) -> str:
        """By what the person recognises themselves."""
        return self.email or self.name
