"""The question put to the policy, its answer, and the stable reason codes with which fields are withheld.

Reason codes are part of the interface to partners and auditors: new ones may join, none is renamed or changes its
meaning.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from types import MappingProxyType
from typing import Final, NamedTuple, Self

Argument = str | int | tuple[int, int]
Duties = Mapping[str, Argument]
"""What is due before a field goes out: kinds of obligation, each with what it asks for."""
_NO_RULES: Final[Mapping[str, str]] = MappingProxyType({})
_NO_DUTIES: Final[Mapping[str, Duties]] = MappingProxyType({})
_NOTHING: Final[frozenset[str]] = frozenset()


class Reason(StrEnum):
    PARTNER_UNKNOWN = "PARTNER_UNKNOWN"
    PARTNER_NOT_APPROVED = "PARTNER_NOT_APPROVED"
    PARTNER_SUSPENDED = "PARTNER_SUSPENDED"
    PARTNER_TERMINATED = "PARTNER_TERMINATED"
    SANDBOX = "SANDBOX"
    NO_AGREEMENT = "NO_AGREEMENT"
    AGREEMENT_NOT_YET = "AGREEMENT_NOT_YET"
    AGREEMENT_EXPIRED = "AGREEMENT_EXPIRED"
    AGREEMENT_SUSPENDED = "AGREEMENT_SUSPENDED"
    AGREEMENT_ENDED = "AGREEMENT_ENDED"
    PURPOSE_UNKNOWN = "PURPOSE_UNKNOWN"
    PURPOSE_NOT_IN_AGREEMENT = "PURPOSE_NOT_IN_AGREEMENT"
    FIELD_UNKNOWN = "FIELD_UNKNOWN"
    FIELD_NOT_IN_AGREEMENT = "FIELD_NOT_IN_AGREEMENT"
    NO_CONSENT = "NO_CONSENT"
    CONSENT_ENDED = "CONSENT_ENDED"
    CONSENT_PAUSED = "CONSENT_PAUSED"
    CONSENT_SUSPENDED = "CONSENT_SUSPENDED"
    CONSENT_EXPIRED = "CONSENT_EXPIRED"
    CONSENT_MISMATCH = "CONSENT_MISMATCH"
    FIELD_NOT_CONSENTED = "FIELD_NOT_CONSENTED"
    PARTNER_TIER = "PARTNER_TIER"
    POLICY = "POLICY"
    USER_UNKNOWN = "USER_UNKNOWN"
    USER_SUSPENDED = "USER_SUSPENDED"
    USER_DELETED = "USER_DELETED"
    USER_RESTRICTED = "USER_RESTRICTED"
    OPTED_OUT = "OPTED_OUT"
    MINOR = "MINOR"
    JURISDICTION = "JURISDICTION"
    RISK = "RISK"
    BUDGET = "BUDGET"
    OBLIGATION = "OBLIGATION"
    STEP_UP_REQUIRED = "STEP_UP_REQUIRED"
    NO_STORE = "NO_STORE"
    QUOTA = "QUOTA"
    POLICY_ERROR = "POLICY_ERROR"


@dataclass(frozen=True, slots=True)
class SharingRequest:
    """Who asks for which fields of whose data, for what, and when (seconds since 1970 UTC).

    `sandbox` says that the app is one of its partner's sandbox, `synthetic` that the user was made up for that sandbox.
    `acr` and `auth_time` say how and when the user signed in, "" and 0 that nobody knows. `kept` says that the answer
    is one that its recipient keeps, as a token is.
    """

    partner_id: str
    client_id: str
    user_id: str
    purpose: str
    fields: frozenset[str]
    at: int
    sandbox: bool = False
    synthetic: bool = False
    acr: str = ""
    auth_time: int = 0
    kept: bool = True


class Decision(NamedTuple):
    """What may go out.

    Every requested field stands either in `released` or, with its one reason, in `withheld`. Where something is
    released, `expires_at` is the instant from which that no longer holds. `refusal` is set when the request was refused
    as a whole, also one that asked for no field at all. `rules` names, for fields that the policy withholds, the clause
    that says so. `obligations` are what must be done to a released field, or with it, before it goes out; also those of
    a field that waits for the person to sign in again.
    """

    released: frozenset[str]
    withheld: Mapping[str, Reason]
    expires_at: int | None
    refusal: Reason | None
    rules: Mapping[str, str] = _NO_RULES
    obligations: Mapping[str, Duties] = _NO_DUTIES

    def rule(self, field: str) -> str:
        """What withholds a field: the clause that says so, or else the check of that reason's name."""
        return self.rules.get(field) or self.withheld[field]

    def without(self, fields: Iterable[str], reason: Reason) -> Self:
        """This decision with some of its fields withheld after all."""
        taken = self.released.intersection(fields)
        released = self.released - taken
        return self._replace(
            released=released,
            withheld=MappingProxyType({**self.withheld, **dict.fromkeys(taken, reason)}),
            expires_at=self.expires_at if released else None,
        )

    @classmethod
    def refuse(cls, fields: Iterable[str], reason: Reason) -> Self:
        return cls(_NOTHING, MappingProxyType(dict.fromkeys(fields, reason)), None, reason)


@dataclass(frozen=True, slots=True)
class Askable:
    """What a person may be asked to share, and until when a consent given now would last. Nothing here may go out.

    `fields` says of each whether the partner's service needs it. The rest is as in a Decision.
    """

    fields: Mapping[str, bool]
    withheld: Mapping[str, Reason]
    expires_at: int | None
    refusal: Reason | None

    @classmethod
    def refuse(cls, fields: Iterable[str], reason: Reason) -> Self:
        return cls(MappingProxyType({}), MappingProxyType(dict.fromkeys(fields, reason)), None, reason)
