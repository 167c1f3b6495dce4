"""The tokens already verified: a bounded memory, least recently used out first.

A token is known by its SHA-256, so that an entry costs the same however long the token and a memory dump gives none
away. An entry counts only until the token's own exp, without leeway, and while the key set still holds its key.
"""

from collections import OrderedDict
from dataclasses import dataclass
from hashlib import sha256
from threading import Lock

from sekisho_guard.claims import Claims
from sekisho_guard.forking import renew_in_children
from sekisho_guard.keyset import KeySet, VerificationKey


@dataclass(frozen=True, slots=True)
class _Verdict:
    claims: Claims
    key: VerificationKey


class VerifiedTokens:
    def __init__(self, capacity: int) -> None:
        self._capacity = capacity
        self._verdicts: OrderedDict[bytes, _Verdict] = OrderedDict()
        self._lock = Lock()
        renew_in_children(self)

    def recall(self, token: str, keys: KeySet, now: float) -> Claims | None:
        name = sha256(token.encode("ascii")).digest()
        with self._lock:
            verdict = self._verdicts.get(name)
            if verdict is None:
                return None
            if verdict.claims.expires_at <= now or not keys.holds(verdict.key):
                del self._verdicts[name]
                return None
            self._verdicts.move_to_end(name)
        return verdict.claims

    def remember(self, token: str, claims: Claims, key: VerificationKey) -> None:
        name = sha256(token.encode("ascii")).digest()
        with self._lock:
            self._verdicts[name] = _Verdict(claims, key)
            while len(self._verdicts) > self._capacity:
                self._verdicts.popitem(last=False)

    def renew_in_child(self) -> None:
        self._lock = Lock()
