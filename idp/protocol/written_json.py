"""JSON that is written piece by piece, because it is too much to be held at once."""

import json
from collections.abc import Iterator, Mapping

_encode = json.JSONEncoder(ensure_ascii=False).encode


def write_json(value: object, indent: str = "\n") -> Iterator[str]:
    """Yield the text of a value, each member on a line of its own; `indent` begins a line of the value's own depth.

    An iterator anywhere within is an array, read as it is written. Names of members are strings.
    """
    if isinstance(value, Mapping):
        yield from _enclosed("{", "}", ((f"{_encode(name)}: ", member) for name, member in value.items()), indent)
    elif isinstance(value, Iterator | list | tuple):
        yield from _enclosed("[", "]", (("", item) for item in value), indent)
    else:
        yield _encode(value)


def _enclosed(opening: str, closing: str, items: Iterator[tuple[str, object]], indent: str) -> Iterator[str]:
    before = opening
    for name, item in items:
        yield f"{before}{indent} {name}"
        yield from write_json(item, f"{indent} ")
        before = ","
    yield f"{indent}{closing}" if before == "," else f"{opening}{closing}"
