"""A request object: a whole authorization request in one JWT (RFC 9101, OIDC Core 6).

Signed with a key of the client's, or unsigned where it registered nothing better; encrypted to one of ours if it likes.
What is inside is the request, and nothing outside of it counts (RFC 9101 6.3). Keys come from the client's
registration alone: a `jwk`, `jku`, `x5c` or `x5u` in the header is never looked at.
"""

import json
from collections.abc import Mapping

import jwt
from jwt import PyJWS

from idp.protocol.encryption import decrypt, is_encrypted
from idp.protocol.errors import OAuthError
from idp.protocol.names import ASSERTION_ALGORITHMS, NO_SIGNATURE
from idp.protocol.parameters import MAX_PARAMETERS, RESOURCE, Parameters
from idp.protocol.strict_json import load_strictly
from idp.protocol.verification_keys import verified
from idp.services import Services
from idp.store.clients import Client

LEEWAY = 30
MAX_CHARACTERS = 32_768
_TYPES = frozenset({"oauth-authz-req+jwt", "jwt"})
_OF_THE_JWT = frozenset({"iss", "aud", "exp", "nbf", "iat", "jti", "sub"})
_NUMBERS = frozenset({"max_age"})
_OBJECTS: Mapping[str, type] = {"claims": dict, "authorization_details": list}
"""Parameters that are JSON of their own, and stand in the object as such (OIDC Core 6.1, RFC 9396 5)."""
_JWS = PyJWS()


def read_request_object(services: Services, client: Client, sent: Parameters, unverified: str) -> Parameters:
    """Return the request that a client put into a request object; `sent` is what stood beside it.

    Raises:
        OAuthError: `invalid_request_object`, saying what does not fit.
    """
    if len(unverified) > MAX_CHARACTERS:
        raise _refused("The request object is too long.")
    if is_encrypted(unverified):
        unverified = _opened(services, client, unverified)
    header, payload = _verified(services, client, unverified)
    typ = str(header.get("typ", "JWT")).lower().removeprefix("application/")
    if typ not in _TYPES:
        raise _refused("The typ of the request object must be oauth-authz-req+jwt (RFC 9101 10.8).")
    claims = _claims(payload)
    _check_who_and_when(services, client, claims)
    parameters = _parameters(claims)
    _check_outside(client, sent, parameters)
    return Parameters({**parameters, "client_id": client.client_id}, parameters.repeated)


def _opened(services: Services, client: Client, unverified: str) -> str:
    opened = decrypt(unverified, services.keys.decryption_keys())
    if opened is None:
        raise _refused("The request object cannot be decrypted. Encrypt it to a key of this server whose use is enc.")
    algorithm, content_algorithm, content = opened
    wrong = client.request_object_encryption_alg not in ("", algorithm)
    if wrong or client.request_object_encryption_enc not in ("", content_algorithm):
        raise _refused("The request object is encrypted by another algorithm than the app registered.")
    return content.decode("ascii", "replace")


def _verified(services: Services, client: Client, unverified: str) -> tuple[Mapping[str, object], bytes]:
    """Return header and content, once the signature is proven to be the client's or none is needed."""
    header = _header(unverified)
    registered = client.request_object_signing_alg
    if header.get("alg") == NO_SIGNATURE:
        if registered not in ("", NO_SIGNATURE) or client.require_signed_request_object:
            raise _refused("The request object must be signed.")
        return header, _unsigned_payload(unverified)
    algorithms = (registered,) if registered else ASSERTION_ALGORITHMS
    for jwks in services.client_keys.key_sets(client):
        found = verified(jwks, algorithms, unverified)
        if found is not None:
            return found
    raise _refused("The signature of the request object is not by a registered key and algorithm of the app.")


