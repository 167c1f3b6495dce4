"""JSON from a stranger, read strictly: no member twice, no number that JSON does not have."""

import json
from typing import NoReturn


def load_strictly(text: str) -> object:
    """Return what a JSON text says.

    Raises:
        ValueError: when it is not JSON, too deep, or names a member twice: two readers could differ about that one.
    """
    try:
        return json.loads(text, object_pairs_hook=_object, parse_constant=_not_json)
    except RecursionError:
        message = "too deep"
        raise ValueError(message) from None


def _object(pairs: list[tuple[str, object]]) -> dict[str, object]:
    members = dict(pairs)
    if len(members) != len(pairs):
        message = "a member stands twice"
        raise ValueError(message)
    return members


def _not_json(_constant: str) -> NoReturn:
    """Refuse NaN and the infinities, which Python would take."""
    raise ValueError
