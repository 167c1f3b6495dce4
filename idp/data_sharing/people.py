"""A person as the policy sees them, out of their account."""

import re
from collections.abc import Mapping
from contextlib import suppress
from datetime import UTC, date, datetime, tzinfo
from typing import Final
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from idp.store.accounts import Account
from policies.claims import age
from policies.user import Risk, UserState

_COUNTRY: Final = re.compile(r"[A-Z]{2}")


def user_state(account: Account | None, now: int) -> UserState | None:
    """Return what a decision must know of a person, or None for nobody."""
    if account is None:
        return None
    return UserState(
        age=age(account.profile, today(account, now)),
        residence=_residence(account),
        restricted=account.restricted_at is not None,
        opted_out=account.opted_out_at is not None,
        deleted=False,
        suspended=not account.is_active,
        risk=Risk.LOW,
    )


def today(account: Account, now: int) -> date:
    """Return the date where the person lives, for ages turn there."""
    return datetime.fromtimestamp(now, zone(account)).date()


def zone(account: Account) -> tzinfo:
    """Return the time zone where the person lives; UTC when that is not known."""
    name = account.profile.get("zoneinfo")
    if isinstance(name, str):
        with suppress(ZoneInfoNotFoundError, ValueError, OSError):
            return ZoneInfo(name)
    return UTC


def _residence(account: Account) -> str | None:
    """Return the country of the address where it is written as a code; a country's name is in anybody's spelling."""
    address = account.profile.get("address")
    country = address.get("country") if isinstance(address, Mapping) else None
    return country if isinstance(country, str) and _COUNTRY.fullmatch(country) else None
