"""Messages from Sekisho (RFC 8417): taken only if its signature, sender and addressee are right, and acknowledged.

They come by https to an address that Sekisho has proved: the first message holds a value that the answer gives back.
Of whom a message spoke is kept, by the name that Sekisho gave them here, until their browser comes again.
"""

import json
from collections.abc import Mapping
from threading import Lock
from typing import Any

from authlib.integrations.requests_client import OAuth2Session
from joserfc import jwt
from joserfc.errors import JoseError
from joserfc.jwk import KeySet
from requests import RequestException

from clients.webapp.relying_party import UnreachableError

ALGORITHM = "ES256"
TYPE = "secevent+jwt"
SCOPE = "partner_messages"
_ABOUT_GRANTS = "urn:sekisho:event:grant-"
_TIMEOUT_SECONDS = 10


class ForgedError(Exception):
    """A message is not one of Sekisho's to us."""


class Messages:
    """Of whom Sekisho said something."""

    def __init__(self, *, issuer: str, client_id: str, client_secret: str) -> None:
        self._issuer = issuer
        self._client_id = client_id
        self._client_secret = client_secret
        self._spoken_of: set[str] = set()
        self._lock = Lock()

    def take(self, message: str) -> dict[str, str]:
        """Act on a message and return what to answer it with.

        Raises ForgedError, and UnreachableError when Sekisho cannot be asked for its keys: it tries again later.
        """
        claims = self._verified(message)
        for name, payload in claims["events"].items():
            if "state" in payload:
                return {"state": str(payload["state"])}
            if name.startswith(_ABOUT_GRANTS):
                with self._lock:
                    self._spoken_of.add(claims["sub_id"]["sub"])
        self._acknowledge(claims["jti"])
        return {}

    def is_news(self, subject: str) -> bool:
        """Whether something was said about a person since this was asked last."""
        with self._lock:
            known = subject in self._spoken_of
            self._spoken_of.discard(subject)
            return known

    def _verified(self, message: str) -> Mapping[str, Any]:
        try:
            token = jwt.decode(message, self._keys(), algorithms=[ALGORITHM])
        except (JoseError, ValueError, TypeError, KeyError) as error:
            raise ForgedError from error
        claims = token.claims
        is_to_us = (claims.get("iss"), claims.get("aud")) == (self._issuer, self._client_id)
        if token.header.get("typ") != TYPE or not is_to_us or not _is_event(claims):
            raise ForgedError
        return claims

    def _keys(self) -> KeySet:
        with self._session() as session:
            return KeySet.import_key_set(_json(session, "GET", f"{self._issuer}/jwks"))

    def _acknowledge(self, message_id: str) -> None:
        """Say that it was acted upon, with a token of our own."""
        with self._session() as session:
            document = _json(session, "GET", f"{self._issuer}/.well-known/openid-configuration")
            try:
                session.fetch_token(
                    document["token_endpoint"], grant_type="client_credentials", timeout=_TIMEOUT_SECONDS
                )
                body = {"acknowledged": [message_id]}
                url = f"{self._issuer}/partner/v1/acknowledgements"
                session.post(url, json=body, timeout=_TIMEOUT_SECONDS).raise_for_status()
            except RequestException as error:
                raise UnreachableError from error

    def _session(self) -> OAuth2Session:
        return OAuth2Session(self._client_id, self._client_secret, scope=SCOPE)


def _json(session: OAuth2Session, method: str, url: str) -> dict[str, Any]:
    try:
        answer = session.request(method, url, withhold_token=True, timeout=_TIMEOUT_SECONDS)
        answer.raise_for_status()
        read: dict[str, Any] = json.loads(answer.text)
    except RequestException as error:
        raise UnreachableError from error
    return read


def _is_event(claims: Mapping[str, Any]) -> bool:
    events = claims.get("events")
    return (
        isinstance(claims.get("jti"), str)
        and isinstance(events, dict)
        and all(isinstance(payload, dict) for payload in events.values())
        and isinstance(claims.get("sub_id", {}).get("sub", ""), str)
    )
