"""How clients prove themselves, one file for each method (RFC 6749 2.3, RFC 7523, OIDC Core 9).

Each method is a function of Authlib's registry: it gets the client directory and the request and returns the client,
or None when the proof fails. Which method a request presents is decided before, in `authorization_server`.
"""

from idp.authorization_server import AuthorizationServer
from idp.client_auth.client_secret_basic import authenticate_basic
from idp.client_auth.client_secret_post import authenticate_post
from idp.client_auth.none import authenticate_none
from idp.client_auth.private_key_jwt import PrivateKeyJwt
from idp.protocol.names import AuthMethod


def register(server: AuthorizationServer) -> None:
    """Put every method into Authlib's registry."""
    server.register_client_auth_method(AuthMethod.NONE.value, authenticate_none)
    server.register_client_auth_method(AuthMethod.CLIENT_SECRET_BASIC.value, authenticate_basic)
    server.register_client_auth_method(AuthMethod.CLIENT_SECRET_POST.value, authenticate_post)
    server.register_client_auth_method(AuthMethod.PRIVATE_KEY_JWT.value, PrivateKeyJwt(server.parts))
