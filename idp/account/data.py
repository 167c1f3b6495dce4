"""What a person can do with all of their data at once: take it along as one file, or away with the account."""

from collections.abc import Iterator
from dataclasses import asdict
from typing import Any

from flask import Blueprint, Response

from idp.account.records import own_sharing
from idp.account.viewer import Viewer, for_viewer
from idp.protocol.written_json import write_json
from idp.services import Services
from idp.store import activity, agreed_terms, authenticators, partner_members, recovery_codes, sessions
from idp.store.accounts import Account
from idp.store.database import READ_BATCH, Connection
from idp.web import paths
from idp.web.long_download import long_download
from idp.web.pages import render_page

FORMAT = "sekisho/account/1"

blueprint = Blueprint("data", __name__)


@blueprint.get(paths.DATA)
@for_viewer
def data(_services: Services, _person: Viewer) -> Response:
    """Show the two ways."""
    return render_page("account/data.html")


@blueprint.get(paths.DOWNLOAD)
@for_viewer
def everything(services: Services, person: Viewer) -> Response:
    """Hand out everything that is held about a person (GDPR 15 and 20, APPI 33); no secret is among it.

    Instants are seconds since 1970, UTC. All of it is as it was at one moment; what grows is read as it is written.
    """
    with services.database.snapshot() as connection:
        record = {
            "format": FORMAT,
            "issuer": services.settings.issuer,
            "made_at": services.now,
            "account": _account(connection, person),
            "ways_to_sign_in": _ways(services, connection, person.account),
            "sessions": _sessions(services, connection, person),
            "activity": _activity(services, connection, person),
            "purchases": map(asdict, services.transactions.each_of_account(connection, person.account.id)),
            "sharing": own_sharing(services, connection, person.account),
        }
        return long_download(write_json(record), "account.json", services.random)


def _account(connection: Connection, person: Viewer) -> dict[str, Any]:
    account = person.account
    return {
        "id": account.id,
        "status": account.status,
        "updated_at": account.updated_at,
        "restricted_since": account.restricted_at,
        "shares_nothing_since": account.opted_out_at,
        "profile": dict(account.profile),
        "agreed_terms": agreed_terms.of_account(connection, account.id),
        "looks_after_partners": list(partner_members.partners_of(connection, account.id)),
    }


def _ways(services: Services, connection: Connection, account: Account) -> dict[str, Any]:
    shown = ("name", "created_at", "used_at", "backed_up", "transports")
    passkeys = services.passkeys.of_account(connection, account.id)
    return {
        "has_password": bool(account.password_hash),
        "passkeys": [{name: getattr(passkey, name) for name in shown} for passkey in passkeys],
        "connections": [
            {name: getattr(link, name) for name in ("provider", "issuer", "shown", "created_at", "used_at")}
            for link in services.upstream_links.of_account(connection, account.id)
        ],
        "has_authenticator": authenticators.is_on(connection, account.id),
        "recovery_codes_left": recovery_codes.left(connection, account.id),
    }


def _sessions(services: Services, connection: Connection, person: Viewer) -> Iterator[dict[str, Any]]:
    idle = services.settings.lifetimes.session_idle
    for session in sessions.each_of_account(connection, person.account.id, services.now, idle):
        yield {
            "device": session.device,
            "network": sessions.open_network(services.sealer, session),
            "started_at": session.started_at,
            "signed_in_at": session.auth_time,
            "last_seen_at": session.seen_at,
            "by": list(session.amr),
        }


def _activity(services: Services, connection: Connection, person: Viewer) -> Iterator[dict[str, Any]]:
    before: int | None = None
    while batch := activity.latest(connection, services.sealer, person.account.id, READ_BATCH, before):
        for entry in batch:
            yield {"what": entry.kind, "at": entry.at, **asdict(entry.seen), "details": dict(entry.details)}
        before = batch[-1].id
