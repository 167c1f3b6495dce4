"""What must be done to a field, or with it, before it goes out: which obligations exist, what several mean together.

Agreements and clauses name obligations by id; the catalogue says of each id what kind it is, how much it asks for, and,
where it changes values, of which fields. Several of one kind become the strictest of them (their meet), so that adding
one never lets more out. What is unknown, or cannot be met together, withholds the field: whoever cannot do what is due
does not share.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from math import lcm
from types import MappingProxyType
from typing import Final

from policies.decision import Argument, Duties
from policies.table import Table
from policies.words import Words, parse_words

DATES: Final = ("day", "month", "year")
PLACES: Final = ("locality", "region", "country")
MOMENTS: Final = ("digest", "now")
_MOST: Final = 1_000_000_000
_DUE: Final = 1
"""The argument of a kind that asks for nothing but itself."""


class ObligationError(ValueError):
    """Raised when the catalogue of obligations cannot be trusted as written; says where and why."""


class ObligationKind(StrEnum):
    """Everything that can be due. The first eight change values, each of the fields that the catalogue says."""

    MASK = "mask"
    """Of a text only so many characters stay."""
    DERIVE = "derive"
    """Another field goes out in place of this one."""
    ROUND_DATE = "round_date"
    ROUND_GEO = "round_geo"
    ROUND_AMOUNT = "round_amount"
    PAIRWISE_ID = "pairwise_id"
    """A name that no two partners can compare."""
    RELAY_EMAIL = "relay_email"
    """An address of ours that reaches the person while they share it."""
    WATERMARK = "watermark"
    """A mark by which a leaked value shows whom it was given to."""
    LOOKBACK = "lookback"
    MAX_ROWS = "max_rows"
    RATE = "rate"
    """At most so many answers about one person within so many seconds."""
    EXPIRY = "expiry"
    """An answer holds for so many days at most."""
    NO_STORE = "no_store"
    """Only where answers are not kept: in no token."""
    NOTIFY = "notify"
    """The grant's history says that it went out."""
    REQUIRE_ACR = "require_acr"
    """The person has signed in in such a way, or a stronger one."""
    MAX_AUTH_AGE = "max_auth_age"
    """The person has signed in no longer ago than so many seconds."""


CHANGING: Final = frozenset(
    {
        *(ObligationKind.MASK, ObligationKind.DERIVE, ObligationKind.ROUND_DATE, ObligationKind.ROUND_GEO),
        *(ObligationKind.ROUND_AMOUNT, ObligationKind.PAIRWISE_ID, ObligationKind.RELAY_EMAIL),
        ObligationKind.WATERMARK,
    }
)
"""Kinds that change values."""


@dataclass(frozen=True, slots=True)
class Obligation:
    """One obligation of the catalogue. `fields` are those whose values it can change; empty for other kinds."""

    id: str
    kind: ObligationKind
    argument: Argument
    fields: frozenset[str]
    text: Words


@dataclass(frozen=True, slots=True)
class Obligations:
    """Every obligation by its id; the ways of signing in from the weakest to the strongest."""

    known: Mapping[str, Obligation]
    ways: tuple[str, ...]
    down: Mapping[str, frozenset[str]]

    def due(self, field: str, ids: Iterable[str], *, inherited: bool = False) -> Duties | None:
        """Return what is due for a field under these ids; None where that cannot be met.

        `inherited`: they are of a field that gives this one away, whose changed value would not.
        """
        duties: dict[str, Argument] = {}
        for id_ in ids:
            obligation = self.known.get(id_)
            if obligation is None:
                return None
            if obligation.kind in CHANGING and field not in obligation.fields:
                if inherited or not self.down[field].isdisjoint(obligation.fields):
                    return None
                continue
            met = self._met(duties, obligation)
            if met is None:
                return None
            duties[obligation.kind] = met
        return duties if _go_together(duties) else None

    def both(self, one: Duties, other: Duties) -> Duties | None:
        """Return what is due where all of both is; None where that cannot be met."""
        duties = dict(one)
        for kind, argument in other.items():
            met = self._stricter(ObligationKind(kind), duties[kind], argument) if kind in duties else argument
            if met is None:
                return None
            duties[kind] = met
        return duties if _go_together(duties) else None

    def level(self, acr: str) -> int:
        """Return how strong a way of signing in is; -1 for one that is not known."""
        return self.ways.index(acr) if acr in self.ways else -1

    def _met(self, duties: Mapping[str, Argument], obligation: Obligation) -> Argument | None:
        before = duties.get(obligation.kind)
        return obligation.argument if before is None else self._stricter(obligation.kind, before, obligation.argument)

    def _stricter(self, kind: ObligationKind, one: Argument, other: Argument) -> Argument | None:
        """Return the strictest of two of one kind; None where there is none that does for both."""
        if one == other:
            return one
        if kind is ObligationKind.DERIVE:
            return next((low for low, high in ((one, other), (other, one)) if low in self.down[str(high)]), None)
        if kind is ObligationKind.REQUIRE_ACR:
            return max(one, other, key=lambda acr: self.level(str(acr)))
        return _STRICTER[kind](one, other)


