"""What partners' apps are told of: Security Event Tokens (RFC 8417) with events of our own, named by URN.

An event says what is so now for one grant or for the partner, never why: reasons stay with those who gave them.
"""

from collections.abc import Mapping
from enum import StrEnum
from typing import Any

SET_TYPE = "secevent+jwt"
SET_CONTENT_TYPE = "application/secevent+jwt"
_PREFIX = "urn:sekisho:event:"


class PartnerEventKind(StrEnum):
    """Everything that an app can be told."""

    GRANT_REVOKED = "grant-revoked"
    GRANT_EXPIRED = "grant-expired"
    GRANT_EXPIRING = "grant-expiring"
    GRANT_PAUSED = "grant-paused"
    GRANT_SUSPENDED = "grant-suspended"
    GRANT_RESUMED = "grant-resumed"
    GRANT_NARROWED = "grant-narrowed"
    DELETION_DUTY = "deletion-duty"
    PARTNER_SUSPENDED = "partner-suspended"
    PARTNER_RESUMED = "partner-resumed"
    PARTNER_TERMINATED = "partner-terminated"
    VERIFICATION = "verification"

    @property
    def uri(self) -> str:
        """Return the name by which it stands in `events`."""
        return f"{_PREFIX}{self.value}"


ENDS = (PartnerEventKind.GRANT_REVOKED, PartnerEventKind.GRANT_EXPIRED)
"""After these the app deletes what it was given, and says that it has."""


def security_event(
    issuer: str,
    audience: str,
    jti: str,
    now: int,
    events: Mapping[PartnerEventKind, Mapping[str, Any]],
    subject: str = "",
) -> dict[str, Any]:
    """Return the claims of one Security Event Token; `subject` is the `sub` that the app knows (RFC 9493 3.2.4)."""
    about = {"sub_id": {"format": "iss_sub", "iss": issuer, "sub": subject}} if subject else {}
    told = {kind.uri: dict(payload) for kind, payload in events.items()}
    return {"iss": issuer, "aud": audience, "iat": now, "jti": jti, **about, "events": told}
