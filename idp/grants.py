"""Grants as their app sees them: what a person agreed to, and its end (OAuth Grant Management 03; experimental).

A grant's identifier stays the same when the person answers anew, and is gone for good once the
grant ended. An app asks with a token of its own, of the scope for the action; other apps' grants do not exist for it.
What an app may ask to be done with a grant by an authorization request is in `authorize.grant_management`.
"""

from http import HTTPStatus
from typing import Any

from flask import Blueprint, Response, request

from idp.data_sharing.partner_history import partner_history
from idp.protocol.authorization_details import granted_details
from idp.protocol.errors import OAuthError, temporarily_unavailable
from idp.protocol.grants import Initiator, Why, is_grant_id
from idp.protocol.names import GRANT_QUERY, GRANT_REVOKE
from idp.services import Services, current_services
from idp.store import grants
from idp.store.clients import Client
from idp.store.database import DatabaseUnavailableError
from idp.store.grants import Grant
from idp.web import paths
from idp.web.bearer import client_itself
from idp.web.responses import json_error, json_response

blueprint = Blueprint("grants", __name__)


@blueprint.get(paths.GRANT)
def query(grant_id: str) -> Response:
    """Tell an app what a grant of its own holds now."""
    services = current_services()
    return json_response(
        _described(_find(services, client_itself(services, request, GRANT_QUERY), grant_id), services.now)
    )


@blueprint.get(paths.GRANT_EVENTS)
def history(grant_id: str) -> Response:
    """Tell an app what became of a grant of its own, also of one that is over."""
    services = current_services()
    grant = _find(services, client_itself(services, request, GRANT_QUERY), grant_id, ended_too=True)
    with services.database.autocommit() as connection:
        happened = grants.events(connection, grant.id)
    return json_response({"status": grant.state(services.now), "events": list(partner_history(happened))})


@blueprint.delete(paths.GRANT)
def revoke(grant_id: str) -> Response:
    """End a grant and every token under it, committed before this is answered."""
    services = current_services()
    grant = _find(services, client_itself(services, request, GRANT_REVOKE), grant_id)
    with services.database.transaction() as connection:
        services.sharing.end(connection, grant, Initiator.PARTNER, Why.USER_REVOKED, services.now)
    response = json_response({}, HTTPStatus.NO_CONTENT)
    response.set_data(b"")
    return response


@blueprint.errorhandler(OAuthError)
def _on_oauth_error(error: OAuthError) -> Response:
    return json_error(error)


@blueprint.errorhandler(DatabaseUnavailableError)
def _on_database_unavailable(_error: DatabaseUnavailableError) -> Response:
    return json_error(temporarily_unavailable("database"))


def _find(services: Services, client: Client, grant_id: str, *, ended_too: bool = False) -> Grant:
    """Return a standing grant of this client, or one that ended.

    Raises:
        OAuthError: with status 404 for every other one: which there are is nobody else's business.
    """
    found = None
    if is_grant_id(grant_id):
        with services.database.autocommit() as connection:
            found = grants.find_by_id(connection, grant_id)
    if found is None or found.client_id != client.client_id or not (ended_too or found.is_alive(services.now)):
        raise OAuthError("invalid_grant", "There is no such grant, or it has ended.", status=HTTPStatus.NOT_FOUND)
    return found


def _described(grant: Grant, now: int) -> dict[str, Any]:
    agreed = grant.agreed_fields(now)
    details = granted_details(grant.purpose, tuple(sorted(agreed)), {}, grant.expires_at, grant.mode)
    scopes = sorted(scope for scope, answer in grant.scopes.items() if now < answer.until)
    return {
        "scopes": [{"scope": " ".join(scopes)}] if scopes else [],
        "authorization_details": details if grant.purpose else [],
    }
