"""Merkle trees over a growing list: hashing, roots, and proofs that an entry is there and that the list only grew.

The hashing is that of RFC 6962 2.1, the proofs and how to check them those of RFC 9162 2.1.3 and 2.1.4.
"""

from abc import ABC, abstractmethod
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from hashlib import sha256
from hmac import compare_digest

HASH_BYTES = 32
EMPTY_ROOT = sha256(b"").digest()


def leaf_hash(entry: bytes) -> bytes:
    """Return the hash of an entry."""
    return sha256(b"\x00" + entry).digest()


def node_hash(left: bytes, right: bytes) -> bytes:
    """Return the hash of a node over its two children."""
    return sha256(b"\x01" + left + right).digest()


@dataclass(frozen=True, slots=True)
class Node:
    """The root of a complete subtree of 2^height leaves, the `index`th of its height."""

    height: int
    index: int
    hash: bytes


@dataclass(frozen=True, slots=True)
class Frontier:
    """All that appending needs: the tree's size and the roots of its complete subtrees, the widest first."""

    size: int = 0
    roots: tuple[bytes, ...] = ()

    def extended(self, leaf_hashes: Iterable[bytes], completed: list[Node] | None = None) -> "Frontier":
        """Return the frontier with further leaves; every node above them that got complete is added to `completed`."""
        size, roots = self.size, list(self.roots)
        for leaf in leaf_hashes:
            node, size = leaf, size + 1
            for height in range(1, _trailing_zeros(size) + 1):
                node = node_hash(roots.pop(), node)
                if completed is not None:
                    completed.append(Node(height, (size >> height) - 1, node))
            roots.append(node)
        return Frontier(size, tuple(roots))

    def root(self) -> bytes:
        """Return the tree's root."""
        return _folded(self.roots)


class ProvingTree(ABC):
    """A tree that answers for every size that it ever had, from the hashes of its complete subtrees."""

    @abstractmethod
    def nodes(self, level: int, first: int, last: int) -> bytes:
        """Return the hashes of complete subtrees of 2^level leaves, one after the other."""

    def root(self, size: int) -> bytes:
        """Return the root of the first `size` leaves."""
        return self._root_of(0, size)

    def inclusion_proof(self, index: int, size: int) -> list[bytes]:
        """Return the proof that leaf `index` is among the first `size` (RFC 9162 2.1.3.1)."""
        proof = []
        start, end = 0, size
        while end - start > 1:
            split = start + _split(end - start)
            if index < split:
                proof.append(self._root_of(split, end))
                end = split
            else:
                proof.append(self._root_of(start, split))
                start = split
        return proof[::-1]

    def consistency_proof(self, first: int, second: int) -> list[bytes]:
        """Return the proof that the first `first` of `second` leaves are the earlier tree (RFC 9162 2.1.4.1)."""
        if first in (0, second):
            return []
        proof = []
        start, end = 0, second
        while first != end:
            split = start + _split(end - start)
            if first <= split:
                proof.append(self._root_of(split, end))
                end = split
            else:
                proof.append(self._root_of(start, split))
                start = split
        if start:
            proof.append(self._root_of(start, end))
        return proof[::-1]

    def _root_of(self, start: int, end: int) -> bytes:
        """Return the root of a range whose start is a multiple of a power of two that is no less than its width."""
        roots = []
        while start < end:
            width = _widest(end - start)
            roots.append(self.nodes(width.bit_length() - 1, start // width, start // width + 1))
            start += width
        return _folded(roots)


class Tree(ProvingTree):
    """A whole tree in memory, 64 bytes for each leaf."""

    def __init__(self, leaf_hashes: Iterable[bytes] = ()) -> None:
        """Build the tree."""
        self._levels: list[bytearray] = [bytearray()]
        for leaf in leaf_hashes:
            self.append(leaf)

    @property
    def size(self) -> int:
        """How many leaves there are."""
        return len(self._levels[0]) // HASH_BYTES

    def append(self, leaf: bytes) -> None:
        """Add a leaf, and every node that it completes."""
        self._levels[0] += leaf
        for level in range(_trailing_zeros(self.size)):
            if level + 1 == len(self._levels):
                self._levels.append(bytearray())
            last = bytes(self._levels[level][-2 * HASH_BYTES :])
            self._levels[level + 1] += node_hash(last[:HASH_BYTES], last[HASH_BYTES:])

    def nodes(self, level: int, first: int, last: int) -> bytes:
        """Return the hashes of complete subtrees of 2^level leaves, one after the other."""
        return bytes(self._levels[level][first * HASH_BYTES : last * HASH_BYTES])


def is_included(leaf: bytes, index: int, size: int, proof: Sequence[bytes], root: bytes) -> bool:
    """Whether a proof shows that a leaf hash stands at `index` of the tree of this size and root (RFC 9162 2.1.3.2)."""
    if not 0 <= index < size:
        return False
    position, last, computed = index, size - 1, leaf
    for sibling in proof:
        if last == 0:
            return False
        if position & 1 or position == last:
            computed = node_hash(sibling, computed)
            skipped = _trailing_zeros(position)
            position, last = position >> skipped, last >> skipped
        else:
            computed = node_hash(computed, sibling)
        position, last = position >> 1, last >> 1
    return last == 0 and compare_digest(computed, root)


def is_consistent(first: int, first_root: bytes, second: int, second_root: bytes, proof: Sequence[bytes]) -> bool:
    """Whether a proof shows that the later tree begins with all of the earlier one (RFC 9162 2.1.4.2)."""
    if not 0 <= first <= second:
        return False
    if second == 0 and not compare_digest(second_root, EMPTY_ROOT):
        return False
    if first in (0, second):
        expected = second_root if first else EMPTY_ROOT
        return not proof and compare_digest(first_root, expected)
    path = [first_root, *proof] if _widest(first) == first else list(proof)
    if not path:
        return False
    skipped = _trailing_zeros(first)
    position, last = (first - 1) >> skipped, (second - 1) >> skipped
    earlier = later = path[0]
    for sibling in path[1:]:
        if last == 0:
            return False
        if position & 1 or position == last:
            earlier, later = node_hash(sibling, earlier), node_hash(sibling, later)
            skipped = _trailing_zeros(position)
            position, last = position >> skipped, last >> skipped
        else:
            later = node_hash(later, sibling)
        position, last = position >> 1, last >> 1
    return last == 0 and compare_digest(earlier, first_root) and compare_digest(later, second_root)


def _folded(roots: Sequence[bytes]) -> bytes:
    """Return the root over the roots of complete subtrees, the widest first."""
    if not roots:
        return EMPTY_ROOT
    folded = roots[-1]
    for root in roots[-2::-1]:
        folded = node_hash(root, folded)
    return folded


def _trailing_zeros(number: int) -> int:
    return (number & -number).bit_length() - 1


def _widest(number: int) -> int:
    """Return the largest power of two that is not above a number."""
    return 1 << (number.bit_length() - 1)


def _split(width: int) -> int:
    """Return the largest power of two below a number (RFC 6962 2.1)."""
    return _widest(width - 1)
