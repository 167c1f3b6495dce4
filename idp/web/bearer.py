"""How an access token comes to the endpoints that take one, and what it must be good for there (RFC 6750 2 and 3)."""

from collections.abc import Iterable

from flask import Request

from idp.data_sharing import Standing
from idp.protocol.errors import FORBIDDEN, UNAUTHORIZED, OAuthError, invalid_request, invalid_token
from idp.services import Services
from idp.store.clients import Client
from idp.store.families import Family
from idp.tokens.verify import VerifiedToken
from idp.web.requests import FORM, read_form, read_query

BEARER = "Bearer"


def presented_token(request: Request) -> str:
    """Return the one token that is sent, in the header or in a form body, never in the query (RFC 6750 2, RFC 9700).

    Raises:
        OAuthError: a challenge without an error code when there is none, `invalid_request` when there are two.
    """
    try:
        return _presented_token(request)
    except OAuthError as error:
        error.scheme = BEARER  # whoever presents no token that could be used is told how to (RFC 6750 3)
        raise


def verified_token(services: Services, request: Request) -> VerifiedToken:
    """Return the token that is sent, once it is known to be alive; raises as `presented_token`, or `invalid_token`."""
    token = services.verifier.verify(presented_token(request))
    if token is None:
        raise refused("unknown, expired or revoked")
    return token


def standing_grant(services: Services, token: VerifiedToken, audience: Iterable[str]) -> tuple[Client, Family]:
    """Return whose token this is and what was granted under it, in good standing now.

    What the person paused, or anything suspends, is returned too: its answers say of every field that it stays here.

    Raises:
        OAuthError: `invalid_token` when it is for none of these audiences, is a client's own, or rests on nothing.
    """
    if set(token.audience).isdisjoint(audience):
        raise refused("for another resource")
    client = services.find_client(token.client_id)
    family = services.verifier.family(token.family_id) if token.family_id else None
    if client is None or family is None or services.sharing.standing(client, family, services.now) is Standing.OVER:
        raise refused("the client, the user or the consent is gone")
    return client, family


def client_itself(services: Services, request: Request, scope: str) -> Client:
    """Return the client that presents a token of its own, for this server, with a scope.

    Raises:
        OAuthError: in the words of RFC 6750 3.1.
    """
    token = verified_token(services, request)
    client = services.find_client(token.client_id)
    if client is None or token.family_id or services.settings.issuer not in token.audience:
        raise invalid_token("The access token is not valid here: it must be the app's own, and for this server.")
    need_scope(token, scope)
    return client


def need_scope(token: VerifiedToken, scope: str) -> None:
    """Raise `insufficient_scope` for a token without a scope (RFC 6750 3.1)."""
    if scope not in token.scopes:
        sentence = f"The access token lacks the scope {scope}."
        raise OAuthError("insufficient_scope", sentence, status=FORBIDDEN, scheme=BEARER, challenge={"scope": scope})


def refused(detail: str) -> OAuthError:
    """Return the error for a token that is of no use here; the caller is not told why."""
    return invalid_token("The access token is expired, revoked or not meant for this endpoint.", detail=detail)


def _presented_token(request: Request) -> str:
    header = request.headers.get("Authorization")
    in_form = None
    if request.method == "POST" and request.mimetype == FORM:
        in_form = read_form(request).get("access_token")
    if "access_token" in read_query(request):
        raise invalid_request("Send the access token in the Authorization header, not in the URL.")
    if header is None:
        if in_form is None:
            raise OAuthError("", "Send an access token.", status=UNAUTHORIZED)
        return in_form
    if in_form is not None:
        raise invalid_request("Send the access token in one place only.")
    scheme, _, token = header.partition(" ")
    if scheme.lower() != "bearer" or not token.strip():
        raise OAuthError("", "Send a Bearer token.", status=UNAUTHORIZED)
    return token.strip()
