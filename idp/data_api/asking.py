"""What a request to the data API asks, as checked values; whatever cannot be meant is refused with one sentence."""

import re
from collections.abc import Mapping
from dataclasses import dataclass

from flask import Request

from idp.data_sharing import MOST_ROWS, can_be_stated
from idp.protocol.errors import invalid_request
from idp.protocol.parameters import Parameters
from idp.store.transactions import Window
from idp.web.requests import read_json

MOST_FIELDS = 64
MOST_BYTES = 8192
_FIELD = re.compile(r"[a-z][a-z0-9_.-]{0,63}")
_INSTANT = re.compile(r"[0-9]{1,12}")


def named_fields(query: Parameters) -> frozenset[str] | None:
    """Return the fields that the request names, or None where it names none and means all of its grant.

    Raises:
        OAuthError: `invalid_request` for what cannot be names of fields.
    """
    written = query.get("fields")
    if written is None:
        return None
    names = written.split(",")
    if len(names) > MOST_FIELDS or not all(_FIELD.fullmatch(name) for name in names):
        raise invalid_request(f"Write fields as up to {MOST_FIELDS} names, separated by commas.")
    return frozenset(names)


def window(query: Parameters, now: int) -> Window:
    """Return the window that the request names: all up to now, where it says nothing else.

    Raises:
        OAuthError: `invalid_request` for what is no instant, or ends before it begins.
    """
    since, until = _instant(query, "from", 0), _instant(query, "to", now + 1)
    if until < since:
        raise invalid_request("The window ends before it begins.")
    return Window(since, until)


def page_size(query: Parameters) -> int:
    """Return how many rows the request wants at once; raises `invalid_request` for none or too many."""
    written = query.get("limit", str(MOST_ROWS))
    if not _INSTANT.fullmatch(written) or not 1 <= int(written) <= MOST_ROWS:
        raise invalid_request(f"The limit is a number of rows from 1 to {MOST_ROWS}.")
    return int(written)


def _instant(query: Parameters, name: str, otherwise: int) -> int:
    written = query.get(name)
    if written is None:
        return otherwise
    if not _INSTANT.fullmatch(written):
        raise invalid_request("Write from and to as whole seconds since 1970 UTC.")
    return int(written)


@dataclass(frozen=True, slots=True, repr=False)
class Statements:
    """What a partner states of a person, by the question, and for which purpose it asks."""

    by_question: Mapping[str, object]
    purpose: str | None


def statements(request: Request) -> Statements:
    """Read the body of a request to verify.

    Raises:
        OAuthError: `invalid_request` for another type, what is not JSON, and questions that there are not.
        RequestEntityTooLarge: for a long one.
    """
    request.max_content_length = MOST_BYTES
    body = read_json(request)
    if not {"ask", "purpose"}.issuperset(body):
        raise invalid_request("The body is an object with the members ask and, if you like, purpose.")
    asked, purpose = body.get("ask"), body.get("purpose")
    if not isinstance(asked, dict) or not asked or not isinstance(purpose, str | None):
        raise invalid_request("The member ask is an object that holds a statement for each question.")
    if not all(can_be_stated(question, stated) for question, stated in asked.items()):
        raise invalid_request(_QUESTIONS)
    return Statements(asked, purpose)


_QUESTIONS = (
    "Questions are over_18 and over_20 (state true), name_match and same_prefecture (state a text), and kyc_level "
    "(state the least level, 1 to 3)."
)
