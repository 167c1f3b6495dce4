"""What this server can do (OIDC Discovery 3, RFC 8414 2, AuthZEN) and its public keys (RFC 7517).

The documents are the same for everybody and asked for often, so they are answered in front of Flask from bytes in
memory: `PublishedDocuments` wraps the application. What discovery advertises is what the code registers.
"""

import json
from collections.abc import Callable, Iterable
from hashlib import sha256
from typing import TYPE_CHECKING, Any

from idp.protocol.authentication import ACRS
from idp.protocol.authorization_details import TYPES
from idp.protocol.errors import OAuthError, invalid_request, temporarily_unavailable
from idp.protocol.grants import Action
from idp.protocol.names import (
    ASSERTION_ALGORITHMS,
    CODE,
    CONTENT_ENCRYPTION_ALGORITHMS,
    IMPLICIT,
    KEY_MANAGEMENT_ALGORITHMS,
    NO_SIGNATURE,
    SIGNING_ALGORITHMS,
    AuthMethod,
    GrantType,
    ResponseMode,
)
from idp.protocol.pkce import S256
from idp.protocol.secrets import encode
from idp.services import Services
from idp.store.database import DatabaseUnavailableError
from idp.web import paths

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment

METADATA_MAX_AGE = 3600


def authzen_configuration(services: Services) -> dict[str, Any]:
    """Return the members of the decision point's own document (AuthZEN 1.0, Policy Decision Point Metadata)."""
    issuer = services.settings.issuer
    return {
        "policy_decision_point": issuer,
        "access_evaluation_endpoint": issuer + paths.EVALUATION,
        "access_evaluations_endpoint": issuer + paths.EVALUATIONS,
        "search_subject_endpoint": issuer + paths.SEARCH_SUBJECT,
        "search_resource_endpoint": issuer + paths.SEARCH_RESOURCE,
        "search_action_endpoint": issuer + paths.SEARCH_ACTION,
    }


def metadata(services: Services) -> dict[str, Any]:
    """Return the members of both discovery documents."""
    issuer = services.settings.issuer
    methods = [method.value for method in AuthMethod]
    assertion_algorithms = list(ASSERTION_ALGORITHMS)
    return {
        "issuer": issuer,
        "authorization_endpoint": issuer + paths.AUTHORIZE,
        "pushed_authorization_request_endpoint": issuer + paths.PUSHED_REQUESTS,
        "require_pushed_authorization_requests": False,
        "token_endpoint": issuer + paths.TOKEN,
        "userinfo_endpoint": issuer + paths.USERINFO,
        "introspection_endpoint": issuer + paths.INTROSPECT,
        "revocation_endpoint": issuer + paths.REVOKE,
        "end_session_endpoint": issuer + paths.LOGOUT,
        "check_session_iframe": issuer + paths.CHECK_SESSION,
        "frontchannel_logout_supported": True,
        "frontchannel_logout_session_supported": True,
        "backchannel_logout_supported": True,
        "backchannel_logout_session_supported": True,
        "jwks_uri": issuer + paths.JWKS,
        "response_types_supported": list(services.settings.response_types),
        "response_modes_supported": [mode.value for mode in ResponseMode],
        "grant_types_supported": _grants(services),
        "code_challenge_methods_supported": [S256],
        "authorization_response_iss_parameter_supported": True,
        "subject_types_supported": ["public", "pairwise"],
        "id_token_signing_alg_values_supported": _id_token_algorithms(services),
        "id_token_encryption_alg_values_supported": list(KEY_MANAGEMENT_ALGORITHMS),
        "id_token_encryption_enc_values_supported": list(CONTENT_ENCRYPTION_ALGORITHMS),
        "userinfo_signing_alg_values_supported": list(SIGNING_ALGORITHMS),
        "userinfo_encryption_alg_values_supported": list(KEY_MANAGEMENT_ALGORITHMS),
        "userinfo_encryption_enc_values_supported": list(CONTENT_ENCRYPTION_ALGORITHMS),
        "token_endpoint_auth_methods_supported": methods,
        "token_endpoint_auth_signing_alg_values_supported": assertion_algorithms,
        "introspection_endpoint_auth_methods_supported": [m for m in methods if m != AuthMethod.NONE],
        "introspection_endpoint_auth_signing_alg_values_supported": assertion_algorithms,
        "revocation_endpoint_auth_methods_supported": methods,
        "revocation_endpoint_auth_signing_alg_values_supported": assertion_algorithms,
        "scopes_supported": sorted(services.sharing.user_scopes | set(services.settings.scopes)),
        "authorization_details_types_supported": list(TYPES),
        "claims_supported": sorted({"sub", "iss", "auth_time", "acr", "amr"} | set(services.sharing.catalogue.claims)),
        "acr_values_supported": list(ACRS),
        "prompt_values_supported": ["none", "login", "consent", "select_account"],
        "ui_locales_supported": ["en", "ja"],
        "claims_parameter_supported": True,
        "claim_types_supported": ["normal"],
        "display_values_supported": ["page", "popup", "touch"],
        "request_parameter_supported": True,
        "request_uri_parameter_supported": True,
        "require_request_uri_registration": True,
        "request_object_signing_alg_values_supported": [*ASSERTION_ALGORITHMS, NO_SIGNATURE],
        "request_object_encryption_alg_values_supported": list(KEY_MANAGEMENT_ALGORITHMS),
        "request_object_encryption_enc_values_supported": list(CONTENT_ENCRYPTION_ALGORITHMS),
        **_registration(services),
        **_grant_management(services),
    }


