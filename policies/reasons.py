"""The catalogue of reason codes: for each, what the person reads, what the partner is told, what the operator reads.

A partner may know what stands in its own agreement and what a person answered to it. It never learns what Trust &
Safety or the policy hold against a person or themselves, nor whether a field exists that it was not promised: such
reasons are told as one code. A code that the catalogue does not hold is told as that one, too.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Final

from policies.decision import Reason
from policies.table import Table
from policies.words import Words, parse_words

NOT_AVAILABLE: Final = "NOT_AVAILABLE"
"""What a partner is told where it may not know why."""
SECRET: Final = frozenset(
    {
        *(Reason.USER_UNKNOWN, Reason.USER_SUSPENDED, Reason.USER_DELETED, Reason.USER_RESTRICTED, Reason.OPTED_OUT),
        *(Reason.MINOR, Reason.JURISDICTION, Reason.RISK, Reason.POLICY, Reason.BUDGET),
    }
)
"""Reasons of which no catalogue may tell a partner more than NOT_AVAILABLE."""


class ReasonError(ValueError):
    """Raised when the catalogue of reasons cannot be trusted as written; says where and why."""


@dataclass(frozen=True, slots=True)
class Explanation:
    """What is told of one reason, and to whom."""

    user: Words
    told: str
    trace: str
    requestable: bool


@dataclass(frozen=True, slots=True)
class Reasons:
    """Every reason with its explanation, and every code that partners are told with its words."""

    explanations: Mapping[str, Explanation]
    told: Mapping[str, Words]

    def code(self, reason: Reason) -> str:
        """What a partner is told in place of a reason."""
        known = self.explanations.get(reason)
        return known.told if known is not None else NOT_AVAILABLE

    def is_requestable(self, reason: Reason) -> bool:
        """Whether asking the person could help."""
        known = self.explanations.get(reason)
        return known is not None and known.requestable


NO_REASONS: Final = Reasons(MappingProxyType({}), MappingProxyType({}))


def parse_reasons(document: Mapping[str, object]) -> Reasons:
    """The catalogue out of its TOML document. It may be older than a reason: that one is told as NOT_AVAILABLE.

    Raises:
        ReasonError: when a code is unknown, never told or without words, or tells a partner too much.
    """
    table = Table(document, "reasons", ReasonError).only("reasons", "told")
    listed, told = table.table("reasons"), table.table("told")
    listed.only(*Reason)
    explanations: dict[str, Explanation] = {
        reason: _explanation(listed.table(reason)) for reason in Reason if listed.has(reason)
    }
    codes = sorted({NOT_AVAILABLE, *(one.told for one in explanations.values())})
    told.only(*codes)
    for reason in sorted(SECRET & explanations.keys()):
        if explanations[reason].told != NOT_AVAILABLE:
            raise listed.refusal(reason, f"must be told as {NOT_AVAILABLE}: it is no business of a partner's")
    unknown, not_agreed = (explanations.get(one) for one in (Reason.FIELD_UNKNOWN, Reason.FIELD_NOT_IN_AGREEMENT))
    if (unknown and unknown.told) != (not_agreed and not_agreed.told):
        raise listed.refusal(Reason.FIELD_UNKNOWN, "must be told as a field that is not agreed: it gives a field away")
    words = {code: parse_words(told.table(code)) for code in codes}
    return Reasons(MappingProxyType(explanations), MappingProxyType(words))


def _explanation(table: Table) -> Explanation:
    table.only("user", "told", "trace", "requestable")
    return Explanation(
        user=parse_words(table.table("user")),
        told=table.text("told"),
        trace=table.text("trace"),
        requestable=table.flag("requestable"),
    )
