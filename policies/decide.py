"""The decision: released = request ∧ agreement ∧ consent, by two lists of checks that are read in their written order.

GATES refuse a request as a whole; the first that objects gives the reason. MEETS then narrow its fields, one after the
other; a field falls at the first that does not hold it, and carries that one's reason. Both can only take away, so a
further rule is a further line, and no line can widen what another left. Whatever is ill-typed or fails is POLICY_ERROR:
nothing goes out.
"""

from collections.abc import Callable, Iterable
from types import MappingProxyType
from typing import Final, NamedTuple

from policies.agreement import Agreement, AgreementStatus, Consent, Partner, PartnerStatus, PurposeTerms
from policies.catalogue import Catalogue
from policies.decision import Askable, Decision, Reason, SharingRequest

_DAY: Final = 24 * 60 * 60
_MAPPINGS: Final = (MappingProxyType, dict)


class _Case(NamedTuple):
    """All that a check may look at. The terms are the agreement's for exactly the purpose asked."""

    catalogue: Catalogue
    request: SharingRequest
    partner: Partner | None
    agreement: Agreement | None
    terms: PurposeTerms | None
    consent: Consent | None


Gate = Callable[[_Case], Reason | None]
Meet = Callable[[_Case], frozenset[str]]


def decide(
    catalogue: Catalogue,
    request: SharingRequest,
    partner: Partner | None,
    agreement: Agreement | None,
    consent: Consent | None,
) -> Decision:
    """What of this request may go out now."""
    try:
        terms = agreement.purposes.get(request.purpose) if agreement else None
        case = _Case(catalogue, request, partner, agreement, terms, consent)
        refusal = _first_refusal(GATES, case)
        if refusal is not None or agreement is None or terms is None or consent is None:
            return Decision.refuse(_nameable(request), refusal or Reason.POLICY_ERROR)
        released, withheld = _narrowed(MEETS, case)
        ends = min(_consent_ends(consent, terms), agreement.expires_at)
        return Decision(released, MappingProxyType(withheld), ends if released else None, None)
    except Exception:  # noqa: BLE001 - whatever went wrong, the answer is that nothing goes out (G5, fail closed)
        return Decision.refuse(_nameable(request), Reason.POLICY_ERROR)


def askable(
    catalogue: Catalogue, request: SharingRequest, partner: Partner | None, agreement: Agreement | None
) -> Askable:
    """What of this request a person may be asked to agree to: the same checks, up to the consent."""
    try:
        terms = agreement.purposes.get(request.purpose) if agreement else None
        case = _Case(catalogue, request, partner, agreement, terms, None)
        refusal = _first_refusal(GATES_BEFORE_CONSENT, case)
        if refusal is not None or agreement is None or terms is None:
            return Askable.refuse(_nameable(request), refusal or Reason.POLICY_ERROR)
        kept, withheld = _narrowed(MEETS_BEFORE_CONSENT, case)
        # A field that the agreement holds only through one that gives it away is never needed for itself.
        needed = {field: field in terms.fields and terms.fields[field].required for field in kept}
        ends = min(request.at + terms.max_days * _DAY, agreement.expires_at)
        return Askable(MappingProxyType(needed), MappingProxyType(withheld), ends if needed else None, None)
    except Exception:  # noqa: BLE001 - as in decide
        return Askable.refuse(_nameable(request), Reason.POLICY_ERROR)


# ---- gates: may this request be answered at all? ---------------------------------------------------------------------


def well_typed(case: _Case) -> Reason | None:
    """Annotations stop neither a None that equals another None nor a NaN that no instant is past; this does."""
    catalogue, request, partner, agreement, terms, consent = case
    typed = (
        type(catalogue) is Catalogue
        and type(request) is SharingRequest
        and str is type(request.partner_id) is type(request.client_id) is type(request.user_id) is type(request.purpose)
        and "" not in (request.partner_id, request.client_id, request.user_id)
        and type(request.fields) is frozenset
        and {*map(type, request.fields)} <= {str}
        and type(request.at) is int
        and {type(request.sandbox), type(request.synthetic)} == {bool}
        and (partner is None or type(partner) is Partner)
        and (agreement is None or type(agreement) is Agreement)
        and (agreement is None or int is type(agreement.effective_at) is type(agreement.expires_at))
        and (terms is None or (type(terms) is PurposeTerms and type(terms.fields) in _MAPPINGS))
        and (terms is None or type(terms.max_days) is int)
        and (consent is None or type(consent) is Consent)
        and (consent is None or int is type(consent.granted_at) is type(consent.expires_at))
        and (consent is None or type(consent.fields) is frozenset)
    )
    return None if typed else Reason.POLICY_ERROR


def partner_in_good_standing(case: _Case) -> Reason | None:
    partner = case.partner
    if partner is None:
        return Reason.PARTNER_UNKNOWN
    if partner.id != case.request.partner_id:
        return Reason.PARTNER_UNKNOWN
    if partner.status in _SERVED.get(case.request.sandbox, ()):
        return None
    return _PARTNER_REFUSALS.get(partner.status, Reason.POLICY_ERROR)


