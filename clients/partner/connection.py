"""One person's connection to the partner, kept in the session that stays on the server.

The partner keeps what userinfo said last and the refresh token, never an access token: each look at the data begins
with a refresh, so it always learns at once when the person ended the sharing.
"""

from dataclasses import dataclass
from typing import Any

from flask import session

from clients.webapp.relying_party import OVER, RefusedError, RelyingParty
from clients.webapp.sessions import start_over

FIELDS = {"prefecture": "Prefecture", "over_20": "20 or over", "email": "E-mail address"}
"""What the partner asks for, by the name that scope, claim and reason go by."""

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


def begin(sekisho: RelyingParty, claims: dict[str, Any], tokens: dict[str, Any]) -> None:
    """Take up the connection of whoever just agreed, in place of an earlier one."""
    forget(sekisho)
    session["claims"] = claims
    session["refresh_token"] = tokens["refresh_token"]
    session["looks"] = 1


def look_again(sekisho: RelyingParty) -> None:
    """Fetch the data anew; when the sharing is over, forget all of it."""
    try:
        tokens = sekisho.refresh(session["refresh_token"], scope=SCOPE)
        session["refresh_token"] = tokens["refresh_token"]
        session["claims"] = sekisho.userinfo(tokens["access_token"], session["claims"]["sub"])
        session["looks"] += 1
    except RefusedError as error:
        if error.code not in OVER:
            raise
        start_over()
        session[_ENDED] = True


def forget(sekisho: RelyingParty) -> None:
    """End the connection from the partner's side: hand the tokens back and forget the person."""
    refresh_token = session.get("refresh_token")
    start_over()
    if refresh_token is not None:
        sekisho.revoke(refresh_token)


def is_connected() -> bool:
    return "claims" in session


def was_ended() -> bool:
    return _ENDED in session


def lines() -> list[Line]:
    """Every field that was asked for, with what came of it."""
    claims = session["claims"]
    return [_line(field, label, claims) for field, label in FIELDS.items()]


def _line(field: str, label: str, claims: dict[str, Any]) -> Line:
    if field in claims:
        return Line(field, label, _in_words(claims[field]), "", "")
    code = claims.get("withheld", {}).get(field, "")
    reason = _REASONS.get(code, "Not available at present") if code else "Nothing on record"
    return Line(field, label, "", reason, code)


def _in_words(value: object) -> str:
    if isinstance(value, bool):
        return "Yes" if value else "No"
    return str(value)
