"""GET / and the list of apps and partners, where sharing is ended."""

from dataclasses import dataclass
from datetime import UTC, datetime

from flask import Blueprint, Response, request

from idp.protocol.grants import Initiator, Why
from idp.services import Services, current_services
from idp.store import grants
from idp.store.grants import Grant
from idp.web import paths
from idp.web.errors import expired_page
from idp.web.i18n import Language, format_day
from idp.web.pages import render_page, settle_language
from idp.web.requests import read_form
from idp.web.responses import see_other
from idp.web.sessions import csrf_matches, csrf_token, signed_in_account

blueprint = Blueprint("account", __name__)


@dataclass(frozen=True, slots=True)
class Sharing:
    """One card of the list: who, why, what, since when and until when."""

    client_id: str
    purpose_id: str
    name: str
    purpose: str | None
    fields: tuple[str, ...]
    since: str
    until: str


@blueprint.get(paths.HOME)
def home() -> Response:
    """Show who is signed in."""
    services = current_services()
    return render_page("home.html", csrf=csrf_token(services) if signed_in_account(services) else "")


@blueprint.get(paths.SHARING)
def apps() -> Response:
    """Show the apps and partners that the person shares with."""
    services = current_services()
    account = signed_in_account(services)
    if account is None:
        return see_other(paths.LOGIN)
    language = settle_language(services)
    with services.database.autocommit() as connection:
        alive = grants.all_alive(connection, account.id, services.now)
    cards = [card for grant in alive if (card := _card(services, grant, language))]
    return render_page("apps.html", csrf=csrf_token(services), sharings=cards)


@blueprint.get(paths.APPS)
def moved() -> Response:
    """Lead on whoever kept the old address."""
    return see_other(paths.SHARING)


@blueprint.post(paths.SHARING)
def end_sharing() -> Response:
    """End one grant and everything that it carries."""
    services = current_services()
    form = read_form(request)
    account = signed_in_account(services)
    if account is None or not csrf_matches(services, form.get("csrf", "")):
        raise expired_page(paths.SHARING)
    key = (account.id, form.get("client_id", ""), form.get("purpose", ""))
    with services.database.transaction() as connection:
        grant = grants.find(connection, *key, lock=True)
        if grant is not None:
            services.sharing.end(connection, grant, Initiator.USER, Why.USER_REVOKED, services.now)
    return see_other(paths.SHARING)


def _card(services: Services, grant: Grant, language: Language) -> Sharing | None:
    client = services.find_client(grant.client_id)
    if client is None:
        return None
    catalogue = services.sharing.catalogue
    known, agreed = catalogue.fields, sorted(grant.agreed_fields(services.now))
    purpose = catalogue.purposes.get(grant.purpose)
    return Sharing(
        client_id=grant.client_id,
        purpose_id=grant.purpose,
        name=client.name,
        purpose=purpose.text.in_language(language) if purpose else None,
        fields=tuple(known[field].text.in_language(language) for field in agreed if field in known),
        since=_day(grant.created_at, language),
        until=_day(grant.expires_at, language),
    )


def _day(at: int, language: Language) -> str:
    return format_day(datetime.fromtimestamp(at, UTC).date(), language)
