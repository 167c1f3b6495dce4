"""The list of apps and partners that a person shares with, and what ends or holds more than one of them."""

from flask import Blueprint, Response, request

from idp.account.cards import Cards
from idp.account.notices import notice, noticed
from idp.account.viewer import Viewer, for_viewer
from idp.protocol.grants import Initiator, Why
from idp.protocol.parameters import Parameters
from idp.services import Services, current_services
from idp.store import grants
from idp.store.database import Connection
from idp.store.grants import Grant
from idp.web import paths
from idp.web.errors import expired_page
from idp.web.pages import render_page
from idp.web.requests import read_form
from idp.web.sessions import csrf_matches, csrf_token, signed_in_account

blueprint = Blueprint("sharing", __name__)


@blueprint.get(paths.SHARING)
@for_viewer
def sharing(services: Services, person: Viewer) -> Response:
    """Show what is shared at present."""
    with services.database.autocommit() as connection:
        alive = grants.all_alive(connection, person.account.id, services.now)
        everything = grants.all_of_account(connection, person.account.id)
        cards = Cards(services, connection, person, alive).of(alive)
    return render_page(
        "sharing.html",
        csrf=csrf_token(services),
        notice=notice(request),
        cards=cards,
        has_earlier=len(everything) > len(alive),
        opted_out=person.account.opted_out_at is not None,
        restricted=person.account.restricted_at is not None,
    )


@blueprint.get(paths.EARLIER_SHARING)
@for_viewer
def earlier(services: Services, person: Viewer) -> Response:
    """Show what was shared once and what was refused."""
    with services.database.autocommit() as connection:
        everything = grants.all_of_account(connection, person.account.id)
        over = [grant for grant in everything if not grant.is_alive(services.now)]
        cards = Cards(services, connection, person, over).of(over)
    return render_page("sharing_earlier.html", cards=cards)


@blueprint.post(paths.SHARING)
def change_sharing() -> Response:
    """End one sharing, all with a partner or all there are; leave all sharing, or come back to it.

    What was done already, in another window perhaps, is no error: the page shows how things are now.
    """
    services = current_services()
    form = read_form(request)
    account = signed_in_account(services)
    if account is None or not csrf_matches(services, form.get("csrf", "")):
        raise expired_page(paths.SHARING)
    action = form.get("action", "end")
    with services.database.transaction() as connection:
        if action == "opt_out":
            services.sharing.opt_out(connection, account.id, services.now)
        elif action == "opt_in":
            services.sharing.opt_in(connection, account.id, services.now)
        else:
            action = _end(services, connection, _meant(services, connection, account.id, action, form))
    return noticed(paths.SHARING, action)


def _meant(services: Services, connection: Connection, account_id: str, action: str, form: Parameters) -> list[Grant]:
    """Return the grants that are to end, held until the transaction ends."""
    living = grants.all_living(connection, account_id)
    if action == "end_all":
        return list(living)
    if action == "end_partner":
        partner_id = form.get("partner_id", "")
        return [grant for grant in living if partner_id and _partner_of(services, grant) == partner_id]
    key = (form.get("client_id", ""), form.get("purpose", ""))
    return [grant for grant in living if (grant.client_id, grant.purpose) == key]


def _partner_of(services: Services, grant: Grant) -> str:
    client = services.find_client(grant.client_id)
    return client.partner_id if client is not None else ""


def _end(services: Services, connection: Connection, meant: list[Grant]) -> str:
    """End grants; return what to say of it."""
    done = [services.sharing.end(connection, grant, Initiator.USER, Why.USER_REVOKED, services.now) for grant in meant]
    if not any(done):
        return "unchanged"
    return "end" if len(done) == 1 else "end_all"
