"""What another policy would have made of the disclosures that happened, counted for each partner."""

from collections.abc import Iterable
from dataclasses import dataclass, field

from idp.data_sharing.facts import Record
from idp.data_sharing.replay import Recorded
from idp.policy_tools.difference import Difference
from policies.bundle import Bundle


@dataclass(slots=True)
class Effect:
    """What another policy would have made of the disclosures to one partner."""

    partner: str
    decisions: int = 0
    widened: int = 0
    narrowed: int = 0
    denied: int = 0
    wider: set[tuple[str, str, str]] = field(default_factory=set)
    """Field, purpose and kind of partner of what would have gone out besides."""

    def count(self, record: Record, before: frozenset[str], after: frozenset[str]) -> None:
        """Count one decision: it is denied when nothing is left, widened when anything is new, else narrowed."""
        self.decisions += 1
        new = after - before
        class_ = f"{record.partner.legal_relation}.{record.partner.tier}"
        self.wider |= {(name, record.request.purpose, class_) for name in new}
        self.widened += bool(new)
        self.denied += bool(before) and not after
        self.narrowed += bool(before - after) and bool(after) and not new

    def plain(self) -> dict[str, object]:
        """Return this as plain data."""
        wider = sorted(f"{name} for {purpose} with {class_}" for name, purpose, class_ in self.wider)
        counts = {"decisions": self.decisions, "widened": self.widened, "narrowed": self.narrowed}
        return {"partner": self.partner, **counts, "denied": self.denied, "wider": wider}


def effects(recorded: Recorded, before: Bundle, after: Bundle) -> tuple[Effect, ...]:
    """Return for each partner what one policy would have done otherwise than another."""
    found: dict[str, Effect] = {}
    for record in recorded.records():
        if record is not None:
            effect = found.setdefault(record.partner.id, Effect(record.partner.id))
            effect.count(record, *(recorded.facts(record, one).decided_by(one).released for one in (before, after)))
    return tuple(found[partner] for partner in sorted(found))


def unexplained(found: Iterable[Effect], listed: Iterable[Difference]) -> tuple[str, ...]:
    """Return what went further at some disclosure than the listed differences say."""
    known = {(one.field, one.purpose, class_) for one in listed for class_ in one.classes}
    wider = {(effect.partner, what) for effect in found for what in effect.wider - known}
    return tuple(f"{what[0]} for {what[1]} to {partner}" for partner, what in sorted(wider))
