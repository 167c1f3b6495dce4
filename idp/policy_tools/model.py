"""The decision as a formula that a solver can reason about: for all inputs at once, not for those that somebody tried.

It is written down a second time, from the clauses and not from the compiled caps, so that it does not inherit a mistake
of the compiler; `proofs` shows that formula and program agree where both can be run. Sets of fields are bit vectors.
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from itertools import combinations, count
from typing import Any

from z3 import And, BitVec, BitVecVal, Bool, BoolRef, BoolVal, Const, EnumSort, If, Implies, Int, Not, Or

from policies.bundle import Bundle
from policies.clauses import CLASSES, Clause, Effect, PartnerClass
from policies.conditions import OLDEST, Condition, ConditionKind
from policies.decision import Duties
from policies.obligations import ObligationKind
from policies.user import Risk

Formula = Any
"""A term of the solver, which has no types of its own."""
_models = count()
"""The solver wants another name for each set of values that it is told of."""
_ELSEWHERE = "elsewhere"
_UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class Person:
    """What is known about somebody, as variables."""

    age: Formula
    age_known: BoolRef
    residence: Formula
    risk: Formula
    restricted: BoolRef


@dataclass(frozen=True, slots=True)
class Inputs:
    """Everything that a decision depends on, as variables."""

    request: Formula
    partner_class: Formula
    partner_country: Formula
    purpose: Formula
    consent_purpose: Formula
    agreement: Formula
    budget: Formula
    consent: Formula
    denied: Formula
    disclosed: Formula
    alive: BoolRef
    """Partner, agreement, account and consent: each of them stands."""
    unmet: Formula
    """Fields for which something is due by the agreement that cannot be done: whatever that is, it only withholds."""
    level: Formula
    """How strongly the person signed in, -1 where that is not known."""
    seconds: Formula
    """How long ago that was."""
    kept: BoolRef
    """The answer is one that its recipient keeps."""
    person: Person


class Model:
    """One policy as formulas."""

    def __init__(self, bundle: Bundle) -> None:
        """Name the values that variables range over."""
        self.bundle = bundle
        self.width = len(bundle.places)
        countries = {country for clause in bundle.clauses for one in clause.conditions for country in one.countries}
        self._country_sort, self.countries = self._values("Country", [*sorted(countries), _ELSEWHERE, _UNKNOWN])
        self._class_sort, self.classes = self._values("Class", [".".join(class_) for class_ in CLASSES])
        self._purpose_sort, self.purposes = self._values("Purpose", sorted(bundle.catalogue.purposes))

    def inputs(self, name: str) -> Inputs:
        """Return fresh variables."""

        def fields(what: str) -> Formula:
            return BitVec(f"{name}.{what}", self.width)

        return Inputs(
            request=fields("request"),
            partner_class=Const(f"{name}.class", self._class_sort),
            partner_country=Const(f"{name}.partner_country", self._country_sort),
            purpose=Const(f"{name}.purpose", self._purpose_sort),
            consent_purpose=Const(f"{name}.consent_purpose", self._purpose_sort),
            agreement=fields("agreement"),
            budget=fields("budget"),
            consent=fields("consent"),
            denied=fields("denied"),
            disclosed=fields("disclosed"),
            alive=Bool(f"{name}.alive"),
            unmet=fields("unmet"),
            level=Int(f"{name}.level"),
            seconds=Int(f"{name}.seconds"),
            kept=Bool(f"{name}.kept"),
            person=Person(
                age=Int(f"{name}.age"),
                age_known=Bool(f"{name}.age_known"),
                residence=Const(f"{name}.residence", self._country_sort),
                risk=Int(f"{name}.risk"),
                restricted=Bool(f"{name}.restricted"),
            ),
        )

    def sane(self, inputs: Inputs) -> BoolRef:
        """What every input satisfies: a risk is one of three, an age is no negative number and at most the oldest."""
        person = inputs.person
        return And(person.risk >= 0, person.risk < len(Risk), person.age >= 0, person.age <= OLDEST)

    def release(self, inputs: Inputs) -> Formula:
        """Return what goes out."""
        agreed = self.down(inputs.agreement)
        common = (
            inputs.request
            & agreed
            & self.tier(inputs.partner_class)
            & self.cap(inputs, self.bundle.clauses)
            & self.down(inputs.consent)
            & ~self.up(inputs.denied)
            & self._within_budget(inputs, agreed)
            & ~inputs.unmet
            & ~self.held_back(inputs)
        )
        return If(self.answered(inputs), common, self.bits(0))

    def answered(self, inputs: Inputs) -> BoolRef:
        """Whether the request is answered at all."""
        goes_on = [self.purposes[one.id] for one in self.bundle.catalogue.purposes.values() if one.although_restricted]
        rests = And(inputs.person.restricted, Not(Or([inputs.purpose == purpose for purpose in goes_on])))
        return And(inputs.alive, Not(rests), self.is_within(inputs.purpose, inputs.consent_purpose))

    def is_within(self, purpose: Formula, wider: Formula) -> BoolRef:
        """Whether one purpose is another or lies below it."""
        lineage = self.bundle.catalogue.lineage
        return Or(
            [
                And(purpose == self.purposes[low], wider == self.purposes[high])
                for low, above in lineage.items()
                for high in above
            ]
        )

    def cap(self, inputs: Inputs, clauses: Iterable[Clause]) -> Formula:
        """Return what clauses let go."""
        shared = refused = self.bits(0)
        for clause in clauses:
            if clause.effect is Effect.SHARE:
                shared |= If(self.speaks(clause, inputs), self.down_of(clause), self.bits(0))
            elif clause.effect is Effect.NEVER_SHARE:
                refused |= If(self.speaks(clause, inputs), self.up_of(clause), self.bits(0))
        return shared & ~refused

    def held_back(self, inputs: Inputs) -> Formula:
        """Return the fields of which what clauses say is due cannot be done, or not now, or not in such an answer."""
        obliging = [
            (self.about(clause, inputs) if clause.effect is Effect.SHARE else self.speaks(clause, inputs), clause)
            for clause in self.bundle.clauses
            if clause.obligations
        ]
        held_back = self.bits(0)
        for says_so, clause in obliging:
            for field in self.bundle.names(self.bundle.reach_up(clause.fields)):
                due = self._due(field, clause)
                waits = self._waits(due, inputs) if due is not None else BoolVal(val=True)
                held_back |= If(And(says_so, waits), self.bits(self.bundle.places[field]), self.bits(0))
        for (one, clause), (two, other) in combinations(obliging, 2):
            held_back |= If(And(one, two), self.bits(self._contradicted(clause, other)), self.bits(0))
        return held_back

    def _contradicted(self, one: Clause, other: Clause) -> int:
        """Return the fields for which two clauses ask for what cannot be done together."""
        contradicted = 0
        for field in self.bundle.names(self.bundle.reach_up(one.fields) & self.bundle.reach_up(other.fields)):
            due = [self._due(field, clause) for clause in (one, other)]
            if None not in due and self.bundle.catalogue.obligations.both(due[0] or {}, due[1] or {}) is None:
                contradicted |= self.bundle.places[field]
        return contradicted

    def _due(self, field: str, clause: Clause) -> Duties | None:
        return self.bundle.catalogue.obligations.due(field, clause.obligations)

    def _waits(self, due: Duties, inputs: Inputs) -> BoolRef:
        """Whether what is due is not there: a sign-in that is strong or fresh enough, or an answer that is not kept."""
        waits = [inputs.kept] if ObligationKind.NO_STORE in due else []
        if ObligationKind.REQUIRE_ACR in due:
            level = self.bundle.catalogue.obligations.level(str(due[ObligationKind.REQUIRE_ACR]))
            waits.append(inputs.level < level)
        if ObligationKind.MAX_AUTH_AGE in due:
            waits.append(Or(inputs.seconds < 0, inputs.seconds > due[ObligationKind.MAX_AUTH_AGE]))
        return Or(waits)

    def about(self, clause: Clause, inputs: Inputs) -> BoolRef:
        """Whether a clause is about such a request."""
        return And(
            Or([inputs.partner_class == self.classes[".".join(class_)] for class_ in clause.classes]),
            Or([inputs.purpose == self.purposes[purpose] for purpose in clause.purposes]),
        )

    def speaks(self, clause: Clause, inputs: Inputs) -> BoolRef:
        """Whether a clause is about such a request, and its conditions let it have a say."""
        about = self.about(clause, inputs)
        holding = Or([self._holds(condition, inputs) for condition in clause.conditions])
        if clause.effect is Effect.SHARE:
            return And(about, Not(holding))
        return And(about, Or(holding, not clause.conditions))

    def down_of(self, clause: Clause) -> Formula:
        """Return how far a clause that shares reaches."""
        return self.bits(self.bundle.reach_down(clause.fields))

    def up_of(self, clause: Clause) -> Formula:
        """Return how far a clause that never shares reaches."""
        return self.bits(self.bundle.reach_up(clause.fields))

    def tier(self, partner_class: Formula) -> Formula:
        """Return what a partner was examined for."""
        held = self.bits(0)
        for class_ in CLASSES:
            held = If(partner_class == self.classes[".".join(class_)], self.bits(self._tier(class_)), held)
        return held

    def down(self, fields: Formula) -> Formula:
        """Return fields with all that they give away."""
        return self._reach(fields, self.bundle.down.__getitem__)

    def up(self, fields: Formula) -> Formula:
        """Return fields with all that give them away."""
        return self._reach(fields, self.bundle.up.__getitem__)

    def bits(self, mask: int) -> Formula:
        """Return a set of fields as a constant."""
        return BitVecVal(mask, self.width)

    def no_better_known(self, one: Inputs, other: Inputs) -> BoolRef:
        """Whether of `one` person less is known, or worse: younger, of no known age or place, restricted, at risk."""
        less, more = one.person, other.person
        return And(
            Implies(less.age_known, And(more.age_known, less.age <= more.age)),
            Or(less.residence == more.residence, less.residence == self.countries[_UNKNOWN]),
            less.risk >= more.risk,
            Implies(more.restricted, less.restricted),
        )

    def _holds(self, condition: Condition, inputs: Inputs) -> BoolRef:
        person = inputs.person
        if condition.kind is ConditionKind.UNDER:
            return Or(Not(person.age_known), person.age < condition.age)
        if condition.kind is ConditionKind.RESTRICTED:
            return person.restricted
        if condition.kind is ConditionKind.RISK:
            return person.risk >= tuple(Risk).index(condition.risk)
        if condition.kind is ConditionKind.LIVES_OUTSIDE:
            return And([person.residence != self.countries[country] for country in condition.countries])
        unknown = self.countries[_UNKNOWN]
        at_home = And(person.residence == inputs.partner_country, person.residence != unknown)
        # Two countries that no clause names may be different ones.
        return Or(Not(at_home), And(person.residence == self.countries[_ELSEWHERE], Bool("elsewhere in two places")))

    def _within_budget(self, inputs: Inputs, agreed: Formula) -> Formula:
        beyond = inputs.disclosed & ~agreed & ~inputs.budget
        within = self.bits(-1)
        for answers in self.bundle.answers:
            group = self.bits(answers)
            within &= If(beyond & group != 0, ~group, self.bits(-1))
        return within

    def _reach(self, fields: Formula, reached: Callable[[str], int]) -> Formula:
        reach = self.bits(0)
        for name, place in self.bundle.places.items():
            reach |= If(fields & self.bits(place) != 0, self.bits(reached(name)), self.bits(0))
        return reach

    def _tier(self, class_: PartnerClass) -> int:
        return self.bundle.tiers[class_[1]]

    def _values(self, sort: str, names: Sequence[str]) -> tuple[Any, dict[str, Formula]]:
        made, values = EnumSort(f"{sort} {next(_models)}", list(names))
        return made, dict(zip(names, values, strict=True))
