"""What the client wants back, and how it travels (OAuth 2.0 Multiple Response Types 2 and 5, OIDC Core 3.2 and 3.3).

All response types but `code` bring tokens through the browser. RFC 9700 2.1.2 advises against that, so they are off
until the operator allows them and the client is registered for them.
"""

from idp.protocol.client_metadata import normal_response_type
from idp.protocol.errors import OAuthError, invalid_request, invalid_scope, unauthorized_client
from idp.protocol.names import CODE, ID_TOKEN, OPENID, TOKEN, ResponseMode
from idp.protocol.parameters import Parameters
from idp.settings import Settings
from idp.store.clients import Client

_MODES = frozenset(mode.value for mode in ResponseMode)


def wanted_parts(parameters: Parameters) -> frozenset[str]:
    """Return the parts of the response type; their order means nothing."""
    return frozenset(parameters.get("response_type", "").split(" "))


def answer_mode(parameters: Parameters) -> ResponseMode:
    """Return the way that even an error takes: tokens never go into a query, and an unknown way counts as none."""
    mode = parameters.get("response_mode")
    if mode not in _MODES or _is_unsafe(parameters, mode):
        return ResponseMode.FRAGMENT if _brings_tokens(parameters) else ResponseMode.QUERY
    return ResponseMode(mode)


def check_response_mode(parameters: Parameters, _client: Client, _settings: Settings) -> None:
    """Refuse a way that is unknown, or that would leave tokens in logs and histories (Multiple Response Types 5).

    Raises:
        OAuthError: `invalid_request`.
    """
    mode = parameters.get("response_mode")
    if mode is not None and mode not in _MODES:
        raise invalid_request("The response_mode is not supported. Use query, fragment or form_post.")
    if _is_unsafe(parameters, mode):
        raise invalid_request("Tokens are not sent in a query. Use the response_mode fragment or form_post.")


def check_response_type(parameters: Parameters, client: Client, settings: Settings) -> None:
    """Check that the server gives such an answer, and to this client.

    Raises:
        OAuthError: `unsupported_response_type`, `unauthorized_client`, or `invalid_request` without one.
    """
    if "response_type" not in parameters:
        raise invalid_request("The parameter response_type is missing.")
    response_type = normal_response_type(parameters["response_type"])
    if response_type not in settings.response_types:
        raise OAuthError(
            "unsupported_response_type", "The response_type is not supported. See response_types_supported."
        )
    if response_type not in client.response_types:
        raise unauthorized_client("The app is not registered for this response_type.")


def check_front_id_token(parameters: Parameters, scopes: tuple[str, ...]) -> None:
    """Check what an ID token that comes through the browser needs (OIDC Core 3.1.2.1, 3.2.2.1).

    Raises:
        OAuthError: `invalid_scope` without `openid`, `invalid_request` without a nonce.
    """
    if ID_TOKEN not in wanted_parts(parameters):
        return
    if OPENID not in scopes:
        raise invalid_scope("An ID token needs the scope openid.")
    if "nonce" not in parameters:
        raise invalid_request("The parameter nonce is missing. An ID token through the browser needs one.")


def brings_code(parameters: Parameters) -> bool:
    """Whether a code is part of the answer."""
    return CODE in wanted_parts(parameters)


def _brings_tokens(parameters: Parameters) -> bool:
    return not wanted_parts(parameters).isdisjoint({ID_TOKEN, TOKEN})


def _is_unsafe(parameters: Parameters, mode: str | None) -> bool:
    return mode == ResponseMode.QUERY and _brings_tokens(parameters)
