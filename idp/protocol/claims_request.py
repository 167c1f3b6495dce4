"""The `claims` parameter: claims asked for one by one, for the ID token and for userinfo (OIDC Core 5.5).

    {"userinfo": {"email": {"essential": true}}, "id_token": {"acr": {"essential": true, "values": ["..."]}}}

`essential` changes nothing of what is released: an app that lacks an essential claim is still answered (5.5.1). Two
claims are conditions, not data: `sub` with a value names the person that must be signed in, an essential `acr` the
ways of signing in that count (5.5.1.1). What is not understood is ignored, as 5.5 asks.
"""

from collections.abc import Mapping
from dataclasses import dataclass

from idp.protocol.authentication import ANY_LEVEL, AskedLevels
from idp.protocol.errors import OAuthError, invalid_request
from idp.protocol.strict_json import load_strictly

MAX_CHARACTERS = 8192


@dataclass(frozen=True, slots=True)
class ClaimsRequest:
    """What is asked for; names are in the order sent."""

    id_token: tuple[str, ...] = ()
    userinfo: tuple[str, ...] = ()
    subjects: frozenset[str] = frozenset()
    """Each of these must be the `sub` of the person who is signed in."""
    levels: AskedLevels = ANY_LEVEL
    """How strongly the person is to sign in."""


def parse_claims(text: str) -> ClaimsRequest:
    """Return what the parameter asks for.

    Raises:
        OAuthError: `invalid_request`, saying what does not fit.
    """
    document = _object(_loaded(text))
    id_token, userinfo = (_object(document.get(place)) for place in ("id_token", "userinfo"))
    details = [{name: _object(value) for name, value in place.items()} for place in (id_token, userinfo)]
    return ClaimsRequest(
        id_token=tuple(id_token),
        userinfo=tuple(userinfo),
        subjects=frozenset(value for claims in details for value in _values(claims.get("sub", {}))),
        levels=_levels(details[0].get("acr", {})),
    )


def _loaded(text: str) -> object:
    if len(text) > MAX_CHARACTERS:
        raise invalid_request("The parameter claims is too long.")
    try:
        return load_strictly(text)
    except ValueError:
        raise invalid_request("The parameter claims is not JSON, or a member stands twice (OIDC Core 5.5).") from None


def _object(value: object) -> Mapping[str, object]:
    """Return a member that may be left out or null, as a claim that is simply asked for is (5.5.1)."""
    if value is None:
        return {}
    if not isinstance(value, dict):
        raise _refused()
    return value


def _values(claim: Mapping[str, object]) -> tuple[str, ...]:
    """Return the values that a claim is asked for with, by `value` or `values`."""
    if "value" in claim and "values" in claim:
        raise _refused()
    values = claim.get("values", [claim["value"]] if "value" in claim else [])
    if not isinstance(values, list) or not all(isinstance(value, str) and value for value in values):
        raise _refused()
    return tuple(values)


def _levels(claim: Mapping[str, object]) -> AskedLevels:
    values = _values(claim)
    return AskedLevels(essential=values) if claim.get("essential") is True else AskedLevels(wished=values)


def _refused() -> OAuthError:
    return invalid_request(
        "The parameter claims must be an object with id_token and userinfo, each an object of claims, each claim null "
        "or an object; sub and acr take text as value, or a list of texts as values (OIDC Core 5.5)."
    )
