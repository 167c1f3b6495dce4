"""Limits on password guessing that nobody can use to lock a person out (NIST 800-63B 5.2.2, RFC 9700).

Every try is counted before the password is looked at, so that a thousand tries at once are a thousand. It counts
against two windows: this account from this address, and this address whatever the account. There is no counter for the
account alone, which a stranger could fill. A browser that signed in to the account before carries a device cookie: its
tries count against a window of their own, which nobody else can fill, even from the same address.
"""

from dataclasses import dataclass
from hashlib import sha256
from hmac import compare_digest, digest

from idp.protocol.secrets import encode, new_identifier
from idp.services import Services
from idp.store import attempts

DEVICE_COOKIE = "sekisho_device"
YEAR = 31_536_000


@dataclass(frozen=True, slots=True)
class Window:
    """One counter and how far it may go."""

    key: bytes
    limit: int


class Throttle:
    """Counts tries of one sign-in name from one network, with the device cookie that came along."""

    def __init__(self, services: Services, username: str, network: str, device: str) -> None:
        """Find the windows that this try counts against."""
        self._services = services
        self._login_key = services.accounts.login_key(username)
        limits = services.settings.sign_in
        if self._knows(device):
            self._windows = [self._window("device", device, limits.failures_per_device)]
        else:
            self._windows = [
                self._window("account", f"{self._login_key.hex()} {network}", limits.failures_per_account_and_address),
                self._window("address", network, limits.failures_per_address),
            ]

    def admit(self) -> bool:
        """Count this try; false when a window is full. Committed at once, whatever happens next."""
        services = self._services
        with services.database.autocommit() as connection:
            counts = [
                attempts.count_one(connection, window.key, services.now, services.settings.sign_in.window)
                for window in self._windows
            ]
        return all(count <= window.limit for count, window in zip(counts, self._windows, strict=True))

    def forgive(self) -> None:
        """After a success, forget the tries of this account here, and take this one back from the address's.

        Others of the address stay, for they were at other accounts. Successes must not fill its window, or the people
        behind one address would keep each other out.
        """
        own, *shared = self._windows
        with self._services.database.autocommit() as connection:
            attempts.forget(connection, own.key)
            for window in shared:
                attempts.take_back(connection, window.key)

    def device_cookie(self) -> str:
        """Return a cookie that makes this browser a known one for this account."""
        nonce = new_identifier(self._services.random)
        return f"{nonce}.{self._signature(nonce)}"

    def _knows(self, device: str) -> bool:
        nonce, _, signature = device.partition(".")
        expected = self._signature(nonce).encode("ascii")
        return compare_digest(expected, signature.encode("utf-8", "surrogatepass"))

    def _signature(self, nonce: str) -> str:
        key = self._services.sealer.derive("device cookies")
        return encode(digest(key, self._login_key + nonce.encode("utf-8", "surrogatepass"), sha256))

    def _window(self, kind: str, what: str, limit: int) -> Window:
        return Window(self._services.sealer.index(f"attempts {kind}", what), limit)
