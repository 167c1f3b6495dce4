"""May a request be answered at all? Checks of the whole, in the order of a list; the first that objects says why.

A gate can only refuse, so a further rule is a further line in the list.
"""

from collections.abc import Callable
from types import MappingProxyType
from typing import Final, NamedTuple

from policies.agreement import (
    Agreement,
    AgreementStatus,
    Consent,
    Partner,
    PartnerStatus,
    PurposeTerms,
)
from policies.bundle import Bundle
from policies.decision import Reason, SharingRequest
from policies.user import Risk, UserState

DAY: Final = 24 * 60 * 60
_FLAG: Final[type] = bool
_MAPPINGS: Final = (MappingProxyType, dict)
_PRODUCTION: Final = PartnerStatus.PRODUCTION
_SANDBOX: Final = PartnerStatus.SANDBOX
_ACTIVE: Final = AgreementStatus.ACTIVE


class Case(NamedTuple):
    """All that a check may look at. The terms are the agreement's for exactly the purpose asked."""

    bundle: Bundle
    request: SharingRequest
    partner: Partner | None
    agreement: Agreement | None
    terms: PurposeTerms | None
    consent: Consent | None
    user: UserState | None


Gate = Callable[[Case], Reason | None]


def well_typed(case: Case) -> Reason | None:
    """Annotations stop neither a None that equals another None nor a NaN that no instant is past; this does.

    What is remembered of partner and terms (`Bundle.share`) was checked when it was remembered.
    """
    bundle, request, partner, agreement, terms, consent, user = case
    typed = (
        type(bundle) is Bundle
        and type(request) is SharingRequest
        and str is type(request.partner_id) is type(request.client_id) is type(request.user_id) is type(request.purpose)
        and request.partner_id != ""
        and request.client_id != ""
        and request.user_id != ""
        and type(request.fields) is frozenset
        and int is type(request.at) is type(request.auth_time)
        and _FLAG is type(request.sandbox) is type(request.synthetic) is type(request.kept)
        and type(request.acr) is str
        and (partner is None or type(partner) is Partner)
        and (agreement is None or (type(agreement) is Agreement and _agreement_is_typed(agreement)))
        and (terms is None or type(terms) is PurposeTerms)
        and (consent is None or (type(consent) is Consent and _consent_is_typed(consent)))
        and (user is None or (type(user) is UserState and _user_is_typed(user)))
    )
    return None if typed else Reason.POLICY_ERROR


def _agreement_is_typed(agreement: Agreement) -> bool:
    return int is type(agreement.effective_at) is type(agreement.expires_at)


def _consent_is_typed(consent: Consent) -> bool:
    return (
        type(consent.fields) in _MAPPINGS
        and int is type(consent.granted_at) is type(consent.expires_at) is type(consent.read)
        and frozenset is type(consent.denied) is type(consent.disclosed)
        and _FLAG is type(consent.paused) is type(consent.suspended)
    )


def _user_is_typed(user: UserState) -> bool:
    return (
        (user.age is None or type(user.age) is int)
        and (user.residence is None or type(user.residence) is str)
        and _FLAG is type(user.restricted) is type(user.opted_out) is type(user.deleted) is type(user.suspended)
        and type(user.risk) is Risk
    )


def partner_in_good_standing(case: Case) -> Reason | None:
    partner = case.partner
    if partner is None:
        return Reason.PARTNER_UNKNOWN
    if partner.id != case.request.partner_id:
        return Reason.PARTNER_UNKNOWN
    if partner.status is _PRODUCTION or (case.request.sandbox and partner.status is _SANDBOX):
        return None
    return _PARTNER_REFUSALS.get(partner.status, Reason.POLICY_ERROR)


def worlds_apart(case: Case) -> Reason | None:
    """An app of the sandbox meets made-up people only, and no other app ever meets one."""
    return None if case.request.sandbox == case.request.synthetic else Reason.SANDBOX


def agreement_in_force(case: Case) -> Reason | None:
    agreement = case.agreement
    if agreement is None:
        return Reason.NO_AGREEMENT
    if agreement.partner_id != case.request.partner_id:
        return Reason.NO_AGREEMENT
    if agreement.status is not _ACTIVE:
        return _AGREEMENT_REFUSALS.get(agreement.status, Reason.POLICY_ERROR)
    if case.request.at < agreement.effective_at:
        return Reason.AGREEMENT_NOT_YET
    return None if case.request.at < agreement.expires_at else Reason.AGREEMENT_EXPIRED


def purpose_agreed(case: Case) -> Reason | None:
    if case.request.purpose not in case.bundle.catalogue.purposes:
        return Reason.PURPOSE_UNKNOWN
    return Reason.PURPOSE_NOT_IN_AGREEMENT if case.terms is None else None


def user_may_share(case: Case) -> Reason | None:
    user = case.user
    if user is None:
        return Reason.USER_UNKNOWN
    if user.suspended:
        return Reason.USER_SUSPENDED
    if user.deleted:
        return Reason.USER_DELETED
    if user.opted_out:
        return Reason.OPTED_OUT
    if user.restricted and not case.bundle.catalogue.purposes[case.request.purpose].although_restricted:
        return Reason.USER_RESTRICTED
    return None


def user_is_meant(case: Case) -> Reason | None:
    """The agreement may be about people of some age and some countries only; who is not known to be is not."""
    user, terms = case.user, case.terms
    if user is None or terms is None:
        return Reason.USER_UNKNOWN
    if terms.min_age and (user.age is None or user.age < terms.min_age):
        return Reason.MINOR
    if terms.jurisdictions and user.residence not in terms.jurisdictions:
        return Reason.JURISDICTION
    return None


def consent_live(case: Case) -> Reason | None:
    consent, request = case.consent, case.request
    if consent is None or case.terms is None:
        return Reason.NO_CONSENT
    same_app = consent.user_id == request.user_id and consent.client_id == request.client_id
    if not same_app or consent.purpose not in case.bundle.catalogue.lineage[request.purpose]:
        return Reason.CONSENT_MISMATCH
    # An end counts whatever its instant: a server whose clock is behind must not share on once the end is acknowledged.
    if consent.ended_at is not None:
        return Reason.CONSENT_ENDED
    if consent.paused or consent.suspended:
        return Reason.CONSENT_PAUSED if consent.paused else Reason.CONSENT_SUSPENDED
    if request.at < consent.granted_at:
        return Reason.NO_CONSENT
    is_live = request.at < consent.expires_at and request.at < longest(consent, case.terms)
    return None if is_live else Reason.CONSENT_EXPIRED


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
    user_may_share,
    user_is_meant,
)
GATES: Final[tuple[Gate, ...]] = (*GATES_BEFORE_CONSENT, consent_live)


def first_refusal(gates: tuple[Gate, ...], case: Case) -> Reason | None:
    for gate in gates:
        refusal = gate(case)
        if refusal is not None:
            return refusal
    return None


def longest(consent: Consent, terms: PurposeTerms) -> int:
    """A consent never outlives what the agreement allows, also if that was shortened after the consent was given."""
    return consent.granted_at + terms.max_days * DAY
