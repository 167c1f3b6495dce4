"""`session_state` (OIDC Session Management 2): by what an app's page asks our iframe whether the session goes on."""

from collections.abc import Mapping
from hashlib import sha256

from idp.authorize.request import AuthorizationRequest
from idp.protocol.names import OPENID
from idp.protocol.redirect_uris import origin
from idp.protocol.secrets import encode
from idp.services import Services
from idp.store.sessions import BrowserSession
from idp.web.sessions import browser_state

SALT_BYTES = 12


def session_state(services: Services, request: AuthorizationRequest, session: BrowserSession) -> Mapping[str, str]:
    """Return the member for the response, or none where no web page could ask.

    A salted hash of client, origin and the browser's state: two apps cannot meet by it. Our iframe makes the same hash
    of what the browser has then (`static/check_session.js`).
    """
    asker = origin(request.address.redirect_uri)
    if OPENID not in request.asked.scopes or not asker:
        return {}
    salt = encode(services.random(SALT_BYTES))
    text = f"{request.client.client_id} {asker} {browser_state(services, session)} {salt}"
    return {"session_state": f"{sha256(text.encode('utf-8')).hexdigest()}.{salt}"}
