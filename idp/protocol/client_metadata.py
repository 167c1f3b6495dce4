"""What a client says about itself, in one typed value (RFC 7591 2, OIDC Dynamic Client Registration 2).

Operators declare it in TOML and clients register it in JSON; both become `ClientMetadata` and are checked by
`client_checks`. A few members have names of ours, which are older; `REGISTERED_NAMES` tells the specifications' ones.
"""

import json
from dataclasses import dataclass

from idp.protocol.names import AuthMethod

REGISTERED_NAMES = {
    "name": "client_name",
    "homepage": "client_uri",
    "auth_method": "token_endpoint_auth_method",
    "assertion_algorithm": "token_endpoint_auth_signing_alg",
    "id_token_algorithm": "id_token_signed_response_alg",
    "scopes": "scope",
}
"""The names of RFC 7591 and OIDC Registration where ours differ."""

TRANSLATED = ("name", "homepage", "logo_uri", "policy_uri", "tos_uri")
"""Members that may come in several languages, by a language tag after `#` (RFC 7591 2.2)."""

WEB = "web"
NATIVE = "native"
PUBLIC = "public"
PAIRWISE = "pairwise"


@dataclass(frozen=True, slots=True, kw_only=True)
class ClientMetadata:
    """What a client says about itself. Empty texts and tuples mean "none"."""

    name: str
    auth_method: AuthMethod
    homepage: str = ""
    logo_uri: str = ""
    policy_uri: str = ""
    tos_uri: str = ""
    translations: str = ""
    """The members of `TRANSLATED` in further languages: a JSON object such as {"client_name#ja": "..."}."""
    contacts: tuple[str, ...] = ()
    software_id: str = ""
    software_version: str = ""
    application_type: str = ""
    """`web` or `native`; empty where an operator vouches for the redirect URIs, whatever they are."""
    assertion_algorithm: str = ""
    jwks: str = ""
    """The client's public keys as a JSON Web Key Set."""
    jwks_uri: str = ""
    """Where the client publishes its keys, in place of `jwks`."""
    grant_types: tuple[str, ...] = ()
    response_types: tuple[str, ...] = ("code",)
    """Each with its parts in the order code, id_token, token."""
    redirect_uris: tuple[str, ...] = ()
    post_logout_redirect_uris: tuple[str, ...] = ()
    request_uris: tuple[str, ...] = ()
    initiate_login_uri: str = ""
    scopes: tuple[str, ...] = ()
    subject_type: str = ""
    """`public` or `pairwise`; empty means pairwise for third parties and public for others."""
    sector_identifier_uri: str = ""
    id_token_algorithm: str = "RS256"
    id_token_encrypted_response_alg: str = ""
    id_token_encrypted_response_enc: str = ""
    userinfo_signed_response_alg: str = ""
    userinfo_encrypted_response_alg: str = ""
    userinfo_encrypted_response_enc: str = ""
    request_object_signing_alg: str = ""
    request_object_encryption_alg: str = ""
    request_object_encryption_enc: str = ""
    require_signed_request_object: bool = False
    require_pushed_authorization_requests: bool = False
    """Whether requests are taken only by way of /par (RFC 9126 6)."""
    default_max_age: int | None = None
    """Seconds, or None where a sign-in may be of any age."""
    require_auth_time: bool = False
    default_acr_values: tuple[str, ...] = ()
    frontchannel_logout_uri: str = ""
    frontchannel_logout_session_required: bool = False
    backchannel_logout_uri: str = ""
    backchannel_logout_session_required: bool = False
    authorization_details_types: tuple[str, ...] = ()
    """Types of authorization details that it may ask for (RFC 9396 10)."""

    @property
    def is_public(self) -> bool:
        """Whether the client has no way to prove itself (RFC 6749 2.1)."""
        return self.auth_method is AuthMethod.NONE

    def in_language(self, member: str, language: str) -> str:
        """Return a member of `TRANSLATED` in a language, or as it is for everybody."""
        default: str = getattr(self, member)
        if not self.translations:
            return default
        translated: dict[str, str] = json.loads(self.translations)
        return translated.get(f"{registered_name(member)}#{language}", default)


def registered_name(member: str) -> str:
    """Return the specifications' name of a member."""
    return REGISTERED_NAMES.get(member, member)


def normal_response_type(text: str) -> str:
    """Return a response type with its parts in the order in which we compare them; their order means nothing."""
    order = ("code", "id_token", "token")
    parts = text.split(" ")
    return " ".join(sorted(parts, key=lambda part: order.index(part) if part in order else len(order)))
