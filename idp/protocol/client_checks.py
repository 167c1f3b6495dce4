"""The one place where a client's metadata is checked, whoever brings it (RFC 7591 2 and 5, OIDC Registration 2).

What depends on who the client is (its kind, its partner) or on this server's settings is checked above, and so is what
has to be fetched.
"""

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from urllib.parse import urlsplit

from idp.protocol.client_metadata import NATIVE, PAIRWISE, PUBLIC, WEB, ClientMetadata
from idp.protocol.key_sets import key_set_problems
from idp.protocol.names import (
    ASSERTION_ALGORITHMS,
    CONTENT_ENCRYPTION_ALGORITHMS,
    IMPLICIT,
    KEY_MANAGEMENT_ALGORITHMS,
    NO_SIGNATURE,
    RESPONSE_TYPES,
    SIGNING_ALGORITHMS,
    AuthMethod,
    GrantType,
)
from idp.protocol.outbound_urls import read_target
from idp.protocol.redirect_uris import is_loopback, problem_with

MAX_NAME = 100
MAX_TEXT = 2000
MAX_VALUES = 50
MAX_TRANSLATIONS = 16_384
_ENCRYPTIONS = (
    "id_token_encrypted_response",
    "userinfo_encrypted_response",
    "request_object_encryption",
)
_CHOICES = {
    "application_type": ("", WEB, NATIVE),
    "subject_type": ("", PUBLIC, PAIRWISE),
    "assertion_algorithm": ("", *ASSERTION_ALGORITHMS),
    "id_token_algorithm": (*SIGNING_ALGORITHMS, NO_SIGNATURE),
    "userinfo_signed_response_alg": ("", *SIGNING_ALGORITHMS),
    "request_object_signing_alg": ("", *ASSERTION_ALGORITHMS, NO_SIGNATURE),
    **{f"{name}_alg": ("", *KEY_MANAGEMENT_ALGORITHMS) for name in _ENCRYPTIONS},
    **{f"{name}_enc": ("", *CONTENT_ENCRYPTION_ALGORITHMS) for name in _ENCRYPTIONS},
}
_TRANSLATION = re.compile(r"(client_name|client_uri|logo_uri|policy_uri|tos_uri)#[A-Za-z]{1,8}(-[A-Za-z0-9]{1,8})*")
_WEB_ADDRESSES = ("homepage", "policy_uri", "tos_uri")
_FETCHED = ("logo_uri", "jwks_uri", "sector_identifier_uri", "backchannel_logout_uri")


@dataclass(frozen=True, slots=True)
class Problem:
    """One thing that is wrong with a member, as a sentence; with a `value`, the sentence is about that value."""

    member: str
    sentence: str
    value: str | None = None


def problems_with(metadata: ClientMetadata) -> Iterator[Problem]:
    """Yield everything that is wrong with a client's metadata, each with its mend."""
    yield from _size_problems(metadata)
    yield from _text_problems(metadata)
    yield from _choice_problems(metadata)
    yield from _redirect_problems(metadata)
    yield from _address_problems(metadata)
    yield from _grant_problems(metadata)
    yield from _logout_problems(metadata)
    yield from _key_problems(metadata)


def _size_problems(metadata: ClientMetadata) -> Iterator[Problem]:
    for member in ("redirect_uris", "post_logout_redirect_uris", "request_uris", "contacts", "default_acr_values"):
        values: tuple[str, ...] = getattr(metadata, member)
        if len(values) > MAX_VALUES:
            yield Problem(member, f"{member} holds more than {MAX_VALUES} values")
        for value in values:
            if len(value) > MAX_TEXT:
                yield Problem(member, f"{member} holds a value of more than {MAX_TEXT} characters")
    for acr in metadata.default_acr_values:
        if not acr.isascii() or acr.split() != [acr]:
            yield Problem("default_acr_values", "is not an acr value", acr)
    if metadata.default_max_age is not None and not 0 <= metadata.default_max_age < 1 << 31:
        yield Problem("default_max_age", "default_max_age must be a number of seconds, not less than 0")


