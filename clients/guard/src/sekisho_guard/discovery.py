"""Where an issuer keeps its keys: authorization server metadata (RFC 8414), else OpenID Connect Discovery 1.0.

The second is asked only when a server answered that it has not the first. Metadata that names another issuer is refused
(RFC 8414 section 3.3): it would let one issuer's keys vouch for another's tokens.
"""

import json
from http import HTTPStatus
from urllib.parse import urlsplit

from sekisho_guard.fetch import Fetch, FetchError, checked_url, is_loopback


class Issuer:
    """An issuer identifier that may be fetched from."""

    def __init__(self, identifier: str) -> None:
        try:
            parts = checked_url(identifier, http_allowed=True)
        except ValueError as error:
            raise ValueError(f"issuer {error}") from error
        if parts.query:
            raise ValueError("issuer must have no query (RFC 8414 section 2)")
        self.identifier = identifier
        self._on_loopback = is_loopback(parts.hostname)

    def jwks_uri(self, fetch: Fetch) -> str:
        metadata = self._metadata(fetch)
        if metadata.get("issuer") != self.identifier:
            raise FetchError("the metadata names another issuer")
        uri = metadata.get("jwks_uri")
        try:
            return checked_url(uri, http_allowed=self._on_loopback).geturl()
        except ValueError as error:
            raise FetchError(f"the metadata's jwks_uri {error}") from error

    def _metadata(self, fetch: Fetch) -> dict[str, object]:
        origin, path = self._origin_and_path()
        try:
            document = fetch(f"{origin}/.well-known/oauth-authorization-server{path}")
        except FetchError as error:
            if error.status not in (HTTPStatus.NOT_FOUND, HTTPStatus.GONE):
                raise
            document = fetch(f"{origin}{path}/.well-known/openid-configuration")
        try:
            metadata = json.loads(document.decode("utf-8"))
        except (ValueError, RecursionError) as error:
            raise FetchError("the metadata is not JSON") from error
        if not isinstance(metadata, dict):
            raise FetchError("the metadata is not a JSON object")
        return metadata

    def _origin_and_path(self) -> tuple[str, str]:
        parts = urlsplit(self.identifier)
        return f"{parts.scheme}://{parts.netloc}", parts.path.rstrip("/")
