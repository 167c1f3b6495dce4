"""The gate that a service puts in front of its API: it validates the access tokens of one Sekisho issuer (RFC 9068).

    guard = Guard(issuer="https://id.example", audience="https://payments.example")
    claims = guard.verify(token, scopes=["payments:write"])  # Claims, or a GuardError

Make one Guard per process and audience and keep it: it holds the issuer's keys and the tokens that it has already
verified. It needs no start or stop, may be made before a server forks its workers, and is used from any thread.
`sekisho_guard.flask` and `sekisho_guard.asgi` put it in front of an application and answer as RFC 6750 says.

What a service should know:
- Validation is offline. A token that was revoked is accepted until it expires; where that is too long, ask the
  issuer's introspection endpoint.
- Keys are fetched when first needed and renewed behind the requests every `Limits.refresh_every` seconds. While the
  issuer cannot be reached the keys in hand serve on, for at most `Limits.max_stale` seconds; then every token is
  refused with `KeysUnavailableError`. A key that the issuer withdrew is thus honoured no longer than that.
- A key id that is not in hand is looked up at once, but there is at most one fetch every `Limits.fetch_interval`
  seconds, whoever sends what. An issuer that publishes a key before it signs with it never sees a token refused.
- A token bound to a key (`cnf`) is refused: taken as a bearer token it would lose the protection it was given.

The map: guard.py the order of checks; token.py form, header and signature (RFC 7515, RFC 9068 section 4); claims.py
the claims (RFC 9068 section 2.2); verified.py tokens already verified; keyset.py a JWKS as key objects (RFC 7517);
keysource.py when keys are fetched, discovery.py where from (RFC 8414), fetch.py how; bearer.py the Authorization header
and the answers (RFC 6750); forking.py what a forked worker starts with; limits.py the numbers; errors.py the refusals.
"""

from sekisho_guard.claims import Claims
from sekisho_guard.errors import (
    GuardError,
    InsufficientScopeError,
    InvalidRequestError,
    InvalidTokenError,
    KeysUnavailableError,
    MissingTokenError,
)
from sekisho_guard.fetch import Fetch, FetchError, HttpFetch
from sekisho_guard.guard import Guard
from sekisho_guard.limits import Limits

__all__ = [
    "Claims",
    "Fetch",
    "FetchError",
    "Guard",
    "GuardError",
    "HttpFetch",
    "InsufficientScopeError",
    "InvalidRequestError",
    "InvalidTokenError",
    "KeysUnavailableError",
    "Limits",
    "MissingTokenError",
]