def _go_together(duties: Duties) -> bool:
    """Another field's value is not also this one's changed value."""
    return ObligationKind.DERIVE not in duties or len(CHANGING & duties.keys()) == 1


def _least(one: Argument, other: Argument) -> Argument:
    return min(int(str(one)), int(str(other)))


def _last(words: tuple[str, ...]) -> Callable[[Argument, Argument], Argument]:
    return lambda one, other: max(one, other, key=lambda word: words.index(str(word)))


def _coarser(one: Argument, other: Argument) -> Argument:
    """Whoever has an amount rounded to either could round it on to this."""
    return lcm(int(str(one)), int(str(other)))


def _slower(one: Argument, other: Argument) -> Argument:
    """No more in no less time: whoever keeps to this keeps to both."""
    if not isinstance(one, tuple) or not isinstance(other, tuple):
        raise TypeError("a rate is two numbers")
    return min(one[0], other[0]), max(one[1], other[1])


_STRICTER: Final[Mapping[ObligationKind, Callable[[Argument, Argument], Argument]]] = MappingProxyType(
    {
        ObligationKind.MASK: _least,
        ObligationKind.ROUND_DATE: _last(DATES),
        ObligationKind.ROUND_GEO: _last(PLACES),
        ObligationKind.ROUND_AMOUNT: _coarser,
        ObligationKind.LOOKBACK: _least,
        ObligationKind.MAX_ROWS: _least,
        ObligationKind.RATE: _slower,
        ObligationKind.EXPIRY: _least,
        ObligationKind.NOTIFY: _last(MOMENTS),
        ObligationKind.MAX_AUTH_AGE: _least,
    }
)


# ---- reading ---------------------------------------------------------------------------------------------------------


def no_obligations(down: Mapping[str, frozenset[str]]) -> Obligations:
    """A catalogue without any: whatever is named is unknown."""
    return Obligations(MappingProxyType({}), (), down)


def parse_obligations(document: Mapping[str, object], down: Mapping[str, frozenset[str]]) -> Obligations:
    """The obligations out of their TOML document; `down` says what each field gives away.

    Raises:
        ObligationError: naming what does not fit.
    """
    table = Table(document, "obligations", ObligationError).only("ways_to_sign_in", "obligations")
    ways = table.words("ways_to_sign_in")
    known = {id_: _obligation(id_, one, ways, down) for id_, one in table.table("obligations").entries()}
    return Obligations(MappingProxyType(known), ways, down)


def _obligation(id_: str, table: Table, ways: tuple[str, ...], down: Mapping[str, frozenset[str]]) -> Obligation:
    kind = _word(table, "kind", tuple(ObligationKind))
    changes = kind in CHANGING
    table.only("kind", "text", *_KEYS.get(kind, ()), *(("fields",) if changes else ()))
    fields = frozenset(table.ids("fields"))
    if changes and not fields:
        raise table.refusal("fields", "must say which fields' values it changes")
    for field in sorted(fields - down.keys()):
        raise table.refusal("fields", f"there is no field {field!r}")
    argument = _argument(ObligationKind(kind), table, ways)
    for field in sorted(fields):
        if kind == ObligationKind.DERIVE and argument not in down[field]:
            raise table.refusal("field", f"{field!r} does not give {argument!r} away")
    return Obligation(id_, ObligationKind(kind), argument, fields, parse_words(table.table("text")))


_KEYS: Final[Mapping[str, tuple[str, ...]]] = MappingProxyType(
    {
        ObligationKind.MASK: ("keep",),
        ObligationKind.DERIVE: ("field",),
        ObligationKind.ROUND_DATE: ("to",),
        ObligationKind.ROUND_GEO: ("to",),
        ObligationKind.ROUND_AMOUNT: ("to",),
        ObligationKind.LOOKBACK: ("days",),
        ObligationKind.MAX_ROWS: ("rows",),
        ObligationKind.RATE: ("requests", "seconds"),
        ObligationKind.EXPIRY: ("days",),
        ObligationKind.NOTIFY: ("when",),
        ObligationKind.REQUIRE_ACR: ("acr",),
        ObligationKind.MAX_AUTH_AGE: ("seconds",),
    }
)


def _argument(kind: ObligationKind, table: Table, ways: tuple[str, ...]) -> Argument:
    keys = _KEYS.get(kind, ())
    if not keys:
        return _DUE
    if kind is ObligationKind.RATE:
        return _number(table, "requests"), _number(table, "seconds")
    if kind is ObligationKind.DERIVE:
        return table.id("field")
    words = _WORDS.get(kind) or (ways if kind is ObligationKind.REQUIRE_ACR else ())
    return _word(table, keys[0], words) if words else _number(table, keys[0])


_WORDS: Final[Mapping[ObligationKind, tuple[str, ...]]] = MappingProxyType(
    {ObligationKind.ROUND_DATE: DATES, ObligationKind.ROUND_GEO: PLACES, ObligationKind.NOTIFY: MOMENTS}
)


def _number(table: Table, key: str) -> int:
    return table.number(key, low=0 if key == "keep" else 1, high=_MOST)


def _word(table: Table, key: str, words: tuple[str, ...]) -> str:
    word = table.text(key)
    if word not in words:
        raise table.refusal(key, f"{word!r} is not one of {', '.join(words)}")
    return word
