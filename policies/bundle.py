"""Catalogue and policy, compiled to what decisions are made from: sets of fields as the bits of a number.

A bundle is frozen and known by its hash, so that a decision can say by which rules it was made and be made again. What
it remembers between decisions (`_caps`, `_shares`, `_narrowings`) are answers that it would give again, kept because
they are asked for thousands of times: the policy's cap for a partner class, a purpose and the conditions that hold;
what that has in common with the terms of an agreement; and what is left of it for some fields of some consent.
"""

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from hashlib import sha256
from types import MappingProxyType
from typing import Final, NamedTuple

from policies.agreement import LegalRelation, Partner, PurposeTerms, Tier
from policies.catalogue import Catalogue
from policies.clauses import CLASSES, Clause, Effect, PartnerClass, parse_clauses
from policies.conditions import ConditionKind, Conditions
from policies.decision import Duties, Reason
from policies.dues import Dues, Obliging, work_out
from policies.user import UserState

REMEMBERED: Final = 4_096
_HIGHEST_SENSITIVITY: Final = {Tier.PLAIN: 1, Tier.SENSITIVE: 2, Tier.RESTRICTED: 3}
"""How sensitive a field may be for a partner that was examined so far."""
_WHY: Final = {
    ConditionKind.UNDER: Reason.MINOR,
    ConditionKind.RESTRICTED: Reason.USER_RESTRICTED,
    ConditionKind.RISK: Reason.RISK,
    ConditionKind.LIVES_OUTSIDE: Reason.JURISDICTION,
    ConditionKind.PARTNER_ABROAD: Reason.JURISDICTION,
}


class Cap(NamedTuple):
    """What the policy lets go to one kind of partner, for one purpose, under the conditions that hold.

    `blame` says for each other field why, and which clause says so ("" where no clause shares it at all); `obliging`
    what clauses say is due.
    """

    mask: int
    blame: Mapping[str, tuple[Reason, str]]
    obliging: Obliging


class Share(NamedTuple):
    """What agreement, tier and policy have in common and can be given as is due; of the rest why, and which clause."""

    common: int
    agreed: int
    blame: Mapping[str, tuple[Reason, str | None]]
    dues: Dues
    budget: int
    partner: Partner
    terms: PurposeTerms


class Narrowing(NamedTuple):
    """What is left of a share for the fields of a request, whoever the person is and whenever they ask.

    `days` is for how many days at most what goes out may be used, of all that is due the fewest.
    """

    released: frozenset[str]
    withheld: Mapping[str, Reason]
    rules: Mapping[str, str]
    duties: Mapping[str, Duties]
    days: int | None


NarrowedBy = tuple[int, frozenset[str], int, int, int, bool]
"""What a narrowing depends on: the identity of the share, the fields asked for, those that the person agreed to, that
the budget allows and that wait for a stronger sign-in, as bits; and whether the answer is kept."""


