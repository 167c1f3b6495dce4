"""Proving an address: before an app is sent anything, it sends back a value that only a reader of our message knows."""

import json
from hmac import compare_digest

from idp.outbound import FetchError
from idp.protocol.outbound_urls import read_target
from idp.protocol.partner_events import SET_CONTENT_TYPE
from idp.protocol.secrets import new_secret
from idp.services import Services
from idp.store import outbox, webhooks
from idp.store.clients import Client

UNUSABLE_URL = "unusable_url"
WRONG_ANSWER = "wrong_answer"
_OK = 200


def prove_webhook(services: Services, client: Client, url: str) -> str:
    """Write down where an app wants its messages, and challenge it there; return why that failed, or "".

    The app is posted a Security Event Token with a `state`, and answers 200 with `{"state": ...}`. An address that was
    proved before stays until another one is. What fell due before there was any is sent at once.
    """
    if isinstance(read_target(url), str):
        return UNUSABLE_URL
    with services.database.transaction() as connection:
        webhooks.try_url(connection, client.client_id, url, services.now)
    state = new_secret(services.random)
    message = services.messages.challenge(client, state, services.now)
    try:
        answer = services.fetcher.post(url, message, content_type=SET_CONTENT_TYPE, budget=client.client_id)
    except FetchError as error:
        return error.code
    if answer.status != _OK or not _returns(answer.body, state):
        return WRONG_ANSWER
    with services.database.transaction() as connection:
        webhooks.verify(connection, client.client_id, url, services.now)
        outbox.hasten(connection, outbox.PARTNER_MESSAGE, client.client_id, services.now)
    return ""


def _returns(body: bytes, state: str) -> bool:
    try:
        told = json.loads(body)
    except (ValueError, RecursionError):
        return False
    returned = told.get("state") if isinstance(told, dict) else None
    return isinstance(returned, str) and compare_digest(
        returned.encode("utf-8", "surrogatepass"), state.encode("ascii")
    )