def _text_problems(metadata: ClientMetadata) -> Iterator[Problem]:
    if not _is_line(metadata.name, MAX_NAME):
        yield Problem("name", f"name is what people read on the consent page: one line of 1 to {MAX_NAME} characters")
    for member in ("software_id", "software_version"):
        value = getattr(metadata, member)
        if value and not _is_line(value, MAX_NAME):
            yield Problem(member, f"{member} must be one line of at most {MAX_NAME} characters")
    for contact in metadata.contacts:
        if not _is_line(contact, MAX_TEXT):
            yield Problem("contacts", "is not one line of text", contact)
    yield from _translation_problems(metadata)


def _translation_problems(metadata: ClientMetadata) -> Iterator[Problem]:
    translations: dict[str, object] = json.loads(metadata.translations) if metadata.translations else {}
    for name, value in translations.items():
        if not _TRANSLATION.fullmatch(name):
            yield Problem("translations", "is not a member with a language tag, such as client_name#ja", name)
        elif not isinstance(value, str):
            yield Problem("translations", "is not text", name)
        elif name.startswith("client_name#"):
            if not _is_line(value, MAX_NAME):
                yield Problem("translations", f"is not one line of 1 to {MAX_NAME} characters", name)
        elif name.startswith("logo_uri#"):
            if _problem_with_https(value):
                yield Problem("translations", "is not an https URL", name)
        elif not _is_web_address(value):
            yield Problem("translations", "is not a web address", name)
    if len(metadata.translations) > MAX_TRANSLATIONS:
        yield Problem("translations", f"the texts in further languages have more than {MAX_TRANSLATIONS} characters")


def _is_line(text: str, longest: int) -> bool:
    return bool(text.strip()) and text.isprintable() and len(text) <= longest


def _choice_problems(metadata: ClientMetadata) -> Iterator[Problem]:
    for member, allowed in _CHOICES.items():
        if getattr(metadata, member) not in allowed:
            yield Problem(member, f"{member} must be one of {', '.join(filter(None, allowed))}")
    for name in _ENCRYPTIONS:
        if getattr(metadata, f"{name}_enc") and not getattr(metadata, f"{name}_alg"):
            yield Problem(f"{name}_enc", f"{name}_enc needs {name}_alg")
    unsigned = metadata.id_token_algorithm == NO_SIGNATURE
    if unsigned and any("id_token" in response_type for response_type in metadata.response_types):
        yield Problem("id_token_algorithm", "an ID token without a signature never goes through the browser (Core 2)")
    if metadata.require_signed_request_object and metadata.request_object_signing_alg == NO_SIGNATURE:
        yield Problem("request_object_signing_alg", "require_signed_request_object needs a real signature")


def _redirect_problems(metadata: ClientMetadata) -> Iterator[Problem]:
    for member in ("redirect_uris", "post_logout_redirect_uris"):
        for uri in getattr(metadata, member):
            problem = problem_with(uri)
            if problem:
                yield Problem(member, problem, uri)
    for uri in metadata.redirect_uris:
        problem = _unfit(uri, metadata)
        if problem and not problem_with(uri):
            yield Problem("redirect_uris", problem, uri)
    if {GrantType.AUTHORIZATION_CODE, IMPLICIT} & set(metadata.grant_types) and not metadata.redirect_uris:
        yield Problem("redirect_uris", "the grants authorization_code and implicit need redirect_uris")


def _unfit(uri: str, metadata: ClientMetadata) -> str | None:
    """Return why a redirect URI does not go with the application's type (OIDC Registration 2)."""
    parts = urlsplit(uri)
    own_machine = parts.scheme == "http" and (is_loopback(parts.hostname) or parts.hostname == "localhost")
    if metadata.application_type == WEB:
        if not own_machine and parts.scheme != "https":
            return "is not an https URL, which application_type web asks for"
        if IMPLICIT in metadata.grant_types and (parts.scheme != "https" or parts.hostname == "localhost"):
            return "is not an https URL beyond this machine, which the implicit grant asks for"
    return None


