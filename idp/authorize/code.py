"""Issuing the code (RFC 6749 4.1.2, RFC 9700 2.1.1): short-lived, single-use, bound to everything that was asked."""

from idp.authorize.request import AuthorizationRequest
from idp.protocol.secrets import hash_secret, new_identifier, new_secret
from idp.services import Services
from idp.store import codes
from idp.store.codes import AuthorizationCode
from idp.store.interactions import Interaction
from idp.store.sessions import BrowserSession
from idp.web.interactions import finish_interaction


def issue_code(
    services: Services, request: AuthorizationRequest, session: BrowserSession, interaction: Interaction | None
) -> str:
    """Store a new code and return it; an interaction is answered once only.

    Raises:
        PageError: when the interaction was answered in another tab a moment ago.
    """
    code = new_secret(services.random)
    now = services.now
    stored = AuthorizationCode(
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
        acr=session.acr,
        amr=session.amr,
        expires_at=now + services.settings.lifetimes.authorization_code,
        fields=request.asked.fields,
        days=request.asked.days,
        id_token_claims=request.asked.id_token_claims,
        userinfo_claims=request.asked.userinfo_claims,
    )
    with services.database.transaction() as connection:
        if interaction is not None:
            finish_interaction(services, connection, interaction)
        codes.add(connection, stored)
    return code
