"""Registered names: grants, client kinds, authentication methods, algorithms (RFC 6749, RFC 7591, OIDC Core)."""

from enum import StrEnum


class ClientKind(StrEnum):
    """Who runs a client, which decides what it may ever be given."""

    FIRST_PARTY = "first_party"
    THIRD_PARTY = "third_party"
    SERVICE = "service"


class AuthMethod(StrEnum):
    """How a client proves itself at the token endpoint (RFC 7591 2, OIDC Core 9)."""

    NONE = "none"
    CLIENT_SECRET_BASIC = "client_secret_basic"
    CLIENT_SECRET_POST = "client_secret_post"
    PRIVATE_KEY_JWT = "private_key_jwt"


SECRET_METHODS = (AuthMethod.CLIENT_SECRET_BASIC, AuthMethod.CLIENT_SECRET_POST)


class GrantType(StrEnum):
    """Grants that the token endpoint knows (RFC 6749)."""

    AUTHORIZATION_CODE = "authorization_code"
    REFRESH_TOKEN = "refresh_token"
    CLIENT_CREDENTIALS = "client_credentials"


IMPLICIT = "implicit"
"""The grant of response types that need no token endpoint (OIDC Registration 2); that endpoint does not know it."""

RESPONSE_TYPES = ("code", "id_token", "id_token token", "code id_token", "code token", "code id_token token")
"""Every response type of OpenID Connect, with its parts in the order in which we write them."""


class ResponseMode(StrEnum):
    """How the authorization response travels (OAuth 2.0 Multiple Response Type Encoding Practices, Form Post)."""

    QUERY = "query"
    FRAGMENT = "fragment"
    FORM_POST = "form_post"


REQUEST_URI_PREFIX = "urn:ietf:params:oauth:request_uri:"
"""What a reference to a pushed request begins with (RFC 9126 2.2)."""

JWT_BEARER_ASSERTION = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"

SIGNING_ALGORITHMS = ("ES256", "RS256", "EdDSA")
"""Algorithms that the server itself signs with."""

ASSERTION_ALGORITHMS = ("ES256", "ES384", "ES512", "RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "EdDSA")
"""Algorithms that a client may register for its assertions: asymmetric ones only (RFC 7523, RFC 9700 2.5)."""

HMAC_ALGORITHM = "HS256"
"""By which an upstream provider may sign ID tokens under the secret that it shares with us, where configured."""

NO_SIGNATURE = "none"
"""The algorithm of what is not signed (RFC 7518 3.6)."""

KEY_MANAGEMENT_ALGORITHMS = ("RSA-OAEP", "RSA-OAEP-256", "ECDH-ES", "ECDH-ES+A128KW", "ECDH-ES+A256KW")
CONTENT_ENCRYPTION_ALGORITHMS = ("A128CBC-HS256", "A256CBC-HS512", "A128GCM", "A256GCM")
"""What is encrypted for a client or by it (RFC 7518 4.1, 5.1): with public keys, for clients' secrets are not kept."""

ENCRYPTION_KEYS = ("RSA-OAEP-256", "ECDH-ES")
"""The kinds of key that the server publishes for others to encrypt to, each under the name of its first algorithm."""

DEFAULT_CONTENT_ENCRYPTION = "A128CBC-HS256"
"""Where a client names how the key is encrypted but not the content (OIDC Registration 2)."""

CODE = "code"
ID_TOKEN = "id_token"
TOKEN = "token"
"""Parts of response types (OAuth 2.0 Multiple Response Types 3 and 5)."""

OPENID = "openid"
OFFLINE_ACCESS = "offline_access"
GRANT_MANAGEMENT = "grant-management-03"
"""What is experimental is off until the setting `experimental` names it: the draft and its number."""

GRANT_QUERY = "grant_management_query"
GRANT_REVOKE = "grant_management_revoke"
"""Scopes of an app's own tokens, with which it looks after its grants (OAuth Grant Management 6)."""

PARTNER_MESSAGES = "partner_messages"
"""Scope of an app's own tokens, with which it acknowledges the messages that it was sent."""

ACCESS_DECISIONS = "access_decisions"
"""Scope of a client's own tokens, with which it asks for decisions (AuthZEN Authorization API)."""

AUDIENCE = "audience"
"""Scope of an app's own tokens, with which it asks how many people are such, or who within a campaign."""

PURPOSE_PREFIX = "purpose:"
"""A scope value `purpose:<id>` says why a partner asks; at most one in a request."""
