"""Do the tests of a policy notice when it changes? Each clause is changed in every small way, one way at a time.

A change that changes nothing in effect (`difference`) is no fault of the tests; any other must make some case fail.
"""

import copy
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

from idp.policy_tools.cases import Case
from idp.policy_tools.difference import differences
from policies.bundle import compile_bundle
from policies.catalogue import Catalogue
from policies.clauses import ANYONE, ANYTHING, EVERYTHING, PolicyError

Documents = Mapping[str, Mapping[str, Any]]
Table = dict[str, Any]
_WHOLE: Final = {"share": EVERYTHING, "never_share": EVERYTHING, "oblige": EVERYTHING, "with": ANYONE, "for": ANYTHING}
_TURNED: Final = {"share": "never_share", "never_share": "share", "except_when": "when", "when": "except_when"}


@dataclass(frozen=True, slots=True)
class Mutant:
    """A policy in which one clause was changed, and how."""

    name: str
    documents: Documents


@dataclass(frozen=True, slots=True)
class Survey:
    """How many changes were made that matter, and those that no case noticed."""

    changes: int
    unnoticed: tuple[str, ...]

    @property
    def noticed_share(self) -> float:
        """The share of changes that were noticed, 0 to 1."""
        return 1 - len(self.unnoticed) / self.changes if self.changes else 0.0


def survey(documents: Documents, catalogue: Catalogue, cases: Iterable[Case]) -> Survey:
    """Change the policy in every small way and let the cases judge."""
    original = compile_bundle(catalogue, documents)
    cases = tuple(cases)
    changes, unnoticed = 0, []
    for mutant in mutants(documents):
        try:
            changed = compile_bundle(catalogue, mutant.documents)
        except PolicyError:  # what does not load is noticed without a case
            continue
        if any(case.objection(changed) for case in cases):
            changes += 1
        elif differences(original, changed):
            changes += 1
            unnoticed.append(mutant.name)
    return Survey(changes, tuple(unnoticed))


def mutants(documents: Documents) -> Iterator[Mutant]:
    """Yield every small change: a clause dropped or turned round, a word dropped, a list opened wide."""
    for source, document in documents.items():
        for place, clause in enumerate(document.get("clause", [])):
            for how, table in _changed(clause):
                changed: dict[str, Any] = copy.deepcopy(dict(documents))
                changed[source]["clause"][place : place + 1] = [table] if table is not None else []
                yield Mutant(f"{clause['id']}: {how}", changed)


def _changed(clause: Table) -> Iterator[tuple[str, Table | None]]:
    yield "dropped", None
    if "oblige" not in clause:
        yield "turned round", {_TURNED.get(key, key): value for key, value in clause.items() if key != "obligations"}
    for key, value in clause.items():
        words = [value] if isinstance(value, str) else list(value)
        if key in _WHOLE and words != [_WHOLE[key]]:
            yield f"{key} {_WHOLE[key]}", clause | {key: _WHOLE[key]}
        if key == "obligations" and "share" in clause:
            yield "without obligations", {other: kept for other, kept in clause.items() if other != key}
        if (key in (*_WHOLE, "obligations") and len(words) > 1) or key in ("except_when", "when"):
            for word in words:
                yield f"{key} without {word!r}", clause | {key: [other for other in words if other != word]}
