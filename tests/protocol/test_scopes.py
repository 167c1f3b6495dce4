"""Scope values (RFC 6749 3.3) and the purpose that one of them may name."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from idp.protocol.errors import OAuthError
from idp.protocol.scopes import parse_scope, purpose_of

ALLOWED = "".join(chr(code) for code in range(0x21, 0x7F) if chr(code) not in '"\\')
values = st.text(st.sampled_from(ALLOWED), min_size=1, max_size=20)


@given(st.lists(values, max_size=20))
def test_3_3_values_come_back_in_their_order_each_once(sent: list[str]):
    """A repeated value means no more than one."""
    parsed = parse_scope(" ".join(sent))
    assert list(parsed) == [value for place, value in enumerate(sent) if value not in sent[:place]]


@given(st.text(max_size=40))
def test_3_3_any_text_is_values_or_invalid_scope(text: str):
    """What is accepted is exactly the grammar: allowed characters, single spaces between values."""
    words = text.split(" ") if text else []
    fits = all(word and set(word) <= set(ALLOWED) for word in words)
    assert outcome(text) == (list(dict.fromkeys(words)) if fits else "invalid_scope")


def outcome(text: str) -> list[str] | str:
    try:
        return list(parse_scope(text))
    except OAuthError as error:
        return error.code


@pytest.mark.parametrize(
    "text", [" openid", "openid ", "openid  email", "openid\temail", "openid\n", 'a"b', "a\\b", "é"]
)
def test_3_3_other_characters_and_spacing_are_refused(text: str):
    """Each of these was accepted by some server."""
    with pytest.raises(OAuthError):
        parse_scope(text)


def test_one_purpose_at_a_time():
    """A request for two purposes would be a consent to neither."""
    assert purpose_of(("openid", "purpose:points.credit")) == "points.credit"
    assert purpose_of(("openid",)) is None
    with pytest.raises(OAuthError) as refused:
        purpose_of(("purpose:points.credit", "purpose:marketing"))
    assert refused.value.code == "invalid_scope"
