"""The decision: release = request ∧ agreement ∧ consent ∧ policy cap ∧ user cap ∧ partner cap.

`gates` refuse a request as a whole. What passes them is narrowed here: the fields that each side holds are the bits of
a number, the release is what all numbers have in common, and a field that is not in it carries the reason of the first
side that does not hold it. Both can only take away, so no rule can widen what another left. Whatever is ill-typed or
fails is POLICY_ERROR: nothing goes out.
"""

from collections.abc import Iterable, Mapping
from types import MappingProxyType
from typing import Final

from policies.agreement import Agreement, Consent, Partner
from policies.bundle import Bundle, NarrowedBy, Narrowing, Share
from policies.decision import Askable, Decision, Reason, SharingRequest
from policies.dues import Dues
from policies.gates import DAY, GATES, GATES_BEFORE_CONSENT, Case, first_refusal, longest
from policies.obligations import ObligationKind
from policies.user import UserState

Sides = tuple[tuple[int, Reason], ...]
_ALL: Final = ~0
"""Every field."""
_EXPIRY: Final = ObligationKind.EXPIRY.value
# Members of an enumeration are looked up slowly; these are asked for at every decision.
_NOT_CONSENTED: Final = Reason.FIELD_NOT_CONSENTED
_BUDGET: Final = Reason.BUDGET
_OBLIGATION: Final = Reason.OBLIGATION
_NO_STORE: Final = Reason.NO_STORE
_STEP_UP: Final = Reason.STEP_UP_REQUIRED
_UNKNOWN: Final = Reason.FIELD_UNKNOWN
_ERROR: Final = Reason.POLICY_ERROR


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
        share = bundle.share(partner, terms, request.purpose, user)
        ends = min(consent.expires_at, longest(consent, terms), agreement.expires_at)
        consented, ends_first = _consented(bundle, consent, request.at, ends)
        within = _within_budget(bundle, share, consent) if consent.disclosed else _ALL
        waiting = _waiting(bundle, share.dues, request) if share.dues.step_ups else 0
        by = id(share), request.fields, consented, within, waiting, request.kept
        left = bundle.narrowing(by) or bundle.remember(share, by, _left(bundle, share, by))
        if not left.released:
            return Decision(left.released, left.withheld, None, None, left.rules, left.duties)
        if ends_first < ends:
            ends = _holds_until(bundle, left.released, consent, request.at, ends)
        if left.days is not None:
            ends = min(ends, request.at + left.days * DAY)
        return Decision(left.released, left.withheld, ends, None, left.rules, left.duties)
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
        share = bundle.share(partner, terms, request.purpose, user)
        sides = ((~share.dues.withheld, _OBLIGATION),)
        kept, withheld, _ = _narrowed(bundle, request.fields, share, share.common, sides)
        # A field that the agreement holds only through one that gives it away is never needed for itself.
        needed = {field: field in terms.fields and terms.fields[field].required for field in kept}
        ends = min(request.at + terms.max_days * DAY, agreement.expires_at)
        return Askable(MappingProxyType(needed), withheld, ends if needed else None, None)
    except Exception:  # noqa: BLE001 - as in decide
        return Askable.refuse(_nameable(request), Reason.POLICY_ERROR)


# ---- what each side holds --------------------------------------------------------------------------------------------


def _consented(bundle: Bundle, consent: Consent, at: int, ends: int) -> tuple[int, int]:
    """How far the fields reach that the person agreed to and that have not expired, and when the first of them does."""
    reach, ends_first, down = 0, ends, bundle.down
    for field, until in consent.fields.items():
        if type(until) is not int:
            raise TypeError(field)
        if at < until:
            reach |= down.get(field, 0)
            ends_first = min(ends_first, until)
    for field in consent.denied:
        reach &= ~bundle.up.get(field, 0)
    return reach, ends_first


def _within_budget(bundle: Bundle, share: Share, consent: Consent) -> int:
    """All fields, without the answers about a value of which something else was answered than the agreement knows.

    Two answers about a birthday, of which each is agreed at its time, narrow it down further than either (the inference
    budget): over the whole life of a consent, all answers about one value must be ones that today's agreement lists.
    """
    beyond = bundle.mask(consent.disclosed) & ~share.agreed & ~share.budget
    within = _ALL
    for answers in bundle.answers if beyond else ():
        if beyond & answers:
            within &= ~answers
    return within


def _waiting(bundle: Bundle, dues: Dues, request: SharingRequest) -> int:
    """The fields that wait until the person has signed in again, or more strongly."""
    return dues.waiting(bundle.catalogue.obligations.level(request.acr), request.at - request.auth_time)


def _left(bundle: Bundle, share: Share, by: NarrowedBy) -> Narrowing:
    """What is left of a share for the fields of a request, and what is due for it."""
    _, fields, consented, within, waiting, is_kept = by
    dues = share.dues
    kept = ~dues.not_kept if is_kept else _ALL
    sides = (
        (consented, _NOT_CONSENTED),
        (within, _BUDGET),
        (~dues.withheld, _OBLIGATION),
        (kept, _NO_STORE),
        (~waiting, _STEP_UP),
    )
    goes = share.common & consented & within & kept & ~waiting
    released, withheld, rules = _narrowed(bundle, fields, share, goes, sides)
    carried = [*released, *(field for field, reason in withheld.items() if reason is _STEP_UP)]
    duties = {field: dues.duties[field] for field in carried if field in dues.duties}
    days = [duties[field].get(_EXPIRY) for field in released if field in duties]
    return Narrowing(
        frozenset(released),
        withheld,
        MappingProxyType(rules),
        MappingProxyType(duties),
        min((each for each in days if isinstance(each, int)), default=None),
    )


def _narrowed(
    bundle: Bundle, fields: frozenset[str], share: Share, common: int, sides: Sides
) -> tuple[list[str], Mapping[str, Reason], Mapping[str, str]]:
    """The fields of a request that all hold; for each other the reason of the first side that does not, and the clause.

    Agreement, tier and policy come first, in that order (`Share.blame`), then these sides.
    """
    places, blame = bundle.places, share.blame
    released: list[str] = []
    withheld: dict[str, Reason] = {}
    rules: dict[str, str] = {}
    for field in fields:
        if type(field) is not str:
            raise TypeError("a field goes by a name")
        if field not in places:
            withheld[field] = _UNKNOWN
            continue
        place = places[field]
        if common & place:
            released.append(field)
            continue
        if field in blame:
            withheld[field], rule = blame[field]
            if rule is not None:
                rules[field] = rule
            continue
        withheld[field] = _ERROR
        for held, side in sides:
            if not held & place:
                withheld[field] = side
                break
    return released, MappingProxyType(withheld), rules


def _holds_until(bundle: Bundle, released: Iterable[str], consent: Consent, at: int, ends: int) -> int:
    """The instant at which the first of these fields is covered by no consented field any more."""
    alive = [(bundle.down.get(field, 0), until) for field, until in consent.fields.items() if at < until]
    return min(min(ends, max(until for reach, until in alive if reach & bundle.places[field])) for field in released)


def _nameable(request: SharingRequest) -> Iterable[str]:
    """The fields of a request that may be anything, as far as they can be named."""
    fields: object = request.fields if type(request) is SharingRequest else ()
    listed = fields if isinstance(fields, frozenset | set | list | tuple) else ()
    return [field for field in listed if isinstance(field, str)]
