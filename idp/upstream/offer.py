"""Whoever comes from another provider and is unknown says which account is theirs: one that they have, or a new one."""

from flask import Blueprint, Response

from idp.completion import continuation
from idp.services import current_services
from idp.web import paths
from idp.web.pages import render_page, settle_language
from idp.web.responses import see_other
from idp.web.sessions import current_session
from idp.web.upstreams import upstream_label


def add_routes(blueprint: Blueprint) -> None:
    """Add the page."""

    @blueprint.get(paths.UPSTREAM_ARRIVAL)
    def new_here() -> Response:
        services = current_services()
        session = current_session(services)
        if session is None:
            return see_other(paths.LOGIN)
        with services.database.autocommit() as connection:
            arrival = services.upstream_arrivals.find(connection, session.id, services.now)
        if arrival is None:
            return see_other(paths.LOGIN)
        settle_language(services)
        waiting = arrival.interaction_id
        return render_page(
            "new_here.html",
            provider=upstream_label(services, arrival.who.provider),
            shown=arrival.who.shown,
            sign_in=paths.sign_in_for(paths.CONNECT),
            back=continuation(waiting) if waiting else paths.sign_in_for(arrival.next_path),
        )
