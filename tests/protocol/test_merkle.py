"""Merkle trees (RFC 6962 2.1) and their proofs (RFC 9162 2.1.3, 2.1.4), against one as the RFC defines it."""

from collections.abc import Iterator
from hashlib import sha256

import pytest
from hypothesis import given
from hypothesis import strategies as st

from idp.protocol.merkle import EMPTY_ROOT, Frontier, Tree, is_consistent, is_included, leaf_hash

ENTRIES = [b"", b"\x00", b"\x10", b"\x20\x21", b"\x30\x31", b"\x40\x41\x42\x43", bytes(range(0x50, 0x58))]
ENTRIES.append(bytes(range(0x60, 0x70)))
ROOTS = [
    "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
    "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
    "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
    "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
    "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
    "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4",
    "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef",
    "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c",
    "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328",
]
"""The roots of the first so many of these entries, which logs everywhere are tested with."""

sizes = st.integers(1, 70)


def entries(size: int) -> list[bytes]:
    return [number.to_bytes(2, "big") for number in range(size)]


def tree_of(size: int) -> Tree:
    return Tree(map(leaf_hash, entries(size)))


def mth(data: list[bytes]) -> bytes:
    """RFC 6962 2.1, word for word."""
    if not data:
        return sha256(b"").digest()
    if len(data) == 1:
        return sha256(b"\x00" + data[0]).digest()
    k = split(len(data))
    return sha256(b"\x01" + mth(data[:k]) + mth(data[k:])).digest()


def path(m: int, data: list[bytes]) -> list[bytes]:
    """RFC 9162 2.1.3.1, word for word."""
    if len(data) == 1:
        return []
    k = split(len(data))
    return [*path(m, data[:k]), mth(data[k:])] if m < k else [*path(m - k, data[k:]), mth(data[:k])]


def subproof(m: int, data: list[bytes], *, known: bool) -> list[bytes]:
    """RFC 9162 2.1.4.1, word for word."""
    if m == len(data):
        return [] if known else [mth(data)]
    k = split(len(data))
    if m <= k:
        return [*subproof(m, data[:k], known=known), mth(data[k:])]
    return [*subproof(m - k, data[k:], known=False), mth(data[:k])]


def split(n: int) -> int:
    k = 1
    while k * 2 < n:
        k *= 2
    return k


@pytest.mark.parametrize("size", range(9))
def test_6962_2_1_known_roots(size: int):
    """From the tree, from the frontier, and from a larger tree looking back."""
    hashes = [leaf_hash(entry) for entry in ENTRIES]
    known = bytes.fromhex(ROOTS[size])
    assert Tree(hashes[:size]).root(size) == Tree(hashes).root(size) == known
    assert Frontier().extended(hashes[:size]).root() == known


@given(size=st.integers(0, 300), cut=st.integers(0, 300))
def test_6962_2_1_roots(size: int, cut: int):
    """As the RFC defines them, however many leaves are appended at a time."""
    hashes = [leaf_hash(entry) for entry in entries(size)]
    grown = Frontier().extended(hashes[:cut]).extended(hashes[cut:])
    assert grown == Frontier().extended(hashes)
    assert grown.size == size
    assert grown.root() == Tree(hashes).root(size) == mth(entries(size))


@given(size=sizes, data=st.data())
def test_9162_2_1_3_inclusion(size: int, data: st.DataObject):
    """The proof is the RFC's, and it holds at its place alone."""
    index = data.draw(st.integers(0, size - 1))
    leaf, root = leaf_hash(entries(size)[index]), mth(entries(size))
    proof = tree_of(70).inclusion_proof(index, size)
    assert proof == path(index, entries(size))
    assert is_included(leaf, index, size, proof, root)
    other = data.draw(st.integers(-1, size + 1).filter(lambda number: number != index))
    assert not is_included(leaf, other, size, proof, root)
    assert not is_included(leaf_hash(b"another entry"), index, size, proof, root)


@given(second=sizes, data=st.data())
def test_9162_2_1_4_consistency(second: int, data: st.DataObject):
    """The proof is the RFC's, and it holds for these two sizes alone."""
    first = data.draw(st.integers(1, second))
    earlier, later = mth(entries(first)), mth(entries(second))
    proof = tree_of(70).consistency_proof(first, second)
    assert proof == subproof(first, entries(second), known=True)
    assert is_consistent(first, earlier, second, later, proof)
    if first < second:
        rewritten = mth([b"another past", *entries(second)[1:]])
        assert not is_consistent(first, earlier, second, rewritten, proof)
        forged = Tree(map(leaf_hash, [b"another past", *entries(second)[1:]])).consistency_proof(first, second)
        assert not is_consistent(first, earlier, second, rewritten, forged)
        assert not is_consistent(second, later, first, earlier, proof)


@given(size=sizes, data=st.data())
def test_a_proof_with_any_bit_turned_or_hash_more_or_less_is_none(size: int, data: st.DataObject):
    """Nothing about a proof can be changed."""
    tree, root = tree_of(size), mth(entries(size))
    first = data.draw(st.integers(1, size))
    included, consistent = tree.inclusion_proof(first - 1, size), tree.consistency_proof(first, size)
    leaf = leaf_hash(entries(size)[first - 1])
    for wrong in mutilated(included, data):
        assert not is_included(leaf, first - 1, size, wrong, root)
    for wrong in mutilated(consistent, data):
        assert not is_consistent(first, tree.root(first), size, root, wrong)


