"""Reading one table of a configuration file: every key known, every value of its type, or a sentence that says where.

A catalogue or an agreement that is only nearly right must not load: a misspelt key would otherwise silently mean less,
or more, than its author wrote. Ids are plain ASCII so that no two of them can look alike.
"""

import re
from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Final, Self

ID: Final = re.compile(r"[a-z][a-z0-9_-]*(\.[a-z][a-z0-9_-]*)*")
LONGEST_ID: Final = 64
_COUNTRY: Final = re.compile(r"[A-Z]{2}")


class Table:
    """One mapping out of a TOML or JSON document, with the path at which it stands."""

    __slots__ = ("_error", "_values", "_where")

    def __init__(self, value: object, where: str, error: type[ValueError]) -> None:
        self._where = where
        self._error = error
        if not isinstance(value, Mapping):
            raise self._error(f"{where}: must be a table, not {_kind(value)}")
        self._values: Mapping[object, object] = value

    def only(self, *keys: str) -> Self:
        """Refuse any key that is not among these."""
        for key in self._values:
            if key not in keys:
                raise self.refusal(str(key), f"is not known here (known: {', '.join(keys)})")
        return self

    def has(self, key: str) -> bool:
        return key in self._values

    def text(self, key: str) -> str:
        value = self._value(key)
        if not isinstance(value, str):
            raise self.refusal(key, f"must be text, not {_kind(value)}")
        if not value.strip() or value != value.strip() or not value.isprintable():
            raise self.refusal(key, "must be one line of text, not empty and without blanks around it")
        return value

    def id(self, key: str) -> str:
        return self._checked_id(key, self.text(key))

    def at(self, where: str) -> "Table":
        """The same table, known by another name in what is said about it."""
        return Table(self._values, where, self._error)

    def words(self, key: str) -> tuple[str, ...]:
        """One text, or a list of texts without repeats."""
        value = self._value(key)
        if isinstance(value, str):
            return (self.text(key),)
        words = tuple(self._list(key))
        for word in words:
            if not isinstance(word, str):
                raise self.refusal(key, f"must be text or a list of texts, not of {_kind(word)}")
        return self._once(key, tuple(word for word in words if isinstance(word, str)))

    def ids(self, key: str) -> tuple[str, ...]:
        """A list of ids without repeats; a missing key is the empty list."""
        return self._once(key, tuple(self._checked_id(key, item) for item in self._list(key)))

    def number(self, key: str, *, low: int, high: int) -> int:
        value = self._value(key)
        if type(value) is not int or not low <= value <= high:
            raise self.refusal(key, f"must be a whole number from {low} to {high}")
        return value

    def flag(self, key: str) -> bool:
        value = self._value(key)
        if not isinstance(value, bool):
            raise self.refusal(key, f"must be true or false, not {_kind(value)}")
        return value

    def plain(self, key: str) -> str | int | bool:
        """A text, a whole number, or true or false."""
        value = self._value(key)
        if isinstance(value, str):
            return self.text(key)
        if isinstance(value, int):
            return value
        raise self.refusal(key, f"must be text, a whole number, true or false, not {_kind(value)}")

    def instant(self, key: str) -> int:
        """Seconds since 1970 UTC, written as such or as a date and time that says its own offset."""
        value = self._value(key)
        if isinstance(value, datetime) and value.tzinfo is not None:
            return int(value.timestamp())
        if type(value) is int and value > 0:
            return value
        raise self.refusal(key, "must be a date and time with an offset, such as 2026-04-01T00:00:00+09:00")

    def table(self, key: str) -> "Table":
        return Table(self._value(key), f"{self._where}.{key}", self._error)

    def tables(self, key: str) -> tuple["Table", ...]:
        """A list of tables; a missing key is the empty list."""
        return tuple(
            Table(item, f"{self._where}.{key}[{place}]", self._error) for place, item in enumerate(self._list(key))
        )

    def country(self, key: str) -> str:
        """A country by its two capital letters (ISO 3166-1)."""
        return self._checked_country(key, self.text(key))

    def countries(self, key: str) -> tuple[str, ...]:
        """A list of countries without repeats; a missing key is the empty list."""
        return self._once(key, tuple(self._checked_country(key, item) for item in self._list(key)))

    def entries(self) -> Iterator[tuple[str, "Table"]]:
        """Every key, checked as an id, with its value, checked as a table."""
        for name in self.names():
            yield name, self.table(name)

    def names(self) -> Iterator[str]:
        """Every key, checked as an id."""
        for key in self._values:
            yield self._checked_id(str(key), key)

    def refusal(self, key: str, complaint: str) -> ValueError:
        return self._error(f"{self._where}.{key}: {complaint}")

    def _value(self, key: str) -> object:
        if key not in self._values:
            raise self.refusal(key, "is missing")
        return self._values[key]

    def _list(self, key: str) -> list[object]:
        listed = self._values.get(key, [])
        if not isinstance(listed, list):
            raise self.refusal(key, f"must be a list, not {_kind(listed)}")
        return listed

    def _once(self, key: str, items: tuple[str, ...]) -> tuple[str, ...]:
        if len(set(items)) < len(items):
            raise self.refusal(key, "names something twice")
        return items

    def _checked_country(self, key: str, value: object) -> str:
        if not isinstance(value, str) or not _COUNTRY.fullmatch(value):
            raise self.refusal(key, f"{value!r} is not a country's two capital letters (ISO 3166-1)")
        return value

    def _checked_id(self, key: str, value: object) -> str:
        if not isinstance(value, str) or len(value) > LONGEST_ID or not ID.fullmatch(value):
            raise self.refusal(
                key, f"{value!r} is not an id (small ASCII letters, digits, '_' and '-', parts joined by '.')"
            )
        return value


def _kind(value: object) -> str:
    return type(value).__name__
