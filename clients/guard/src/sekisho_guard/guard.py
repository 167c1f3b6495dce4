"""The order of checks: remembered or not, form and header, key, signature, claims, scopes. First failure refuses."""

import time
from collections.abc import Callable, Collection, Iterable

from sekisho_guard.claims import Claims, Expectations
from sekisho_guard.discovery import Issuer
from sekisho_guard.fetch import Fetch, HttpFetch
from sekisho_guard.keyset import SUPPORTED_ALGORITHMS
from sekisho_guard.keysource import KeySource
from sekisho_guard.limits import Limits
from sekisho_guard.token import UnverifiedToken
from sekisho_guard.verified import VerifiedTokens

_DEFAULT_LIMITS = Limits()


class Guard:
    """Validates the access tokens that one issuer made for one audience."""

    def __init__(
        self,
        *,
        issuer: str,
        audience: str,
        algorithms: Collection[str] = SUPPORTED_ALGORITHMS,
        limits: Limits = _DEFAULT_LIMITS,
        clock: Callable[[], float] = time.time,
        fetch: Fetch | None = None,
    ) -> None:
        self._algorithms = frozenset(algorithms)
        if not self._algorithms or not self._algorithms <= SUPPORTED_ALGORITHMS:
            raise ValueError(f"algorithms must be some of {', '.join(sorted(SUPPORTED_ALGORITHMS))}")
        if not audience:
            raise ValueError("audience must be the name by which the issuer knows this service")
        self._limits = limits
        self._clock = clock
        self._expectations = Expectations(issuer, audience, limits.leeway)
        self._keys = KeySource(
            Issuer(issuer),
            algorithms=self._algorithms,
            limits=limits,
            clock=clock,
            fetch=fetch or HttpFetch(timeout=limits.timeout),
        )
        self._verified = VerifiedTokens(limits.remembered_tokens)

    def verify(self, token: str, *, scopes: Iterable[str] = ()) -> Claims:
        """The claims of a token that is good here and now and has all these scopes; any other raises a GuardError."""
        claims = self.recall(token)
        if claims is None:
            claims = self._verify_unremembered(token)
        if scopes:
            claims.require(scopes)
        return claims

    def recall(self, token: object) -> Claims | None:
        """The claims of a token verified before and still good; None where `verify` must look. Never waits."""
        if not isinstance(token, str) or len(token) > self._limits.token_length or not token.isascii():
            return None
        now = self._clock()
        keys = self._keys.usable(now)
        return None if keys is None else self._verified.recall(token, keys, now)

    def _verify_unremembered(self, token: str) -> Claims:
        unverified = UnverifiedToken.parse(token, algorithms=self._algorithms, longest=self._limits.token_length)
        now = self._clock()
        key = self._keys.key(unverified.kid, unverified.algorithm, now)
        payload = unverified.payload_verified_by(key)
        claims = self._expectations.claims(payload, now)
        self._verified.remember(token, claims, key)
        return claims
