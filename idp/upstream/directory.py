"""What upstream providers say of themselves (OpenID Connect Discovery 1.0, 4), remembered in each process.

A document is fetched when it is first needed, and anew after `FRESH_SECONDS`. While the provider's site is away the
last one serves on until `STALE_SECONDS`.
"""

import logging
import threading
from collections.abc import Mapping
from dataclasses import dataclass, field

from idp.outbound import Fetcher, FetchError
from idp.protocol.outbound_urls import read_target
from idp.protocol.secrets import Clock
from idp.protocol.strict_json import load_strictly
from idp.protocol.upstreams import Setback, UpstreamError

FRESH_SECONDS = 3600
STALE_SECONDS = 86_400
RETRY_SECONDS = 10
MAX_DOCUMENT = 65_536
WELL_KNOWN = "/.well-known/openid-configuration"

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Metadata:
    """What is used of a provider's document."""

    authorization_endpoint: str
    token_endpoint: str
    jwks_uri: str
    says_issuer: bool
    """Whether each answer names who gives it (RFC 9207 3)."""


@dataclass(slots=True)
class _Known:
    metadata: Metadata | None = None
    fetched_at: float = 0
    tried_at: float = 0
    lock: threading.Lock = field(default_factory=threading.Lock)


class Directory:
    """Finds what providers say of themselves, at the speed of memory most of the time."""

    def __init__(self, fetcher: Fetcher, clock: Clock) -> None:
        self._fetcher = fetcher
        self._clock = clock
        self._known: dict[str, _Known] = {}
        self._lock = threading.Lock()

    def metadata(self, issuer: str, budget: str) -> Metadata:
        """Return the document of an issuer.

        Raises:
            UpstreamError: `unavailable` when there is none that can be believed.
        """
        with self._lock:
            known = self._known.setdefault(issuer, _Known())
        with known.lock:
            now = self._clock()
            if now - known.fetched_at >= FRESH_SECONDS and now - known.tried_at >= RETRY_SECONDS:
                self._fetch(issuer, budget, known, now)
            if known.metadata is None or now - known.fetched_at >= STALE_SECONDS:
                raise UpstreamError(Setback.UNAVAILABLE, "there is no discovery document to go by")
            return known.metadata

    def _fetch(self, issuer: str, budget: str, known: _Known, now: float) -> None:
        known.tried_at = now
        url = issuer.removesuffix("/") + WELL_KNOWN
        try:
            body = self._fetcher.document(url, budget=budget, accept=("application/json",), max_bytes=MAX_DOCUMENT)
            known.metadata = _read(load_strictly(body.decode("utf-8")), issuer)
            known.fetched_at = now
        except FetchError as error:
            log.warning("discovery document of %s: %s", budget, error)
        except ValueError as error:
            log.warning("discovery document of %s: %s", budget, error)


def _read(document: object, issuer: str) -> Metadata:
    """Return what is used of a document.

    Raises:
        ValueError: when it is another issuer's (Discovery 4.3), or lacks an https address that is needed.
    """
    if not isinstance(document, dict) or document.get("issuer") != issuer:
        raise ValueError("it is not that of the configured issuer")
    return Metadata(
        authorization_endpoint=_endpoint(document, "authorization_endpoint"),
        token_endpoint=_endpoint(document, "token_endpoint"),
        jwks_uri=_endpoint(document, "jwks_uri"),
        says_issuer=document.get("authorization_response_iss_parameter_supported") is True,
    )


def _endpoint(document: Mapping[str, object], name: str) -> str:
    url = document.get(name)
    if not isinstance(url, str) or isinstance(read_target(url), str):
        raise ValueError(f"its {name} is no https URL")  # noqa: TRY004 - it is the document that is wrong
    return url
