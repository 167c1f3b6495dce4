"""The endpoints of the data API."""

from flask import Blueprint, Response, request

from idp.data_api.asking import named_fields, page_size, statements, window
from idp.data_api.audience import asking_client, segment
from idp.data_api.grant import partners_grant
from idp.data_sharing import outgoing
from idp.protocol.audit import Surface
from idp.protocol.errors import invalid_request
from idp.services import current_services
from idp.web import paths
from idp.web.requests import read_query
from idp.web.responses import json_response, released_response

blueprint = Blueprint("data_api", __name__)


@blueprint.get(paths.DATA_ME)
def me() -> Response:
    """Answer what of a person's profile the partner may have now."""
    services = current_services()
    grant = partners_grant(services, request)
    query = read_query(request)
    grant.must_be_for(query.get("purpose"))
    asking = grant.asking
    released = services.sharing.release(
        asking.client, asking.account_id, asking.asked, services.now, Surface.DATA_ME, named=named_fields(query)
    )
    return released_response(outgoing(released, grant.members(services, released), within="data"))


@blueprint.get(paths.DATA_TRANSACTIONS)
def transactions() -> Response:
    """Answer one page of a person's purchases, the newest first."""
    services = current_services()
    grant = partners_grant(services, request)
    query = read_query(request)
    grant.must_be_for(query.get("purpose"))
    size, cursor = page_size(query), query.get("cursor")
    asked_for = window(query, services.now) if cursor is None else services.answers.window_of(grant.asking, cursor)
    if asked_for is None or (cursor is not None and {"from", "to"} & query.keys()):
        raise invalid_request("The cursor is not one that this grant was given; it stands without from and to.")
    released, rest = services.answers.transactions(grant.asking, asked_for, size, services.now)
    members = {**grant.members(services, released), "next": services.answers.cursor(grant.asking, rest)}
    return released_response(outgoing(released, members, within="data"))


@blueprint.post(paths.DATA_VERIFY)
def verify() -> Response:
    """Answer whether what the partner states of a person is so, and never what would be."""
    services = current_services()
    grant = partners_grant(services, request)
    asked = statements(request)
    grant.must_be_for(asked.purpose)
    released = services.answers.verify(grant.asking, asked.by_question, services.now)
    return released_response(outgoing(released, grant.members(services, released), within="answers"))


@blueprint.post(paths.DATA_AUDIENCE)
def audience() -> Response:
    """Answer how many people are such, or who by names of one campaign; nothing where they are too few."""
    services = current_services()
    client = asking_client(services, request)
    asked = segment(request)
    released = services.audiences.answer(client, asked, services.now)
    campaign = {"campaign": asked.campaign} if asked.campaign else {}
    members = {"purpose": asked.purpose, **campaign, "decision_id": released.decision_id}
    return released_response(outgoing(released, members))


@blueprint.get(paths.DATA_REASONS)
def reasons() -> Response:
    """Answer what the codes mean with which fields are withheld, to anybody."""
    told = current_services().sharing.told_codes()
    return json_response({code: {"en": words.en, "ja": words.ja} for code, words in told.items()})
