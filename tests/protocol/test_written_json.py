"""JSON written piece by piece is, to the byte, what the standard library writes at once (RFC 8259)."""

import json
from collections.abc import Iterator

from hypothesis import given
from hypothesis import strategies as st

from idp.protocol.written_json import write_json

VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    max_leaves=20,
)


def lazily(value: object) -> object:
    """The same with every list as an iterator."""
    if isinstance(value, list):
        return map(lazily, value)
    return {name: lazily(member) for name, member in value.items()} if isinstance(value, dict) else value


@given(VALUES)
def test_the_pieces_are_the_whole(value: object):
    whole = json.dumps(value, ensure_ascii=False, indent=1)
    assert "".join(write_json(value)) == whole
    assert "".join(write_json(lazily(value))) == whole


def test_an_array_is_read_as_it_is_written():
    """Nothing is asked for before what stands before it was handed on."""
    asked: list[int] = []

    def numbers() -> Iterator[int]:
        for number in range(3):
            asked.append(number)
            yield number

    pieces = write_json({"numbers": numbers()})
    before_each = [(len(asked), piece) for piece in pieces if piece.strip().isdigit()]
    assert before_each == [(1, "0"), (2, "1"), (3, "2")]
