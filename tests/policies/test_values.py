"""What the engine is given and what it answers cannot be changed afterwards: threads share them, and decisions last."""

import importlib
import pkgutil
from dataclasses import fields, is_dataclass

import pytest

import policies
from policies.user import Risk, UserState

VALUES = sorted(
    {
        one
        for module in pkgutil.iter_modules(policies.__path__)
        for one in vars(importlib.import_module(f"policies.{module.name}")).values()
        if isinstance(one, type) and is_dataclass(one)
    },
    key=lambda one: one.__name__,
)


@pytest.mark.parametrize("kind", VALUES, ids=lambda kind: kind.__name__)
def test_no_value_of_the_engine_can_be_changed(kind: type):
    """Whoever holds one holds what was decided, agreed or written."""
    value = object.__new__(kind)
    with pytest.raises(AttributeError, match="cannot assign"):
        setattr(value, fields(kind)[0].name, None)


def test_what_is_known_of_a_person_is_said_by_name():
    """Flags in a row would be mistaken for one another."""
    with pytest.raises(TypeError):
        UserState(32, "JP", False, False, False, False, Risk.LOW)
