"""What a successful request is answered with: the code, and what the client wants through the browser beside it.

A code is short-lived, single-use, bound to everything that was asked (RFC 6749 4.1.2, RFC 9700 2.1.1). Tokens come
beside it or alone where operator and client want that (OIDC Core 3.2.2.5, 3.3.2.5): such an access token is a family of
its own, without refresh token, that ends as early as the token does.
"""

from typing import Any

from idp.authorize.request import AuthorizationRequest
from idp.authorize.session_state import session_state
from idp.protocol.errors import OAuthError
from idp.protocol.names import CODE, TOKEN
from idp.protocol.secrets import hash_secret, new_identifier, new_secret
from idp.services import Services
from idp.store import codes, families, session_clients
from idp.store.codes import AuthorizationCode
from idp.store.families import Family
from idp.store.interactions import Interaction
from idp.store.sessions import BrowserSession
from idp.web.interactions import finish_interaction


def issue(
    services: Services, request: AuthorizationRequest, session: BrowserSession, interaction: Interaction | None
) -> dict[str, Any]:
    """Return the members of the answer, everything about them written down; an interaction is answered once only.

    Raises:
        OAuthError: `access_denied` when tokens are asked for and what they rest on was ended a moment ago.
        PageError: when the interaction was answered in another tab a moment ago.
        DatabaseUnavailableError: when it cannot be known what may go out.
    """
    now = services.now
    code = new_secret(services.random) if CODE in request.parts else ""
    family = _family(services, request, session, now)
    if request.parts != {CODE} and not services.sharing.stands(request.client, family, now):
        raise OAuthError("access_denied", "The person or this server ended the access.")
    with services.database.transaction() as connection:
        if interaction is not None:
            finish_interaction(services, connection, interaction)
        if code:
            codes.add(connection, _code(services, request, session, code, now))
        if TOKEN in request.parts:
            families.add(connection, family, None, None)
        session_clients.remember(connection, session.sid, request.client.client_id, session.expires_at)
    tokens = services.server.parts.mint.front_channel_response(
        request.client, family, request.resources, now, parts=request.parts, code=code, nonce=request.nonce
    )
    return {**({"code": code} if code else {}), **tokens, **session_state(services, request, session)}


def _code(
    services: Services, request: AuthorizationRequest, session: BrowserSession, code: str, now: int
) -> AuthorizationCode:
    return AuthorizationCode(
        code_hash=hash_secret(code),
        family_id=new_identifier(services.random),
        client_id=request.client.client_id,
        account_id=session.account_id,
        sid=session.sid,
        redirect_uri=request.address.redirect_uri,
        redirect_uri_was_sent=request.address.was_sent,
        scopes=request.asked.scopes,
        resources=request.resources,
        purpose=request.asked.purpose,
        nonce=request.nonce,
        code_challenge=request.code_challenge,
        auth_time=session.auth_time,
        acr=request.levels.answered(session.acr),
        amr=session.amr,
        expires_at=now + services.settings.lifetimes.authorization_code,
        fields=request.asked.fields,
        days=request.asked.days,
        id_token_claims=request.asked.id_token_claims,
        userinfo_claims=request.asked.userinfo_claims,
        amends=request.asked.wish is not None and request.asked.wish.amends,
    )


def _family(services: Services, request: AuthorizationRequest, session: BrowserSession, now: int) -> Family:
    return Family(
        id=new_identifier(services.random),
        client_id=request.client.client_id,
        account_id=session.account_id,
        sid=session.sid,
        scopes=request.asked.scopes,
        resources=request.resources,
        purpose=request.asked.purpose,
        auth_time=session.auth_time,
        acr=request.levels.answered(session.acr),
        amr=session.amr,
        created_at=now,
        expires_at=now + services.settings.lifetimes.access_token,
        fields=request.asked.fields,
        id_token_claims=request.asked.id_token_claims,
        userinfo_claims=request.asked.userinfo_claims,
    )
