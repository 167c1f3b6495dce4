"""The life of a grant in words: what it can be, what can happen to it, who causes it and why.

A request that waits for its user is an interaction, not yet a grant. What is terminal is never left again.
"""

import re
from dataclasses import dataclass
from enum import StrEnum

_GRANT_ID = re.compile(r"[A-Za-z0-9_-]{22}")
ONE_TIME_SECONDS = 86_400
"""How long a grant to be used once may wait for its use."""
LONGEST_SECONDS = 365 * 86_400
DEFAULT_SECONDS = 90 * 86_400


class Status(StrEnum):
    """What a grant is. Whether it is suspended stands beside this: several causes may hold it at once."""

    ACTIVE = "active"
    PAUSED = "paused"
    REVOKED = "revoked"
    EXPIRED = "expired"
    CONSUMED = "consumed"
    SUPERSEDED = "superseded"
    REJECTED = "rejected"


SUSPENDED = "suspended"
"""How a grant that any cause holds is called, whatever its status."""
LIVE = (Status.ACTIVE, Status.PAUSED)


class Mode(StrEnum):
    """How often a grant may be used."""

    ONGOING = "ongoing"
    ONE_TIME = "one_time"


class Event(StrEnum):
    """What happened to a grant."""

    GIVEN = "given"
    AMENDED = "amended"
    NARROWED = "narrowed"
    PAUSED = "paused"
    RESUMED = "resumed"
    SUSPENDED = "suspended"
    LIFTED = "lifted"
    REVOKED = "revoked"
    EXPIRED = "expired"
    CONSUMED = "consumed"
    SUPERSEDED = "superseded"
    REJECTED = "rejected"
    DISCLOSED = "disclosed"
    """Something went out of which the user is to be told."""


class Initiator(StrEnum):
    """Who caused an event."""

    USER = "user"
    PARTNER = "partner"
    PLATFORM = "platform"
    POLICY = "policy"


class Why(StrEnum):
    """For which reason, in the terms of Open Finance Brasil (consents API 3) as far as it has one."""

    USER_REJECTED = "CUSTOMER_MANUALLY_REJECTED"
    USER_REVOKED = "CUSTOMER_MANUALLY_REVOKED"
    EXPIRED = "CONSENT_EXPIRED"
    MAX_DATE_REACHED = "CONSENT_MAX_DATE_REACHED"
    TECHNICAL_ISSUE = "CONSENT_TECHNICAL_ISSUE"
    SECURITY = "INTERNAL_SECURITY_REASON"
    USED_ONCE = "ONE_TIME_USE_MADE"
    REPLACED = "REPLACED_BY_ANOTHER_GRANT"
    ASKED = "CUSTOMER_WAS_ASKED"
    USER_CHANGED = "CUSTOMER_CHANGED"
    NOTIFY_AT_ONCE = "NOTIFY_AT_ONCE"
    NOTIFY_DAILY = "NOTIFY_DAILY"


class Action(StrEnum):
    """What an app asks to be done with a grant by an authorization request (OAuth Grant Management 03, 5.2)."""

    CREATE = "create"
    """A fresh one, whatever there is."""
    MERGE = "merge"
    """One more answer to the grant that it names."""
    REPLACE = "replace"
    """This answer, and nothing else, in the grant that it names."""


@dataclass(frozen=True, slots=True)
class Wish:
    """What is to become of which grant."""

    action: Action
    grant_id: str = ""
    """Empty for a fresh one."""

    @property
    def amends(self) -> bool:
        """Whether a grant that there is goes on, under its name."""
        return self.action is not Action.CREATE


def is_grant_id(text: str) -> bool:
    """Whether a text has the form of the identifiers that grants are given (`protocol.secrets.new_identifier`)."""
    return _GRANT_ID.fullmatch(text) is not None
