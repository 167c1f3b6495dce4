"""Requests about which nothing is right; their readers put a path in."""

from hypothesis import strategies as st
from hypothesis.strategies import SearchStrategy

from tests.fuzz.bend import HEADERS
from tests.fuzz.hostile import HOSTILE
from tests.fuzz.message import Framing, Message

COMMON = ("GET", "POST", "HEAD", "OPTIONS", "PUT", "DELETE", "PATCH", "TRACE")
METHODS = (*COMMON, "CONNECT", "PROPFIND", "get", "X7CANARY", "\xff", "")

RAW: SearchStrategy[Message] = st.builds(
    Message,
    st.sampled_from(METHODS),
    st.just(b"/"),
    HOSTILE,
    st.lists(st.tuples(st.sampled_from(HEADERS), HOSTILE), max_size=3).map(tuple),
    HOSTILE,
    st.sampled_from(Framing),
)
