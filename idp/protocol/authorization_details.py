"""`authorization_details` of type `partner_data`: which fields, for which purpose, for how long (RFC 9396).

    [{"type": "partner_data", "purpose": "points.credit", "fields": ["prefecture"], "duration_days": 30}]

`"one_time": true` in place of a duration asks for one answer, within a day; the first that holds something is it.

Anything that is not understood is refused, not ignored: it might have been meant as a limit (RFC 9396 5). Whether the
fields and the purpose exist and are agreed is not known here.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from idp.protocol.errors import invalid_authorization_details
from idp.protocol.grants import Mode
from idp.protocol.strict_json import load_strictly

PARTNER_DATA = "partner_data"
TYPES = (PARTNER_DATA,)
MAX_CHARACTERS = 8192
_MEMBERS = frozenset({"type", "purpose", "fields", "duration_days", "one_time", "locations"})


@dataclass(frozen=True, slots=True)
class PartnerData:
    """One request for a person's data."""

    purpose: str
    fields: tuple[str, ...]
    duration_days: int = 0
    """0 where the request does not say."""
    locations: tuple[str, ...] = ()
    mode: Mode = Mode.ONGOING


def parse_authorization_details(text: str) -> PartnerData:
    """Return what the parameter asks for: an array of exactly one object, for a consent is for one purpose.

    Raises:
        OAuthError: `invalid_authorization_details`, saying what does not fit.
    """
    details = _loaded(text)
    if not isinstance(details, list) or not all(isinstance(item, dict) for item in details):
        raise invalid_authorization_details("The authorization_details must be a JSON array of objects.")
    if len(details) != 1:
        raise invalid_authorization_details("Ask for one purpose at a time: one object in authorization_details.")
    detail = details[0]
    if detail.get("type") != PARTNER_DATA:
        raise invalid_authorization_details("The type of the authorization_details is not supported.")
    if not _MEMBERS.issuperset(detail):
        raise invalid_authorization_details(
            f"The authorization_details hold an unknown member. Known are {', '.join(sorted(_MEMBERS))}."
        )
    return PartnerData(
        purpose=_text(detail.get("purpose")),
        fields=_texts(detail, "fields"),
        duration_days=_days(detail["duration_days"]) if "duration_days" in detail else 0,
        locations=_texts(detail, "locations") if "locations" in detail else (),
        mode=_mode(detail),
    )


def granted_details(
    purpose: str, fields: tuple[str, ...], withheld: Mapping[str, str], expires_at: int | None, mode: Mode
) -> list[dict[str, Any]]:
    """Return the member of a token response: what was asked for, enriched by what came of it (RFC 9396 7.1)."""
    detail: dict[str, Any] = {"type": PARTNER_DATA, "purpose": purpose, "fields": list(fields)}
    if mode is Mode.ONE_TIME:
        detail["one_time"] = True
    if withheld:
        detail["withheld"] = dict(withheld)
    if expires_at is not None:
        detail["expires_at"] = expires_at
    return [detail]


def _loaded(text: str) -> object:
    if len(text) > MAX_CHARACTERS:
        raise invalid_authorization_details("The authorization_details are too long.")
    try:
        return load_strictly(text)
    except ValueError:
        raise invalid_authorization_details(
            "The authorization_details are not JSON, or a member stands twice."
        ) from None


def _text(value: object) -> str:
    if not isinstance(value, str) or not value:
        raise invalid_authorization_details("The authorization_details must name a purpose.")
    return value


def _texts(detail: Mapping[str, object], name: str) -> tuple[str, ...]:
    values = detail.get(name)
    if not isinstance(values, list) or not values or not all(isinstance(value, str) and value for value in values):
        raise invalid_authorization_details(f"The member {name} of authorization_details must be a list of texts.")
    if len(set(values)) != len(values):
        raise invalid_authorization_details(f"The member {name} of authorization_details names something twice.")
    return tuple(values)


def _mode(detail: Mapping[str, object]) -> Mode:
    once = detail.get("one_time", False)
    if type(once) is not bool:
        raise invalid_authorization_details("The member one_time must be true or false.")
    if once and "duration_days" in detail:
        raise invalid_authorization_details("What is for one use lasts a day at most: leave duration_days out.")
    return Mode.ONE_TIME if once else Mode.ONGOING


def _days(value: object) -> int:
    if type(value) is not int or value < 1:
        raise invalid_authorization_details("The member duration_days must be a whole number of days, 1 or more.")
    return value