def _grants(services: Services) -> list[str]:
    """Return the grants, `implicit` among them where a response type is answered without the token endpoint alone."""
    beyond_code = set(services.settings.response_types) - {CODE}
    return [grant.value for grant in GrantType] + ([IMPLICIT] if beyond_code else [])


def _id_token_algorithms(services: Services) -> list[str]:
    unsigned = [NO_SIGNATURE] if services.settings.unsigned_id_tokens else []
    return [*SIGNING_ALGORITHMS, *unsigned]


def _registration(services: Services) -> dict[str, Any]:
    return {"registration_endpoint": services.settings.issuer + paths.REGISTER} if services.takes_registrations else {}


def _grant_management(services: Services) -> dict[str, Any]:
    """Return the members of OAuth Grant Management 7.1, where it is on."""
    if not services.manages_grants:
        return {}
    return {
        "grant_management_endpoint": services.settings.issuer + paths.GRANT.rpartition("/")[0],
        "grant_management_actions_supported": ["query", "revoke", *Action],
        "grant_management_action_required": False,
    }


class PublishedDocuments:
    """A WSGI application in front of another one that answers the published documents itself."""

    def __init__(self, application: "WSGIApplication", services: Services) -> None:
        """Render the metadata once; the key set changes and is asked for at each request."""
        self._application = application
        self._keys = services.keys
        max_age = services.settings.key_rotation.jwks_max_age
        self._jwks_cache_control = f"public, max-age={max_age}"
        metadata_answer = _document(metadata(services))
        decision_point = _document(authzen_configuration(services))
        self._answers: dict[str, Callable[[], _Answer]] = {
            paths.OPENID_CONFIGURATION: lambda: metadata_answer,
            paths.OAUTH_METADATA: lambda: metadata_answer,
            paths.AUTHZEN_CONFIGURATION: lambda: decision_point,
            paths.JWKS: self._jwks,
        }
        self._jwks_answer = _Answer(b"", "")

    def __call__(self, environ: "WSGIEnvironment", start_response: "StartResponse") -> Iterable[bytes]:
        """Answer for the published documents; pass every other path on."""
        answer = self._answers.get(environ["PATH_INFO"])
        if answer is None:
            return self._application(environ, start_response)
        method = environ["REQUEST_METHOD"]
        if method not in ("GET", "HEAD"):
            return _refuse(start_response, "405 Method Not Allowed", ("Allow", "GET, HEAD"), _WRONG_METHOD)
        try:
            found = answer()
        except DatabaseUnavailableError:
            unavailable = temporarily_unavailable("database")
            return _refuse(start_response, "503 Service Unavailable", ("Retry-After", "1"), unavailable)
        if _has_it_already(environ.get("HTTP_IF_NONE_MATCH"), found.etag):
            start_response("304 Not Modified", found.headers_without_body)
            return []
        start_response("200 OK", found.headers)
        return [] if method == "HEAD" else [found.body]

    def _jwks(self) -> "_Answer":
        body = self._keys.jwks()
        if body is not self._jwks_answer.body:
            self._jwks_answer = _Answer(body, self._jwks_cache_control)
        return self._jwks_answer


class _Answer:
    """The bytes of one document with its headers."""

    def __init__(self, body: bytes, cache_control: str) -> None:
        self.body = body
        self.etag = f'"{encode(sha256(body).digest())}"'
        self.headers_without_body = [
            ("Cache-Control", cache_control),
            ("ETag", self.etag),
            ("Access-Control-Allow-Origin", "*"),
            ("X-Content-Type-Options", "nosniff"),
        ]
        self.headers = [
            ("Content-Type", "application/json"),
            ("Content-Length", str(len(body))),
            *self.headers_without_body,
        ]


def _document(members: dict[str, Any]) -> _Answer:
    return _Answer(json.dumps(members, separators=(",", ":")).encode("ascii"), f"public, max-age={METADATA_MAX_AGE}")


_WRONG_METHOD = invalid_request("This document is read by GET.")


def _has_it_already(if_none_match: str | None, etag: str) -> bool:
    """Whether one of the tags that a client knows is this one, by weak comparison (RFC 9110 13.1.2)."""
    if if_none_match is None:
        return False
    known = {tag.strip().removeprefix("W/") for tag in if_none_match.split(",")}
    return etag in known or known == {"*"}


def _refuse(
    start_response: "StartResponse", status: str, header: tuple[str, str], error: OAuthError
) -> Iterable[bytes]:
    body = json.dumps(error.body()).encode("ascii")
    body_headers = [("Content-Type", "application/json"), ("Content-Length", str(len(body)))]
    start_response(status, [header, *body_headers, ("X-Content-Type-Options", "nosniff")])
    return [body]
