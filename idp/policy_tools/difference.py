"""What changes from one policy to the next, in effect: not which lines differ, but who gets what that they did not get.

Every situation that matters is decided under both, so what is not listed does not change. Where less is due for a field
that goes either way, more is shared.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum

from idp.policy_tools.situations import Situation, situations
from idp.policy_tools.verdict import owed
from policies.bundle import Bundle
from policies.decision import Duties
from policies.obligations import Obligations


class Direction(StrEnum):
    """Which way it goes: more is shared, or less."""

    WIDER = "wider"
    NARROWER = "narrower"


@dataclass(frozen=True, slots=True)
class Difference:
    """One field that is shared for one purpose with kinds of partner with which it was not shared, or no longer is.

    Or with less due for it, or more.
    """

    direction: Direction
    field: str
    purpose: str
    classes: tuple[str, ...]
    example: Situation

    @property
    def id(self) -> str:
        """What an officer signs off: `birthdate for service.payment with processor.plain`."""
        return f"{self.field} for {self.purpose} with {', '.join(self.classes)}"

    def plain(self) -> dict[str, object]:
        """Return this as plain data."""
        return {"direction": self.direction.value, "id": self.id, "example": self.example.in_words()}


def differences(before: Bundle, after: Bundle) -> tuple[Difference, ...]:
    """Return every difference, what is wider first."""
    found: dict[tuple[Direction, str, str], dict[str, Situation]] = {}
    for situation in situations(before, after):
        for direction, fields in _changed(owed(before, situation), owed(after, situation), after.catalogue.obligations):
            for field in fields:
                examples = found.setdefault((direction, field, situation.purpose), {})
                examples.setdefault(".".join(situation.partner_class), situation)
    return tuple(
        Difference(direction, field, purpose, tuple(sorted(examples)), next(iter(examples.values())))
        for (direction, field, purpose), examples in sorted(found.items(), key=lambda item: _order(item[0]))
    )


def _changed(
    old: Mapping[str, Duties], new: Mapping[str, Duties], known: Obligations
) -> tuple[tuple[Direction, set[str]], ...]:
    """Return the fields that go or stay now, and those that go with less or more due."""
    wider, narrower = set(new.keys() - old.keys()), set(old.keys() - new.keys())
    for field in old.keys() & new.keys():
        if old[field] != new[field]:
            both = known.both(old[field], new[field])
            wider |= set() if both == new[field] else {f"{field} with less due"}
            narrower |= set() if both == old[field] else {f"{field} with more due"}
    return (Direction.WIDER, wider), (Direction.NARROWER, narrower)


def widenings(found: Iterable[Difference]) -> tuple[Difference, ...]:
    """Return what is shared that was not."""
    return tuple(one for one in found if one.direction is Direction.WIDER)


def _order(key: tuple[Direction, str, str]) -> tuple[bool, str, str]:
    direction, field, purpose = key
    return direction is Direction.NARROWER, purpose, field
