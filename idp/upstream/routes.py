"""Going to another provider to sign in, and coming back."""

import logging

from flask import Blueprint, Response, request
from werkzeug.exceptions import NotFound

from idp.completion import continuation
from idp.protocol.errors import invalid_request
from idp.protocol.names import CODE
from idp.protocol.parameters import Parameters
from idp.protocol.secrets import new_secret
from idp.protocol.upstreams import Setback, UpstreamError
from idp.services import Services, current_services
from idp.store.upstream_flows import UpstreamFlow
from idp.upstream import offer
from idp.upstream.arrival import arrive
from idp.upstream.providers import Provider, Providers
from idp.upstream.start import flow_of, wants_to_connect
from idp.web import paths
from idp.web.errors import expired_page
from idp.web.requests import read_form, read_query, refuse_head
from idp.web.responses import see_other, with_query
from idp.web.sessions import csrf_matches, current_session, ensure_session, signed_in_recently
from idp.web.upstreams import with_problem

ANSWER = ("state", "iss", CODE, "error")
"""What is read of an answer. Apple's `user`, sent once with a name, is left out: we ask people for theirs."""
MAX_VALUE = 4096
ACCESS_DENIED = ("access_denied", "user_cancelled_authorize")
"""What it is called that the person said no: by RFC 6749 4.1.2.1, and by Apple."""

log = logging.getLogger(__name__)


def create_blueprint(services: Services) -> Blueprint:
    """Return the routes, with every configured provider.

    Raises:
        SettingsError: when a secret or key of one of them will not do.
    """
    blueprint = Blueprint("upstream", __name__)
    providers = Providers(services.settings, services.fetcher, services.client_keys, services.clock, services.random)

    @blueprint.post(paths.UPSTREAM)
    def start(provider: str) -> Response:
        found, form = _found(providers, provider), read_form(request)
        if not csrf_matches(current_services(), form.get("csrf", "")):
            flow = form.get("flow", "")
            raise expired_page(continuation(flow) if flow else paths.sign_in_for(form.get("next", "")))
        return _send(current_services(), providers, found, form)

    @blueprint.get(paths.UPSTREAM_CALLBACK)
    def callback(provider: str) -> Response:
        refuse_head()
        return _receive(current_services(), providers, _found(providers, provider), read_query(request))

    @blueprint.post(paths.UPSTREAM_CALLBACK)
    def posted_callback(provider: str) -> Response:
        """Take a posted answer (Form Post Response Mode) to where the session is known.

        The post comes from another site, so our cookie, which is Lax, does not come along. It does with the redirect.
        """
        form = read_form(request)
        answer = {name: form[name] for name in ANSWER if name in form}
        if "state" not in answer or max(map(len, answer.values())) > MAX_VALUE:
            raise invalid_request("This is no answer to a request of ours.", may_redirect=False)
        return see_other(with_query(paths.upstream_callback(_found(providers, provider).name), answer))

    offer.add_routes(blueprint)
    return blueprint


def _found(providers: Providers, name: str) -> Provider:
    provider = providers.find(name)
    if provider is None:
        raise NotFound
    return provider


def _send(services: Services, providers: Providers, provider: Provider, form: Parameters) -> Response:
    """Send somebody to a provider, and remember in their browser session what for."""
    if wants_to_connect(form) and not signed_in_recently(services):
        return see_other(paths.sign_in_for(paths.CONNECTIONS))
    flow = flow_of(services, provider.name, form)
    state = new_secret(services.random)
    try:
        address = providers.address(provider, flow, state)
    except UpstreamError as error:
        return _back(flow, error)
    session = ensure_session(services)
    with services.database.autocommit() as connection:
        expires_at = services.now + services.settings.lifetimes.interaction
        services.upstream_flows.add(connection, state, session.id, flow, expires_at)
    return see_other(address)


def _receive(services: Services, providers: Providers, provider: Provider, answer: Parameters) -> Response:
    """Take an answer: once, in the browser session that waits for it, from the provider that was asked."""
    session = current_session(services)
    state = answer.get("state", "")
    if session is None:
        return _lead_on(provider, None)
    with services.database.autocommit() as connection:
        flow = services.upstream_flows.take(connection, state, session.id, services.now)
        gone = None if flow is not None else services.upstream_flows.gone(connection, state, session.id, services.now)
    if flow is None:
        return _lead_on(provider, gone)
    try:
        code = _code(providers, provider, flow, answer)
        return arrive(services, flow, providers.identify(provider, code, flow))
    except UpstreamError as error:
        return _back(flow, error)


def _code(providers: Providers, provider: Provider, flow: UpstreamFlow, answer: Parameters) -> str:
    """Return the code of an answer; who answers is checked before what they say is believed, even that it failed.

    Raises:
        UpstreamError: for every other answer.
    """
    if flow.provider != provider.name:
        raise UpstreamError(Setback.REFUSED, "the answer came to the address of another provider")
    providers.check_answerer(provider, answer.get("iss", ""))
    if CODE not in answer:
        is_no = answer.get("error") in ACCESS_DENIED
        raise UpstreamError(Setback.CANCELLED if is_no else Setback.REFUSED, "the answer is an error")
    return answer[CODE]


def _lead_on(provider: Provider, gone: UpstreamFlow | None) -> Response:
    """Lead somebody on who came back a second time, too late or in another browser: nothing here counts any more."""
    if gone is not None and gone.interaction_id:
        return see_other(continuation(gone.interaction_id))
    if gone is not None and gone.account_id:
        return see_other(paths.CONNECTIONS)
    onward = gone.next_path if gone is not None else ""
    return see_other(with_problem(paths.LOGIN, provider.name, Setback.OVER, next=onward))


def _back(flow: UpstreamFlow, error: UpstreamError) -> Response:
    """Lead somebody back to where they chose the provider, with a sentence; what waits for them still does."""
    log.info("sign-in with %s: %s", flow.provider, error)
    if flow.account_id:
        return see_other(with_problem(paths.CONNECTIONS, flow.provider, error.reason))
    waiting = {"flow": flow.interaction_id, "next": flow.next_path}
    return see_other(with_problem(paths.LOGIN, flow.provider, error.reason, **waiting))
