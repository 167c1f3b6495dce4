"""What changes from one policy to the next, in effect: not which lines differ, but who gets what that they did not get.

Every situation that matters is decided under both, so what is not listed does not change.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum

from idp.policy_tools.situations import Situation, situations
from idp.policy_tools.verdict import let_go
from policies.bundle import Bundle


class Direction(StrEnum):
    """Which way it goes: more is shared, or less."""

    WIDER = "wider"
    NARROWER = "narrower"


@dataclass(frozen=True, slots=True)
class Difference:
    """One field that is shared for one purpose with kinds of partner with which it was not shared, or no longer is."""

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
        old, new = let_go(before, situation), let_go(after, situation)
        for direction, fields in ((Direction.WIDER, new - old), (Direction.NARROWER, old - new)):
            for field in fields:
                examples = found.setdefault((direction, field, situation.purpose), {})
                examples.setdefault(".".join(situation.partner_class), situation)
    return tuple(
        Difference(direction, field, purpose, tuple(sorted(examples)), next(iter(examples.values())))
        for (direction, field, purpose), examples in sorted(found.items(), key=lambda item: _order(item[0]))
    )


def widenings(found: Iterable[Difference]) -> tuple[Difference, ...]:
    """Return what is shared that was not."""
    return tuple(one for one in found if one.direction is Direction.WIDER)


def _order(key: tuple[Direction, str, str]) -> tuple[bool, str, str]:
    direction, field, purpose = key
    return direction is Direction.NARROWER, purpose, field