def _address_problems(metadata: ClientMetadata) -> Iterator[Problem]:
    for member in _WEB_ADDRESSES:
        value = getattr(metadata, member)
        if value and not _is_web_address(value):
            yield Problem(member, f"{member} must be a web address")
    for member in (*_FETCHED, "initiate_login_uri", "frontchannel_logout_uri"):
        value = getattr(metadata, member)
        problem = _problem_with_https(value) if value else None
        own = member == "frontchannel_logout_uri" and problem_with(value) is None and value.startswith("http:")
        if problem and not own:  # a browser on its own machine loads that one
            yield Problem(member, problem, value)
    for uri in metadata.request_uris:
        problem = "is not a URI" if uri.split() != [uri] else _problem_with_https(uri.partition("#")[0])
        if problem:
            yield Problem("request_uris", problem, uri)


def _problem_with_https(url: str) -> str | None:
    if "#" in url:
        return "has a fragment"
    target = read_target(url)
    return target if isinstance(target, str) else None


def _is_web_address(text: str) -> bool:
    try:
        parts = urlsplit(text)
    except ValueError:
        return False
    return (
        parts.scheme in ("https", "http")
        and bool(parts.hostname)
        and "@" not in parts.netloc
        and text.isprintable()
        and " " not in text
        and len(text) <= MAX_TEXT
    )


def _grant_problems(metadata: ClientMetadata) -> Iterator[Problem]:
    grants, types = set(metadata.grant_types), metadata.response_types
    for grant in metadata.grant_types:
        if grant not in {*GrantType, IMPLICIT}:
            yield Problem("grant_types", "is not supported", grant)
    for response_type in types:
        if response_type not in RESPONSE_TYPES:
            yield Problem("response_types", "is not supported", response_type)
        elif "token" in response_type and IMPLICIT not in grants:
            yield Problem("grant_types", "needs the grant implicit (OIDC Registration 2)", response_type)
        elif "code" in response_type and response_type != "code" and GrantType.AUTHORIZATION_CODE not in grants:
            yield Problem("grant_types", "needs the grant authorization_code (OIDC Registration 2)", response_type)
    if IMPLICIT in grants and not any("token" in response_type for response_type in types):
        yield Problem("response_types", "the grant implicit needs a response type with id_token or token")
    if metadata.is_public and GrantType.CLIENT_CREDENTIALS in grants:
        yield Problem("grant_types", "a public client cannot have the grant client_credentials (RFC 6749 4.4)")


def _logout_problems(metadata: ClientMetadata) -> Iterator[Problem]:
    """Check that a frame on our sign-out page shows nobody else (Front-Channel Logout 2)."""
    uri = metadata.frontchannel_logout_uri
    if uri and _origin(uri) not in {_origin(redirect_uri) for redirect_uri in metadata.redirect_uris}:
        yield Problem("frontchannel_logout_uri", "has not the scheme, host and port of one of redirect_uris", uri)


def _origin(uri: str) -> tuple[str, str | None, int | None] | None:
    try:
        parts = urlsplit(uri)
        port = parts.port or {"https": 443, "http": 80}.get(parts.scheme)
    except ValueError:
        return None
    return parts.scheme, parts.hostname, port


def _key_problems(metadata: ClientMetadata) -> Iterator[Problem]:
    if metadata.jwks and metadata.jwks_uri:
        yield Problem("jwks", "jwks and jwks_uri exclude each other (RFC 7591 2)")
    if metadata.auth_method is AuthMethod.PRIVATE_KEY_JWT and not metadata.jwks and not metadata.jwks_uri:
        yield Problem(
            "jwks", "private_key_jwt needs jwks = { keys = [ ... ] } with the client's public keys, or jwks_uri"
        )
    encrypted = any(getattr(metadata, f"{name}_alg") for name in _ENCRYPTIONS[:2])
    if encrypted and not metadata.jwks and not metadata.jwks_uri:
        yield Problem("jwks", "an encrypted answer needs the client's public key, in jwks or at jwks_uri")
    if metadata.jwks:
        for sentence in key_set_problems(json.loads(metadata.jwks), metadata.assertion_algorithm):
            yield Problem("jwks", sentence)
