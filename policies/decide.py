"""The decision: release = request ∧ agreement ∧ consent ∧ policy cap ∧ user cap ∧ partner cap.

`gates` refuse a request as a whole. What passes them is narrowed here: the fields that each side holds are the bits of
a number, the release is what all numbers have in common, and a field that is not in it carries the reason of the first
side that does not hold it. Both can only take away, so no rule can widen what another left. Whatever is ill-typed or
fails is POLICY_ERROR: nothing goes out.
"""

from collections.abc import Iterable, Mapping
from types import MappingProxyType

from policies.agreement import Agreement, Consent, Partner, PurposeTerms
from policies.bundle import Bundle, Cap
from policies.decision import Askable, Decision, Duties, Reason, SharingRequest
from policies.dues import NOTHING_DUE, Dues
from policies.gates import DAY, GATES, GATES_BEFORE_CONSENT, Case, consent_ends, first_refusal
from policies.obligations import ObligationKind
from policies.user import UserState

Sides = tuple[tuple[int, Reason], ...]


def decide(
    bundle: Bundle,
    request: SharingRequest,
    partner: Partner | None,
    agreement: Agreement | None,
    consent: Consent | None,
    user: UserState | None,
) -> Decision:
    """What of this request may go out now."""
    try:
        terms = agreement.purposes.get(request.purpose) if agreement else None
        refusal = first_refusal(GATES, Case(bundle, request, partner, agreement, terms, consent, user))
        if refusal or not partner or not agreement or not terms or not consent or not user:
            return Decision.refuse(_nameable(request), refusal or Reason.POLICY_ERROR)
        ends = min(consent_ends(consent, terms), agreement.expires_at)
        consented, ends_first = _consented(bundle, consent, request.at, ends)
        cap = bundle.cap(partner, request.purpose, user)
        dues = bundle.dues(cap, terms)
        sides: Sides = (
            (bundle.agreed(terms), Reason.FIELD_NOT_IN_AGREEMENT),
            (bundle.tiers[partner.tier], Reason.PARTNER_TIER),
            (cap.mask, Reason.POLICY),
            (consented, Reason.FIELD_NOT_CONSENTED),
            (_within_budget(bundle, terms, consent), Reason.BUDGET),
        )
        if dues is not NOTHING_DUE:
            sides += _discharged(bundle, dues, request)
        released, withheld, rules = _narrowed(bundle, request, sides, cap)
        if released and ends_first < ends:
            ends = _holds_until(bundle, released, consent, request.at, ends)
        duties = _duties(dues, released, withheld) if dues is not NOTHING_DUE else dues.duties
        if duties:
            ends = _expiry(duties, released, request.at, ends)
        return Decision(released, withheld, ends if released else None, None, rules, duties)
    except Exception:  # noqa: BLE001 - whatever went wrong, the answer is that nothing goes out (G5, fail closed)
        return Decision.refuse(_nameable(request), Reason.POLICY_ERROR)


def askable(
    bundle: Bundle,
    request: SharingRequest,
    partner: Partner | None,
    agreement: Agreement | None,
    user: UserState | None,
) -> Askable:
    """What of this request a person may be asked to agree to: the same checks, up to the consent."""
    try:
        terms = agreement.purposes.get(request.purpose) if agreement else None
        refusal = first_refusal(GATES_BEFORE_CONSENT, Case(bundle, request, partner, agreement, terms, None, user))
        if refusal or not partner or not agreement or not terms or not user:
            return Askable.refuse(_nameable(request), refusal or Reason.POLICY_ERROR)
        cap = bundle.cap(partner, request.purpose, user)
        sides = (
            (bundle.agreed(terms), Reason.FIELD_NOT_IN_AGREEMENT),
            (bundle.tiers[partner.tier], Reason.PARTNER_TIER),
            (cap.mask, Reason.POLICY),
            (~bundle.dues(cap, terms).withheld, Reason.OBLIGATION),
        )
        kept, withheld, _ = _narrowed(bundle, request, sides, cap)
        # A field that the agreement holds only through one that gives it away is never needed for itself.
        needed = {field: field in terms.fields and terms.fields[field].required for field in kept}
        ends = min(request.at + terms.max_days * DAY, agreement.expires_at)
        return Askable(MappingProxyType(needed), withheld, ends if needed else None, None)
    except Exception:  # noqa: BLE001 - as in decide
        return Askable.refuse(_nameable(request), Reason.POLICY_ERROR)


