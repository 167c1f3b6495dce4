"""The files of a tiled log (C2SP tlog-tiles): where each hash tile and each bundle of entries stands, and its bytes."""

from collections.abc import Iterable, Iterator

from idp.protocol.merkle import Tree

CHECKPOINT = "checkpoint"
TILE_WIDTH = 256
_TILE_HEIGHT = 8
_LENGTH_BYTES = 2


def hash_tiles(tree: Tree, size: int) -> Iterator[tuple[str, bytes]]:
    """Yield the path and the bytes of every hash tile of a tree of this size."""
    level, hashes = 0, size
    while hashes:
        for index, width in _tiles(hashes):
            first = index * TILE_WIDTH
            yield _path(str(level), index, width), tree.nodes(level * _TILE_HEIGHT, first, first + width)
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
