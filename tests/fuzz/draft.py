"""A valid request in its parts, so that any part can be made something else."""

import json
from dataclasses import dataclass, replace
from enum import Enum
from urllib.parse import quote_from_bytes

from tests.fuzz.message import FORM, Framing, Message


class Place(Enum):
    """Where a part of a request stands."""

    QUERY = "query"
    FORM = "form"
    COOKIE = "cookie"
    HEADER = "header"
    BODY = "body"


@dataclass(frozen=True)
class Part:
    """One parameter, cookie or header. `verbatim` writes the value without percent-encoding."""

    place: Place
    name: bytes
    value: bytes
    verbatim: bool = False

    @property
    def pair(self) -> bytes:
        """Name and value as they stand in a query or a form."""
        if self.verbatim:
            return self.name + b"=" + self.value
        return f"{quote_from_bytes(self.name, safe='')}={quote_from_bytes(self.value, safe='')}".encode("ascii")


@dataclass(frozen=True)
class Draft:
    """A request that would be accepted as it stands."""

    method: str
    path: bytes
    parts: tuple[Part, ...] = ()

    def with_part(self, index: int, *parts: Part) -> "Draft":
        """Put other parts, or none, in the place of one."""
        return replace(self, parts=(*self.parts[:index], *parts, *self.parts[index + 1 :]))

    def and_part(self, part: Part) -> "Draft":
        """Add a part."""
        return replace(self, parts=(*self.parts, part))

    def message(self, method: str | None = None, framing: Framing = Framing.EXACT) -> Message:
        """Write the request out."""
        headers = tuple((part.name.decode("latin-1"), part.value) for part in self._in(Place.HEADER))
        cookies = b"; ".join(part.name + b"=" + part.value for part in self._in(Place.COOKIE))
        if cookies:
            headers += (("Cookie", cookies),)
        form = self._in(Place.FORM)
        if form and not any(name == "Content-Type" for name, _value in headers):
            headers += (("Content-Type", FORM),)
        raw = self._in(Place.BODY)
        return Message(
            method or self.method,
            self.path,
            b"&".join(part.pair for part in self._in(Place.QUERY)),
            headers,
            b"".join(part.value for part in raw) if raw else b"&".join(part.pair for part in form),
            framing,
        )

    def _in(self, place: Place) -> list[Part]:
        return [part for part in self.parts if part.place is place]


def parts(place: Place, **values: str | bytes) -> tuple[Part, ...]:
    """Return a part for each keyword."""
    return tuple(Part(place, name.encode("ascii"), _bytes(value)) for name, value in values.items())


def query(**values: str | bytes) -> tuple[Part, ...]:
    return parts(Place.QUERY, **values)


def form(**values: str | bytes) -> tuple[Part, ...]:
    return parts(Place.FORM, **values)


def cookie(**values: str | bytes) -> tuple[Part, ...]:
    return parts(Place.COOKIE, **values)


def header(name: str, value: str | bytes) -> tuple[Part, ...]:
    return (Part(Place.HEADER, name.encode("ascii"), _bytes(value)),)


def json_body(value: object) -> tuple[Part, ...]:
    """Return a body of JSON with its type."""
    body = Part(Place.BODY, b"", json.dumps(value, ensure_ascii=False).encode("utf-8"))
    return (body, *header("Content-Type", "application/json"))


def _bytes(value: str | bytes) -> bytes:
    return value if isinstance(value, bytes) else value.encode("utf-8")