def worlds_apart(case: _Case) -> Reason | None:
    """An app of the sandbox meets made-up people only, and no other app ever meets one."""
    return None if case.request.sandbox == case.request.synthetic else Reason.SANDBOX


def agreement_in_force(case: _Case) -> Reason | None:
    agreement = case.agreement
    if agreement is None:
        return Reason.NO_AGREEMENT
    if agreement.partner_id != case.request.partner_id:
        return Reason.NO_AGREEMENT
    if agreement.status != AgreementStatus.ACTIVE:
        return _AGREEMENT_REFUSALS.get(agreement.status, Reason.POLICY_ERROR)
    if case.request.at < agreement.effective_at:
        return Reason.AGREEMENT_NOT_YET
    return None if case.request.at < agreement.expires_at else Reason.AGREEMENT_EXPIRED


def purpose_agreed(case: _Case) -> Reason | None:
    if case.request.purpose not in case.catalogue.purposes:
        return Reason.PURPOSE_UNKNOWN
    return Reason.PURPOSE_NOT_IN_AGREEMENT if case.terms is None else None


def consent_live(case: _Case) -> Reason | None:
    consent, request = case.consent, case.request
    if consent is None or case.terms is None:
        return Reason.NO_CONSENT
    same_app = consent.user_id == request.user_id and consent.client_id == request.client_id
    if not same_app or consent.purpose not in case.catalogue.lineage[request.purpose]:
        return Reason.CONSENT_MISMATCH
    # An end counts whatever its instant: a server whose clock is behind must not share on once the end is acknowledged.
    if consent.ended_at is not None:
        return Reason.CONSENT_ENDED
    if request.at < consent.granted_at:
        return Reason.NO_CONSENT
    return None if request.at < _consent_ends(consent, case.terms) else Reason.CONSENT_EXPIRED


_SERVED: Final = {
    False: frozenset({PartnerStatus.PRODUCTION}),
    True: frozenset({PartnerStatus.SANDBOX, PartnerStatus.PRODUCTION}),
}
_PARTNER_REFUSALS: Final = {
    PartnerStatus.DRAFT: Reason.PARTNER_NOT_APPROVED,
    PartnerStatus.SUBMITTED: Reason.PARTNER_NOT_APPROVED,
    PartnerStatus.SANDBOX: Reason.PARTNER_NOT_APPROVED,
    PartnerStatus.SUSPENDED: Reason.PARTNER_SUSPENDED,
    PartnerStatus.TERMINATED: Reason.PARTNER_TERMINATED,
}
_AGREEMENT_REFUSALS: Final = {
    AgreementStatus.SUSPENDED: Reason.AGREEMENT_SUSPENDED,
    AgreementStatus.ENDED: Reason.AGREEMENT_ENDED,
}
GATES_BEFORE_CONSENT: Final[tuple[Gate, ...]] = (
    well_typed,
    partner_in_good_standing,
    worlds_apart,
    agreement_in_force,
    purpose_agreed,
)
GATES: Final[tuple[Gate, ...]] = (*GATES_BEFORE_CONSENT, consent_live)


# ---- meets: which fields does each side hold? ------------------------------------------------------------------------


def catalogued(case: _Case) -> frozenset[str]:
    return case.catalogue.known


def agreed(case: _Case) -> frozenset[str]:
    return case.catalogue.closure_down(case.terms.fields) if case.terms else frozenset()


def consented(case: _Case) -> frozenset[str]:
    return case.catalogue.closure_down(case.consent.fields) if case.consent else frozenset()


MEETS_BEFORE_CONSENT: Final[tuple[tuple[Meet, Reason], ...]] = (
    (catalogued, Reason.FIELD_UNKNOWN),
    (agreed, Reason.FIELD_NOT_IN_AGREEMENT),
)
MEETS: Final[tuple[tuple[Meet, Reason], ...]] = (*MEETS_BEFORE_CONSENT, (consented, Reason.FIELD_NOT_CONSENTED))


# ---- how the lists are read ------------------------------------------------------------------------------------------


def _first_refusal(gates: tuple[Gate, ...], case: _Case) -> Reason | None:
    for gate in gates:
        refusal = gate(case)
        if refusal is not None:
            return refusal
    return None


def _narrowed(meets: tuple[tuple[Meet, Reason], ...], case: _Case) -> tuple[frozenset[str], dict[str, Reason]]:
    kept = case.request.fields
    withheld: dict[str, Reason] = {}
    for meet, reason in meets:
        held = kept & meet(case)
        for field in kept - held:
            withheld[field] = reason
        kept = held
    return kept, withheld


def _consent_ends(consent: Consent, terms: PurposeTerms) -> int:
    """A consent never outlives what the agreement allows, also if that was shortened after the consent was given."""
    return min(consent.expires_at, consent.granted_at + terms.max_days * _DAY)


def _nameable(request: SharingRequest) -> Iterable[str]:
    """The fields of a request that may be anything, as far as they can be named."""
    fields: object = request.fields if type(request) is SharingRequest else ()
    listed = fields if isinstance(fields, frozenset | set | list | tuple) else ()
    return [field for field in listed if isinstance(field, str)]
