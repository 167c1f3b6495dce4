"""How risky a sign-in is: facts about it, rules that an operator writes, and what follows. Nothing here knows more.

What is not known never counts as harmless and never breaks anything: it is a fact of its own, for the rules to judge.
"""

import tomllib
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from enum import StrEnum
from math import asin, cos, radians, sin, sqrt
from typing import Any

EARTH_RADIUS_KM = 6371.0
HOUR = 3600


class Fact(StrEnum):
    """What can be seen of a sign-in to an account that was signed in to before."""

    NEW_DEVICE = "new_device"
    NEW_COUNTRY = "new_country"
    IMPOSSIBLE_TRAVEL = "impossible_travel"
    UNKNOWN_PLACE = "unknown_place"
    MANY_FAILURES = "many_failures"
    """Guessing goes on at this moment, at accounts of all kinds: somebody may be trying a list of passwords."""


class Risk(StrEnum):
    """How far a sign-in is from what its person does."""

    LOW = "low"
    UNKNOWN = "unknown"
    ELEVATED = "elevated"
    HIGH = "high"


class Action(StrEnum):
    """What a sign-in must stand."""

    ALLOW = "allow"
    STEP_UP = "step_up"
    REFUSE = "refuse"


_ORDER = tuple(Risk)


@dataclass(frozen=True, slots=True, repr=False)
class Place:
    """Where a request comes from, as far as that is known: ISO 3166-1 alpha-2 or "", degrees north and east."""

    country: str = ""
    point: tuple[float, float] | None = None


@dataclass(frozen=True, slots=True)
class PastSignIn:
    """An earlier sign-in to the same account; `at` is UTC seconds."""

    at: int
    place: Place


@dataclass(frozen=True, slots=True)
class Rule:
    """Where all of these facts hold, the risk is at least this."""

    when: frozenset[Fact]
    risk: Risk


@dataclass(frozen=True, slots=True)
class RiskRules:
    """What an operator decided."""

    rules: tuple[Rule, ...]
    actions: Mapping[Risk, Action]
    without_second_step: Action
    """What becomes of a sign-in that is asked for a second step by somebody who has none: let in or refused."""
    fastest_km_per_hour: float
    least_km: float

    def risk(self, facts: Collection[Fact]) -> Risk:
        """Return the greatest risk of all rules that apply."""
        found = [rule.risk for rule in self.rules if rule.when <= frozenset(facts)]
        return max(found, key=_ORDER.index, default=Risk.LOW)

    def facts(
        self,
        now: int,
        place: Place,
        past: Collection[PastSignIn],
        *,
        is_known_device: bool,
        has_many_failures: bool = False,
    ) -> frozenset[Fact]:
        """Return what holds for a sign-in. Of an account's first one nothing does: there is nothing to compare with."""
        if not past:
            return frozenset()
        countries = {earlier.place.country for earlier in past} - {""}
        found = {
            Fact.NEW_DEVICE: not is_known_device,
            Fact.NEW_COUNTRY: bool(place.country and countries) and place.country not in countries,
            Fact.IMPOSSIBLE_TRAVEL: self._is_too_far(now, place, past),
            Fact.UNKNOWN_PLACE: not place.country,
            Fact.MANY_FAILURES: has_many_failures,
        }
        return frozenset(fact for fact, holds in found.items() if holds)

    def _is_too_far(self, now: int, place: Place, past: Collection[PastSignIn]) -> bool:
        """Whether nobody gets here from where the account was last signed in to, in the time since."""
        located = [earlier for earlier in past if earlier.place.point is not None]
        last = max(located, key=lambda earlier: earlier.at, default=None)
        if last is None or last.place.point is None or place.point is None:
            return False
        distance = kilometres(last.place.point, place.point)
        return distance > self.least_km + self.fastest_km_per_hour * max(now - last.at, 0) / HOUR


def kilometres(one: tuple[float, float], other: tuple[float, float]) -> float:
    """Return the way between two points along the surface of the earth (haversine)."""
    (north, east), (other_north, other_east) = (tuple(map(radians, point)) for point in (one, other))
    chord = sin((other_north - north) / 2) ** 2 + cos(north) * cos(other_north) * sin((other_east - east) / 2) ** 2
    return 2 * EARTH_RADIUS_KM * asin(sqrt(min(chord, 1.0)))


def read_place(country: str, latitude: str, longitude: str) -> Place:
    """Return the place that three texts name; what cannot be read is not known. `XX` and `T1` are no countries."""
    code = country.strip().upper()
    is_country = len(code) == 2 and code.isascii() and code.isalpha() and code != "XX"  # noqa: PLR2004 - alpha-2
    return Place(code if is_country else "", _point(latitude, longitude))


def _point(latitude: str, longitude: str) -> tuple[float, float] | None:
    try:
        north, east = float(latitude), float(longitude)
    except ValueError:
        return None
    return (north, east) if -90 <= north <= 90 and -180 <= east <= 180 else None  # noqa: PLR2004 - degrees


def read_risk_rules(text: str) -> RiskRules:
    """Return the rules of a TOML document such as `config/risk.toml`.

    Raises:
        ValueError: which says what does not fit; a rule that is misspelt protects nobody.
    """
    try:
        return _rules(tomllib.loads(text))
    except (KeyError, TypeError, AttributeError) as error:
        message = f"a part is missing or of the wrong kind: {error}"
        raise ValueError(message) from error


def _rules(document: Mapping[str, Any]) -> RiskRules:
    unknown = set(document) - {"actions", "step_up", "travel", "rules"}
    if unknown:
        message = f"there is nothing called {min(unknown)!r}"
        raise ValueError(message)
    actions = {Risk(name): Action(value) for name, value in document["actions"].items()}
    if set(actions) != set(Risk):
        message = f"'actions' must say what follows from each of {', '.join(Risk)}"
        raise ValueError(message)
    return RiskRules(
        rules=tuple(map(_rule, document["rules"])),
        actions=actions,
        without_second_step=_without_second_step(document.get("step_up", {})),
        fastest_km_per_hour=float(document["travel"]["fastest_km_per_hour"]),
        least_km=float(document["travel"]["least_km"]),
    )


def _without_second_step(values: Mapping[str, Any]) -> Action:
    """Read what is done where nothing can be asked for; where nobody says so, it is refused."""
    action = Action(values.get("if_impossible", Action.REFUSE))
    if set(values) - {"if_impossible"} or action is Action.STEP_UP:
        message = "'step_up' has 'if_impossible' alone: \"refuse\" or \"allow\""
        raise ValueError(message)
    return action


def _rule(values: Mapping[str, Any]) -> Rule:
    if set(values) != {"when", "risk"} or not values["when"]:
        message = "a rule has 'when', one fact or more, and 'risk'"
        raise ValueError(message)
    return Rule(frozenset(map(Fact, values["when"])), Risk(values["risk"]))
