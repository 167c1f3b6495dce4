"""What partners are told in place of reasons, out of the catalogue of reasons (`policies.reasons`)."""

from collections.abc import Mapping

from policies.decision import Reason
from policies.reasons import NOT_AVAILABLE, Reasons


def told(reasons: Reasons, withheld: Mapping[str, Reason]) -> dict[str, str]:
    """Return for each withheld field, by its name, the code that the partner is told."""
    return {field: reasons.code(reason) for field, reason in sorted(withheld.items())}


def told_as(reasons: Reasons, reason: str) -> str:
    """Return the code for a reason as the audit log has it; one that is no reason any more is not told."""
    return reasons.code(Reason(reason)) if reason in list(Reason) else NOT_AVAILABLE
