"""The values of released fields as they go out: every value is changed as its obligations say, or does not go.

`Discharged` is made by `Discharge` alone, one field at a time, from a decision that released the field and knows what
is due for it; whatever sends data takes nothing else. Rules that cannot read a value leave it out.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from types import MappingProxyType
from typing import Final, final

from policies.catalogue import Catalogue
from policies.decision import Argument, Decision, Duties
from policies.obligations import DATES, PLACES, ObligationKind

HIDDEN: Final = "***"
"""In place of what was masked: always as long, so that nobody learns the length either."""
_NO_DUTIES: Final[Duties] = MappingProxyType({})
_INSTANTS: Final = frozenset({"updated_at", "at"})
_KEPT_OF_ADDRESS: Final = MappingProxyType(
    {place: ("locality", "region", "country")[number:] for number, place in enumerate(PLACES)}
)


@dataclass(frozen=True, slots=True)
class Means:
    """What some obligations take that the policy cannot know: each makes another text of one."""

    pairwise_id: Callable[[str], str]
    relay_email: Callable[[str], str]
    watermark: Callable[[str], str]


@final
class _Seal:
    """Shows that a value was made here."""


_SEAL: Final = _Seal()


@final
class Discharged:
    """Names with values, each of which passed what is due for its field; `fields` are those fields."""

    __slots__ = ("claims", "fields")

    def __init__(self, seal: _Seal, claims: Mapping[str, object], fields: frozenset[str]) -> None:
        """Take what was discharged.

        Raises:
            TypeError: when that did not happen here.
        """
        if seal is not _SEAL:
            raise TypeError("only what was discharged goes out")
        self.claims = MappingProxyType(dict(claims))
        self.fields = fields


NOTHING_DISCHARGED: Final = Discharged(_SEAL, {}, frozenset())


def owed_nothing(claims: Mapping[str, object]) -> Discharged:
    """Return values of which nothing is due: those for an app of the group itself, about which no policy decides."""
    return Discharged(_SEAL, claims, frozenset())


def together(parts: Iterable[Discharged]) -> Discharged:
    """Return several as one."""
    claims: dict[str, object] = {}
    fields: frozenset[str] = frozenset()
    for part in parts:
        claims |= part.claims
        fields |= part.fields
    return Discharged(_SEAL, claims, fields)


def listed(name: str, rows: Sequence[Discharged]) -> Discharged:
    """Return several as a list under one name."""
    return Discharged(
        _SEAL, {name: [dict(row.claims) for row in rows]}, frozenset().union(*(row.fields for row in rows))
    )


class Discharge:
    """Does what one decision says is due."""

    def __init__(self, catalogue: Catalogue, decision: Decision, means: Means) -> None:
        self._catalogue = catalogue
        self._decision = decision
        self._means = means

    def source(self, field: str) -> str:
        """The field whose values go out in place of this one's: another one only where that is due."""
        return str(self._duties(field).get(ObligationKind.DERIVE, field))

    def values(self, field: str, claims: Mapping[str, object]) -> Discharged:
        """Do what is due for a field to its values, by the names under which they go out.

        Raises:
            ValueError: when the field was not released, or a claim belongs to another one.
        """
        if field not in self._decision.released:
            raise ValueError(f"{field} was not released")
        source = self.source(field)
        for claim in claims:
            if self._catalogue.claims.get(claim, source) != source:
                raise ValueError(f"{claim} is no claim of {source}")
        changed = {claim: self._changed(claim, value, self._duties(field)) for claim, value in claims.items()}
        kept = {claim: value for claim, value in changed.items() if value is not None}
        return Discharged(_SEAL, kept, frozenset({field}))

    def _duties(self, field: str) -> Duties:
        return self._decision.obligations.get(field, _NO_DUTIES)

    def _changed(self, claim: str, value: object, duties: Duties) -> object:
        try:
            for kind, change in _CHANGES:
                if kind in duties and value is not None:
                    value = change(claim, value, duties[kind], self._means)
        except (ValueError, OverflowError, OSError):  # no date, or none that there is
            return None
        return value


# ---- the changes, each to one value; None where nothing may be left --------------------------------------------------


def _rounded_date(claim: str, value: object, to: Argument, _means: Means) -> object:
    """A date to the first day of its month, or to its year alone (OIDC Core 5.1); an instant to its first, UTC."""
    if claim in _INSTANTS:
        return _first_instant(value, str(to))
    if claim != "birthdate":
        return value
    if not isinstance(value, str):
        return None
    born = date.fromisoformat(value)
    return {"day": value, "month": born.replace(day=1).isoformat(), "year": f"{born.year:04}"}[str(to)]


def _first_instant(value: object, to: str) -> int | None:
    if type(value) is not int:
        return None
    moment = datetime.fromtimestamp(value, UTC).replace(hour=0, minute=0, second=0)
    coarseness = DATES.index(to)
    moment = moment.replace(day=1 if coarseness else moment.day)
    return int(moment.replace(month=1 if DATES[coarseness] == "year" else moment.month).timestamp())


def _rounded_place(claim: str, value: object, to: Argument, _means: Means) -> object:
    if claim != "address":
        return value
    if not isinstance(value, Mapping):
        return None
    return {member: value[member] for member in _KEPT_OF_ADDRESS[str(to)] if member in value} or None


def _rounded_amount(_claim: str, value: object, to: Argument, _means: Means) -> object:
    """Down, also below nought: what was paid is in the step that begins here."""
    return value // to * to if type(value) is int and isinstance(to, int) else None


def _masked(claim: str, value: object, keep: Argument, _means: Means) -> object:
    """Keep the last of a number and the first of all else; of an e-mail address, of what stands before the domain."""
    if isinstance(value, bool):
        return value
    if not isinstance(value, str) or not isinstance(keep, int):
        return None
    if claim == "phone_number":
        digits = "".join(sign for sign in value if sign.isdigit())
        return HIDDEN + (digits[-keep:] if 0 < keep < len(digits) else "")
    local, at, domain = value.rpartition("@") if claim == "email" else (value, "", "")
    return f"{local[:keep] if keep < len(local) else ''}{HIDDEN}{at}{domain}"


def _renamed(by: Callable[[Means], Callable[[str], str]]) -> Callable[[str, object, Argument, Means], object]:
    def change(_claim: str, value: object, _argument: Argument, means: Means) -> object:
        """Whether an address was verified stays true of the one that leads to it."""
        if isinstance(value, bool):
            return value
        return by(means)(value) if isinstance(value, str) else None

    return change


_CHANGES: Final[tuple[tuple[ObligationKind, Callable[[str, object, Argument, Means], object]], ...]] = (
    (ObligationKind.ROUND_DATE, _rounded_date),
    (ObligationKind.ROUND_GEO, _rounded_place),
    (ObligationKind.ROUND_AMOUNT, _rounded_amount),
    (ObligationKind.PAIRWISE_ID, _renamed(lambda means: means.pairwise_id)),
    (ObligationKind.RELAY_EMAIL, _renamed(lambda means: means.relay_email)),
    (ObligationKind.WATERMARK, _renamed(lambda means: means.watermark)),
    (ObligationKind.MASK, _masked),
)
"""In this order; what derives another field was done when its values were read."""
