"""A partner with its agreement as an operator declares them in a file, and how far a file may go.

Whoever can write the files of a server and run its commands is trusted with what they say: a file takes a partner to
any status at once. It names who wrote it and who approved it, two people, and it never undoes an end: what is suspended
is lifted by `idp partner lift`, what is terminated stays so.
"""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

from idp.admin.change import Change, action_of, differences_of
from idp.admin.client_document import DocumentError
from idp.data_sharing import SharingDataError, read_partner
from idp.data_sharing.agreement_life import approve, examine, propose
from idp.data_sharing.documents import PartnerDocument
from idp.data_sharing.partner_life import Action, check_words, is_one_person, record
from idp.services import Services
from idp.store import agreement_versions, partners
from idp.store.agreement_versions import DRAFT
from idp.store.database import Connection
from idp.store.partner_events import PartnerEvent
from idp.store.partners import PartnerDetails, StoredPartner

NEVER_UNDONE = {"suspended": ("suspended", "terminated"), "terminated": ("terminated",)}
NEEDS_NO_APPROVAL = ("draft", "submitted")


@dataclass(frozen=True, slots=True)
class PartnerDeclaration:
    """The three tables of a file: the partner, its agreement if there is one, and who wrote and who approved it."""

    partner: Mapping[str, Any]
    agreement: Mapping[str, Any] | None
    approval: Mapping[str, Any] | None


def apply_partner(services: Services, connection: Connection, declared: PartnerDeclaration, *, dry_run: bool) -> Change:
    """Bring a partner and its agreement to what is declared; a dry run only tells.

    Raises:
        DocumentError: for anything that does not fit.
    """
    try:
        return _apply(services, connection, declared, dry_run=dry_run)
    except SharingDataError as error:
        raise DocumentError(str(error)) from error


def _apply(services: Services, connection: Connection, declared: PartnerDeclaration, *, dry_run: bool) -> Change:
    wanted = read_partner(declared.partner)
    author, approver = _signers(wanted, declared)
    known = partners.find(connection, wanted.id)
    _check_against(known, wanted, declared.agreement)
    contacts = partners.contacts_of(connection, services.sealer, wanted.id)
    before = {} if known is None else {**_shown(known.name, known.status, known.details), "contacts": contacts}
    after = {**_shown(wanted.name, wanted.status, wanted.details), "contacts": wanted.contacts}
    differences = differences_of(before, after)
    agreement = _agreement_difference(services, connection, declared, wanted)
    if differences and not dry_run:
        partners.save(connection, wanted.id, wanted.name, wanted.status, services.now, wanted.details)
        partners.save_contacts(connection, services.sealer, wanted.id, wanted.contacts)
    if "status" in differences and not dry_run:
        was, why = str(before.get("status", "")), f"written by {author}"
        event = PartnerEvent(wanted.id, Action.DECLARE, was, wanted.status, approver, why, services.now)
        record(connection, services.messages, event)
    if agreement and declared.agreement is not None and not dry_run:
        catalogue, now = services.sharing.catalogue, services.now
        version = propose(connection, declared.agreement, catalogue, by=author, now=now)
        approve(connection, wanted.id, version.version, by=approver, now=now)
    differences.update(agreement)
    return Change("partner", wanted.id, action_of(known, differences), differences)


def _signers(wanted: PartnerDocument, declared: PartnerDeclaration) -> tuple[str, str]:
    """Return who wrote the file and who approved it."""
    approval = declared.approval
    if approval is None:
        if declared.agreement is None and wanted.status in NEEDS_NO_APPROVAL:
            return "a file", "a file"
        raise DocumentError(
            f"partner {wanted.id!r}: say who wrote this and who approved it: [approval] with author and approver"
        )
    names = approval.get("author"), approval.get("approver")
    if set(approval) != {"author", "approver"} or not all(isinstance(name, str) for name in names):
        raise DocumentError(f"partner {wanted.id!r}: [approval] takes author and approver, both texts")
    author, approver = str(names[0]), str(names[1])
    check_words(author)
    check_words(approver)
    if is_one_person(author, approver):
        raise DocumentError(f"partner {wanted.id!r}: the approver is somebody else than the author")
    return author, approver


def _check_against(known: StoredPartner | None, wanted: PartnerDocument, agreement: Mapping[str, Any] | None) -> None:
    if agreement is not None and agreement.get("partner_id", wanted.id) != wanted.id:
        raise DocumentError(f"partner {wanted.id!r}: the agreement beside it is with {agreement.get('partner_id')!r}")
    if known is None:
        return
    if agreement is None and known.agreement:
        raise DocumentError(f"partner {wanted.id!r}: its agreement is missing; to end it, give it status 'ended'")
    if wanted.status not in NEVER_UNDONE.get(known.status, (wanted.status,)):
        raise DocumentError(
            f"partner {wanted.id!r} is {known.status}, and a file does not undo that;"
            f" `idp partner lift` ends a suspension, a termination stays"
        )


def _agreement_difference(
    services: Services, connection: Connection, declared: PartnerDeclaration, wanted: PartnerDocument
) -> dict[str, tuple[Any, Any]]:
    if declared.agreement is None:
        return {}
    version = examine(
        connection, declared.agreement, wanted.details.tier, services.sharing.catalogue, by="", now=services.now
    )
    if version.state != DRAFT:
        return {}
    newest = next(iter(agreement_versions.all_of(connection, wanted.id)), None)
    return {"agreement": (newest.document if newest else None, version.document)}


def _shown(name: str, status: str, details: PartnerDetails) -> dict[str, Any]:
    return {"name": name, "status": status, **asdict(details)}
