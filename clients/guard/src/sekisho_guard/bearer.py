"""The Authorization header and the answers to it: RFC 6750 sections 2.1 and 3, for whichever framework stands around.

Another authentication scheme gets a module like this one: what a request must bring, and how a refusal is put.
"""

import json
import logging
import re
from collections.abc import Sequence
from dataclasses import dataclass

from sekisho_guard.errors import GuardError, InvalidRequestError, KeysUnavailableError, MissingTokenError

_log = logging.getLogger("sekisho_guard")
_TOKEN = re.compile(r"[A-Za-z0-9._~+/-]+=*")  # RFC 6750 section 2.1, b64token
_QUOTABLE = re.compile(r"[\x20\x21\x23-\x5B\x5D-\x7E]+")  # what stands between quotes without an escape
_SCOPE = re.compile(r"[\x21\x23-\x5B\x5D-\x7E]+")  # RFC 6749 section 3.3, scope-token
_RETRY_AFTER = "5"


@dataclass(frozen=True, slots=True)
class Refusal:
    """A complete HTTP answer."""

    status: int
    headers: tuple[tuple[str, str], ...]
    body: bytes


class Challenge:
    """What a protected place asks for: a bearer token, valid in this realm, with these scopes."""

    def __init__(self, *, realm: str, scopes: Sequence[str]) -> None:
        if not _QUOTABLE.fullmatch(realm):
            raise ValueError("realm must be plain ASCII without quotes and backslashes")
        if isinstance(scopes, str) or not all(_SCOPE.fullmatch(scope) for scope in scopes):
            raise ValueError("scopes must be a list of scope names")
        self.scopes = tuple(scopes)
        self._realm = realm

    def refusal(self, error: GuardError) -> Refusal:
        _log.info("A request was refused: %s: %s", error.code, error.detail)
        headers = [("Cache-Control", "no-store")]
        if isinstance(error, KeysUnavailableError):  # no fault of the token, so nothing to challenge
            headers.append(("Retry-After", _RETRY_AFTER))
        else:
            headers.append(("WWW-Authenticate", self._www_authenticate(error)))
        body = b""
        if not isinstance(error, MissingTokenError):
            headers.append(("Content-Type", "application/json"))
            body = json.dumps({"error": error.code, "error_description": error.public}).encode()
        return Refusal(error.status, tuple(headers), body)

    def _www_authenticate(self, error: GuardError) -> str:
        attributes = {"realm": self._realm}
        if not isinstance(error, MissingTokenError):  # RFC 6750 section 3.1: then no error code and no description
            attributes |= {"error": error.code, "error_description": error.public}
        if self.scopes:
            attributes["scope"] = " ".join(self.scopes)
        return "Bearer " + ", ".join(f'{name}="{value}"' for name, value in attributes.items())


def bearer_token(authorization: Sequence[str]) -> str:
    """The token out of all Authorization headers of a request. No other place is looked at."""
    if len(authorization) > 1:
        raise InvalidRequestError("There is more than one Authorization header.", "repeated header")
    scheme, _, token = (authorization[0] if authorization else "").strip(" ").partition(" ")
    if scheme.lower() != "bearer":
        raise MissingTokenError("A bearer token is needed.", "no bearer credentials")
    token = token.lstrip(" ")
    if not _TOKEN.fullmatch(token):
        # Some servers join repeated headers with a comma, which no token contains.
        raise InvalidRequestError("The Authorization header is malformed.", "not one b64token")
    return token
