"""Disclosures that happened, decided again by the policy of their time: each must come out as it did (G9).

Requests that a rate refused are no decisions and are not among them.
"""

import json
from collections.abc import Callable, Iterator

from idp.data_sharing.documents import SharingDataError
from idp.data_sharing.facts import Facts, Record, plain_decision, read_record
from idp.data_sharing.inputs import version_read
from idp.data_sharing.policy_documents import bundle_of
from idp.store import agreement_versions, decision_records, policies
from idp.store.database import Connection
from idp.store.decision_records import Part
from idp.store.sealing import Sealer
from policies.agreement import Agreement, AgreementError, parse_agreement
from policies.bundle import Bundle
from policies.standing import stricter


class Recorded:
    """The disclosures since some instant, or a part of them, with what they were made from."""

    def __init__(self, sealer: Sealer, connection: Connection, since: int, part: Part | None = None) -> None:
        """Read with this connection; all of them, or a part."""
        self._sealer = sealer
        self._connection = connection
        self._since = since
        self._part = part
        self._parsed: dict[tuple[int, str, int, int, str], Agreement | None] = {}
        self._bundles: dict[str, Bundle | None] = {}

    def records(self) -> Iterator[Record | None]:
        """Yield each; None for one that cannot be read any more."""
        for content in decision_records.read(self._connection, self._sealer, self._since, self._part):
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


def decided_otherwise(recorded: Recorded, is_over: Callable[[], bool] = lambda: False) -> Iterator[str]:
    """Yield what is wrong with each record that does not come out, by the policy of its time, as it did.

    It names the partner and the policy, nobody else. Once `is_over` says so, no further record is looked at.
    """
    for number, record in enumerate(recorded.records(), start=1):
        if is_over():
            return
        bundle = recorded.bundle(record.policy) if record is not None else None
        if record is None or bundle is None:
            yield f"decision {number} cannot be read any more"
        elif plain_decision(recorded.facts(record, bundle).decided_by(bundle)) != record.decision:
            yield f"decision {number}, for {record.partner.id} by policy {record.policy[:12]}, comes out otherwise"
