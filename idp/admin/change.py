"""What applying a declaration did, or would do."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True, slots=True, repr=False)
class Change:
    """What applying did, or would do, to one thing. `secret` is a new secret or password, shown this once."""

    kind: str
    id: str
    action: str
    differences: Mapping[str, tuple[Any, Any]] = field(default_factory=dict)
    secret: str = ""


def differences_of(before: Mapping[str, Any], after: Mapping[str, Any]) -> dict[str, tuple[Any, Any]]:
    """Return what is to change: for each name the value before and after."""
    return {name: (before.get(name), value) for name, value in after.items() if before.get(name) != value}


def action_of(known: object, differences: Mapping[str, Any]) -> str:
    """Return the word for what is done to something that is known, or is not yet."""
    if known is None:
        return "create"
    return "update" if differences else "keep"
