"""The endpoints of the Authorization API, and what they have in common: who asks, and the request's own identifier."""

import re
from collections.abc import Callable
from typing import Final

from flask import Blueprint, Response, request

from idp.data_sharing import NO_RULES
from idp.decision_api.answers import Decider, Results, evaluate_all, page_of, read_page
from idp.decision_api.questions import Question, read_evaluation, read_search
from idp.decision_api.things import Things
from idp.decision_api.user_data import USER_DATA, UserData
from idp.protocol.names import ACCESS_DECISIONS
from idp.services import Services, current_services
from idp.store.clients import Client
from idp.web import paths
from idp.web.bearer import client_itself
from idp.web.requests import read_json
from idp.web.responses import json_response

REQUEST_ID: Final = "X-Request-ID"
_ECHOED: Final = re.compile(r"[\x21-\x7e]([\x20-\x7e]{0,510}[\x21-\x7e])?")

blueprint = Blueprint("decision_api", __name__)
Search = Callable[[Decider, Question, str, int], Results]


@blueprint.post(paths.EVALUATION)
def evaluation() -> Response:
    """Answer one question."""
    services = current_services()
    caller = client_itself(services, request, ACCESS_DECISIONS)
    question = read_evaluation(read_json(request))
    return json_response(_decider(services, caller, question).evaluate(question).body())


@blueprint.post(paths.EVALUATIONS)
def evaluations() -> Response:
    """Answer several questions, all of them or up to the one that settles it."""
    services = current_services()
    caller = client_itself(services, request, ACCESS_DECISIONS)
    body = read_json(request)
    return json_response(evaluate_all(body, lambda question: _decider(services, caller, question).evaluate(question)))


@blueprint.post(paths.SEARCH_SUBJECT)
def search_subject() -> Response:
    """Answer who may."""
    return _search("subject", lambda decider, *search: decider.subjects(*search))


@blueprint.post(paths.SEARCH_RESOURCE)
def search_resource() -> Response:
    """Answer to what it may be done."""
    return _search("resource", lambda decider, *search: decider.resources(*search))


@blueprint.post(paths.SEARCH_ACTION)
def search_action() -> Response:
    """Answer what may be done."""
    return _search("action", lambda decider, *search: decider.actions(*search))


def _search(wanted: str, search: Search) -> Response:
    services = current_services()
    caller = client_itself(services, request, ACCESS_DECISIONS)
    body = read_json(request)
    question, page = read_search(body, wanted), read_page(services, caller, body)
    results = search(_decider(services, caller, question), question, page.after, page.limit)
    return json_response(page_of(services, caller, page, results))


def _decider(services: Services, caller: Client, question: Question) -> Decider:
    if question.resource.type == USER_DATA:
        return UserData(services, caller)
    return Things(NO_RULES if caller.is_third_party else services.access_rules)


@blueprint.after_request
def echo_request_id(response: Response) -> Response:
    """Give the identifier of a request back with its answer, errors too, where it can stand in a header."""
    given = request.headers.get(REQUEST_ID, "")
    if _ECHOED.fullmatch(given):
        response.headers[REQUEST_ID] = given
    return response