# ---- what each side holds --------------------------------------------------------------------------------------------


def _consented(bundle: Bundle, consent: Consent, at: int, ends: int) -> tuple[int, int]:
    """How far the fields reach that the person agreed to and that have not expired, and when the first of them does."""
    reach, ends_first = 0, ends
    for field, until in consent.fields.items():
        if type(until) is not int:
            raise TypeError(field)
        if at < until:
            reach |= bundle.down.get(field, 0)
            ends_first = min(ends_first, until)
    if consent.denied:
        reach &= ~bundle.reach_up(consent.denied)
    return reach, ends_first


def _within_budget(bundle: Bundle, terms: PurposeTerms, consent: Consent) -> int:
    """All fields, without the answers about a value of which something else was answered than the agreement knows.

    Two answers about a birthday, of which each is agreed at its time, narrow it down further than either (the inference
    budget): over the whole life of a consent, all answers about one value must be ones that today's agreement lists.
    """
    if not consent.disclosed:
        return ~0
    beyond = bundle.mask(consent.disclosed) & ~bundle.agreed(terms) & ~bundle.mask(terms.budget)
    within = ~0
    for answers in bundle.answers if beyond else ():
        if beyond & answers:
            within &= ~answers
    return within


def _discharged(bundle: Bundle, dues: Dues, request: SharingRequest) -> Sides:
    """All fields without those of which what is due cannot be done now, or not in such an answer."""
    waiting = 0
    if dues.step_ups:
        level = bundle.catalogue.obligations.level(request.acr)
        waiting = dues.waiting(level, request.at - request.auth_time)
    return (
        (~dues.withheld, Reason.OBLIGATION),
        (~dues.not_kept if request.kept else ~0, Reason.NO_STORE),
        (~waiting, Reason.STEP_UP_REQUIRED),
    )


def _duties(dues: Dues, released: frozenset[str], withheld: Mapping[str, Reason]) -> Mapping[str, Duties]:
    """What is due for the fields that go out, and for those that wait for the person to sign in again."""
    waiting = [field for field, reason in withheld.items() if reason is Reason.STEP_UP_REQUIRED]
    return MappingProxyType({field: dues.duties[field] for field in (*released, *waiting) if field in dues.duties})


def _expiry(duties: Mapping[str, Duties], released: frozenset[str], at: int, ends: int) -> int:
    """An answer ends as early as any of what it holds."""
    for field in released:
        days = duties.get(field, {}).get(ObligationKind.EXPIRY)
        if isinstance(days, int):
            ends = min(ends, at + days * DAY)
    return ends


def _narrowed(
    bundle: Bundle, request: SharingRequest, sides: Sides, cap: Cap
) -> tuple[frozenset[str], Mapping[str, Reason], Mapping[str, str]]:
    """The fields that all sides hold; for each other the reason of the first that does not, and the clause, if any."""
    common = ~0
    for held, _ in sides:
        common &= held
    places = bundle.places
    released: list[str] = []
    withheld: dict[str, Reason] = {}
    rules: dict[str, str] = {}
    for field in request.fields:
        place = places.get(field, 0)
        if common & place:
            released.append(field)
            continue
        reason = next((reason for held, reason in sides if not held & place), Reason.POLICY_ERROR)
        if not place:
            reason = Reason.FIELD_UNKNOWN
        elif reason is Reason.POLICY:
            reason, rules[field] = cap.blame[field]
        withheld[field] = reason
    return frozenset(released), MappingProxyType(withheld), rules


def _holds_until(bundle: Bundle, released: Iterable[str], consent: Consent, at: int, ends: int) -> int:
    """The instant at which the first of these fields is covered by no consented field any more."""
    alive = [(bundle.down.get(field, 0), until) for field, until in consent.fields.items() if at < until]
    return min(min(ends, max(until for reach, until in alive if reach & bundle.places[field])) for field in released)


def _nameable(request: SharingRequest) -> Iterable[str]:
    """The fields of a request that may be anything, as far as they can be named."""
    fields: object = request.fields if type(request) is SharingRequest else ()
    listed = fields if isinstance(fields, frozenset | set | list | tuple) else ()
    return [field for field in listed if isinstance(field, str)]
