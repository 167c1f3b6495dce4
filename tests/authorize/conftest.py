"""Somebody who is signed in already, for tests of what follows."""

import pytest

from tests.provider.person import Person
from tests.provider.provider import Provider
from tests.web.visits import signed_in


@pytest.fixture
def visitor(shared_provider: Provider) -> Person:
    """Hana in a browser that was never here."""
    return Person(shared_provider)


@pytest.fixture
def member(shared_provider: Provider) -> Person:
    """Hana, signed in."""
    return signed_in(Person(shared_provider))
