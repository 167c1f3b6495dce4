"""What a person can take along: receipts, proofs that entries are in the audit log, the record of all sharing."""

from typing import Any

from flask import Blueprint, Response, abort

from idp.account.cards import Cards
from idp.account.sharing_grant import own_grant
from idp.account.states import happened
from idp.account.viewer import Viewer, for_viewer
from idp.data_sharing.own_record import sharing_record
from idp.protocol.log_proof import write_evidence, write_proof
from idp.protocol.receipts import Receipt
from idp.protocol.written_json import write_json
from idp.services import Services
from idp.store import grants, own_entries
from idp.store.accounts import Account
from idp.store.database import Connection
from idp.store.grants import Grant
from idp.store.own_entries import OwnEntry
from idp.web import paths
from idp.web.long_download import long_download
from idp.web.pages import render_page
from idp.web.requests import JSON
from idp.web.responses import download

MOST_DIGITS = 18
JOSE = "application/jose"

blueprint = Blueprint("records", __name__)


@blueprint.get(paths.RECEIPT)
@for_viewer
def receipt_page(services: Services, person: Viewer, grant_id: str, version: str) -> Response:
    """Show a receipt in words."""
    with services.database.autocommit() as connection:
        grant, receipt = _receipt(services, connection, person, grant_id, version)
        (card,) = Cards(services, connection, person, [grant]).of([grant])
    happening = receipt.happening
    return render_page(
        "receipt.html",
        card=card,
        receipt=receipt,
        what=happened(happening.event, happening.initiator),
        at=person.moment(happening.at),
        until={field.id: person.day(field.until) for field in receipt.fields},
    )


@blueprint.get(paths.SIGNED_RECEIPT)
@for_viewer
def signed_receipt(services: Services, person: Viewer, grant_id: str, version: str) -> Response:
    """Hand out a receipt as a signed document (RFC 7515)."""
    with services.database.autocommit() as connection:
        _grant, receipt = _receipt(services, connection, person, grant_id, version)
    return download(services.receipt_key.sign(receipt), JOSE, f"receipt-{grant_id}-{version}.jws")


@blueprint.get(paths.LOGGED_ENTRY)
@for_viewer
def logged_entry(services: Services, person: Viewer, grant_id: str, number: str) -> Response:
    """Hand out an entry of the audit log and the proof that it is there, in one file (`idp audit verify`)."""
    entry = _entry(services, person, grant_id, number)
    if entry.position is None:
        services.audit_tree.sequence()
        entry = _entry(services, person, grant_id, number)
    frontier = services.audit_tree.frontier()
    position = entry.position or 0
    hashes = services.audit_tree.inclusion_proof(position, frontier.size)
    note = services.log_key.sign(services.log_key.checkpoint(frontier))
    evidence = write_evidence(entry.leaf, write_proof(position, hashes, note))
    return download(evidence, JSON, f"disclosure-{entry.position}.json")


@blueprint.get(paths.SHARING_EXPORT)
@for_viewer
def export(services: Services, person: Viewer) -> Response:
    """Hand out everything that is known about a person's sharing."""
    with services.database.snapshot() as connection:
        record = {"issuer": services.settings.issuer, **own_sharing(services, connection, person.account)}
        return long_download(write_json(record), "sharing.json", services.random)


def own_sharing(services: Services, connection: Connection, account: Account) -> dict[str, Any]:
    """Return everything that is known about a person's sharing (`sharing_record`), and what the log is checked by."""
    url = f"{services.settings.issuer}{paths.SHARING}"
    record = sharing_record(connection, account, services.receipts, services.receipt_key.sign, url, services.now)
    return {"log": {"name": services.log_key.public.name, "key": str(services.log_key.public)}, **record}


def _receipt(
    services: Services, connection: Connection, person: Viewer, grant_id: str, version: str
) -> tuple[Grant, Receipt]:
    grant = own_grant(connection, person.account.id, grant_id)
    events = grants.events(connection, grant.id)
    url = f"{services.settings.issuer}{paths.SHARING}"
    receipt = services.receipts.of_version(connection, grant, events, version, url)
    if receipt is None:
        abort(404)
    return grant, receipt


def _entry(services: Services, person: Viewer, grant_id: str, number: str) -> OwnEntry:
    is_number = number.isascii() and number.isdigit() and len(number) <= MOST_DIGITS
    with services.database.autocommit() as connection:
        grant = own_grant(connection, person.account.id, grant_id)
        entry = own_entries.find(connection, [grant.id], int(number)) if is_number else None
    if entry is None:
        abort(404)
    return entry
