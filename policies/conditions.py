"""When a clause of a policy does not hold, or holds only: written in words, looked up as bits.

    "under 18"            younger, or of unknown age
    "restricted"          their data is not to be used (`UserState.restricted`)
    "risk medium"         the account is at that risk or a higher one
    "lives outside JP"    also "lives outside JP, KR": in none of these countries, or nobody knows where
    "partner abroad"      the partner is not of the country where the person lives, or one of both is unknown

What is unknown makes every condition true, and a condition can only take away: so a person of whom less is known shares
no more. `Conditions` answers all conditions of a bundle at once, from tables, as the bits of one number.
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Final

from policies.agreement import Partner, PartnerStatus
from policies.user import Risk, UserState

OLDEST: Final = 120
_RISKS: Final = tuple(Risk)
_LOW: Final = Risk.LOW
_UNDER: Final = re.compile(r"under ([1-9][0-9]{0,2})")
_RISK: Final = re.compile(r"risk (medium|high)")
_OUTSIDE: Final = re.compile(r"lives outside ([A-Z]{2}(?:, [A-Z]{2})*)")
FORMS: Final = '"under 18", "restricted", "risk medium", "risk high", "lives outside JP, KR" and "partner abroad"'

_STRANGER: Final = UserState(
    age=None, residence=None, restricted=True, opted_out=True, deleted=True, suspended=True, risk=Risk.HIGH
)
_FROM_NOWHERE: Final = Partner(id="", name="", status=PartnerStatus.DRAFT)


class ConditionKind(StrEnum):
    UNDER = "under"
    RESTRICTED = "restricted"
    RISK = "risk"
    LIVES_OUTSIDE = "lives outside"
    PARTNER_ABROAD = "partner abroad"


@dataclass(frozen=True, slots=True)
class Condition:
    """One condition as it was written, and what the words mean. `age` is for UNDER, and so on."""

    text: str
    kind: ConditionKind
    age: int = 0
    risk: Risk = Risk.LOW
    countries: frozenset[str] = frozenset()

    def holds(self, user: UserState, partner: Partner) -> bool:
        """Whether it holds, read word by word. `Conditions.held` answers the same, faster."""
        if self.kind is ConditionKind.UNDER:
            return user.age is None or not self.age <= user.age <= OLDEST
        if self.kind is ConditionKind.RESTRICTED:
            return user.restricted
        if self.kind is ConditionKind.RISK:
            return _RISKS.index(user.risk) >= _RISKS.index(self.risk)
        if self.kind is ConditionKind.LIVES_OUTSIDE:
            return user.residence not in self.countries
        return not partner.country or user.residence != partner.country


def parse_condition(text: object) -> Condition | None:
    """The condition that these words mean; None where they mean none."""
    if not isinstance(text, str):
        return None
    if text in (ConditionKind.RESTRICTED, ConditionKind.PARTNER_ABROAD):
        return Condition(text, ConditionKind(text))
    if (found := _UNDER.fullmatch(text)) and int(found[1]) <= OLDEST:
        return Condition(text, ConditionKind.UNDER, age=int(found[1]))
    if found := _RISK.fullmatch(text):
        return Condition(text, ConditionKind.RISK, risk=Risk(found[1]))
    if found := _OUTSIDE.fullmatch(text):
        return Condition(text, ConditionKind.LIVES_OUTSIDE, countries=frozenset(found[1].split(", ")))
    return None


class Conditions:
    """All conditions of a bundle. The bit of each is its place in the order of their texts."""

    __slots__ = (
        "_abroad",
        "_ages",
        "_elsewhere",
        "_low",
        "_residences",
        "_restricted",
        "_risks",
        "_unknown_age",
        "bits",
    )

    def __init__(self, conditions: Iterable[Condition]) -> None:
        listed = sorted(set(conditions), key=lambda condition: condition.text)
        self.bits = {condition.text: 1 << place for place, condition in enumerate(listed)}

        def held(kind: ConditionKind, user: UserState = _STRANGER) -> int:
            return sum(self.bits[one.text] for one in listed if one.kind is kind and one.holds(user, _FROM_NOWHERE))

        self._unknown_age = held(ConditionKind.UNDER)
        self._ages = {age: held(ConditionKind.UNDER, replace(_STRANGER, age=age)) for age in range(OLDEST + 1)}
        self._elsewhere = held(ConditionKind.LIVES_OUTSIDE)
        self._residences = {
            country: held(ConditionKind.LIVES_OUTSIDE, replace(_STRANGER, residence=country))
            for country in frozenset[str]().union(*[condition.countries for condition in listed])
        }
        self._risks = {risk: held(ConditionKind.RISK, replace(_STRANGER, risk=risk)) for risk in Risk}
        self._low = self._risks[_LOW]
        self._restricted = held(ConditionKind.RESTRICTED)
        self._abroad = held(ConditionKind.PARTNER_ABROAD)

    def held(self, user: UserState, partner: Partner) -> int:
        """Return the bits of the conditions that hold."""
        age, residence = user.age, user.residence
        held = self._unknown_age if age is None else self._ages.get(age, self._unknown_age)
        held |= self._elsewhere if residence is None else self._residences.get(residence, self._elsewhere)
        held |= self._low if user.risk is _LOW else self._risks[user.risk]
        if user.restricted:
            held |= self._restricted
        if not residence or residence != partner.country:
            held |= self._abroad
        return held
