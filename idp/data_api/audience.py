"""What a question about many people says, as checked values, and whose question it is (RFC 6750)."""

import re

from flask import Request

from idp.data_sharing import Segment
from idp.protocol.errors import SUSPENDED, invalid_request, unauthorized_client
from idp.protocol.names import AUDIENCE
from idp.services import Services
from idp.store.clients import Client
from idp.web.bearer import client_itself
from idp.web.requests import read_json

MOST_BYTES = 8192
MOST_FIELDS = 16
_CAMPAIGN = re.compile(r"[a-z0-9][a-z0-9._-]{0,63}")


def asking_client(services: Services, request: Request) -> Client:
    """Return the app that asks with a token of its own, its partner in good standing.

    Raises:
        OAuthError: with the challenge of RFC 6750 3, or `unauthorized_client`.
    """
    client = client_itself(services, request, AUDIENCE)
    if not services.sharing.is_welcome(client):
        raise unauthorized_client(SUSPENDED)
    return client


def segment(request: Request) -> Segment:
    """Read the body of a request.

    Raises:
        OAuthError: `invalid_request` for another type, what is not JSON, and what cannot be meant.
        RequestEntityTooLarge: for a long one.
    """
    request.max_content_length = MOST_BYTES
    body = read_json(request)
    if not {"purpose", "where", "campaign"}.issuperset(body):
        raise invalid_request("The body is an object with the members purpose, where and, if you like, campaign.")
    purpose, where, campaign = body.get("purpose"), body.get("where"), body.get("campaign", "")
    if not isinstance(purpose, str) or not isinstance(campaign, str):
        raise invalid_request("The members purpose and campaign are texts.")
    if campaign and not _CAMPAIGN.fullmatch(campaign):
        raise invalid_request("A campaign is up to 64 of a-z, 0-9, dot, underscore and hyphen.")
    if not isinstance(where, dict) or not 0 < len(where) <= MOST_FIELDS:
        raise invalid_request(f"The member where is an object of 1 to {MOST_FIELDS} fields, each with its value.")
    if not all(isinstance(value, str | bool | int) for value in where.values()):
        raise invalid_request("The value of a field is a text, a number, or true or false.")
    return Segment(purpose, where, campaign)
