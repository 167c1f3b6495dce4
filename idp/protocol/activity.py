"""What happens to a person's account that they should be able to see, and part of which they must be told."""

import re
from dataclasses import dataclass
from enum import StrEnum


class Event(StrEnum):
    """One kind of event, as it is kept and as the letters name it."""

    SIGNED_IN = "signed_in"
    NEW_DEVICE = "new_device"
    SIGN_IN_REFUSED = "sign_in_refused"
    """What was proved was right, and all around it so unlike the person that it opened nothing."""
    PASSKEY_ADDED = "passkey_added"
    PASSKEY_REMOVED = "passkey_removed"
    PASSKEY_REFUSED = "passkey_refused"
    """Its counter went back, so that there may be a copy of it (WebAuthn 7.2 step 22)."""
    PASSWORD_CHANGED = "password_changed"
    AUTHENTICATOR_ADDED = "authenticator_added"
    AUTHENTICATOR_REMOVED = "authenticator_removed"
    RECOVERY_CODES_MADE = "recovery_codes_made"
    RECOVERY_CODE_USED = "recovery_code_used"
    RECOVERY_STARTED = "recovery_started"
    RECOVERY_CANCELLED = "recovery_cancelled"
    RECOVERED = "recovered"
    EMAIL_CHANGED = "email_changed"
    EMAIL_RESTORED = "email_restored"
    """A change was taken back by the address before, with all that opened the account since."""
    PHONE_CHANGED = "phone_changed"
    PHONE_REMOVED = "phone_removed"
    CONNECTION_ADDED = "connection_added"
    CONNECTION_REMOVED = "connection_removed"
    SESSION_ENDED = "session_ended"
    ALL_SESSIONS_ENDED = "all_sessions_ended"
    PASSKEY_ACCOUNT_ON = "passkey_account_on"
    PASSKEY_ACCOUNT_OFF = "passkey_account_off"
    CLOSING_STARTED = "closing_started"
    CLOSING_CANCELLED = "closing_cancelled"


UNTOLD = frozenset({Event.SIGNED_IN, Event.SESSION_ENDED, Event.ALL_SESSIONS_ENDED, Event.RECOVERY_STARTED})
"""What is kept and not told: everyday things, and what is told by a letter of its own (`idp.recovery`).

Whatever is new here is told until somebody decides otherwise."""


@dataclass(frozen=True, slots=True)
class Seen:
    """From where something was done: a network, and a device in words that no stranger chooses."""

    network: str
    device: str
    """A browser and a system, such as `Firefox, Windows`; "" where the browser is none that we know."""


_BROWSERS = (
    ("Edge", "Edg"),
    ("Opera", "OPR/"),
    ("Samsung Internet", "SamsungBrowser/"),
    ("LINE", " Line/"),
    ("Firefox", "Firefox/|FxiOS/"),
    ("Chrome", "Chrome/|CriOS/"),
    ("Safari", "Safari/"),
)
_SYSTEMS = (
    ("iPhone", "iPhone"),
    ("iPad", "iPad"),
    ("Android", "Android"),
    ("Windows", "Windows NT"),
    ("ChromeOS", "CrOS"),
    ("macOS", "Mac OS X"),
    ("Linux", "Linux"),
)
MAX_USER_AGENT = 512


def device_words(user_agent: str) -> str:
    """Return browser and system of a User-Agent (RFC 9110 10.1.5), in names of ours alone: it goes into letters."""
    text = user_agent[:MAX_USER_AGENT]
    found = (next((name for name, sign in table if re.search(sign, text)), "") for table in (_BROWSERS, _SYSTEMS))
    return ", ".join(filter(None, found))
