"""A decision with its name: what is in the audit log already, and becomes a release once the values are read."""

from collections.abc import Mapping
from dataclasses import dataclass

from idp.data_sharing.partner_codes import told
from idp.data_sharing.released import SEAL, Released
from policies.agreement import PurposeTerms
from policies.decision import Decision
from policies.reasons import Reasons


@dataclass(frozen=True, slots=True)
class Decided:
    """A decision, its identifier, what is agreed for its purpose, and how its reasons are told."""

    id: str
    decision: Decision
    terms: PurposeTerms | None
    reasons: Reasons

    def released(self, claims: Mapping[str, object]) -> Released:
        """Return the release of these claims, which must be of released fields only."""
        withheld = self.decision.withheld
        return Released(
            SEAL,
            claims,
            told(self.reasons, withheld),
            decision_id=self.id,
            expires_at=self.decision.expires_at,
            askable=frozenset(field for field, reason in withheld.items() if self.reasons.is_requestable(reason)),
        )
