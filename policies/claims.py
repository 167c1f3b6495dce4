"""Which OpenID Connect claims exist here, and how each is read from a profile (OIDC Core sections 5.1 and 5.1.1).

A profile is a mapping in the claims' own shapes. A reader answers the claim's value, or None where the profile has no
usable one: a claim is then left out, never guessed. The derived answers (over_18, over_20, prefecture) are claims of
their own.
"""

import re
from collections.abc import Callable, Mapping
from datetime import date
from types import MappingProxyType
from typing import Final

Profile = Mapping[str, object]
Reader = Callable[[Profile, date], object]

ADDRESS_MEMBERS: Final = ("formatted", "street_address", "locality", "region", "postal_code", "country")
_LAST_INSTANT: Final = 253_402_300_799  # the last second of the year 9999, beyond which there are no dates
_BIRTHDATE: Final = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
_EMAIL: Final = re.compile(r"[^@\s]+@[^@\s]+")
_PHONE_NUMBER: Final = re.compile(r"\+?[0-9][0-9()\-. ]{3,30}(;ext=[0-9]{1,10})?")
_LOCALE: Final = re.compile(r"[A-Za-z]{2,8}([-_][A-Za-z0-9]{1,8})*")
_ZONE: Final = re.compile(r"[A-Za-z][A-Za-z0-9_+\-]*(/[A-Za-z0-9_+\-]+)*")
_URL: Final = re.compile(r"https?://[^\s/]+\S*")
_ANY_TEXT: Final = re.compile(r".*\S.*", re.DOTALL)


def _text(claim: str, shape: re.Pattern[str] = _ANY_TEXT) -> Reader:
    def read(profile: Profile, _on: date) -> str | None:
        value = profile.get(claim)
        return value if isinstance(value, str) and shape.fullmatch(value) else None

    return read


def _verified(claim: str, of: Reader) -> Reader:
    """Whether a value was verified says something only beside a usable value."""

    def read(profile: Profile, on: date) -> bool | None:
        value = profile.get(claim)
        return value if isinstance(value, bool) and of(profile, on) is not None else None

    return read


def _birth(profile: Profile, on: date) -> date | None:
    value = profile.get("birthdate")
    # The pattern comes first because fromisoformat also takes week dates and dates without dashes.
    if not isinstance(value, str) or not _BIRTHDATE.fullmatch(value):
        return None
    try:
        born = date.fromisoformat(value)
    except ValueError:
        return None
    return born if born <= on else None


def age(profile: Profile, on: date) -> int | None:
    """The person's age in whole years; born on 29 February, a year older on 1 March where there is no such day."""
    born = _birth(profile, on)
    return None if born is None else on.year - born.year - ((on.month, on.day) < (born.month, born.day))


def _birthdate(profile: Profile, on: date) -> str | None:
    born = _birth(profile, on)
    return born.isoformat() if born else None


def _is_over(years: int) -> Reader:
    def read(profile: Profile, on: date) -> bool | None:
        reached = age(profile, on)
        return None if reached is None else reached >= years

    return read


def _address(profile: Profile, _on: date) -> dict[str, str] | None:
    value = profile.get("address")
    if not isinstance(value, Mapping):
        return None
    usable = {member: value.get(member) for member in ADDRESS_MEMBERS}
    return {member: text for member, text in usable.items() if isinstance(text, str) and text.strip()} or None


def _prefecture(profile: Profile, on: date) -> str | None:
    address = _address(profile, on)
    return address.get("region") if address else None


def _updated_at(profile: Profile, _on: date) -> int | None:
    value = profile.get("updated_at")
    return value if type(value) is int and 0 <= value <= _LAST_INSTANT else None


_email: Final = _text("email", _EMAIL)
_phone_number: Final = _text("phone_number", _PHONE_NUMBER)

READERS: Final[Mapping[str, Reader]] = MappingProxyType(
    {
        "name": _text("name"),
        "given_name": _text("given_name"),
        "family_name": _text("family_name"),
        "middle_name": _text("middle_name"),
        "nickname": _text("nickname"),
        "preferred_username": _text("preferred_username"),
        "profile": _text("profile", _URL),
        "picture": _text("picture", _URL),
        "website": _text("website", _URL),
        "email": _email,
        "email_verified": _verified("email_verified", _email),
        "gender": _text("gender"),
        "birthdate": _birthdate,
        "over_18": _is_over(18),
        "over_20": _is_over(20),
        "zoneinfo": _text("zoneinfo", _ZONE),
        "locale": _text("locale", _LOCALE),
        "phone_number": _phone_number,
        "phone_number_verified": _verified("phone_number_verified", _phone_number),
        "address": _address,
        "prefecture": _prefecture,
        "updated_at": _updated_at,
    }
)
