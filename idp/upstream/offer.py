"""Whoever comes from another provider and is unknown says which account is theirs: one that they have, or a new one."""

from dataclasses import replace
from urllib.parse import urlencode

from flask import Blueprint, Response, request

from idp.completion import continuation
from idp.connections import waiting_arrival
from idp.services import current_services
from idp.web import paths
from idp.web.errors import expired_page
from idp.web.pages import render_page, settle_language
from idp.web.requests import read_form
from idp.web.responses import see_other
from idp.web.sessions import csrf_matches, csrf_token, ensure_session
from idp.web.upstreams import upstream_label


def add_routes(blueprint: Blueprint) -> None:
    """Add the page and its answer."""

    @blueprint.get(paths.UPSTREAM_ARRIVAL)
    def new_here() -> Response:
        services = current_services()
        arrival = waiting_arrival(services)
        if arrival is None:
            return see_other(paths.LOGIN)
        settle_language(services)
        waiting = arrival.interaction_id
        return render_page(
            "new_here.html",
            csrf=csrf_token(services),
            flow=waiting,
            provider=upstream_label(services, arrival.who.provider),
            shown=arrival.who.shown,
            sign_in=paths.sign_in_for(paths.CONNECT),
            back=continuation(waiting) if waiting else paths.sign_in_for(arrival.next_path),
            takes_sign_ups=services.settings.sign_up.open,
        )

    @blueprint.post(paths.UPSTREAM_ARRIVAL)
    def wants_account() -> Response:
        """Remember that they want a new account, for as long as the letter works that proves its address."""
        services, form = current_services(), read_form(request)
        if not csrf_matches(services, form.get("csrf", "")):
            raise expired_page(paths.UPSTREAM_ARRIVAL)
        arrival = waiting_arrival(services)
        if arrival is None:
            return see_other(paths.LOGIN)
        expires_at = services.now + services.settings.lifetimes.mail_proof
        with services.database.autocommit() as connection:
            wanting = replace(arrival, wants_account=True)
            services.upstream_arrivals.put(connection, ensure_session(services).id, wanting, expires_at)
        return see_other(f"{paths.SIGN_UP}?{urlencode({'flow': arrival.interaction_id})}")
