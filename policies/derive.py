"""From released fields to what is sent, and to what a consent page shows of it beforehand (OIDC Core section 5.1).

A released field sends its own claims and no other. What the page shows is read by the same readers as what is sent, so
that the person agrees to exactly the value that will go out.
"""

from collections.abc import Iterable, Mapping
from datetime import UTC, date, datetime
from typing import Final

from policies.catalogue import Catalogue, Field
from policies.claims import READERS, Profile
from policies.words import Words

LONGEST_EXAMPLE: Final = 48
_ELLIPSIS: Final = "…"
_YES: Final = Words(en="Yes", ja="はい")
_NO: Final = Words(en="No", ja="いいえ")
_KNOWN_WORDS: Final = {
    ("gender", "female"): Words(en="Female", ja="女性"),
    ("gender", "male"): Words(en="Male", ja="男性"),
    ("locale", "en"): Words(en="English", ja="英語"),
    ("locale", "ja"): Words(en="Japanese", ja="日本語"),
}
_MONTHS: Final = (
    *("January", "February", "March", "April", "May", "June"),
    *("July", "August", "September", "October", "November", "December"),
)


def claims_for(catalogue: Catalogue, fields: Iterable[str], profile: Profile, on: date) -> dict[str, object]:
    """The claims of these fields as far as the profile has usable values; `on` is today where the person lives."""
    released = set(fields)
    return {
        claim: value
        for field in catalogue.fields.values()
        if field.id in released
        for claim, value in _usable(field, profile, on).items()
    }


def example_for(field: Field, profile: Profile, language: str, on: date) -> str | None:
    """The person's own value of a field, as one short line; None where there is nothing to show.

    A field's first claim is the one that people know it by. Where that is missing, all others that would go out show.
    """
    values = _usable(field, profile, on)
    known_by = field.claims[:1]
    shown = known_by if values.keys() >= set(known_by) else tuple(values)
    words = ", ".join(_worded(claim, values[claim], language) for claim in shown)
    return _shortened(" ".join(words.split())) or None


def _usable(field: Field, profile: Profile, on: date) -> dict[str, object]:
    read = {claim: READERS[claim](profile, on) for claim in field.claims}
    return {claim: value for claim, value in read.items() if value is not None}


def _worded(claim: str, value: object, language: str) -> str:
    if isinstance(value, bool):
        return (_YES if value else _NO).in_language(language)
    if isinstance(value, Mapping):
        return _address_line(value, language)
    if isinstance(value, int):
        return _day(datetime.fromtimestamp(value, UTC).date(), language)
    text = str(value)
    if claim == "birthdate":
        return _day(date.fromisoformat(text), language)
    known = _KNOWN_WORDS.get((claim, text.partition("-")[0]))
    return known.in_language(language) if known else text


def _day(day: date, language: str) -> str:
    english = f"{day.day} {_MONTHS[day.month - 1]} {day.year}"
    return Words(en=english, ja=f"{day.year}年{day.month}月{day.day}日").in_language(language)


def _address_line(address: Mapping[str, str], language: str) -> str:
    """From the large to the small in Japanese, from the small to the large in English."""
    street, locality, region, postal_code, country = (
        address.get(member, "") for member in ("street_address", "locality", "region", "postal_code", "country")
    )
    if not (street or locality or region):
        return address.get("formatted") or " ".join(filter(None, (postal_code, country)))
    postal_mark = f"〒{postal_code}" if postal_code else ""
    english = ", ".join(filter(None, (street, locality, f"{region} {postal_code}".strip(), country)))
    # Japanese is written without spaces; an address in Latin letters is not.
    place = (" " if f"{region}{locality}".isascii() else "").join(filter(None, (region, locality, street)))
    japanese = " ".join(filter(None, (country, postal_mark, place)))
    return Words(en=english, ja=japanese).in_language(language)


def _shortened(text: str) -> str:
    """An e-mail address keeps its domain, by which people recognise it."""
    if len(text) <= LONGEST_EXAMPLE:
        return text
    local, _, domain = text.rpartition("@")
    if len(domain) < LONGEST_EXAMPLE // 2:
        return f"{local[: LONGEST_EXAMPLE - len(domain) - 2]}{_ELLIPSIS}@{domain}"
    return f"{text[: LONGEST_EXAMPLE - 1]}{_ELLIPSIS}"
