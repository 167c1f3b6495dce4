"""A request as bytes, handed to the application as a WSGI server hands it over (PEP 3333), or written to a socket."""

import io
from collections.abc import Callable
from dataclasses import dataclass, replace
from enum import Enum, auto
from typing import Any
from urllib.parse import quote_from_bytes

FORM = b"application/x-www-form-urlencoded"
HOST = b"127.0.0.1:8400"
_SEGMENT_SAFE = "/:@!$&'()*+,;=-._~"

MAX_BODY_BYTES = 64 * 1024

Headers = tuple[tuple[str, bytes], ...]


class Framing(Enum):
    """What a request says of the length of its body (RFC 9112 6)."""

    EXACT = auto()
    TERMINATED = auto()
    """The length is right, and the server ends the stream itself, as ours does."""
    CHUNKED = auto()
    ABSENT = auto()
    CUT_OFF = auto()
    """Less comes than was announced, and the server ends the stream."""
    TOO_LONG = auto()
    TOO_SHORT = auto()
    NEGATIVE = auto()
    JUNK = auto()
    HUGE = auto()


_LENGTHS: dict[Framing, Callable[[int], bytes]] = {
    Framing.EXACT: lambda length: b"%d" % length,
    Framing.TERMINATED: lambda length: b"%d" % length,
    Framing.CUT_OFF: lambda length: b"%d" % (length + 1),
    Framing.TOO_LONG: lambda length: b"%d" % (length + 10),
    Framing.TOO_SHORT: lambda length: b"%d" % (length // 2),
    Framing.NEGATIVE: lambda _length: b"-1",
    Framing.JUNK: lambda _length: b"1_0 \xb2",
    Framing.HUGE: lambda _length: b"9" * 5000,
}
_SERVER_ENDS_STREAM = {Framing.TERMINATED, Framing.CHUNKED, Framing.CUT_OFF}


@dataclass(frozen=True)
class Message:
    """One request. `path` is already percent-decoded, as servers do; everything else is as the client wrote it."""

    method: str
    path: bytes
    query: bytes = b""
    headers: Headers = ()
    body: bytes = b""
    framing: Framing = Framing.EXACT

    @property
    def is_whole(self) -> bool:
        """Whether all of the body is there, and no more than anybody reads."""
        return self.framing not in (Framing.CUT_OFF, Framing.TOO_LONG) and len(self.body) <= MAX_BODY_BYTES

    def with_header(self, name: str, value: bytes) -> "Message":
        """Set one header, in place of what it held."""
        others = tuple(header for header in self.headers if header[0] != name)
        return replace(self, headers=(*others, (name, value)))

    def environ(self) -> dict[str, Any]:
        """Return the WSGI environment: bytes as latin-1 text, repeated headers joined as servers join them."""
        environ: dict[str, Any] = {
            "REQUEST_METHOD": self.method,
            "SCRIPT_NAME": "",
            "PATH_INFO": self.path.decode("latin-1"),
            "QUERY_STRING": self.query.decode("latin-1"),
            "SERVER_NAME": "127.0.0.1",
            "SERVER_PORT": "8400",
            "SERVER_PROTOCOL": "HTTP/1.1",
            "REMOTE_ADDR": "127.0.0.1",
            "HTTP_HOST": HOST.decode("latin-1"),
            "wsgi.version": (1, 0),
            "wsgi.url_scheme": "http",
            "wsgi.input": io.BytesIO(self.body),
            "wsgi.errors": io.StringIO(),
            "wsgi.multithread": True,
            "wsgi.multiprocess": True,
            "wsgi.run_once": False,
        }
        if self.framing in _SERVER_ENDS_STREAM:
            environ["wsgi.input_terminated"] = True
        seen: dict[str, str] = {}
        for name, value in (*self.headers, *self._framing_headers()):
            key = _environ_key(name)
            text = value.decode("latin-1")
            joint = "; " if key == "HTTP_COOKIE" else ","
            seen[key] = f"{seen[key]}{joint}{text}" if key in seen else text
        return environ | seen

    def wire(self) -> bytes:
        """Return the bytes of the request as HTTP/1.1, the last one of its connection."""
        target = quote_from_bytes(self.path, safe=_SEGMENT_SAFE).encode("ascii")
        if self.query:
            target += b"?" + self.query
        headers = (("Host", HOST), *self.headers, ("Connection", b"close"), *self._framing_headers())
        lines = b"".join(name.encode("latin-1") + b": " + value + b"\r\n" for name, value in headers)
        body = self.body
        if self.framing is Framing.CHUNKED:
            body = b"".join(b"%x\r\n%b\r\n" % (len(part), part) for part in (body, b"") if part or part is not body)
        return self.method.encode("latin-1") + b" " + target + b" HTTP/1.1\r\n" + lines + b"\r\n" + body

    def _framing_headers(self) -> Headers:
        if self.framing is Framing.CHUNKED:
            return (("Transfer-Encoding", b"chunked"),)
        if self.framing in _LENGTHS and (self.body or self.framing is not Framing.EXACT):
            return (("Content-Length", _LENGTHS[self.framing](len(self.body))),)
        return ()


def _environ_key(name: str) -> str:
    key = name.upper().replace("-", "_")
    return key if key in ("CONTENT_TYPE", "CONTENT_LENGTH", "REMOTE_ADDR") else f"HTTP_{key}"
