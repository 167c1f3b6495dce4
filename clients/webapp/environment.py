"""An app's settings: a dataclass of texts, each from one environment variable, for secrets belong in no file."""

from collections.abc import Mapping
from dataclasses import fields
from typing import TYPE_CHECKING, TypeVar

if TYPE_CHECKING:
    from _typeshed import DataclassInstance

S = TypeVar("S", bound="DataclassInstance")


def read_settings(kind: type[S], prefix: str, environment: Mapping[str, str]) -> S:
    """Fill the dataclass `kind`: its field `client_id` comes from `<PREFIX>_CLIENT_ID`."""
    names = {item.name: f"{prefix}_{item.name.upper()}" for item in fields(kind)}
    missing = [variable for variable in names.values() if not environment.get(variable)]
    if missing:
        raise SystemExit(f"set the environment variable {missing[0]}; all that are needed: {', '.join(names.values())}")
    return kind(**{name: environment[variable] for name, variable in names.items()})
