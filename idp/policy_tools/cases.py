"""Tests of a policy that an officer writes as a table: who asks for what, and what must go out.

    [[case]]
    title = "A shop delivers to where somebody lives"
    partner = "third_party.restricted"
    purpose = "service.delivery"
    asks = ["address", "email"]
    gets = ["address"]

`owes` names, for fields that go, the kinds of obligation that are due, all of them: { email = ["relay_email"] }.
`country` (of the partner, JP), `age` (40), `lives_in` (JP), `restricted` (false) and `risk` (low) are as in brackets
unless a case says otherwise; `unknown` lists those of the first three that nobody knows. `because` names, for fields
that stay, the reason code or the clause.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Final, TypeVar

from idp.policy_tools.situations import Situation
from idp.policy_tools.verdict import verdict
from policies.bundle import Bundle
from policies.clauses import CLASSES, Clause, Effect
from policies.conditions import OLDEST
from policies.table import Table
from policies.user import Risk, UserState

_Meant = TypeVar("_Meant")
_USUAL_AGE: Final = 40
_USUAL_COUNTRY: Final = "JP"
_CLASSES: Final = {f"{relation}.{tier}": (relation, tier) for relation, tier in CLASSES}


class CaseError(ValueError):
    """A table of cases does not fit; the message names the file and the case."""


@dataclass(frozen=True, slots=True)
class Case:
    """One row."""

    title: str
    situation: Situation
    asks: frozenset[str]
    gets: frozenset[str]
    because: Mapping[str, str]
    owes: Mapping[str, tuple[str, ...]]

    def objection(self, bundle: Bundle) -> str:
        """Return what is not as the case says, or ""."""
        decision = verdict(bundle, self.situation, self.asks)
        if decision.released != self.gets:
            return f"gets {_listed(decision.released)}, not {_listed(self.gets)}"
        for field, expected in self.because.items():
            if field not in decision.withheld or expected not in (decision.withheld[field], decision.rule(field)):
                why = (
                    f"{decision.withheld[field]} ({decision.rule(field)})" if field in decision.withheld else "nothing"
                )
                return f"{field} is withheld by {why}, not by {expected}"
        for field, kinds in self.owes.items():
            due = decision.obligations.get(field, {})
            if set(due) != set(kinds):
                return f"{field} goes with {_listed(due)} due, not {_listed(kinds)}"
        return ""

    def fires(self, clause: Clause, bundle: Bundle) -> bool:
        """Whether a clause has a say here: it is about such a request, and nothing keeps it from holding."""
        situation = self.situation
        reach = bundle.reach_down if clause.effect is Effect.SHARE else bundle.reach_up
        if not reach(clause.fields) & bundle.mask(self.asks):
            return False
        if situation.partner_class not in clause.classes or situation.purpose not in clause.purposes:
            return False
        held = [one for one in clause.conditions if one.holds(situation.user, situation.partner)]
        return not held if clause.effect is Effect.SHARE else bool(held) or not clause.conditions


@dataclass(frozen=True, slots=True)
class Report:
    """What came of all cases under one policy."""

    cases: int
    failures: tuple[str, ...]
    uncovered: tuple[str, ...]
    """Clauses that no case makes hold, or of which no case shows that they can fail to."""


def read_cases(documents: Mapping[str, Mapping[str, object]]) -> tuple[Case, ...]:
    """Read every table, by the names of their files.

    Raises:
        CaseError: for a case that does not fit, or when there is none.
    """
    cases: list[Case] = []
    for name, document in documents.items():
        tables = Table(document, name, CaseError).only("case").tables("case")
        cases += [_case(table.at(f"{name}: case {table.text('title')!r}")) for table in tables]
    if not cases:
        raise CaseError("there are no cases; a policy without tests cannot be judged")
    return tuple(cases)


def run_cases(cases: Iterable[Case], bundle: Bundle) -> Report:
    """Decide every case, and see which clauses they reach."""
    cases = tuple(cases)
    objections = ((case, case.objection(bundle)) for case in cases)
    failures = tuple(f"{case.title}: {objection}" for case, objection in objections if objection)
    uncovered = []
    for clause in bundle.clauses:
        seen = {case.fires(clause, bundle) for case in cases}
        uncovered += [f"{clause.id} holds in no case"] if True not in seen else []
        uncovered += [f"{clause.id} holds in every case"] if False not in seen else []
    return Report(len(cases), failures, tuple(uncovered))


def _case(table: Table) -> Case:
    table.only(
        *("title", "partner", "country", "purpose", "asks", "gets", "because", "owes"),
        *("age", "lives_in", "restricted", "risk", "unknown"),
    )
    because = table.table("because") if table.has("because") else None
    owes = table.table("owes") if table.has("owes") else None
    return Case(
        title=table.text("title"),
        situation=Situation(
            partner_class=_one_of(table, "partner", _CLASSES),
            country=_country(table, "country") or "",
            purpose=table.id("purpose"),
            user=UserState(
                age=_age(table),
                residence=_country(table, "lives_in"),
                restricted=table.flag("restricted") if table.has("restricted") else False,
                opted_out=False,
                deleted=False,
                suspended=False,
                risk=_one_of(table, "risk", {risk.value: risk for risk in Risk}) if table.has("risk") else Risk.LOW,
            ),
        ),
        asks=frozenset(table.ids("asks")),
        gets=frozenset(table.ids("gets")),
        because={field: because.text(field) for field in because.names()} if because else {},
        owes={field: owes.ids(field) for field in owes.names()} if owes else {},
    )


def _one_of(table: Table, key: str, meanings: Mapping[str, _Meant]) -> _Meant:
    word = table.text(key)
    if word not in meanings:
        raise table.refusal(key, f"{word!r} is not one of {', '.join(meanings)}")
    return meanings[word]


def _country(table: Table, key: str) -> str | None:
    if key in table.ids("unknown"):
        return None
    return table.country(key) if table.has(key) else _USUAL_COUNTRY


def _age(table: Table) -> int | None:
    if "age" in table.ids("unknown"):
        return None
    return table.number("age", low=0, high=OLDEST) if table.has("age") else _USUAL_AGE


def _listed(fields: Iterable[str]) -> str:
    return ", ".join(sorted(fields)) or "nothing"
