"""Where else a person has accounts with which they sign in here; and the last step of connecting one."""

from dataclasses import dataclass

from flask import Blueprint, Response, request

from idp.account.notices import notice, noticed
from idp.account.viewer import Viewer, for_recent_viewer, for_viewer
from idp.completion import complete
from idp.connections import connect, disconnect
from idp.protocol.upstreams import UpstreamError
from idp.services import Services
from idp.store.upstream_arrivals import UpstreamArrival
from idp.store.upstream_links import UpstreamLink
from idp.web import paths
from idp.web.errors import expired_page
from idp.web.interactions import require_interaction
from idp.web.pages import render_page
from idp.web.requests import read_form, shown_query
from idp.web.responses import see_other
from idp.web.sessions import csrf_matches, csrf_token, current_session
from idp.web.upstreams import problem_told, shown_upstreams, upstream_label, upstream_targets, with_problem

blueprint = Blueprint("connections", __name__)


@dataclass(frozen=True, slots=True)
class ShownLink:
    """What the page shows of a connection."""

    id: str
    provider: str
    shown: str
    since: str
    last_used: str


@blueprint.get(paths.CONNECTIONS)
@for_viewer
def connections(services: Services, person: Viewer) -> Response:
    """Show what is connected, and what may be."""
    with services.database.autocommit() as connection:
        links = services.upstream_links.of_account(connection, person.account.id)
    return render_page(
        "account/connections.html",
        csrf=csrf_token(services),
        notice=notice(request),
        problem=problem_told(services, shown_query(request)),
        links=[_shown(services, person, link) for link in links],
        upstreams=shown_upstreams(services),
        form_targets=upstream_targets(services),
    )


@blueprint.post(paths.CONNECTIONS)
@for_recent_viewer
def end_connection(services: Services, person: Viewer) -> Response:
    """End a connection, unless it is the last way to sign in."""
    form = read_form(request)
    if not csrf_matches(services, form.get("csrf", "")):
        raise expired_page(paths.CONNECTIONS)
    return noticed(paths.CONNECTIONS, disconnect(services, person.account.id, form.get("link", "")))


@blueprint.get(paths.CONNECT)
@for_recent_viewer
def connect_page(services: Services, _person: Viewer) -> Response:
    """Ask whether the somebody who arrived and the person who signed in are to be one account here."""
    arrival = _arrival(services, take=False)
    if arrival is None:
        return see_other(paths.CONNECTIONS)
    return render_page(
        "account/connect.html",
        csrf=csrf_token(services),
        provider=upstream_label(services, arrival.who.provider),
        shown=arrival.who.shown,
    )


@blueprint.post(paths.CONNECT)
@for_recent_viewer
def answer(services: Services, person: Viewer) -> Response:
    """Connect the two, or leave it; what waited before goes on either way."""
    form = read_form(request)
    if not csrf_matches(services, form.get("csrf", "")):
        raise expired_page(paths.CONNECT)
    arrival = _arrival(services, take=True)
    if arrival is None:
        return see_other(paths.CONNECTIONS)
    if form.get("decision") == "connect":
        try:
            connect(services, person.account, arrival.who)
        except UpstreamError as error:
            return see_other(with_problem(paths.CONNECTIONS, arrival.who.provider, error.reason))
    return _go_on(services, person, arrival)


def _arrival(services: Services, *, take: bool) -> UpstreamArrival | None:
    session = current_session(services)
    if session is None:
        return None
    with services.database.autocommit() as connection:
        ask = services.upstream_arrivals.take if take else services.upstream_arrivals.find
        return ask(connection, session.id, services.now)


def _go_on(services: Services, person: Viewer, arrival: UpstreamArrival) -> Response:
    """Lead on to what waited: the person signed in for it, a moment ago and in this session."""
    session = current_session(services)
    if session is None or not arrival.interaction_id:
        return see_other(arrival.next_path or paths.CONNECTIONS)
    interaction = require_interaction(services, arrival.interaction_id)
    return complete(services, person.account, session.amr, interaction)


def _shown(services: Services, person: Viewer, link: UpstreamLink) -> ShownLink:
    return ShownLink(
        link.id,
        upstream_label(services, link.provider),
        link.shown,
        person.day(link.created_at),
        person.moment(link.used_at),
    )
