"""What partners are told in place of reasons, out of the catalogue of reasons (`policies.reasons`)."""

from collections.abc import Mapping

from policies.decision import Reason
from policies.reasons import Reasons


def told(reasons: Reasons, withheld: Mapping[str, Reason]) -> dict[str, str]:
    """Return for each withheld field, by its name, the code that the partner is told."""
    return {field: reasons.code(reason) for field, reason in sorted(withheld.items())}
