"""What a policy lets go where all else says yes: every field is agreed on and ticked, the person just signed in."""

from collections.abc import Iterable, Mapping

from idp.policy_tools.situations import Situation
from policies.agreement import Agreement, AgreementStatus, Consent, FieldTerms, PurposeTerms
from policies.bundle import Bundle
from policies.decide import decide
from policies.decision import Decision, Duties, SharingRequest

NOW = 1_800_000_000
DAY = 86_400


def verdict(bundle: Bundle, situation: Situation, fields: Iterable[str]) -> Decision:
    """Return the decision of the product itself on a request for these fields."""
    strongest = bundle.catalogue.obligations.ways[-1:]
    request = SharingRequest(
        *("partner", "app", "person", situation.purpose, frozenset(fields), NOW),
        acr=strongest[0] if strongest else "",
        auth_time=NOW,
        kept=False,
    )
    everything = {field: FieldTerms(required=False) for field in bundle.catalogue.fields}
    agreement = Agreement(
        id="agreement",
        version=1,
        partner_id="partner",
        status=AgreementStatus.ACTIVE,
        effective_at=NOW - DAY,
        expires_at=NOW + DAY,
        purposes={situation.purpose: PurposeTerms(everything, max_days=1)},
    )
    consent = Consent(
        user_id="person",
        client_id="app",
        purpose=situation.purpose,
        fields=dict.fromkeys(everything, NOW + DAY),
        granted_at=NOW,
        expires_at=NOW + DAY,
        ended_at=None,
    )
    return decide(bundle, request, situation.partner, agreement, consent, situation.user)


def owed(bundle: Bundle, situation: Situation) -> Mapping[str, Duties]:
    """Return what is due, in a situation, for every field that the policy lets go."""
    if situation.purpose not in bundle.catalogue.purposes:
        return {}
    decision = verdict(bundle, situation, bundle.catalogue.fields)
    return {field: decision.obligations.get(field, {}) for field in decision.released}


def let_go(bundle: Bundle, situation: Situation) -> frozenset[str]:
    """Return every field that the policy lets go in a situation."""
    return frozenset(owed(bundle, situation))
