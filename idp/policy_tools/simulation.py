"""What an app of a partner would get of one person now, field by field, with the reason for each that stays.

It is decided from what is stored, by the product's own decision; no value is read and nothing is disclosed by it.
"""

from dataclasses import dataclass

from idp.protocol.asked import Asked
from idp.services import Services
from idp.store.clients import Client
from policies.bundle import Bundle
from policies.decide import askable


@dataclass(frozen=True, slots=True)
class Sight:
    """One field for one purpose. `reason` and `rule` are "" where it would go out."""

    purpose: str
    field: str
    reason: str
    rule: str
    could_ask: bool
    """Whether the person could be asked for it."""

    def plain(self) -> dict[str, object]:
        """Return this as plain data."""
        told = {"purpose": self.purpose, "field": self.field, "shared": not self.reason}
        return {**told, "reason": self.reason, "rule": self.rule, "could_ask": self.could_ask}

    def in_words(self) -> str:
        """Return this for a cell of a table."""
        if not self.reason:
            return "shared"
        why = self.reason if self.rule in ("", self.reason) else f"{self.reason} ({self.rule})"
        return f"{why}, could be asked" if self.could_ask else why


def foreseen(services: Services, client: Client, account_id: str, bundle: Bundle) -> tuple[Sight, ...]:
    """Return every field of a policy for every purpose that is agreed with an app's partner."""
    _partner, agreement = services.sharing.partner(client)
    purposes = sorted(agreement.purposes) if agreement is not None else ()
    return tuple(sight for purpose in purposes for sight in _of_purpose(services, client, account_id, purpose, bundle))


def _of_purpose(services: Services, client: Client, account_id: str, purpose: str, bundle: Bundle) -> list[Sight]:
    fields = frozenset(bundle.catalogue.fields)
    facts = services.sharing.facts(client, account_id, Asked((), purpose), fields, services.now)
    decision = facts.decided_by(bundle)
    could = askable(bundle, facts.request, facts.partner, facts.agreement, facts.user).fields
    return [
        Sight(
            purpose=purpose,
            field=field,
            reason=str(decision.withheld.get(field, "")),
            rule=decision.rule(field) if field in decision.withheld else "",
            could_ask=field in decision.withheld and field in could,
        )
        for field in sorted(fields)
    ]
