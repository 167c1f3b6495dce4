"""A decision with its name: what is in the audit log already, and becomes a release once the values are read.

And one that discloses nothing, for those who only ask what would be.
"""

from collections.abc import Mapping
from dataclasses import dataclass

from idp.data_sharing.partner_codes import told
from idp.data_sharing.released import SEAL, Released
from policies.agreement import PurposeTerms
from policies.catalogue import Catalogue
from policies.decision import Decision, Duties


@dataclass(frozen=True, slots=True)
class Decided:
    """A decision, its identifier, what is agreed for its purpose, and the catalogue by which it was made."""

    id: str
    decision: Decision
    terms: PurposeTerms | None
    catalogue: Catalogue

    def released(self, claims: Mapping[str, object]) -> Released:
        """Return the release of these claims, which must be of released fields only."""
        withheld, reasons = self.decision.withheld, self.catalogue.reasons
        return Released(
            SEAL,
            claims,
            told(reasons, withheld),
            decision_id=self.id,
            expires_at=self.decision.expires_at,
            askable=frozenset(field for field, reason in withheld.items() if reasons.is_requestable(reason)),
        )


@dataclass(frozen=True, slots=True)
class Foreseen:
    """What a partner would get if it asked now: names of fields, never a value, with the codes that it may be told."""

    released: tuple[str, ...]
    withheld: Mapping[str, str]
    requestable: frozenset[str]
    """Those among the withheld that asking the person could help to."""
    obligations: Mapping[str, Duties]
    expires_at: int | None
    policy: str
    """The hash of the policy in force."""