def _unsigned_payload(unverified: str) -> bytes:
    """Return the content of a JWS without signature: nothing stands after its last dot (RFC 7515 7.1, RFC 7518 3.6)."""
    try:
        decoded = _JWS.decode_complete(unverified, options={"verify_signature": False})
    except (jwt.InvalidTokenError, ValueError, RecursionError):
        raise _refused("The request object is not a JWT.") from None
    if decoded["signature"]:
        raise _refused("A request object whose alg is none has no signature.")
    payload: bytes = decoded["payload"]
    return payload


def _header(unverified: str) -> Mapping[str, object]:
    try:
        return jwt.get_unverified_header(unverified)
    except (jwt.InvalidTokenError, ValueError, RecursionError):
        raise _refused("The request object is not a JWT.") from None


def _claims(payload: bytes) -> Mapping[str, object]:
    try:
        claims = load_strictly(payload.decode("utf-8"))
    except ValueError:
        raise _refused("The request object holds no JSON, or a member stands twice.") from None
    if not isinstance(claims, dict):
        raise _refused("The request object must hold a JSON object.")
    return claims


def _check_who_and_when(services: Services, client: Client, claims: Mapping[str, object]) -> None:
    """Check what the JWT says of itself, where it does (RFC 9101 4, 10.8; RFC 7519 4.1)."""
    audience = claims.get("aud", services.settings.issuer)
    if services.settings.issuer not in (audience if isinstance(audience, list) else [audience]):
        raise _refused("The aud of the request object must be the issuer of this server.")
    if claims.get("iss", client.client_id) != client.client_id:
        raise _refused("The iss of the request object must be the client_id.")
    if claims.get("sub") == client.client_id:
        raise _refused("The sub of a request object must not be the client_id: it could be taken for an assertion.")
    now = services.clock()
    if _time(claims, "exp", now) <= now - LEEWAY:
        raise _refused("The request object has expired.")
    if max(_time(claims, "nbf", now), _time(claims, "iat", now)) > now + LEEWAY:
        raise _refused("The request object is from the future. Check the clock.")


def _time(claims: Mapping[str, object], name: str, default: float) -> float:
    value = claims.get(name, default)
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise _refused("The exp, nbf and iat of a request object are numbers of seconds.")
    return value


def _parameters(claims: Mapping[str, object]) -> Parameters:
    """Return the claims as the parameters that they stand for; empty ones count as omitted (RFC 6749 3.1)."""
    if not claims.keys().isdisjoint({"request", "request_uri"}):
        raise _refused("A request object must not hold request or request_uri (RFC 9101 4).")
    if len(claims) > MAX_PARAMETERS:
        raise _refused("The request object holds too many members.")
    single = {name: _value(name, value) for name, value in claims.items() if name not in {*_OF_THE_JWT, RESOURCE}}
    resources = claims.get(RESOURCE, [])
    repeated = [_value(RESOURCE, each) for each in (resources if isinstance(resources, list) else [resources])]
    return Parameters({name: value for name, value in single.items() if value}, tuple(filter(None, repeated)))


def _value(name: str, value: object) -> str:
    if name in _OBJECTS and isinstance(value, _OBJECTS[name]):
        return json.dumps(value)
    if name in _NUMBERS and type(value) is int:
        return str(value)
    if not isinstance(value, str):
        raise _refused("A member of the request object has the wrong type. Parameters are texts, as in a query.")
    if "\x00" in value or not _is_text(value):
        raise _refused("A member of the request object holds a character that no parameter can.")
    return value


def _is_text(value: str) -> bool:
    try:
        value.encode("utf-8")
    except UnicodeEncodeError:
        return False
    return True


def _check_outside(client: Client, sent: Parameters, inside: Parameters) -> None:
    """Check that what must stand outside too says the same (RFC 9101 5, OIDC Core 6.1)."""
    if inside.get("client_id", client.client_id) != client.client_id:
        raise _refused("The client_id in the request object is another one than outside.")
    outside = sent.get("response_type")
    if outside is not None and set(outside.split()) != set(inside.get("response_type", "").split()):
        raise _refused("The response_type in the request object is another one than outside.")


def _refused(description: str) -> OAuthError:
    return OAuthError("invalid_request_object", description)
