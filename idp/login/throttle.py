"""Limits on guessing passwords and codes that nobody can use to lock a person out (NIST 800-63B 5.2.2, RFC 9700).

Every try is counted before the password is looked at, so that a thousand tries at once are a thousand. It counts
against two windows: this account from this address, and this address whatever the account. There is no counter for the
account alone, which a stranger could fill; that of all accounts together turns nobody away, but raises the risk of
sign-ins (`idp.risk`). A browser that signed in to the account before carries a device cookie: its
tries count against a window of their own, which nobody else can fill, even from the same address.

Codes of a second factor have windows beside those of passwords: whoever knows a password could otherwise empty them.
"""

import sys
from dataclasses import dataclass

from idp.risk import everywhere
from idp.services import Services
from idp.store import attempts

CODES = "codes "
MAILS = "mails "
"""What the windows of second factors, and of the mail that brings some, are called by."""


@dataclass(frozen=True, slots=True)
class Window:
    """One counter and how far it may go."""

    key: bytes
    limit: int


class Throttle:
    """Counts tries at one sign-in name from one network, or from a browser that is known for it."""

    def __init__(self, services: Services, login_key: bytes, network: str, device: str, of: str = "") -> None:
        """Find the windows that this try counts against; `device` is "" for a browser that is not known."""
        self._services = services
        limits = services.settings.sign_in
        if device:
            self._windows = [self._window(f"{of}device", device, limits.failures_per_device)]
        else:
            at_account = f"{login_key.hex()} {network}"
            self._windows = [
                self._window(f"{of}account", at_account, limits.failures_per_account_and_address),
                self._window(f"{of}address", network, limits.failures_per_address),
                *([] if of else [Window(everywhere(services), sys.maxsize)]),
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

    def _window(self, kind: str, what: str, limit: int) -> Window:
        return Window(self._services.sealer.index(f"attempts {kind}", what), limit)
