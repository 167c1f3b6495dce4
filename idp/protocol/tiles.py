"""The files of a tiled log (C2SP tlog-tiles): where each hash tile and each bundle of entries stands, and its bytes."""

import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass

from idp.protocol.merkle import HASH_BYTES, Frontier, ProvingTree, Tree

CHECKPOINT = "checkpoint"
TILE_WIDTH = 256
TILE_HEIGHT = 8
_LENGTH_BYTES = 2
_TILE = re.compile(r"([0-5])/((?:x[0-9]{3}/){0,3}[0-9]{3})(?:\.p/([1-9][0-9]{0,2}))?")
_FIRST_ELEMENT = "x000/"


@dataclass(frozen=True, slots=True)
class Tile:
    """A hash tile: so many hashes of one level, from the first of its place on."""

    level: int
    index: int
    width: int

    @property
    def first(self) -> int:
        """Which hash of the level it begins with."""
        return self.index * TILE_WIDTH


def parse_tile(path: str) -> Tile | None:
    """Return the hash tile that a path names, what comes after `tile/`; None for every other spelling.

    There are as many levels and places as 2^48 entries need.
    """
    found = _TILE.fullmatch(path)
    if found is None or found[2].startswith(_FIRST_ELEMENT):
        return None
    width = int(found[3] or TILE_WIDTH)
    if found[3] and width >= TILE_WIDTH:
        return None
    return Tile(int(found[1]), int(found[2].replace("x", "").replace("/", "")), width)


class TiledTree(ProvingTree):
    """A tree of a given size whose hashes are read from its tiles, of each tile no more than is asked for."""

    def __init__(self, read: Callable[[Tile], bytes], size: int) -> None:
        """Take what gives the bytes of a tile of a tree of this size."""
        self._read = read
        self._size = size

    def nodes(self, level: int, first: int, last: int) -> bytes:
        """Return the hashes of complete subtrees of 2^level leaves, one after the other."""
        return b"".join(self._node(level, index) for index in range(first, last))

    def _node(self, height: int, index: int) -> bytes:
        """Return one: the root over some hashes of the next level below that tiles are written for."""
        level, above = divmod(height, TILE_HEIGHT)
        start = index << above
        place = start // TILE_WIDTH
        first = start - place * TILE_WIDTH
        width = min(TILE_WIDTH, (self._size >> level * TILE_HEIGHT) - place * TILE_WIDTH)
        raw = self._read(Tile(level, place, width))
        hashes = [raw[at * HASH_BYTES : (at + 1) * HASH_BYTES] for at in range(first, first + (1 << above))]
        return Frontier().extended(hashes).root()


def hash_tiles(tree: Tree, size: int) -> Iterator[tuple[str, bytes]]:
    """Yield the path and the bytes of every hash tile of a tree of this size."""
    level, hashes = 0, size
    while hashes:
        for index, width in _tiles(hashes):
            first = index * TILE_WIDTH
            yield _path(str(level), index, width), tree.nodes(level * TILE_HEIGHT, first, first + width)
        level, hashes = level + 1, hashes // TILE_WIDTH


def bundle_places(size: int) -> Iterator[tuple[str, int, int]]:
    """Yield for every bundle of entries its path, its first entry and how many it holds."""
    for index, width in _tiles(size):
        yield _path("entries", index, width), index * TILE_WIDTH, width


def bundle(entries: Iterable[bytes]) -> bytes:
    """Return entries as one bundle: each after its length."""
    return b"".join(len(entry).to_bytes(_LENGTH_BYTES, "big") + entry for entry in entries)


def entries_of(raw: bytes) -> list[bytes]:
    """Return the entries of a bundle; of one that is cut short, as many as are whole, and what is left as the last."""
    entries = []
    at = 0
    while at < len(raw):
        start = at + _LENGTH_BYTES
        at = start + int.from_bytes(raw[at:start], "big")
        entries.append(raw[start:at])
    return entries


def _tiles(hashes: int) -> Iterator[tuple[int, int]]:
    """Yield the index and width of each tile of a level; the last may be partial, none is empty."""
    for index in range(-(-hashes // TILE_WIDTH)):
        yield index, min(TILE_WIDTH, hashes - index * TILE_WIDTH)


def _path(level: str, index: int, width: int) -> str:
    digits = f"{index:03d}"
    digits = digits.zfill(-(-len(digits) // 3) * 3)
    elements = [digits[at : at + 3] for at in range(0, len(digits), 3)]
    number = "/".join([f"x{element}" for element in elements[:-1]] + elements[-1:])
    return f"tile/{level}/{number}" + ("" if width == TILE_WIDTH else f".p/{width}")
