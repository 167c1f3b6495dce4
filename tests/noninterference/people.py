"""Pairs of people: alike in what a partner is given and in what decides about it, different in everything else."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from random import Random
from typing import Any

from idp.data_sharing.people import today, user_state
from idp.store.accounts import ACTIVE, Account
from idp.store.transactions import Purchase
from policies.agreement import Partner
from policies.bundle import Bundle
from policies.claims import READERS
from policies.predicates import answer
from tests.provider.provider import NOON

DAY = 86_400
NOW = int(NOON) + 60
"""When all is asked: a while after the people agreed."""
LOOKBACK = 60
"""Days that the bank of `minato-bank.toml` may look back."""
TRIES = 12
GROUPS = (
    ("birthdate", "zoneinfo"),
    ("address",),
    ("name", "given_name", "family_name", "name#ja-Kana-JP", "family_name#ja-Kana-JP", "given_name#ja-Kana-JP"),
    ("kyc_level",),
)
"""Claims from which something is worked out; they are exchanged together."""
WORKED_OUT = frozenset(claim for group in GROUPS for claim in group)
CLAIM_OF = {"over_18": "over_18", "over_20": "over_20", "prefecture": "prefecture"}
_PREFECTURES = ("Tokyo", "東京都", "Osaka", "大阪府", "Hokkaidō", "沖縄県", "Bavaria", "")
_NAMES = ("佐藤 花", "サトウ ハナ", "Ken Mori", "Mori Ken", "Ōno", "X" * 150, "Jo", "李 小龍")
_ZONES = ("Asia/Tokyo", "Pacific/Kiritimati", "America/Los_Angeles", "Mars/Base", "UTC")
_WORDS = ("a", "Shibuya", "千代田区", 'quote " and \\', "</script>", "x" * 300, "\u202e", "line\nbreak", "0")


@dataclass(frozen=True)
class Somebody:
    """A profile and what they bought."""

    profile: Mapping[str, Any]
    purchases: tuple[Purchase, ...]


@dataclass(frozen=True)
class Seen:
    """What a partner is given of people, as far as they are pairs: fields, and what it states in its questions."""

    fields: frozenset[str]
    statements: Mapping[str, object]
    bundle: Bundle
    partner: Partner

    def of(self, profile: Mapping[str, Any]) -> list[object]:
        """All that may show of a profile: values and answers that are released, and which conditions of policy hold."""
        account = Account("a", "", profile, ACTIVE, 0)
        on, user = today(account, NOW), user_state(account, NOW)
        assert user is not None
        values = [READERS[CLAIM_OF[field]](profile, on) for field in sorted(self.fields & CLAIM_OF.keys())]
        asked = sorted(self.fields & self.statements.keys())
        answers = [answer(question, profile, on, self.statements[question]) for question in asked]
        return [values, answers, self.bundle.conditions.held(user, self.partner)]


def pair(random: Random, seen: Seen) -> tuple[Somebody, Somebody]:
    """Draw two people between whom a partner that sees this cannot tell."""
    first, other = draw_profile(random), draw_profile(random)
    shown = seen.of(first)
    second = {claim: value for claim, value in other.items() if claim not in WORKED_OUT} | _only(first, GROUPS)
    for group in GROUPS:
        for _ in range(TRIES):
            candidate = {**_without(second, group), **_only(draw_profile(random), (group,))}
            if seen.of(candidate) == shown:
                second = candidate
                break
    bought = draw_purchases(random)
    return Somebody(first, bought), Somebody(second, _bought_by_another(random, bought, seen))


def given_away(random: Random, somebody: Somebody, seen: Seen) -> Somebody | None:
    """Return somebody of whom the partner is given something else, or None where it is given nothing to see that by."""
    shown = seen.of(somebody.profile)
    for _ in range(4 * TRIES):
        group = random.choice(GROUPS)
        candidate = {**_without(somebody.profile, group), **_only(draw_profile(random), (group,))}
        if seen.of(candidate)[:2] != shown[:2] and seen.of(candidate)[2] == shown[2]:
            return Somebody(candidate, somebody.purchases)
    return None


def draw_profile(random: Random) -> dict[str, Any]:
    """Draw a profile: any claim may be missing, long, odd, or of a type that it should not have."""
    drawn = {claim: draw(random) for claim, draw in _CLAIMS.items() if random.random() < 0.8}
    for claim in drawn:
        if random.random() < 0.03:
            drawn[claim] = random.choice([None, 7, True, [], {}, "", "\x00"])
    return drawn


def draw_purchases(random: Random) -> tuple[Purchase, ...]:
    """Draw purchases, old ones too."""
    return tuple(_purchase(random, NOW - random.randrange(0, 2 * LOOKBACK * DAY)) for _ in range(random.randrange(9)))


def _bought_by_another(random: Random, bought: tuple[Purchase, ...], seen: Seen) -> tuple[Purchase, ...]:
    """What is released of each purchase stays; those before the window, or all of them, are somebody else's."""
    others = draw_purchases(random)
    if not seen.fields & {"transactions", "transactions.amounts", "transactions.items"}:
        return others
    since = NOW - LOOKBACK * DAY
    kept = tuple(
        Purchase(
            each.at,
            each.shop,
            each.category,
            each.item if "transactions.items" in seen.fields else random.choice(_WORDS),
            each.yen if "transactions.amounts" in seen.fields else random.randrange(10**7),
        )
        for each in bought
        if each.at >= since
    )
    # Those within the window come first, so that they are kept under the same identifiers.
    return kept + tuple(each for each in others if each.at < since)


