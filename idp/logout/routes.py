"""GET and POST /logout, and the page that asks."""

import json
from base64 import urlsafe_b64decode
from binascii import Error as Base64Error
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from http import HTTPStatus
from typing import Any
from urllib.parse import urlencode

from flask import Blueprint, Response, request

from idp.protocol.parameters import Parameters
from idp.protocol.secrets import encode
from idp.services import Services, current_services
from idp.store.clients import Client
from idp.store.sealing import UnsealingError
from idp.tokens.hint import read_hint
from idp.tokens.session_end import ToldByBrowser
from idp.web import paths
from idp.web.errors import PageError, expired_page
from idp.web.pages import form_target, render_page, settle_language
from idp.web.pages import gettext as _
from idp.web.requests import read_form, read_query, refuse_head
from idp.web.responses import see_other, with_query
from idp.web.sessions import csrf_matches, csrf_token, current_session, logout_frames, sign_out

_PLACE = "logout request"
_WAY_BACK = frozenset({"post_logout_redirect_uri", "state"})
_HINT = frozenset({"id_token_hint"})

blueprint = Blueprint("logout", __name__)
blueprint.before_request(refuse_head)


@dataclass(frozen=True, slots=True)
class LogoutRequest:
    """What was asked, as far as it is proven. `return_url` is registered by the client, or empty."""

    client_id: str = ""
    return_url: str = ""


@blueprint.get(paths.LOGOUT)
def logout() -> Response:
    """Begin with a request that came in the query."""
    return _begin(current_services(), read_query(request))


@blueprint.post(paths.LOGOUT)
def logout_post() -> Response:
    """Begin with a request that came in a form, by way of a GET, for cookies do not come with another site's form."""
    return see_other(f"{paths.LOGOUT}?{urlencode(dict(read_form(request)))}")


@blueprint.post(paths.CONFIRM_LOGOUT)
def confirm() -> Response:
    """Take the person's answer."""
    services = current_services()
    form = read_form(request)
    if not csrf_matches(services, form.get("csrf", "")):
        raise expired_page(paths.LOGOUT)
    if form.get("decision") != "confirm":
        return see_other(paths.HOME)
    return _signed_out(services, _unseal(services, form.get("flow", "")), sign_out(services))


def _begin(services: Services, parameters: Parameters) -> Response:
    language = settle_language(services, parameters.get("ui_locales"))
    session = current_session(services)
    hint = _hint(services, parameters)
    client = services.find_client(parameters.get("client_id", hint.get("aud", "")))
    asked = LogoutRequest(client.client_id if client else "", _return_url(client, parameters))
    if session is None or not session.is_signed_in:
        return _signed_out(services, asked, ())
    if client is not None and hint.get("sid") == services.sharing.session(client, session.sid):
        return _signed_out(services, asked, sign_out(services))
    return render_page(
        "sign_out.html",
        form_targets=(form_target(asked.return_url),) if asked.return_url else (),
        csrf=csrf_token(services),
        flow=_seal(services, asked),
        client_name=client.in_language("name", language) if client else None,
    )


def _hint(services: Services, parameters: Parameters) -> Mapping[str, Any]:
    """Return the claims of the hint, if one was sent.

    Raises:
        PageError: when it is none of ours, or of another client than the one that asks (RP-Initiated Logout 2).
    """
    presented = parameters.get("id_token_hint")
    if presented is None:
        return {}
    hint = read_hint(presented, services.keys, services.settings.issuer)
    if hint is None:
        sentence = "The id_token_hint is not valid: it is no ID token of this server, or its key is long gone."
        raise _refused(parameters, _HINT if "client_id" in parameters else _HINT | _WAY_BACK, sentence)
    if parameters.get("client_id", hint["aud"]) != hint["aud"]:
        sentence = "The id_token_hint is of another client than the client_id."
        raise _refused(parameters, _HINT | _WAY_BACK | {"client_id"}, sentence)
    return hint


def _return_url(client: Client | None, parameters: Parameters) -> str:
    """Return where to go afterwards, or "": only a URL that the client registered, compared exactly.

    Raises:
        PageError: for any other URL, and where nothing says whose it is (RP-Initiated Logout 3).
    """
    url = parameters.get("post_logout_redirect_uri")
    if url is None:
        return ""
    if parameters.keys().isdisjoint({"id_token_hint", "client_id"}):
        raise _refused(
            parameters, _WAY_BACK, "The id_token_hint is missing: nothing says whose post_logout_redirect_uri it is."
        )
    if client is None or url not in client.post_logout_redirect_uris:
        raise _refused(parameters, _WAY_BACK, "The post_logout_redirect_uri is not one that the app has registered.")
    return with_query(url, {"state": parameters["state"]}) if "state" in parameters else url


def _refused(parameters: Parameters, wrong: frozenset[str], detail: str) -> PageError:
    """Return the page for a request that is not valid; from there the person can sign out, with what else was sent."""
    rest = {name: value for name, value in parameters.items() if name not in wrong}
    return PageError(
        "invalid_request",
        _("That did not work"),
        _("The app asked us to sign you out, with something that we cannot accept. Nothing was changed."),
        _("You can sign out here all the same. If it happens again, tell the people who run the app."),
        status=HTTPStatus.BAD_REQUEST,
        continue_url=f"{paths.LOGOUT}?{urlencode(rest)}",
        continue_label=_("Sign out"),
        detail=detail,
    )


def _signed_out(services: Services, asked: LogoutRequest, told: tuple[ToldByBrowser, ...]) -> Response:
    """Go back to the app, after a page that tells the apps which are told by the browser (Front-Channel Logout 3)."""
    if asked.return_url and not told:
        return see_other(asked.return_url)
    return render_page("signed_out.html", frames=logout_frames(services, told), return_url=asked.return_url or None)


def _seal(services: Services, asked: LogoutRequest) -> str:
    return encode(services.sealer.seal(json.dumps(asdict(asked)).encode("utf-8"), _PLACE))


def _unseal(services: Services, flow: str) -> LogoutRequest:
    """Return what was asked before the page; anything not sealed here asks for nothing."""
    try:
        return LogoutRequest(**json.loads(services.sealer.open(urlsafe_b64decode(flow + "=="), _PLACE)))
    except (Base64Error, ValueError, UnsealingError):
        return LogoutRequest()
