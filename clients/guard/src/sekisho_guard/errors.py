"""Why a request was turned away: one family of errors, each with a code, a public sentence and a private detail.

Codes and HTTP statuses are those of RFC 6750 section 3.1 where it has one. `public` may be sent to whoever called;
`detail` is for the service's own log. Neither ever holds a token or anything that was read from one.
"""

from http import HTTPStatus
from typing import ClassVar


class GuardError(Exception):
    code: ClassVar[str]
    status: ClassVar[HTTPStatus]

    def __init__(self, public: str, detail: str = "") -> None:
        super().__init__(public, detail)
        self.public = public
        self.detail = detail

    def __str__(self) -> str:
        return self.public


class MissingTokenError(GuardError):
    """The request brought no bearer token at all; the answer carries no error code (RFC 6750 section 3.1)."""

    code = "missing_token"
    status = HTTPStatus.UNAUTHORIZED


class InvalidRequestError(GuardError):
    """The credentials are repeated or malformed."""

    code = "invalid_request"
    status = HTTPStatus.BAD_REQUEST


class InvalidTokenError(GuardError):
    """The token is malformed, forged, expired, or meant for somebody else."""

    code = "invalid_token"
    status = HTTPStatus.UNAUTHORIZED


class InsufficientScopeError(GuardError):
    """The token is good but does not reach this far."""

    code = "insufficient_scope"
    status = HTTPStatus.FORBIDDEN


class KeysUnavailableError(GuardError):
    """No key set that may still be relied on; nothing can be said about any token."""

    code = "temporarily_unavailable"
    status = HTTPStatus.SERVICE_UNAVAILABLE
