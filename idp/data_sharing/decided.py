"""A decision with its name: what is in the audit log already, and becomes a release once the values are read.

And one that discloses nothing, for those who only ask what would be.
"""

from collections.abc import Mapping
from dataclasses import dataclass

from idp.data_sharing.partner_codes import told
from idp.data_sharing.released import SEAL, Released, StepUp
from policies.agreement import PurposeTerms
from policies.catalogue import Catalogue
from policies.decision import Decision, Duties, Reason
from policies.discharge import Discharge, Discharged
from policies.obligations import ObligationKind


@dataclass(frozen=True, slots=True)
class Decided:
    """A decision, its identifier, what is agreed for its purpose, the catalogue by which it was made.

    `discharge` does what is due, one field at a time; nothing else can be released.
    """

    id: str
    decision: Decision
    terms: PurposeTerms | None
    catalogue: Catalogue
    discharge: Discharge

    def least(self, kind: ObligationKind, limit: int | None) -> int | None:
        """Return the least of a limit, if there is one, and those of a kind that are due for what is released."""
        due = [self.decision.obligations.get(field, {}).get(kind) for field in self.decision.released]
        return min([each for each in (*due, limit) if isinstance(each, int)], default=None)

    def released(self, discharged: Discharged) -> Released:
        """Return the release of what was discharged."""
        withheld, reasons = self.decision.withheld, self.catalogue.reasons
        return Released(
            SEAL,
            discharged,
            told(reasons, withheld),
            decision_id=self.id,
            expires_at=self.decision.expires_at,
            askable=frozenset(field for field, reason in withheld.items() if reasons.is_requestable(reason)),
            step_up=self._step_up(),
        )

    def _step_up(self) -> StepUp | None:
        """Return how the person must sign in before anything goes out, where that is all that stands against it."""
        withheld, due = self.decision.withheld, self.decision.obligations
        waiting = [field for field, reason in withheld.items() if reason is Reason.STEP_UP_REQUIRED]
        if self.decision.released or len(waiting) < len(withheld) or not waiting:
            return None
        ways = {
            str(due[field][ObligationKind.REQUIRE_ACR]) for field in waiting if ObligationKind.REQUIRE_ACR in due[field]
        }
        ages = [age for field in waiting if isinstance(age := due[field].get(ObligationKind.MAX_AUTH_AGE), int)]
        return StepUp(tuple(sorted(ways)), min(ages, default=None))


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
