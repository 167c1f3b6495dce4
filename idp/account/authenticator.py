"""The authenticator app: set up with a first code, and turned off."""

from http import HTTPStatus

import segno
from flask import Blueprint, Response, request
from markupsafe import Markup

from idp.account.notices import notice, noticed
from idp.account.viewer import Viewer, for_recent_viewer
from idp.protocol.activity import Event
from idp.protocol.authentication import AMR_MULTI_FACTOR, AMR_ONE_TIME_CODE
from idp.protocol.totp import enrolment_uri
from idp.services import Services
from idp.store import authenticators, recovery_codes
from idp.web import paths
from idp.web.errors import expired_page
from idp.web.pages import gettext as _
from idp.web.pages import render_page
from idp.web.requests import read_form, seen_from
from idp.web.responses import see_other
from idp.web.sessions import csrf_matches, csrf_token, current_session, strengthen

blueprint = Blueprint("authenticator", __name__)


@blueprint.get(paths.AUTHENTICATOR)
@for_recent_viewer
def authenticator(services: Services, person: Viewer) -> Response:
    """Show whether an app is set up, and how to."""
    return _page(services, person)


@blueprint.post(paths.AUTHENTICATOR)
@for_recent_viewer
def change_authenticator(services: Services, person: Viewer) -> Response:
    """Begin to set an app up, confirm it by its first code, stop that, or turn it off.

    What was done already, in another window perhaps, is no error: the page shows how things are now.
    """
    form = read_form(request)
    if not csrf_matches(services, form.get("csrf", "")):
        raise expired_page(paths.AUTHENTICATOR)
    match form.get("action"):
        case "begin":
            with services.database.transaction() as connection:
                services.authenticators.begin(connection, person.account.id, services.now)
        case "confirm":
            return _confirm(services, person, form.get("code", ""))
        case "stop":
            with services.database.transaction() as connection:
                authenticators.stop(connection, person.account.id)
        case "off":
            return _turn_off(services, person)
    return see_other(paths.AUTHENTICATOR)


def _confirm(services: Services, person: Viewer, code: str) -> Response:
    """Turn the app on. The session is one with two factors from here on, though no newer than it was."""
    account_id, session = person.account.id, current_session(services)
    with services.database.transaction() as connection:
        confirmed = services.authenticators.confirm(connection, account_id, code, services.now)
        if confirmed:
            seen = seen_from(services, request)
            services.activity.note(connection, account_id, Event.AUTHENTICATOR_ADDED, seen, services.now)
        has_codes = recovery_codes.left(connection, account_id) > 0
    if not confirmed or session is None:
        sentence = _("The code is not right. Wait for the next one and try again.")
        return _page(services, person, sentence, HTTPStatus.BAD_REQUEST)
    strengthen(services, session, (AMR_ONE_TIME_CODE, AMR_MULTI_FACTOR))
    return noticed(paths.AUTHENTICATOR if has_codes else paths.RECOVERY_CODES, "authenticator_on")


def _turn_off(services: Services, person: Viewer) -> Response:
    account_id = person.account.id
    with services.database.transaction() as connection:
        was_on = authenticators.turn_off(connection, account_id)
        if was_on:
            seen = seen_from(services, request)
            services.activity.note(connection, account_id, Event.AUTHENTICATOR_REMOVED, seen, services.now)
    return noticed(paths.AUTHENTICATOR, "authenticator_off") if was_on else see_other(paths.AUTHENTICATOR)


def _page(services: Services, person: Viewer, error: str | None = None, status: int = HTTPStatus.OK) -> Response:
    account_id = person.account.id
    with services.database.autocommit() as connection:
        app = services.authenticators.find(connection, account_id, services.now)
        codes_left = recovery_codes.left(connection, account_id)
    begun = app if app is not None and not app.is_on else None
    name = person.account.called or services.settings.issuer
    service = services.settings.operator.name
    return render_page(
        "account/authenticator.html",
        status=status,
        csrf=csrf_token(services),
        notice=notice(request),
        since=person.day(app.confirmed_at) if app is not None and app.confirmed_at is not None else None,
        picture=_picture(enrolment_uri(begun.secret, name, service)) if begun else None,
        secret=_in_groups(begun.secret) if begun else None,
        codes_left=codes_left,
        error=error,
    )


def _picture(text: str) -> Markup:
    """Return a QR code as SVG that stands in the page: its own address would be one more that shows the secret."""
    drawn = segno.make(text, error="m", micro=False).svg_inline(
        scale=4, dark="#000", light="#fff", svgclass=None, lineclass=None, omitsize=True
    )
    return Markup(drawn)  # noqa: S704 - drawn by segno of squares alone


def _in_groups(secret: str) -> str:
    """Return a secret as somebody can type it over."""
    return " ".join(secret[start : start + 4] for start in range(0, len(secret), 4))
