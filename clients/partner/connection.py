"""One person's connection to the partner, kept in the session that stays on the server.

The partner keeps what the data API said last and the refresh token, never an access token: each look at the data begins
with a refresh, so it always learns at once when the person ended the sharing. A message about the person makes it look.
"""

from dataclasses import dataclass
from typing import Any

from flask import session

from clients.partner.messages import Messages
from clients.webapp.relying_party import OVER, RefusedError, RelyingParty
from clients.webapp.sessions import start_over

FIELDS = {"prefecture": "Prefecture", "over_20": "20 or over", "email": "E-mail address"}
"""What the partner asks for, by the name that scope, field and reason go by."""

SCOPE = " ".join(("openid", *FIELDS, "offline_access"))

_REASONS = {
    "FIELD_NOT_IN_AGREEMENT": "Not part of our agreement with Sekisho, so we can never see it",
    "FIELD_NOT_CONSENTED": "You chose not to share it",
    "CONSENT_ENDED": "You ended the sharing",
    "CONSENT_EXPIRED": "The time for which you shared it is over",
    "PARTNER_SUSPENDED": "Sekisho has paused our access",
}
_ENDED = "ended"


@dataclass(frozen=True, slots=True)
class Line:
    """One field as the page shows it: a value, or why there is none."""

    id: str
    label: str
    value: str
    reason: str
    code: str


def begin(sekisho: RelyingParty, tokens: dict[str, Any]) -> None:
    """Take up the connection of whoever just agreed, in place of an earlier one."""
    found = _fetched(sekisho, tokens, tokens["userinfo"]["sub"])
    forget(sekisho)
    session["found"] = found
    session["refresh_token"] = tokens["refresh_token"]
    session["looks"] = 1


def look_again(sekisho: RelyingParty, why: str = "found") -> None:
    """Fetch the data anew; when the sharing is over, forget all of it."""
    try:
        tokens = sekisho.refresh(session["refresh_token"], scope=SCOPE)
        session["refresh_token"] = tokens["refresh_token"]
        session["found"] = _fetched(sekisho, tokens, session["found"]["sub"])
        session["looks"] += 1
    except RefusedError as error:
        if error.code not in OVER:
            raise
        start_over()
        session[_ENDED] = why


def hear(sekisho: RelyingParty, messages: Messages) -> None:
    """Look at once when Sekisho said something of this person; it may have been about an earlier connection."""
    if is_connected() and messages.is_news(session["found"]["sub"]):
        look_again(sekisho, "told")


def forget(sekisho: RelyingParty) -> None:
    """End the connection from the partner's side: hand the tokens back and forget the person."""
    refresh_token = session.get("refresh_token")
    start_over()
    if refresh_token is not None:
        sekisho.revoke(refresh_token)


def is_connected() -> bool:
    return "found" in session


def how_ended() -> str:
    """How we know that the sharing is over: told by a message, or found at a look; "" where it is not over."""
    return str(session.get(_ENDED, ""))


def lines() -> list[Line]:
    """Every field that was asked for, with what came of it."""
    found = session["found"]
    return [_line(field, label, found) for field, label in FIELDS.items()]


def _fetched(sekisho: RelyingParty, tokens: dict[str, Any], subject: str) -> dict[str, Any]:
    """Read what the person shares, from Sekisho's data API; it must speak of the person who signed in."""
    found = sekisho.read(f"{sekisho.issuer}/data/v1/me", tokens["access_token"])
    if found.get("sub") != subject:
        raise RefusedError("wrong_subject")
    return found


def _line(field: str, label: str, found: dict[str, Any]) -> Line:
    if field in found["data"]:
        return Line(field, label, _in_words(found["data"][field]), "", "")
    code = found["withheld"].get(field, {}).get("reason", "")
    reason = _REASONS.get(code, "Not available at present") if code else "Nothing on record"
    return Line(field, label, "", reason, code)


def _in_words(value: object) -> str:
    if isinstance(value, bool):
        return "Yes" if value else "No"
    return str(value)
