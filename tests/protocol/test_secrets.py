"""Identifiers and secrets, made from the randomness that is passed in."""

import os

from hypothesis import given
from hypothesis import strategies as st

from idp.protocol.secrets import hash_secret, new_identifier, new_secret


def test_a_secret_has_256_bits_and_an_identifier_128():
    """Asked of the source of randomness once each, in bytes."""
    asked: list[int] = []

    def counting(size: int) -> bytes:
        asked.append(size)
        return os.urandom(size)

    assert len(new_secret(counting)) == 43
    assert len(new_identifier(counting)) == 22
    assert asked == [32, 16]


@given(st.text())
def test_any_text_has_a_hash(text: str):
    """Lone surrogates included: what a stranger sends is hashed, not judged."""
    assert len(hash_secret(text)) == 32


@given(st.binary(min_size=32, max_size=32), st.binary(min_size=32, max_size=32))
def test_different_randomness_gives_different_secrets(one: bytes, other: bytes):
    """No bit of it is lost on the way into text."""
    assert (one == other) == (new_secret(lambda _size: one) == new_secret(lambda _size: other))
