"""One spelling of a JSON value (RFC 8785), so that its hash is its own: of texts, whole numbers, lists and objects."""

import json
from typing import Any

LARGEST = 2**53 - 1
"""Whole numbers beyond are not the same number everywhere (RFC 8785 3.2.2.3 takes numbers for doubles)."""


def canonical(value: Any) -> bytes:  # noqa: ANN401 - any JSON value; what has no place in one is refused
    """Return the canonical bytes.

    Raises:
        ValueError: for what has no canonical spelling here: fractions, large numbers, halves of a surrogate pair.
    """
    text = json.dumps(_ordered(value), ensure_ascii=False, separators=(",", ":"))
    return text.encode("utf-8")  # half a pair does not encode, which is a ValueError


def _ordered(value: Any) -> Any:  # noqa: ANN401 - any JSON value
    """Return a value with the members of objects ordered by their UTF-16 code units (RFC 8785 3.2.3)."""
    if isinstance(value, dict):
        if not all(type(name) is str for name in value):
            raise ValueError("the name of a member is a text")
        names = sorted(value, key=lambda name: name.encode("utf-16-be", "surrogatepass"))
        return {name: _ordered(value[name]) for name in names}
    if isinstance(value, list | tuple):
        return [_ordered(item) for item in value]
    if value is None or isinstance(value, str | bool) or (type(value) is int and abs(value) <= LARGEST):
        return value
    raise ValueError(f"{type(value).__name__} has no canonical spelling here")
