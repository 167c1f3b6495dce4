"""Which reasons a partner is told as they are, and which it is not told apart (data-sharing model 4.2).

A partner may know what stands in its own agreement and what a person answered to it. It never learns what Trust &
Safety or the policy hold against a person or themselves, nor whether a field exists that it was not promised. The audit
log and the person's page have the reason itself.
"""

from collections.abc import Mapping
from typing import Final

from policies.decision import Reason

NOT_AVAILABLE: Final = "NOT_AVAILABLE"
_TOLD: Final = frozenset(
    {
        Reason.PARTNER_UNKNOWN,
        Reason.PARTNER_NOT_APPROVED,
        Reason.PARTNER_SUSPENDED,
        Reason.PARTNER_TERMINATED,
        Reason.SANDBOX,
        Reason.NO_AGREEMENT,
        Reason.AGREEMENT_NOT_YET,
        Reason.AGREEMENT_EXPIRED,
        Reason.AGREEMENT_SUSPENDED,
        Reason.AGREEMENT_ENDED,
        Reason.PURPOSE_UNKNOWN,
        Reason.PURPOSE_NOT_IN_AGREEMENT,
        Reason.FIELD_NOT_IN_AGREEMENT,
        Reason.NO_CONSENT,
        Reason.CONSENT_ENDED,
        Reason.CONSENT_PAUSED,
        Reason.CONSENT_SUSPENDED,
        Reason.CONSENT_EXPIRED,
        Reason.CONSENT_MISMATCH,
        Reason.FIELD_NOT_CONSENTED,
        Reason.PARTNER_TIER,
        Reason.POLICY_ERROR,
    }
)
_TOLD_AS: Final = {Reason.FIELD_UNKNOWN: Reason.FIELD_NOT_IN_AGREEMENT}


def told(withheld: Mapping[str, Reason]) -> dict[str, str]:
    """Return for each withheld field, by its name, the code that the partner is told."""
    return {field: _code(reason) for field, reason in sorted(withheld.items())}


def _code(reason: Reason) -> str:
    told_as = _TOLD_AS.get(reason, reason)
    return told_as.value if told_as in _TOLD else NOT_AVAILABLE
