"""Disclosures that happened, decided again: by the policy of their time, and by another one.

By its own policy each decision must come out as it did (G9). By a candidate, what differs is counted for each partner.
Requests that a rate refused are no decisions and are not among them.
"""

import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

from idp.data_sharing import SharingDataError
from idp.data_sharing.facts import Facts, Record, plain_decision, read_record
from idp.data_sharing.inputs import version_read
from idp.data_sharing.policy_documents import bundle_of
from idp.policy_tools.difference import Difference
from idp.services import Services
from idp.store import agreement_versions, decision_records, policies
from idp.store.database import Connection
from policies.agreement import Agreement, AgreementError, parse_agreement
from policies.bundle import Bundle
from policies.standing import stricter


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


class Recorded:
    """The disclosures since some instant, with what they were made from."""

    def __init__(self, services: Services, connection: Connection, since: int) -> None:
        """Read with this connection."""
        self._services = services
        self._connection = connection
        self._since = since
        self._parsed: dict[tuple[int, str, int, int, str], Agreement | None] = {}
        self._bundles: dict[str, Bundle | None] = {}

    def records(self) -> Iterator[Record | None]:
        """Yield each; None for one that cannot be read any more."""
        for content in decision_records.read(self._connection, self._services.sealer, self._since):
            try:
                yield read_record(content) if content is not None else None
            except (ValueError, KeyError, TypeError):
                yield None

    def facts(self, record: Record, bundle: Bundle) -> Facts:
        """Return what a decision was made from, as one policy reads it."""
        known = (id(bundle), record.partner.id, record.agreement_version, record.consent.read, record.request.purpose)
        if known not in self._parsed:
            self._parsed[known] = self._agreement(record, bundle)
        return record.facts(self._parsed[known])

    def bundle(self, hash_: str) -> Bundle | None:
        """Return a policy by its hash; None for one that cannot be read any more."""
        if hash_ not in self._bundles:
            stored = policies.find(self._connection, hash_)
            try:
                self._bundles[hash_] = bundle_of(stored.documents) if stored is not None else None
            except SharingDataError:
                self._bundles[hash_] = None
        return self._bundles[hash_]

    def _agreement(self, record: Record, bundle: Bundle) -> Agreement | None:
        """Return what was agreed, held to the version that the person had read where that was another."""
        partner, read, catalogue = record.partner.id, record.consent.read, bundle.catalogue
        version = agreement_versions.find(self._connection, partner, record.agreement_version)
        try:
            in_force = parse_agreement(json.loads(version.document), catalogue) if version is not None else None
        except AgreementError:
            return None
        if in_force is None or read in (0, in_force.version):
            return in_force
        purpose = record.request.purpose
        return stricter(version_read(self._connection, partner, read, purpose, catalogue), in_force, purpose, catalogue)


def decided_otherwise(recorded: Recorded) -> Iterator[str]:
    """Yield what is wrong with each record that does not come out, by the policy of its time, as it did."""
    for number, record in enumerate(recorded.records(), start=1):
        bundle = recorded.bundle(record.policy) if record is not None else None
        if record is None or bundle is None:
            yield f"decision {number} cannot be read any more"
        elif plain_decision(recorded.facts(record, bundle).decided_by(bundle)) != record.decision:
            yield f"decision {number}, for {record.partner.id} by policy {record.policy[:12]}, comes out otherwise"


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