def in_order(purchases: tuple[Purchase, ...]) -> tuple[Purchase, ...]:
    """The order in which a pair's purchases are written down: those within the window first."""
    return tuple(sorted(purchases, key=lambda each: each.at < NOW - LOOKBACK * DAY))


def _purchase(random: Random, at: int) -> Purchase:
    return Purchase(at, *(random.choice(_WORDS) for _ in range(3)), random.randrange(10**6))


def _birthdate(random: Random) -> str:
    return f"{random.randrange(1930, 2027):04}-{random.randrange(1, 13):02}-{random.randrange(1, 29):02}"


def _address(random: Random) -> dict[str, str]:
    members = ("street_address", "locality", "postal_code", "formatted")
    address = {member: random.choice(_WORDS) for member in members if random.random() < 0.7}
    if random.random() < 0.9:
        address["region"] = random.choice(_PREFECTURES)
    if random.random() < 0.7:
        address["country"] = random.choice(("JP", "KR", "Japan"))
    return address


def _word(random: Random) -> str:
    return random.choice(_WORDS)


def _name(random: Random) -> str:
    return random.choice(_NAMES)


_CLAIMS: Mapping[str, Callable[[Random], Any]] = {
    **dict.fromkeys(GROUPS[2], _name),
    **dict.fromkeys(("middle_name", "nickname", "preferred_username", "gender"), _word),
    **dict.fromkeys(("picture", "profile", "website"), lambda random: f"https://x.example/{random.randrange(10**9)}"),
    "email": lambda random: f"{random.randrange(10 ** random.randrange(1, 20))}@example.jp",
    "email_verified": lambda random: random.random() < 0.5,
    "phone_number": lambda random: f"+81{random.randrange(10**9)}",
    "phone_number_verified": lambda random: random.random() < 0.5,
    "birthdate": _birthdate,
    "zoneinfo": lambda random: random.choice(_ZONES),
    "locale": lambda random: random.choice(("ja-JP", "en", "de-DE")),
    "updated_at": lambda random: random.randrange(2 * 10**9),
    "address": _address,
    "kyc_level": lambda random: random.randrange(4),
}


def _only(profile: Mapping[str, Any], groups: tuple[tuple[str, ...], ...]) -> dict[str, Any]:
    return {claim: profile[claim] for group in groups for claim in group if claim in profile}


def _without(profile: Mapping[str, Any], group: tuple[str, ...]) -> dict[str, Any]:
    return {claim: value for claim, value in profile.items() if claim not in group}
