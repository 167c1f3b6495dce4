"""What strangers send: bytes of every kind, and valid values bent a little."""

import json
from base64 import b64encode, urlsafe_b64decode, urlsafe_b64encode
from binascii import Error as Base64Error
from dataclasses import dataclass
from typing import Any, Protocol

from hypothesis import strategies as st
from hypothesis.strategies import SearchStrategy

CANARY = b"x7canary"
"""Never appears in an answer as the name of an element, an attribute or a header."""

BYTES: tuple[bytes, ...] = (
    b"",
    b" ",
    b"\t",
    b"\x00",
    b"a\x00b",
    b"\x7f\x1b[31m",
    b"\xff",
    b"\xc3\x28",
    b"\xed\xa0\x80",  # a lone surrogate, as CESU-8 writes it
    b"\xf4\x90\x80\x80",  # beyond Unicode
    b"\xef\xbb\xbfa",
    "😀".encode(),
    "佐藤 花".encode(),
    "\u202egnp.exe".encode(),
    "İSTANBUL ǅ ﬁ ß".encode(),  # changes its length with its case
    b"%",
    b"%0",
    b"%zz",
    b"%00",
    b"%ff",
    b"%ED%A0%80",
    b"%u0041",
    b"%2500",
    b"+",
    b"&",
    b"=",
    b"&&=&;",
    b"a=b&c=d",
    b"\r\n",
    b"a\r\nX7canary: 1\r\n\r\n",
    b"<x7canary>",
    b"\"><x7canary a='",
    b"' x7canary='\" x7canary=\"",
    b"</title></script><x7canary>",
    b"javascript:x7canary",
    b"{{7*7}}${7*7}%(a)s{0}",
    b"' OR ''='",
    b"\\",
    b"\\ud800",
    b"null",
    b"[]",
    b"{}",
    b'{"a":[1,{"b":null}]}',
    b"[" * 3000,
    b"-1",
    b"0",
    b"1.5",
    b"1e400",
    b"NaN",
    b"9" * 20,
    b"9" * 5000,
    "٣".encode(),  # a digit for str.isdigit(), not for a protocol
    "²".encode(),
    b"../../../../etc/passwd",
    b"//x7canary.example/",
    b"/\\x7canary.example",
    b"http://x7canary.example/",
    b"http://127.0.0.1:99999/callback",
    b"http://[::1",
    b"urn:x",
    b"a.b",
    b"a.b.c",
    b"....",
    b"e30.e30.",
    b"eyJhbGciOiJub25lIn0.e30.",
    b"Bearer",
    b"bearer  a b",
    b"Basic",
    b"Basic Og==",
    b"Basic OjpAOg==",
    b"Basic /////w==",
    b'"',
    b'"\\',
    b'W/"x", *',
    b"bytes=0-,-1,5-2",
    b"Sun, 99 Foo 0000",
    b"ja;q=9, *;q=-, \xff;q=0.5",
    b"::1, fe80::1%eth0, unknown, 999.1.1.1, 127.0.0.1:80",
    b"payments storefront ledger",
    b"openid openid  openid",
    b"openid purpose:",
    b"none login",
    b"a" * 33,
    b"a" * 129,
    b"a" * 256,
    b"a" * 1025,
    b"a" * 2049,
    b"a" * 9000,
    "あ".encode() * 300,
    b"a" * 66_000,
)

JSON: SearchStrategy[Any] = st.recursive(
    st.one_of(
        st.none(),
        st.booleans(),
        st.integers(),
        st.floats(),
        st.text(max_size=5),
        st.sampled_from([10**400, "\ud800", "\x00", "none", "RS256", "HS256"]),
    ),
    lambda inner: st.one_of(st.lists(inner, max_size=2), st.dictionaries(st.text(max_size=3), inner, max_size=2)),
    max_leaves=3,
)
"""Any JSON value, and those that only Python takes for JSON."""

_HEADER_MEMBERS = ("alg", "kid", "typ", "crit", "b64", "zip", "jwk", "x5u", "cty")
CLAIMS = ("iss", "sub", "aud", "exp", "iat", "nbf", "jti", "sid", "scope")


def base64url(raw: bytes) -> bytes:
    return urlsafe_b64encode(raw).rstrip(b"=")


def json_bytes(value: Any) -> bytes:
    return json.dumps(value).encode("ascii")


class Change(Protocol):
    """Makes something else of a valid value."""

    def of(self, value: bytes) -> bytes: ...


@dataclass(frozen=True)
class Put:
    """Another value altogether."""

    other: bytes

    def of(self, value: bytes) -> bytes:
        return self.other


@dataclass(frozen=True)
class Cut:
    """Only the beginning."""

    keep: float

    def of(self, value: bytes) -> bytes:
        return value[: int(len(value) * self.keep)]


@dataclass(frozen=True)
class Insert:
    """Something more somewhere; at the end for 1."""

    at: float
    more: bytes

    def of(self, value: bytes) -> bytes:
        index = round(len(value) * self.at)
        return value[:index] + self.more + value[index:]


@dataclass(frozen=True)
class Segment:
    """Another segment of what dots divide: of a JWT, a refresh token, a device cookie."""

    index: int
    other: bytes

    def of(self, value: bytes) -> bytes:
        segments = value.split(b".")
        segments[self.index % len(segments)] = self.other
        return b".".join(segments)


@dataclass(frozen=True)
class Members:
    """Other members in the JSON of a segment, such as a JWT's header; of a value that is no JWT, one made of them."""

    index: int
    members: dict[str, Any]

    def of(self, value: bytes) -> bytes:
        segments = value.split(b".")
        index = self.index % len(segments)
        try:
            held = json.loads(urlsafe_b64decode(segments[index] + b"=="))
        except (Base64Error, ValueError):
            held = {"alg": "ES256"}
            segments, index = [b"", b"e30", b"AAAA"], 0
        segments[index] = base64url(json_bytes({**held, **self.members} if isinstance(held, dict) else self.members))
        return b".".join(segments)


@dataclass(frozen=True)
class Credentials:
    """HTTP Basic credentials of these bytes."""

    text: bytes

    def of(self, value: bytes) -> bytes:
        return b"Basic " + b64encode(self.text)


HOSTILE: SearchStrategy[bytes] = st.one_of(
    st.sampled_from(BYTES),
    st.sampled_from(BYTES),
    st.binary(max_size=40),
    st.text(max_size=20).map(lambda text: text.encode("utf-8", "surrogatepass")),
)
"""What is not meant well, or not by anybody."""

_SEGMENTS = st.one_of(HOSTILE, JSON.map(json_bytes).map(base64url))
_PART = st.floats(0, 1)

CHANGES: SearchStrategy[Change] = st.one_of(
    HOSTILE.map(Put),
    _PART.map(Cut),
    st.builds(Insert, _PART, HOSTILE),
    st.builds(Segment, st.integers(0, 2), _SEGMENTS),
    st.builds(
        Members,
        st.integers(0, 1),
        st.dictionaries(st.sampled_from(_HEADER_MEMBERS + CLAIMS), JSON, min_size=1, max_size=2),
    ),
    st.builds(Credentials, st.lists(HOSTILE, min_size=1, max_size=2).map(b":".join)),
)
"""Every way to make something else of a value; the simplest one first."""
