"""Encryption at rest: a value opens where it was sealed, unchanged, under the right key, and nowhere else."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import text

from idp.store.database import Database
from idp.store.sealing import Sealer, UnsealingError, open_root_secret, rewrap_root_secret
from tests.store.rows import at_once, randomness

KEY = bytes(range(32))
OTHER_KEY = bytes(32)


@given(value=st.binary(max_size=200), place=st.text(max_size=40), other=st.text(max_size=40))
def test_a_value_opens_in_its_place_alone(sealer: Sealer, value: bytes, place: str, other: str):
    """Copying it into another row or column makes it worthless."""
    sealed = sealer.seal(value, place)
    assert sealer.open(sealed, place) == value
    if other != place:
        with pytest.raises(UnsealingError):
            sealer.open(sealed, other)


@given(value=st.binary(max_size=60), bit=st.integers(min_value=0))
def test_a_value_with_one_changed_bit_does_not_open(sealer: Sealer, value: bytes, bit: int):
    """Wherever the bit is: nonce, text or tag."""
    sealed = bytearray(sealer.seal(value, "here"))
    sealed[bit // 8 % len(sealed)] ^= 1 << bit % 8
    with pytest.raises(UnsealingError):
        sealer.open(bytes(sealed), "here")


@given(broken=st.binary(max_size=40))
def test_bytes_that_nobody_sealed_do_not_open(sealer: Sealer, broken: bytes):
    """Also when they are too short to be anything."""
    with pytest.raises(UnsealingError):
        sealer.open(broken, "here")


def test_equal_values_do_not_look_equal(sealer: Sealer):
    """Every sealing has its own nonce; only the keyed index is the same for the same value."""
    assert len({sealer.seal(b"same", "here") for _ in range(100)}) == 100
    assert sealer.index("username", "hana") == sealer.index("username", "hana")
    indexes = {sealer.index("username", "hana"), sealer.index("address", "hana"), sealer.index("username", "ken")}
    assert len(indexes) == 3
    assert Sealer(OTHER_KEY, randomness).index("username", "hana") not in indexes


def test_keys_of_different_labels_are_different(sealer: Sealer):
    """One root secret, a key of its own for each use."""
    assert sealer.derive("sealing") == Sealer(bytes(range(32)), randomness).derive("sealing")
    assert len({sealer.derive(label) for label in ("sealing", "indexing", "pairwise subjects")}) == 3


def test_processes_that_start_at_once_agree_on_one_root_secret(fresh_database: Database):
    """The first start of several processes makes one root secret, and everybody opens that one."""

    def start(_number: int) -> bytes:
        with fresh_database.transaction() as connection:
            return open_root_secret(connection, KEY, randomness)

    assert len(set(at_once(start))) == 1


def test_the_key_encryption_key_can_be_changed_and_the_root_stays(fresh_database: Database):
    """After rewrapping, the new key opens the same root and the old one nothing; a wrong key changes nothing."""
    with fresh_database.transaction() as connection:
        root = open_root_secret(connection, KEY, randomness)
        with pytest.raises(UnsealingError):
            rewrap_root_secret(connection, OTHER_KEY, KEY, randomness)
        rewrap_root_secret(connection, KEY, OTHER_KEY, randomness)
        assert open_root_secret(connection, OTHER_KEY, randomness) == root
        with pytest.raises(UnsealingError):
            open_root_secret(connection, KEY, randomness)
        wrapped = connection.execute(text("SELECT wrapped FROM root_secrets")).scalar_one()
    assert root not in wrapped