def mutilated(proof: list[bytes], data: st.DataObject) -> list[list[bytes]]:
    wrong = [[*proof, EMPTY_ROOT], [EMPTY_ROOT, *proof]]
    if proof:
        at, bit = data.draw(st.integers(0, len(proof) - 1)), data.draw(st.integers(0, 255))
        turned = (int.from_bytes(proof[at], "big") ^ (1 << bit)).to_bytes(32, "big")
        wrong += [proof[:-1], proof[1:], [*proof[:at], turned, *proof[at + 1 :]]]
    return wrong


def test_2_1_4_2_the_empty_log_and_no_growth():
    """Every log begins empty; a log is consistent with itself by no proof at all."""
    root = mth(entries(3))
    assert is_consistent(0, EMPTY_ROOT, 3, root, [])
    assert is_consistent(0, EMPTY_ROOT, 0, EMPTY_ROOT, [])
    assert is_consistent(3, root, 3, root, [])
    assert tree_of(3).consistency_proof(0, 3) == tree_of(3).consistency_proof(3, 3) == []
    assert not is_consistent(0, root, 3, root, [])
    assert not is_consistent(0, EMPTY_ROOT, 3, root, [root])
    assert not is_consistent(3, root, 3, EMPTY_ROOT, [])
    assert not is_consistent(3, root, 3, root, [root])
    assert not is_consistent(2, mth(entries(2)), 3, root, [])
    assert not is_included(leaf_hash(b""), 0, 0, [], EMPTY_ROOT)


# What verifiers everywhere are tried with: right proofs, and every way in which one is nearly right. The trees are of
# the eight known entries; paths and roots come from the RFC's definitions above, not from the code under test.

PLACES = [(0, 1), (0, 8), (5, 8), (2, 3), (1, 5), (4, 5), (7, 8), (6, 7)]
GROWTHS = [(1, 1), (1, 8), (6, 8), (2, 5), (6, 7), (7, 8), (4, 8), (3, 3)]
GARBAGE = [b"", b"\x00" * 32, sha256(b"WrongRoot").digest(), EMPTY_ROOT, b"\x00" * 31, b"\x00" * 33]


def wrong_proofs(proof: list[bytes], root: bytes) -> Iterator[list[bytes]]:
    """Proofs with something more, something less, something else or in another order."""
    for more in (*GARBAGE, root):
        yield [*proof, more]
        yield [more, *proof]
    for at, right in enumerate(proof):
        yield proof[:at] + proof[at + 1 :]
        yield [*proof[:at], right, *proof[at:]]
        for other in (*GARBAGE, root, right[::-1]):
            if other != right:
                yield [*proof[:at], other, *proof[at + 1 :]]
    if len(set(proof)) > 1:
        yield proof[::-1]
    if proof:
        yield []


@pytest.mark.parametrize(("index", "size"), PLACES)
def test_9162_2_1_3_2_vectors_of_inclusion(index: int, size: int):
    """The right one holds; not at another place, of another size, for another entry, under another root."""
    data = ENTRIES[:size]
    leaf, proof, root = mth([data[index]]), path(index, data), bytes.fromhex(ROOTS[size])
    assert is_included(leaf, index, size, proof, root)
    for place in {index - 1, index + 1, index ^ 2, -index - 1, index + size, index | 1 << 63} - {index}:
        assert not is_included(leaf, place, size, proof, root), place
    for other_size in {0, -1, index, size * 2, size << 62, size // 2} - {size}:
        assert not is_included(leaf, index, other_size, proof, root), other_size
    for other in GARBAGE:
        assert not is_included(other, index, size, proof, root)
        assert not is_included(leaf, index, size, proof, other)
    if proof:
        assert not is_included(root, index, size, proof, leaf)
    for wrong in wrong_proofs(proof, root):
        assert not is_included(leaf, index, size, wrong, root), wrong


@pytest.mark.parametrize(("first", "second"), GROWTHS)
def test_9162_2_1_4_2_vectors_of_consistency(first: int, second: int):
    """The right one holds; not of other sizes, nor for other roots, nor the other way round."""
    earlier, later = bytes.fromhex(ROOTS[first]), bytes.fromhex(ROOTS[second])
    proof = subproof(first, ENTRIES[:second], known=True)
    assert is_consistent(first, earlier, second, later, proof)
    for other in {0, -1, first - 1, first + 1, first ^ 2, second + 1} - {first, second}:
        assert not is_consistent(other, earlier, second, later, proof), other
    for other in {0, -1, first - 1, second * 2, second << 62} - {first, second}:
        assert not is_consistent(first, earlier, other, later, proof), other
    for other_root in GARBAGE:
        assert not is_consistent(first, other_root, second, later, proof)
        assert not is_consistent(first, earlier, second, other_root, proof)
    if first < second:
        assert not is_consistent(first, later, second, earlier, proof)
        assert not is_consistent(second, later, first, earlier, proof)
    for wrong in wrong_proofs(proof, later):
        assert not is_consistent(first, earlier, second, later, wrong), wrong


def test_a_tree_of_no_entries_is_proved_by_nothing_and_proves_nothing():
    """The corners of size zero, where verifiers differ."""
    root = bytes.fromhex(ROOTS[8])
    assert [is_consistent(0, EMPTY_ROOT, size, bytes.fromhex(ROOTS[size]), []) for size in range(9)] == [True] * 9
    for proof in ([], [EMPTY_ROOT], [root]):
        assert not is_included(EMPTY_ROOT, 0, 0, proof, EMPTY_ROOT)
        assert not is_included(mth([b""]), 0, 0, proof, mth([b""]))
    assert not is_consistent(0, b"", 8, root, [])
    assert not is_consistent(0, EMPTY_ROOT, 8, root, [EMPTY_ROOT])
    assert not is_consistent(0, EMPTY_ROOT, 0, root, [])
