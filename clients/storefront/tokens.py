"""The tokens of the person who is signed in, kept in the session that stays on the server.

An access token is good at one place only: the payments service cannot show the one that it gets to userinfo, nor the
other way round (RFC 8707). The refresh token buys one for each place as it is needed, with no more scope than that
place asks for, and again when it has expired.
"""

import time
from typing import Any

from flask import session

from clients.webapp.relying_party import RelyingParty

SPARE_SECONDS = 15
"""A token about to expire is not used any more: it might do so on the way."""


def keep(tokens: dict[str, Any], resource: str) -> None:
    """Keep what the token endpoint answered."""
    session["refresh_token"] = tokens["refresh_token"]
    session["id_token"] = tokens["id_token"] if "id_token" in tokens else session["id_token"]
    session.setdefault("access_tokens", {})[resource] = (tokens["access_token"], time.time() + tokens["expires_in"])


def access_token_for(sekisho: RelyingParty, resource: str, scope: str) -> str:
    """An access token for one place, from the session or freshly bought."""
    token, expires_at = session["access_tokens"].get(resource, ("", 0))
    if expires_at - SPARE_SECONDS < time.time():
        keep(sekisho.refresh(session["refresh_token"], resource=resource, scope=scope), resource)
        token, _expires_at = session["access_tokens"][resource]
    return str(token)
