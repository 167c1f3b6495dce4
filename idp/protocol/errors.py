"""Errors as values: a code, a public sentence, a private detail, an HTTP status and whether it may be redirected.

The public sentence reaches the caller, so it is written here and never contains input. RFC 6749 5.2 and 4.1.2.1
restrict `error_description` to printable ASCII without quotes and backslashes; `OAuthError` refuses any other.
"""

import re
from collections.abc import Mapping
from types import MappingProxyType

_DESCRIPTION = re.compile(r"[\x20-\x21\x23-\x5b\x5d-\x7e]*")

_NOTHING_MORE: Mapping[str, str] = MappingProxyType({})

BAD_REQUEST = 400
UNAUTHORIZED = 401
FORBIDDEN = 403
TOO_MANY_REQUESTS = 429
UNAVAILABLE = 503


class OAuthError(Exception):
    """What went wrong, told once for the caller and once for the operator."""

    def __init__(
        self,
        code: str,
        description: str,
        *,
        detail: str = "",
        status: int = BAD_REQUEST,
        may_redirect: bool = True,
        scheme: str = "",
        challenge: Mapping[str, str] = _NOTHING_MORE,
        retry_after: int = 0,
    ) -> None:
        """Make an error.

        `detail` goes to the operator's log only and holds no secret or personal value. `may_redirect` is false while
        the redirect URI is unproven (RFC 6749 4.1.2.1). `scheme` is the challenge of a 401 or 403 (RFC 6750 3).
        `challenge` says in it what would be enough: a `scope`, or `acr_values` and `max_age` (RFC 9470 3).
        `retry_after` is how many seconds to wait before trying again, where that is known.
        """
        if not _DESCRIPTION.fullmatch(description):
            message = "an error description is printable ASCII without quotes and backslashes (RFC 6749 5.2)"
            raise ValueError(message)
        super().__init__(code)
        self.code = code
        self.description = description
        self.detail = detail
        self.status = status
        self.may_redirect = may_redirect
        self.scheme = scheme
        self.challenge = challenge
        self.retry_after = retry_after

    def body(self) -> dict[str, str]:
        """Return the JSON members of RFC 6749 5.2; without a code there is only the sentence (RFC 6750 3.1)."""
        members = {"error": self.code, "error_description": self.description}
        return {name: value for name, value in members.items() if value}


def invalid_request(description: str, *, detail: str = "", may_redirect: bool = True) -> OAuthError:
    """The request is missing something, repeats something or is malformed (RFC 6749 5.2)."""
    return OAuthError("invalid_request", description, detail=detail, may_redirect=may_redirect)


def invalid_client(detail: str) -> OAuthError:
    """Client authentication failed. One sentence for every cause, so that nobody learns which (RFC 6749 5.2).

    The challenge is there whatever method failed, for a 401 without one is no HTTP (RFC 9110 15.5.2).
    """
    return OAuthError(
        "invalid_client",
        "Client authentication failed. Check the client identifier, its secret or key, and the registered method.",
        detail=detail,
        status=UNAUTHORIZED,
        may_redirect=False,
        scheme="Basic",
    )


def invalid_grant(description: str, *, detail: str = "") -> OAuthError:
    """The code or refresh token cannot be used (RFC 6749 5.2)."""
    return OAuthError("invalid_grant", description, detail=detail, may_redirect=False)


def invalid_scope(description: str) -> OAuthError:
    """A requested scope is unknown, malformed or more than the client may have (RFC 6749 5.2)."""
    return OAuthError("invalid_scope", description)


def invalid_target(description: str) -> OAuthError:
    """A requested resource is malformed, unknown or not for this client (RFC 8707 2)."""
    return OAuthError("invalid_target", description)


def invalid_authorization_details(description: str) -> OAuthError:
    """The authorization details are malformed, unknown, or more than the client may ask for (RFC 9396 5)."""
    return OAuthError("invalid_authorization_details", description)


def unauthorized_client(description: str) -> OAuthError:
    """The client may not use this grant or response type (RFC 6749 5.2)."""
    return OAuthError("unauthorized_client", description)


def unmet_authentication_requirements() -> OAuthError:
    """Nobody signed in, or can, in a way that the request insists on (the OpenID specification of that name)."""
    return OAuthError("unmet_authentication_requirements", "The person did not sign in by one of the acr values.")


SUSPENDED = "The partner that runs this app is suspended. It may still end what it was given, and get nothing more."


def invalid_token(description: str, *, detail: str = "") -> OAuthError:
    """An access token is expired, revoked, malformed or not meant for this resource (RFC 6750 3.1)."""
    return OAuthError("invalid_token", description, detail=detail, status=UNAUTHORIZED, scheme="Bearer")


def insufficient_user_authentication(acr_values: tuple[str, ...], max_age: int | None) -> OAuthError:
    """The person behind an access token signed in too long ago, or not strongly enough (RFC 9470 3)."""
    return OAuthError(
        "insufficient_user_authentication",
        "The person must sign in again, or more strongly, before anything of this goes out.",
        status=UNAUTHORIZED,
        scheme="Bearer",
        challenge={
            **({"acr_values": " ".join(acr_values)} if acr_values else {}),
            **({"max_age": str(max_age)} if max_age is not None else {}),
        },
    )


def temporarily_unavailable(detail: str) -> OAuthError:
    """A part that the answer needs cannot be reached; the caller may try again (RFC 6749 4.1.2.1)."""
    return OAuthError(
        "temporarily_unavailable",
        "The server cannot answer at the moment. Nothing was lost: try again in a few seconds.",
        detail=detail,
        status=UNAVAILABLE,
    )


def too_many_requests(description: str, retry_after: int) -> OAuthError:
    """A quota is used up for now (RFC 6585 4)."""
    return OAuthError("too_many_requests", description, status=TOO_MANY_REQUESTS, retry_after=retry_after)
