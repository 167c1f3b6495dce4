"""What a page says of the step that led to it: a word in the address, which is no more than that word."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Final
from urllib.parse import urlencode

from flask import Request, Response

from idp.web.pages import gettext as _
from idp.web.requests import shown_query
from idp.web.responses import see_other

_DONE: Final = "done"
_SENTENCES: Final[Mapping[str, Callable[[], str]]] = {
    "end": lambda: _("The sharing has ended. Nothing more goes out."),
    "end_all": lambda: _("These sharings have ended. Nothing more goes out."),
    "pause": lambda: _("Paused. Nothing goes out until you resume it."),
    "resume": lambda: _("Resumed. It goes on as before."),
    "narrow": lambda: _("Taken out. It does not go out any more."),
    "opt_out": lambda: _("You share nothing with anybody from now on."),
    "opt_in": lambda: _("You can share again. What was held goes on as before."),
    "passkey_added": lambda: _("Your passkey is made. It opens your account from now on."),
    "passkey_late": lambda: _("That took too long. Make the passkey again."),
    "passkey_refused": lambda: _(
        "No passkey was made: what the device sent could not be used. Try again, or with another device."
    ),
    "passkey_renamed": lambda: _("Renamed."),
    "passkey_removed": lambda: _("Removed. It does not open your account any more."),
    "passkey_last": lambda: _("Nothing was removed: you could not sign in any more. Make another passkey first."),
    "passkey_first": lambda: _("Nothing was changed. Sign in with a passkey first, so that you know that yours works."),
    "passkeys_too_few": lambda: _("Nothing was changed. Make a second passkey first, or have recovery codes."),
    "passkeys_only": lambda: _("From now on, nothing but your passkeys opens this account."),
    "not_passkeys_only": lambda: _(
        "Other ways to sign in can be set up again. Until then, only your passkeys open it."
    ),
    "recovery_cancelled": lambda: _("Cancelled. The way back is closed, and everything stays as it was."),
    "password_changed": lambda: _("Your password is changed."),
    "password_set": lambda: _("You have a password. It opens your account from now on."),
    "email_changed": lambda: _("Your new e-mail address counts from now on."),
    "phone_changed": lambda: _("We text your new number from now on."),
    "phone_removed": lambda: _("The number is removed."),
    "disconnected": lambda: _("Disconnected. It signs nobody in here any more."),
    "last_way": lambda: _("This is your last way to sign in. Set up another one first."),
    "signed_out": lambda: _("Signed out there."),
    "signed_out_all": lambda: _("Signed out everywhere else."),
    "saved": lambda: _("Saved."),
    "kept": lambda: _("Your account is yours again. Nothing is erased."),
    "authenticator_on": lambda: _("The authenticator app is set up. You are asked for its code from now on."),
    "authenticator_off": lambda: _("The authenticator app is turned off. Nobody is asked for its code any more."),
    "codes_kept": lambda: _("Your new recovery codes count from now on. Older ones no longer work."),
    "unchanged": lambda: _("Nothing was changed: it may have been done in another window. This is how it is now."),
}

_OF_WAYS: Final = frozenset(
    {
        "passkey_added",
        "passkey_removed",
        "authenticator_on",
        "authenticator_off",
        "codes_kept",
        "disconnected",
        "email_changed",
    }
)
"""What changes by which ways one signs in. The page of the password asks by itself."""


@dataclass(frozen=True, slots=True)
class Notice:
    """What was done, in words; `is_of_ways` offers to end all other sessions, which began before it (ASVS 7.4.3)."""

    sentence: str
    is_of_ways: bool


def noticed(path: str, done: str) -> Response:
    """Send the browser on to a page that says what was done."""
    return see_other(f"{path}?{urlencode({_DONE: done})}")


def notice(request: Request) -> Notice | None:
    """Return the notice that the address asks for, if there is such a one."""
    done = shown_query(request).get(_DONE, "")
    return Notice(_SENTENCES[done](), done in _OF_WAYS) if done in _SENTENCES else None
