"""Answers instead of data: whether what a partner states of a person is so. The value itself never goes out.

Each answer is a field of the catalogue, so that the same agreement, consent and policy decide about it. A question is a
field with what the partner states; None is the answer where the profile has no usable value.
"""

import unicodedata
from collections.abc import Callable, Mapping
from datetime import date
from types import MappingProxyType
from typing import Final

from policies.claims import READERS, Profile
from policies.prefectures import NUMBERS

LONGEST_STATEMENT: Final = 200
HIGHEST_KYC_LEVEL: Final = 3
_HIRAGANA_FROM_KATAKANA: Final = {code: code - 0x60 for code in range(0x30A1, 0x30F7)}
_BETWEEN_NAMES: Final = "\u30fb\u00b7.,-\u2010'\u2019\u30a0="
"""Middle dots, hyphens and apostrophes, Japanese and Latin."""

Predicate = Callable[[Profile, date, object], bool | None]


def is_statement(question: str, stated: object) -> bool:
    """Whether this can be stated in a question: true of an age, a number of a level, a text of the rest."""
    if question not in PREDICATES:
        return False
    if question in ("over_18", "over_20"):
        return stated is True
    if question == "kyc_level":
        return type(stated) is int and 1 <= stated <= HIGHEST_KYC_LEVEL
    return isinstance(stated, str) and len(stated) <= LONGEST_STATEMENT and bool(alike(stated))


def answer(question: str, profile: Profile, on: date, stated: object) -> bool | None:
    """Whether a statement is so; None when that cannot be told."""
    return PREDICATES[question](profile, on, stated) if is_statement(question, stated) else None


def alike(name: str) -> str:
    """A name without what people write differently: case, width, kana, accents, blanks and marks between its parts."""
    folded = unicodedata.normalize("NFKD", unicodedata.normalize("NFKC", name).casefold())
    kept = [sign for sign in folded if not unicodedata.combining(sign) or sign in "\u3099\u309a"]
    plain = "".join(sign for sign in kept if not sign.isspace() and sign not in _BETWEEN_NAMES)
    return unicodedata.normalize("NFC", plain.translate(_HIRAGANA_FROM_KATAKANA))


def prefecture_number(text: str) -> int | None:
    """The number (ISO 3166-2:JP) of a prefecture however it is written: 東京都, 東京, Tokyo, Tōkyō-to."""
    plain = alike(text).removesuffix("prefecture").removesuffix("metropolis")
    return NUMBERS.get(plain)


def _read(claim: str) -> Predicate:
    def ask(profile: Profile, on: date, _stated: object) -> bool | None:
        value = READERS[claim](profile, on)
        return value if isinstance(value, bool) else None

    return ask


def _name_match(profile: Profile, _on: date, stated: object) -> bool | None:
    known = _names(profile)
    return alike(str(stated)) in known if known else None


def _names(profile: Profile) -> set[str]:
    """The person's name in every way that the profile has it, with its parts in either order (OIDC Core 5.2)."""
    names = [value for claim, value in profile.items() if claim.partition("#")[0] == "name"]
    for tag in {claim.partition("#")[2] for claim in profile}:
        parts = [profile.get(f"{part}#{tag}" if tag else part) for part in ("family_name", "given_name")]
        if all(isinstance(part, str) and part for part in parts):
            names += [f"{parts[0]}{parts[1]}", f"{parts[1]}{parts[0]}"]
    return {alike(name) for name in names if isinstance(name, str) and alike(name)}


def _same_prefecture(profile: Profile, on: date, stated: object) -> bool | None:
    lives_in, asked = READERS["prefecture"](profile, on), str(stated)
    if not isinstance(lives_in, str):
        return None
    known = prefecture_number(lives_in)
    return alike(lives_in) == alike(asked) if known is None else known == prefecture_number(asked)


def _kyc_level(profile: Profile, _on: date, stated: object) -> bool | None:
    level = profile.get("kyc_level")
    return level >= stated if type(level) is int and type(stated) is int else None


PREDICATES: Final[Mapping[str, Predicate]] = MappingProxyType(
    {
        "over_18": _read("over_18"),
        "over_20": _read("over_20"),
        "name_match": _name_match,
        "same_prefecture": _same_prefecture,
        "kyc_level": _kyc_level,
    }
)
GUESSABLE: Final = frozenset({"name_match", "same_prefecture"})
"""Questions whose answer is a yes to one value of many: whoever may ask for ever learns the value."""