@dataclass(frozen=True, slots=True, eq=False)
class Bundle:
    """Made by `compile_bundle` alone. Fields have the places in a mask that `places` gives them."""

    hash: str
    catalogue: Catalogue
    clauses: tuple[Clause, ...]
    conditions: Conditions
    places: Mapping[str, int]
    down: Mapping[str, int]
    up: Mapping[str, int]
    tiers: Mapping[Tier, int]
    answers: tuple[int, ...]
    """For each field that answers are derived from, these answers together."""
    clauses_for: Mapping[tuple[PartnerClass, str], tuple[Clause, ...]]
    _caps: dict[tuple[PartnerClass, str, int], Cap] = field(default_factory=dict)
    _shares: dict[tuple[int, int, str, int], "Share"] = field(default_factory=dict)
    _narrowings: dict[NarrowedBy, tuple[Share, Narrowing]] = field(default_factory=dict)

    def __repr__(self) -> str:
        return f"Bundle({self.hash[:12]})"

    def mask(self, fields: Iterable[str]) -> int:
        """These fields alone; an unknown one is nothing."""
        return _union(self.places, fields)

    def names(self, mask: int) -> frozenset[str]:
        return frozenset([name for name, place in self.places.items() if mask & place])

    def reach_down(self, fields: Iterable[str]) -> int:
        """How far a permission for these fields reaches."""
        return _union(self.down, fields)

    def reach_up(self, fields: Iterable[str]) -> int:
        """How far a refusal of these fields reaches."""
        return _union(self.up, fields)

    def cap(self, partner: Partner, purpose: str, user: UserState) -> Cap:
        """What the policy lets go to this partner for this purpose, of this person."""
        key = ((partner.legal_relation, partner.tier), purpose, self.conditions.held(user, partner))
        cap = self._caps.get(key)
        if cap is None:
            if len(self._caps) >= REMEMBERED:
                self._caps.clear()
            cap = self._caps[key] = self._cap(*key)
        return cap

    def share(self, partner: Partner, terms: PurposeTerms, purpose: str, user: UserState) -> "Share":
        """What agreement and policy let go to this partner for this purpose, of this person, and what is due for it.

        Partner and terms are kept, for only so is their identity theirs alone.

        Raises:
            TypeError: when either is not what it says that it is.
        """
        held = self.conditions.held(user, partner)
        key = (id(partner), id(terms), purpose, held)
        share = self._shares.get(key)
        if share is None:
            if not _are_typed(partner, terms):
                raise TypeError("a partner or the terms of an agreement")
            if len(self._shares) >= REMEMBERED:
                self._shares.clear()
            cap = self.cap(partner, purpose, user)
            dues = work_out(self.catalogue, self.places, cap.obliging, terms)
            agreed, tier = self.reach_down(terms.fields), self.tiers[partner.tier]
            common, blame = agreed & tier & cap.mask & ~dues.withheld, self._blame(agreed, tier, cap)
            share = self._shares[key] = Share(common, agreed, blame, dues, self.mask(terms.budget), partner, terms)
        return share

    def narrowing(self, by: NarrowedBy) -> Narrowing | None:
        """What is left of a share, if it is remembered."""
        remembered = self._narrowings.get(by)
        return remembered[1] if remembered else None

    def remember(self, share: Share, by: NarrowedBy, narrowing: Narrowing) -> Narrowing:
        """Remember what is left of a share, and the share with it, for only so is its identity its own."""
        if len(self._narrowings) >= REMEMBERED:
            self._narrowings.clear()
        self._narrowings[by] = share, narrowing
        return narrowing

    def _blame(self, agreed: int, tier: int, cap: Cap) -> Mapping[str, tuple[Reason, str | None]]:
        """For each field that one of these does not hold, in this order, why; and the clause, if one says so."""
        blame: dict[str, tuple[Reason, str | None]] = {}
        for name, place in self.places.items():
            if not agreed & place:
                blame[name] = (Reason.FIELD_NOT_IN_AGREEMENT, None)
            elif not tier & place:
                blame[name] = (Reason.PARTNER_TIER, None)
            elif not cap.mask & place:
                blame[name] = cap.blame[name]
        return MappingProxyType(blame)

    def _cap(self, class_: PartnerClass, purpose: str, held: int) -> Cap:
        """Read the clauses one by one: the union of what is shared, without what is never shared."""
        shared = 0
        blame: dict[str, tuple[Reason, str]] = {}
        refused: dict[str, tuple[Reason, str]] = {}
        obliging: list[tuple[int, tuple[str, ...]]] = []
        for clause in self.clauses_for[class_, purpose]:
            holding = [one for one in clause.conditions if held & self.conditions.bits[one.text]]
            if clause.obligations and (clause.effect is Effect.SHARE or holding or not clause.conditions):
                obliging.append((self.reach_up(clause.fields), clause.obligations))
            if clause.effect is Effect.SHARE:
                reach = self.reach_down(clause.fields)
                shared |= 0 if holding else reach
                for name in self.names(reach) if holding else ():
                    blame.setdefault(name, (_WHY[holding[0].kind], clause.id))
            elif clause.effect is Effect.NEVER_SHARE and (holding or not clause.conditions):
                reason = _WHY[holding[0].kind] if holding else Reason.POLICY
                for name in self.names(self.reach_up(clause.fields)):
                    refused.setdefault(name, (reason, clause.id))
        blame = {
            name: blame.get(name, (Reason.POLICY, "")) for name, place in self.places.items() if not shared & place
        }
        return Cap(shared & ~self.mask(refused), MappingProxyType(blame | refused), tuple(obliging))


