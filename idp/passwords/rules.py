"""Which passwords may be chosen: long, and none that a guesser tries first (NIST SP 800-63B-4 3.1.1.2, ASVS 6.2).

No rule asks for capitals, digits or signs, and none forbids them. What is looked for is what guessing programs begin
with: passwords of published breaches, also between digits or signs; one thing written again and again; rows of a
keyboard; the names of this service and of the person.
"""

import re
from enum import StrEnum
from pathlib import Path

from idp.passwords.hashing import MAX_CHARACTERS, normalized

LEAST_BESIDE_NAMES = 6
"""How many letters and digits a password has besides the names of the service and the person."""

_SHORTEST_NAME = 4
_WORDS = re.compile(r"[^\W_]+")
_AROUND = re.compile(r"^[\W\d_]+|[\W\d_]+$")
_ROWS = tuple(
    row * 2
    for forward in (
        "1234567890",
        "abcdefghijklmnopqrstuvwxyz",
        "qwertyuiopasdfghjklzxcvbnm",
        "1qaz2wsx3edc4rfv5tgb6yhn",
    )
    for row in (forward, forward[::-1])
)


class Weakness(StrEnum):
    """Why a password may not be chosen."""

    SHORT = "short"
    LONG = "long"
    COMMON = "common"
    REPEATS = "repeats"
    NAMES = "names"


class PasswordRules:
    """Judges passwords; knows the common ones."""

    def __init__(self, least_characters: int, service_names: tuple[str, ...]) -> None:
        """Read the common passwords as one text: half a megabyte, looked through in well under a millisecond."""
        self.least_characters = least_characters
        self._service_names = service_names
        self._common = "\n" + (Path(__file__).parent / "common.txt").read_text("ascii")

    def weakness(self, password: str, *names: str) -> Weakness | None:
        """Return why a password may not be chosen, or None. `names` are the person's own: address, name."""
        if len(password) > MAX_CHARACTERS:
            return Weakness.LONG
        if len(normalized(password)) < self.least_characters:
            return Weakness.SHORT
        plain = normalized(password).casefold()
        if self._is_common(plain) or self._is_common(_AROUND.sub("", plain)) or any(plain in row for row in _ROWS):
            return Weakness.COMMON
        if _repeats_itself(plain):
            return Weakness.REPEATS
        beside = _without(plain, (*self._service_names, *names))
        if beside != plain and len("".join(_WORDS.findall(beside))) < LEAST_BESIDE_NAMES:
            return Weakness.NAMES
        return None

    def _is_common(self, plain: str) -> bool:
        return bool(plain) and "\n" not in plain and f"\n{plain}\n" in self._common


def _repeats_itself(plain: str) -> bool:
    """Whether all of it is the same part again and again, the last one perhaps cut short."""
    return any(plain[part:] == plain[:-part] for part in range(1, len(plain) // 2 + 1))


def _without(plain: str, names: tuple[str, ...]) -> str:
    """Return what is left when the names and their parts are taken out, the longest first."""
    whole = [normalized(name).casefold() for name in names]
    parts = {part for name in whole for part in (name, *_WORDS.findall(name)) if len(part) >= _SHORTEST_NAME}
    for part in sorted(parts, key=len, reverse=True):
        plain = plain.replace(part, "")
    return plain
