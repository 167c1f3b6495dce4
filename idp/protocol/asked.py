"""What an app asks a person for, however it asks.

By scope (RFC 6749 3.3), by authorization details (RFC 9396) or claim by claim (OIDC Core 5.5).
"""

from dataclasses import dataclass, replace
from typing import Self

from idp.protocol.grants import Mode, Wish


@dataclass(frozen=True, slots=True)
class Asked:
    """One request for access: the scopes, and the data named besides, for one purpose and a number of days."""

    scopes: tuple[str, ...]
    purpose: str
    fields: tuple[str, ...] = ()
    """Fields that are named one by one, besides those that the scopes stand for."""
    days: int = 0
    """For how long; 0 is as long as the agreement allows."""
    id_token_claims: tuple[str, ...] = ()
    userinfo_claims: tuple[str, ...] = ()
    """Claims that are named one by one, each for one place."""
    mode: Mode = Mode.ONGOING
    wish: Wish | None = None
    """What the app wants done with a grant; without one, its answer joins what there is."""
    acr: str = ""
    auth_time: int = 0
    """How and when the person signed in who granted it; nothing is known of that before it is granted."""

    def with_scopes(self, scopes: tuple[str, ...]) -> Self:
        """Return what is left of this for a token of fewer scopes."""
        return replace(self, scopes=scopes)