def compile_bundle(catalogue: Catalogue, documents: Mapping[str, Mapping[str, object]]) -> Bundle:
    """The bundle of a catalogue and policy documents, given by the names of their files.

    Raises:
        PolicyError: naming file, clause and what would mend it.
    """
    clauses = parse_clauses(documents, catalogue)
    places = {name: 1 << place for place, name in enumerate(sorted(catalogue.fields))}
    up = {name: _union(places, reached) for name, reached in catalogue.up.items()}
    everything = _union(places, places)
    too_much = {
        tier: [one.id for one in catalogue.fields.values() if one.sensitivity > highest]
        for tier, highest in _HIGHEST_SENSITIVITY.items()
    }
    return Bundle(
        hash=_hash(catalogue, clauses),
        catalogue=catalogue,
        clauses=clauses,
        conditions=Conditions(condition for clause in clauses for condition in clause.conditions),
        places=MappingProxyType(places),
        down=MappingProxyType({name: _union(places, reached) for name, reached in catalogue.down.items()}),
        up=MappingProxyType(up),
        tiers=MappingProxyType({tier: everything & ~_union(up, fields) for tier, fields in too_much.items()}),
        answers=_answers(catalogue, places),
        clauses_for=MappingProxyType(
            {
                (class_, purpose): tuple(one for one in clauses if class_ in one.classes and purpose in one.purposes)
                for class_ in CLASSES
                for purpose in catalogue.purposes
            }
        ),
    )


def _answers(catalogue: Catalogue, places: Mapping[str, int]) -> tuple[int, ...]:
    derived: dict[str, list[str]] = {}
    for one in catalogue.fields.values():
        if one.derived_from is not None:
            derived.setdefault(one.derived_from, []).append(one.id)
    return tuple(_union(places, answers) for _, answers in sorted(derived.items()))


def _are_typed(partner: Partner, terms: PurposeTerms) -> bool:
    return (
        type(partner.legal_relation) is LegalRelation
        and type(partner.tier) is Tier
        and type(partner.country) is str
        and type(terms.fields) in (MappingProxyType, dict)
        and type(terms.max_days) is int
        and (terms.min_age is None or type(terms.min_age) is int)
        and tuple is type(terms.jurisdictions) is type(terms.budget) is type(terms.obligations)
    )


def _union(masks: Mapping[str, int], names: Iterable[str]) -> int:
    union = 0
    for name in names:
        union |= masks.get(name, 0)
    return union


def _hash(catalogue: Catalogue, clauses: tuple[Clause, ...]) -> str:
    """A hash of the meaning: comments, order and files do not matter, nor do the words that people read."""
    meaning = {
        "fields": {
            one.id: [one.sensitivity, sorted(one.discloses), list(one.claims)] for one in catalogue.fields.values()
        },
        "purposes": {one.id: [one.parent, one.although_restricted] for one in catalogue.purposes.values()},
        "obligations": {
            one.id: [one.kind.value, one.argument, sorted(one.fields)] for one in catalogue.obligations.known.values()
        },
        "ways": list(catalogue.obligations.ways),
        "clauses": [clause.plain() for clause in clauses],
    }
    return sha256(json.dumps(meaning, sort_keys=True, separators=(",", ":")).encode()).hexdigest()
