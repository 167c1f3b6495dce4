"""Resource indicators (RFC 8707 2)."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from idp.protocol.errors import OAuthError
from idp.protocol.resources import MAX_RESOURCES, check_resources, is_resource

ALLOWED = ("https://api.example", "https://api.example/ledger", "urn:example:ledger")


@given(st.lists(st.one_of(st.sampled_from(ALLOWED), st.text(max_size=30)), max_size=MAX_RESOURCES + 2))
def test_2_what_is_granted_was_asked_for_and_allowed(requested: list[str]):
    """All that is asked for, each once and in its order, or invalid_target: never a part of it."""
    each_once = list(dict.fromkeys(requested))
    fits = len(each_once) <= MAX_RESOURCES and set(requested) <= set(ALLOWED)
    assert outcome(requested) == (each_once if fits else "invalid_target")


def outcome(requested: list[str]) -> list[str] | str:
    try:
        return list(check_resources(tuple(requested), ALLOWED))
    except OAuthError as error:
        return error.code


@pytest.mark.parametrize(
    "text", ["", "api", "/api", "https://", "https://api.example#part", "https://api.example/a b", "https://[x"]
)
def test_2_a_resource_is_an_absolute_uri_without_a_fragment(text: str):
    """And what is none may not even be configured."""
    assert not is_resource(text)
    with pytest.raises(OAuthError):
        check_resources((text,), (text,))
