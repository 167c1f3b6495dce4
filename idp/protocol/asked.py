"""What an app asks a person for, however it asks: by scope (RFC 6749 3.3) or by authorization details (RFC 9396)."""

from dataclasses import dataclass, replace
from typing import Self


@dataclass(frozen=True, slots=True)
class Asked:
    """One request for access: the scopes, and the data named besides, for one purpose and a number of days."""

    scopes: tuple[str, ...]
    purpose: str
    fields: tuple[str, ...] = ()
    """Fields that are named one by one, besides those that the scopes stand for."""
    days: int = 0
    """For how long; 0 is as long as the agreement allows."""

    def with_scopes(self, scopes: tuple[str, ...]) -> Self:
        """Return what is left of this for a token of fewer scopes."""
        return replace(self, scopes=scopes)
