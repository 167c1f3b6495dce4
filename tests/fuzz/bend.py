"""Ways to handle one part of a request differently: to change, drop, double, rename or move it, or to add another."""

from dataclasses import dataclass, replace
from enum import Enum, auto

from hypothesis import strategies as st
from hypothesis.strategies import SearchStrategy

from tests.fuzz.draft import Draft, Part, Place
from tests.fuzz.hostile import CHANGES, HOSTILE, Change

HEADERS = (
    "Accept",
    "Accept-Encoding",
    "Accept-Language",
    "Authorization",
    "Content-Encoding",
    "Content-Type",
    "Cookie",
    "DPoP",
    "Expect",
    "Forwarded",
    "Host",
    "If-Match",
    "If-Modified-Since",
    "If-None-Match",
    "If-Unmodified-Since",
    "Origin",
    "Range",
    "Referer",
    "Upgrade",
    "X-Country",
    "X-Forwarded-For",
    "X-Forwarded-Host",
    "X-Forwarded-Proto",
    "X-HTTP-Method-Override",
    "X-Latitude",
    "X-Longitude",
    "X-Original-URL",
)


class Way(Enum):
    """What is done to a part."""

    CHANGE = auto()
    DROP = auto()
    DOUBLE = auto()
    CONTRADICT = auto()
    RENAME = auto()
    MOVE = auto()
    ADD = auto()


@dataclass(frozen=True)
class Bend:
    """One part of a request, found by a number, and what is done to it."""

    way: Way
    index: int
    change: Change
    place: Place
    name: bytes
    header: str
    verbatim: bool

    def of(self, draft: Draft) -> Draft:
        """Return the request with the part handled differently."""
        if self.way is Way.ADD or not draft.parts:
            name = self.header.encode("ascii") if self.place is Place.HEADER else self.name
            return draft.and_part(Part(self.place, name, self.change.of(b""), self.verbatim))
        index = self.index % len(draft.parts)
        part = draft.parts[index]
        other = replace(part, value=self.change.of(part.value), verbatim=self.verbatim)
        handled: dict[Way, tuple[Part, ...]] = {
            Way.CHANGE: (other,),
            Way.DROP: (),
            Way.DOUBLE: (part, part),
            Way.CONTRADICT: (part, other),
            Way.RENAME: (replace(part, name=part.name if part.place is Place.HEADER else self.name),),
            Way.MOVE: (replace(part, place=part.place if self.place is Place.HEADER else self.place),),
        }
        return draft.with_part(index, *handled[self.way])


BENDS: SearchStrategy[Bend] = st.builds(
    Bend,
    st.sampled_from(Way),
    st.integers(0, 40),
    CHANGES,
    st.sampled_from(Place),
    HOSTILE,
    st.sampled_from(HEADERS),
    st.booleans(),
)
