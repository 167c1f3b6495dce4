"""GET and POST /consent."""

from dataclasses import dataclass, replace
from datetime import UTC, datetime
from urllib.parse import urlencode

from flask import Blueprint, Response, request

from idp.consent.wider import sentences
from idp.data_sharing import Circumstances, OfferedField
from idp.protocol.grants import Mode
from idp.protocol.secrets import new_identifier
from idp.services import Services, current_services
from idp.store import interactions
from idp.store.accounts import Account
from idp.store.clients import Client
from idp.store.interactions import ALLOWED, DENIED, Interaction
from idp.web import paths
from idp.web.apps import permissions, shown_client
from idp.web.errors import expired_page
from idp.web.i18n import format_day
from idp.web.interactions import require_interaction
from idp.web.pages import form_target, render_page, settle_language
from idp.web.pages import gettext as _
from idp.web.requests import read_form_with_boxes, read_query
from idp.web.responses import see_other
from idp.web.sessions import csrf_matches, csrf_token, current_session, signed_in_account

blueprint = Blueprint("consent", __name__)


@dataclass(frozen=True, slots=True)
class Why:
    """The purpose as the page shows it."""

    text: str


@blueprint.get(paths.CONSENT)
def consent_page() -> Response:
    """Show what is asked."""
    services = current_services()
    interaction, client, account = _who(services, read_query(request).get("flow", ""))
    language = settle_language(services, interaction.parameters.get("ui_locales"))
    now = services.now
    offer = services.sharing.offer(client, account, interaction.asked, language, now)
    return render_page(
        "consent.html",
        form_targets=(form_target(interaction.redirect_uri),),
        csrf=csrf_token(services),
        flow=interaction.id,
        read=offer.agreement_version,
        client=shown_client(client, language),
        purpose=Why(offer.purpose) if offer.purpose else None,
        duration_days=offer.days,
        until=format_day(datetime.fromtimestamp(offer.expires_at, UTC).date(), language),
        once=offer.mode is Mode.ONE_TIME,
        fields=[_told(field) for field in offer.fields],
        is_amendment=offer.is_amendment,
        stays=offer.stays,
        goes=offer.goes,
        wider=sentences(offer.wider, services.sharing, language),
        permissions=permissions(services, interaction.scopes, language),
    )


@blueprint.post(paths.CONSENT)
def consent() -> Response:
    """Write down the answer and go back to the request."""
    services = current_services()
    form, ticked = read_form_with_boxes(request, "fields")
    interaction, client, account = _who(services, form.get("flow", ""))
    here = f"{paths.CONSENT}?{urlencode({'flow': interaction.id})}"
    if not csrf_matches(services, form.get("csrf", "")):
        raise expired_page(here)
    decision = _DECISIONS.get(form.get("decision", ""))
    if decision is None:
        raise expired_page(here)
    if not _write_down(services, interaction, client, account, decision, ticked, form.get("read", "")):
        return see_other(here)
    return see_other(f"{paths.CONTINUE}?{urlencode({'flow': interaction.id})}")


_DECISIONS = {"allow": ALLOWED, "deny": DENIED}


def _who(services: Services, flow: str) -> tuple[Interaction, Client, Account]:
    """Return the request, the app that asks and the person who is asked.

    Raises:
        PageError: when there is nothing to ask here, with a way to what the request does wait for.
    """
    interaction = require_interaction(services, flow)
    client = services.find_client(interaction.client_id)
    account = signed_in_account(services)
    if client is None or account is None or not client.is_third_party:
        raise expired_page(f"{paths.CONTINUE}?{urlencode({'flow': interaction.id})}")
    return interaction, client, account


def _write_down(
    services: Services,
    interaction: Interaction,
    client: Client,
    account: Account,
    decision: str,
    ticked: frozenset[str],
    read: str,
) -> bool:
    """Write the answer down; false for a yes to an agreement that changed meanwhile: it has to be read first."""
    now = services.now
    session = current_session(services)
    circumstances = Circumstances(
        grant_id=new_identifier(services.random),
        locale=settle_language(services, interaction.parameters.get("ui_locales")),
        acr=session.acr if session is not None else "",
    )
    asked = interaction.asked
    answer = services.sharing.agree(client, account, asked, ticked, circumstances, now)
    if decision == ALLOWED and str(answer.agreement_version) != read:
        return False
    with services.database.transaction() as connection:
        if decision == DENIED:
            services.sharing.reject(connection, answer, now)
        elif services.sharing.give(connection, answer, now, asked.wish) is None:
            return True  # undecided still: what is not there to be amended any more is told when the request goes on
        interactions.note_decision(connection, interaction.id, decision)
    return True


def _told(field: OfferedField) -> OfferedField:
    """Return a line in which something stands where the account holds nothing: it may be filled in later."""
    return replace(field, example=field.example or _("Not in your account yet"))
