"""What is due for each field under an agreement's terms and the clauses that have a say: worked out once, kept as bits.

An obligation is a refusal of the bare value, and reaches as a refusal does: what is due for a field is due for every
field that gives it away, or asking for the larger would be a way around it. What an agreement holds only through a
larger field is under what is due for that one.
"""

from collections.abc import Iterable, Iterator, Mapping
from types import MappingProxyType
from typing import Final, NamedTuple

from policies.agreement import PurposeTerms
from policies.catalogue import Catalogue
from policies.decision import Argument, Duties
from policies.obligations import ObligationKind

Obliging = tuple[tuple[int, tuple[str, ...]], ...]
"""Obligations by id, each with the fields (as bits) for which a clause says that they are due."""
ANY_AGE: Final = -1


class StepUp(NamedTuple):
    """Fields that wait until the person has signed in strongly enough (`level`), and lately enough (`seconds`)."""

    fields: int
    level: int
    seconds: int


class Dues(NamedTuple):
    """`withheld` are fields of which what is due cannot be done, `not_kept` those that go into no token."""

    withheld: int
    duties: Mapping[str, Duties]
    step_ups: tuple[StepUp, ...]
    not_kept: int

    def waiting(self, level: int, seconds_ago: int) -> int:
        """The fields that wait for a person who signed in in this way, so long ago."""
        waiting = 0
        for step_up in self.step_ups:
            if level < step_up.level or (step_up.seconds != ANY_AGE and not 0 <= seconds_ago <= step_up.seconds):
                waiting |= step_up.fields
        return waiting


def work_out(catalogue: Catalogue, places: Mapping[str, int], obliging: Obliging, terms: PurposeTerms) -> Dues:
    """Return what is due for every field of the catalogue."""
    withheld = not_kept = 0
    duties: dict[str, Duties] = {}
    step_ups: dict[tuple[int, int], int] = {}
    for field, place in places.items():
        due = _together(catalogue, _due(catalogue, field, place, obliging, terms))
        if due is None:
            withheld |= place
        elif due:
            duties[field] = MappingProxyType({str(kind): argument for kind, argument in due.items()})
            not_kept |= place if ObligationKind.NO_STORE in due else 0
            step_up = _step_up(catalogue, due)
            if step_up is not None:
                step_ups[step_up] = step_ups.get(step_up, 0) | place
    waits = tuple(StepUp(fields, *step_up) for step_up, fields in step_ups.items())
    return Dues(withheld, MappingProxyType(duties), waits, not_kept)


def _due(
    catalogue: Catalogue, field: str, place: int, obliging: Obliging, terms: PurposeTerms
) -> Iterator[Duties | None]:
    due, down = catalogue.obligations.due, catalogue.down
    for fields, ids in obliging:
        if fields & place:
            yield due(field, ids)
    yield due(field, terms.obligations)
    for named, of_field in terms.fields.items():
        if named in down[field]:
            yield due(field, of_field.obligations)
        elif field not in terms.fields and field in down.get(named, ()):
            yield due(field, of_field.obligations, inherited=True)


def _together(catalogue: Catalogue, several: Iterable[Duties | None]) -> dict[str, Argument] | None:
    together: Duties | None = {}
    for duties in several:
        if duties is None or together is None:
            return None
        together = catalogue.obligations.both(together, duties)
    return None if together is None else dict(together)


def _step_up(catalogue: Catalogue, due: Duties) -> tuple[int, int] | None:
    acr, age = due.get(ObligationKind.REQUIRE_ACR), due.get(ObligationKind.MAX_AUTH_AGE)
    if acr is None and age is None:
        return None
    return catalogue.obligations.level(str(acr)) if acr else -1, age if isinstance(age, int) else ANY_AGE
