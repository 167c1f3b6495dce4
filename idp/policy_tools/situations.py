"""Situations that matter: one for every way in which the conditions of some policies can hold together.

A policy sees a person only through its conditions, so one person for each combination of them stands for everybody.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import product

from policies.agreement import Partner, PartnerStatus
from policies.bundle import Bundle
from policies.clauses import CLASSES, PartnerClass
from policies.conditions import Condition
from policies.user import Risk, UserState

ELSEWHERE = "ZZ"
"""A country that no condition names: ISO 3166-1 leaves ZZ to everybody's own use."""
_GROWN_UP = 40


@dataclass(frozen=True, slots=True)
class Situation:
    """A kind of partner in a country asks for a purpose about a person in some state."""

    partner_class: PartnerClass
    country: str
    purpose: str
    user: UserState

    @property
    def partner(self) -> Partner:
        """A partner of that kind, in production."""
        relation, tier = self.partner_class
        return Partner(
            id="partner",
            name="Partner",
            status=PartnerStatus.PRODUCTION,
            country=self.country,
            legal_relation=relation,
            tier=tier,
        )

    def in_words(self) -> str:
        """Return what an officer reads of it."""
        relation, tier = self.partner_class
        user = self.user
        where = f"lives in {user.residence}" if user.residence else "lives nobody knows where"
        who = [f"aged {user.age}" if user.age is not None else "of unknown age", where]
        who += ["restricted"] if user.restricted else []
        who += [] if user.risk is Risk.LOW else [f"at {user.risk} risk"]
        return f"a {relation}.{tier} partner of {self.country or 'no known country'}, about somebody {', '.join(who)}"


def situations(*bundles: Bundle) -> Iterator[Situation]:
    """Yield, for every kind of partner and purpose, a situation for each way in which conditions hold together."""
    purposes = sorted(frozenset[str]().union(*[bundle.catalogue.purposes for bundle in bundles]))
    meetings = _meetings(bundles)
    for partner_class, purpose in product(CLASSES, purposes):
        for country, user in meetings:
            yield Situation(partner_class, country, purpose, user)


def _meetings(bundles: Iterable[Bundle]) -> list[tuple[str, UserState]]:
    """Return one partner's country and one person for each combination of conditions, everyday ones first."""
    bundles = tuple(bundles)
    found: dict[tuple[object, ...], tuple[str, UserState]] = {}
    for country, user in _people([one for bundle in bundles for clause in bundle.clauses for one in clause.conditions]):
        partner = Situation(CLASSES[0], country, "", user).partner
        held = (user.restricted, *(bundle.conditions.held(user, partner) for bundle in bundles))
        found.setdefault(held, (country, user))
    return list(found.values())


def _people(conditions: Iterable[Condition]) -> Iterator[tuple[str, UserState]]:
    conditions = tuple(conditions)
    thresholds = sorted({one.age for one in conditions if one.age})
    ages = [_GROWN_UP, *dict.fromkeys(age for limit in thresholds for age in (limit - 1, limit)), None]
    named = sorted(frozenset[str]().union(*[one.countries for one in conditions]) | {"JP"})
    for restricted, risk, age, residence, country in product(
        (False, True), Risk, ages, ("JP", *named, ELSEWHERE, None), ("JP", ELSEWHERE, "")
    ):
        yield (
            country,
            UserState(
                age=age,
                residence=residence,
                restricted=restricted,
                opted_out=False,
                deleted=False,
                suspended=False,
                risk=risk,
            ),
        )
