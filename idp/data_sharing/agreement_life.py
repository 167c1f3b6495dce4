"""The life of an agreement's version: proposed by one person, approved by another, in force when its time has come.

No version changes once it is written. What one takes away is gone within a second for everybody; what one adds, no
person has agreed to yet, and a consent stays what it was: under the terms that its person read (`policies.standing`).
"""

import json
from collections.abc import Mapping
from typing import Any

from idp.data_sharing.documents import SharingDataError, agreement_document
from idp.data_sharing.partner_life import LifeError, check_words, is_one_person
from idp.store import agreement_versions, audit, partner_events, partners
from idp.store.agreement_versions import DRAFT, AgreementVersion
from idp.store.database import Connection
from idp.store.partner_events import PartnerEvent
from idp.store.partners import StoredPartner
from policies.agreement import Agreement, AgreementError, Tier, parse_agreement
from policies.catalogue import Catalogue
from policies.changes import TermChange, above_tier, changes

PROPOSE = "propose_agreement"
APPROVE = "approve_agreement"
PUT_IN_FORCE = "agreement_in_force"


def examine(
    connection: Connection, agreement: Mapping[str, Any], tier: str, catalogue: Catalogue, *, by: str, now: int
) -> AgreementVersion:
    """Return the version that an agreement is, or would be as a draft; nothing is written.

    Raises:
        SharingDataError: when it does not fit the catalogue, the partner's tier or the versions before it.
    """
    document = agreement_document(agreement, catalogue)
    parsed = parse_agreement(agreement, catalogue)
    above = above_tier(parsed, Tier(tier), catalogue)
    if above:
        raise LifeError(f"partner {parsed.partner_id} is of tier {tier}, which is not for {', '.join(above)}")
    version = AgreementVersion(
        partner_id=parsed.partner_id,
        version=parsed.version,
        document=document,
        hash=agreement_versions.hash_of(document),
        state=DRAFT,
        effective_at=parsed.effective_at,
        author=by,
        proposed_at=now,
    )
    return _known(connection, version) or version


def propose(
    connection: Connection, agreement: Mapping[str, Any], catalogue: Catalogue, *, by: str, now: int
) -> AgreementVersion:
    """Write a version down as a draft and return it; the same one again is the one that there is.

    Raises:
        SharingDataError: as `examine`; also for a partner that does not exist.
    """
    check_words(by)
    partner = _partner(connection, str(agreement.get("partner_id")))
    version = examine(connection, agreement, partner.details.tier, catalogue, by=by, now=now)
    if agreement_versions.add(connection, version):
        _record(connection, PROPOSE, version, by, now)
    return version


def approve(connection: Connection, partner_id: str, number: int, *, by: str, now: int) -> AgreementVersion:
    """Approve a draft, as somebody else than its author, and put it in force if its time has come.

    Raises:
        LifeError: for an unknown version, one that is no draft, or one's own.
    """
    check_words(by)
    version = _version(connection, partner_id, number)
    if version.state != DRAFT:
        raise LifeError(f"version {number} with {partner_id} is {version.state}; only a draft is approved")
    if is_one_person(version.author, by):
        raise LifeError(f"{by} wrote version {number} with {partner_id}; somebody else has to approve it")
    if not agreement_versions.approve(connection, partner_id, number, by, now):
        raise LifeError(f"version {number} with {partner_id} was approved meanwhile")
    _record(connection, APPROVE, version, by, now)
    if version.effective_at <= now:
        _put_in_force(connection, version, by, now)
    return _version(connection, partner_id, number)


def put_due_in_force(connection: Connection, now: int) -> int:
    """Put approved versions in force whose time has come; return how many."""
    due = agreement_versions.due(connection, now)
    return sum(_put_in_force(connection, version, version.approver, now) for version in due)


def differences(connection: Connection, version: AgreementVersion, catalogue: Catalogue) -> tuple[TermChange, ...]:
    """Return what a version changes of the one in force.

    Raises:
        SharingDataError: when one of them does not fit the catalogue any more.
    """
    partner = _partner(connection, version.partner_id)
    before = _read(partner.agreement, catalogue) if partner.agreement else None
    return changes(before, _read(version.document, catalogue))


def terms_in_force(partner: StoredPartner, catalogue: Catalogue) -> Agreement | None:
    """Return what is agreed with a partner; None where nothing is.

    Raises:
        SharingDataError: when it does not fit the catalogue any more; nothing goes out under it then.
    """
    return _read(partner.agreement, catalogue) if partner.agreement else None


def _read(document: str, catalogue: Catalogue) -> Agreement:
    try:
        return parse_agreement(json.loads(document), catalogue)
    except AgreementError as error:
        raise SharingDataError(str(error)) from error


def _partner(connection: Connection, partner_id: str) -> StoredPartner:
    partner = partners.find(connection, partner_id)
    if partner is None:
        raise LifeError(f"there is no partner {partner_id}")
    return partner


def _version(connection: Connection, partner_id: str, number: int) -> AgreementVersion:
    version = agreement_versions.find(connection, partner_id, number)
    if version is None:
        raise LifeError(f"there is no version {number} of an agreement with {partner_id}")
    return version


def _known(connection: Connection, wanted: AgreementVersion) -> AgreementVersion | None:
    """Return the version if it is known already.

    Raises:
        LifeError: when another text stands under its number, or the number was passed over.
    """
    versions = agreement_versions.all_of(connection, wanted.partner_id)
    if not versions or versions[0].version < wanted.version:
        return None
    known = next((version for version in versions if version.hash == wanted.hash), None)
    if known is None:
        raise LifeError(
            f"version {wanted.version} with {wanted.partner_id} is written already and says something else;"
            f" versions never change: write this as version {versions[0].version + 1}"
        )
    return known


def _put_in_force(connection: Connection, version: AgreementVersion, by: str, now: int) -> bool:
    if not agreement_versions.put_in_force(connection, version.partner_id, version.version, now):
        return False
    partners.save_agreement(connection, version.partner_id, version.document, now)
    audit.agreement_changed(connection, version.partner_id, version.document, now)
    _record(connection, PUT_IN_FORCE, version, by, now)
    return True


def _record(connection: Connection, kind: str, version: AgreementVersion, by: str, now: int) -> None:
    number = str(version.version)
    partner_events.add(connection, PartnerEvent(version.partner_id, kind, version.state, number, by, version.hash, now))
