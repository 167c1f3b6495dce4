"""Whether this process is alive, and whether it can serve (for load balancers and supervisors)."""

from http import HTTPStatus

from flask import Blueprint, Response

from idp.services import current_services
from idp.store.database import DatabaseUnavailableError
from idp.store.schema import is_current
from idp.web import paths
from idp.web.responses import json_response

blueprint = Blueprint("health", __name__)


@blueprint.get(paths.HEALTH_LIVE)
def live() -> Response:
    """Answer while the process runs."""
    return json_response({"status": "live"})


@blueprint.get(paths.HEALTH_READY)
def ready() -> Response:
    """Answer 200 when the database can be reached and its schema is the one that this code was written for."""
    services = current_services()
    try:
        with services.database.autocommit() as connection:
            current = is_current(connection)
        services.keys.jwks()
    except DatabaseUnavailableError:
        return json_response({"status": "the database cannot be reached"}, HTTPStatus.SERVICE_UNAVAILABLE)
    if not current:
        return json_response({"status": "run `idp db upgrade`"}, HTTPStatus.SERVICE_UNAVAILABLE)
    return json_response({"status": "ready"})
