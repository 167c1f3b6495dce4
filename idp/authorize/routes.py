"""GET and POST /authorize, and the way back to it after each page."""

from urllib.parse import urlencode

from flask import Blueprint, Response, request

from idp.authorize.arrival import Arrival, check_arrival, take_in
from idp.authorize.flow import Progress, Step, missing_level, next_step, progress_of
from idp.authorize.issue import issue
from idp.authorize.request import AuthorizationRequest, ReturnAddress, check_request, check_return_address
from idp.authorize.response import error_response, success_response
from idp.completion import ask_second_factor
from idp.protocol.errors import OAuthError
from idp.protocol.parameters import Parameters
from idp.protocol.secrets import new_identifier
from idp.services import Services, current_services
from idp.store.interactions import Interaction
from idp.store.sessions import BrowserSession
from idp.web import paths
from idp.web.interactions import finish_interaction, require_interaction
from idp.web.pages import settle_language
from idp.web.requests import read_form, read_query, refuse_head
from idp.web.responses import see_other
from idp.web.sessions import current_session, ensure_session

blueprint = Blueprint("authorize", __name__)
blueprint.before_request(refuse_head)

_PAGES = {Step.SIGN_IN: paths.LOGIN, Step.CONSENT: paths.CONSENT}


@blueprint.get(paths.AUTHORIZE)
def authorize() -> Response:
    """Begin with a request that came in the query, or is referred to there."""
    services = current_services()
    sent = read_query(request)
    try:
        arrival = take_in(services, sent)
    except OAuthError as error:
        return _refuse_unread(services, sent, error)
    return _advance(services, arrival, None)


@blueprint.post(paths.AUTHORIZE)
def authorize_post() -> Response:
    """Begin with a request that came in a form, by way of a GET: cookies are not sent with a form from another site."""
    parameters = read_form(request)
    pairs = [*parameters.items(), *(("resource", resource) for resource in parameters.repeated)]
    return see_other(f"{paths.AUTHORIZE}?{urlencode(pairs)}")


@blueprint.get(paths.CONTINUE)
def resume() -> Response:
    """Go on with a request that waited for its user."""
    services = current_services()
    interaction = require_interaction(services, read_query(request).get("flow", ""))
    return _advance(services, Arrival(Parameters(interaction.parameters, interaction.resources)), interaction)


def _advance(services: Services, arrival: Arrival, interaction: Interaction | None) -> Response:
    """Check the request, then do the next step or answer the client."""
    parameters = arrival.parameters
    settle_language(services, parameters.get("ui_locales"))
    address = check_return_address(services, parameters)
    session = current_session(services)
    progress = progress_of(interaction, services.now)
    try:
        if interaction is None:
            check_arrival(address.client, arrival)
        checked = check_request(services, parameters, address)
        step = next_step(services, checked, session, progress)
        if step is Step.ANSWER and session is not None:
            return success_response(services, address, issue(services, checked, session, interaction))
    except OAuthError as error:
        if not error.may_redirect:
            raise
        return _refuse(services, address, error, interaction)
    return _wait(services, checked, parameters, progress, interaction, step)


def _refuse_unread(services: Services, sent: Parameters, error: OAuthError) -> Response:
    """Answer for a request that cannot be read: to the client only where what stood beside it proves where to."""
    if not error.may_redirect:
        raise error
    try:
        address = check_return_address(services, sent)
    except OAuthError:
        error.may_redirect = False
        raise error from None
    return error_response(services, address, error)


def _refuse(services: Services, address: ReturnAddress, error: OAuthError, interaction: Interaction | None) -> Response:
    """Answer with an error; a request that was refused is over, and no code follows."""
    if interaction is not None:
        with services.database.transaction() as connection:
            finish_interaction(services, connection, interaction)
    return error_response(services, address, error)


def _wait(
    services: Services,
    checked: AuthorizationRequest,
    parameters: Parameters,
    progress: Progress,
    interaction: Interaction | None,
    step: Step,
) -> Response:
    """Send the user to the page of a step; at the first one, write the request down."""
    session = ensure_session(services)
    if interaction is None:
        interaction = _write_down(services, checked, parameters, progress, session)
    if step is Step.SECOND_FACTOR:
        level = missing_level(services, checked, session)
        return ask_second_factor(services, session, session.account_id, session.amr, level, interaction.id)
    return see_other(f"{_PAGES[step]}?{urlencode({'flow': interaction.id})}")


def _write_down(
    services: Services,
    checked: AuthorizationRequest,
    parameters: Parameters,
    progress: Progress,
    session: BrowserSession,
) -> Interaction:
    asked, wish = checked.asked, checked.asked.wish
    interaction = Interaction(
        id=new_identifier(services.random),
        session_id=session.id,
        parameters=dict(parameters),
        resources=parameters.repeated,
        client_id=checked.client.client_id,
        scopes=asked.scopes,
        purpose=asked.purpose,
        redirect_uri=checked.address.redirect_uri,
        created_at=progress.started_at,
        expires_at=services.now + services.settings.lifetimes.interaction,
        fields=asked.fields,
        days=asked.days,
        id_token_claims=asked.id_token_claims,
        userinfo_claims=asked.userinfo_claims,
        mode=asked.mode,
        grant_action=wish.action if wish else "",
        grant_id=wish.grant_id if wish else "",
        essential_acrs=checked.levels.insisted,
        wished_acrs=checked.levels.wished,
    )
    with services.database.transaction() as connection:
        services.interactions.add(connection, interaction)
    return interaction
