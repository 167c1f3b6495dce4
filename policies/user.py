"""What is known about a person when their data is asked for, as far as it decides whether the data may go out.

Every attribute has a value that means least: an unknown age is under every age, an unknown residence is outside every
country. So what is not known never opens anything.
"""

from dataclasses import dataclass
from enum import StrEnum


class Risk(StrEnum):
    """How likely it is that somebody else holds the account, as Trust & Safety sees it."""

    LOW = "low"
    MEDIUM = "medium"
    HIGH = "high"


@dataclass(frozen=True, slots=True, kw_only=True)
class UserState:
    """One person now. The age is in whole years where they live; the residence is an ISO 3166-1 alpha-2 code.

    `restricted`: their data is used only where a purpose says that it goes on; `opted_out`: they share nothing with
    anybody; `deleted`: they asked to be erased, whether that is done or not; `suspended`: the account is.
    """

    age: int | None
    residence: str | None
    restricted: bool
    opted_out: bool
    deleted: bool
    suspended: bool
    risk: Risk
