"""What a verified token says: RFC 9068 section 2.2, typed, checked and frozen."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any

from sekisho_guard.errors import InsufficientScopeError, InvalidTokenError

MALFORMED = "The access token is malformed."


@dataclass(frozen=True, slots=True)
class Claims:
    """The claims of one verified token. Requests share it, so nothing in it can be changed."""

    subject: str = field(repr=False)  # a person, mostly: kept out of logs that print the object
    client_id: str
    scopes: frozenset[str]
    audience: tuple[str, ...]
    expires_at: float
    auth_time: float | None
    acr: str | None
    token_id: str
    raw: Mapping[str, Any] = field(repr=False, hash=False)

    def require(self, scopes: Iterable[str]) -> None:
        """Refuse unless every one of these scopes was granted; a plain string is a space-separated list."""
        required = frozenset(scopes.split() if isinstance(scopes, str) else scopes)
        if not required <= self.scopes:
            raise InsufficientScopeError(
                "The access token lacks a scope that this request needs.", f"lacks {sorted(required - self.scopes)}"
            )


@dataclass(frozen=True, slots=True)
class Expectations:
    """What a token must say to be taken here."""

    issuer: str
    audience: str
    leeway: float

    def claims(self, payload: Mapping[str, Any], now: float) -> Claims:
        """Check a payload whose signature holds (RFC 9068 section 4)."""
        if payload.get("iss") != self.issuer:
            raise InvalidTokenError("The access token comes from another issuer.", "iss is not ours")
        audience = _audience(payload.get("aud"))
        if self.audience not in audience:
            raise InvalidTokenError("The access token is meant for another service.", "aud does not name us")
        if "cnf" in payload:
            # RFC 7800 section 3: a token bound to a key is worth nothing without the proof, which is not checked here.
            raise InvalidTokenError("The access token is bound to a key and cannot be used as a bearer token.", "cnf")
        expires_at = self._check_times(payload, now)
        return Claims(
            subject=_text(payload, "sub"),
            client_id=_text(payload, "client_id"),
            scopes=_scopes(payload.get("scope", "")),
            audience=audience,
            expires_at=expires_at,
            auth_time=_time(payload, "auth_time") if "auth_time" in payload else None,
            acr=_text(payload, "acr") if "acr" in payload else None,
            token_id=_text(payload, "jti"),
            raw=MappingProxyType({name: _frozen(value) for name, value in payload.items()}),
        )

    def _check_times(self, payload: Mapping[str, Any], now: float) -> float:
        expires_at = _time(payload, "exp")
        if expires_at <= now - self.leeway:
            raise InvalidTokenError("The access token expired.", "exp has passed")
        if _time(payload, "iat") > now + self.leeway:
            raise InvalidTokenError("The access token is not valid yet.", "iat lies ahead")
        if "nbf" in payload and _time(payload, "nbf") > now + self.leeway:
            raise InvalidTokenError("The access token is not valid yet.", "nbf lies ahead")
        return expires_at


def _text(payload: Mapping[str, Any], name: str) -> str:
    value = payload.get(name)
    if isinstance(value, str) and value:
        return value
    raise InvalidTokenError(MALFORMED, f"{name} is not a text")


def _time(payload: Mapping[str, Any], name: str) -> float:
    value = payload.get(name)
    # A boolean is an int to Python, infinity would never end, and beyond 2**53 lies no second that anybody meant.
    if isinstance(value, int | float) and not isinstance(value, bool) and abs(value) < 2**53:
        return value
    raise InvalidTokenError(MALFORMED, f"{name} is not a time")


def _audience(value: object) -> tuple[str, ...]:
    if isinstance(value, str):
        return (value,)
    if isinstance(value, list) and all(isinstance(each, str) for each in value):
        return tuple(value)
    raise InvalidTokenError(MALFORMED, "aud is neither a text nor a list of texts")


def _scopes(value: object) -> frozenset[str]:
    if isinstance(value, str):
        return frozenset(value.split(" ")) - {""}
    raise InvalidTokenError(MALFORMED, "scope is not a text")


def _frozen(value: object) -> object:
    if isinstance(value, dict):
        return MappingProxyType({name: _frozen(each) for name, each in value.items()})
    if isinstance(value, list):
        return tuple(_frozen(each) for each in value)
    return value
