"""GET /partner/<partner_id>/usage: what went out, what was refused, how much of the rates is used, and what is not."""

from flask import Response, request

from idp.partner.usage import rates_used, unused_fields, usage_of
from idp.partner.visit import Visit
from idp.store import clients
from idp.web import paths
from idp.web.requests import shown_query

CHOICES = (7, 30, 90)
DEFAULT_DAYS = 30


def show(visit: Visit) -> Response:
    """Show what was used; the query chooses how many days, and one app."""
    services, query = visit.services, shown_query(request)
    with services.database.autocommit() as connection:
        apps = [app for app in clients.of_partner(connection, visit.partner.id) if app.status != clients.DELETED]
    wanted = query.get("days", "")
    days = int(wanted) if wanted in map(str, CHOICES) else DEFAULT_DAYS
    chosen = [app.client_id for app in apps if app.client_id == query.get("app")]
    return visit.page(
        "usage.html",
        paths.PARTNER_USAGE,
        usage=usage_of(services, chosen or [app.client_id for app in apps], days),
        rates=rates_used(services, visit.partner.id, visit.agreement),
        unused=unused_fields(services, visit.partner, visit.agreement),
        apps=apps,
        chosen=chosen[0] if chosen else "",
        days=days,
        choices=CHOICES,
    )
