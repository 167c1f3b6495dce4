"""G6 of answers about many people: those who did not agree, and what is not released of the others, change no byte."""

from collections.abc import Iterator
from random import Random

import pytest

from idp.data_sharing.policy_documents import bundle_of, read_documents
from tests.noninterference.market import Market, market
from tests.noninterference.people import Seen, Somebody, draw_profile, pair
from tests.noninterference.worlds import SHARING

PAIRS = 30
SEEN = frozenset({"prefecture", "over_20"})


@pytest.fixture(scope="module")
def desk(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Market]:
    with market(tmp_path_factory.mktemp("audience")) as made:
        yield made


@pytest.fixture(scope="module")
def seen(desk: Market) -> Seen:
    """What the advertiser is given of people, as far as they are pairs."""
    services = desk.worlds[0].services
    partner, _ = services.sharing._inputs.partner("kaze-ads")
    return Seen(SEEN, {}, bundle_of(read_documents(SHARING)), partner)


def draw_people(desk: Market, random: Random, seen: Seen) -> None:
    """Let all be somebody else: who agreed is alike in both worlds in what is seen, who did not in nothing."""
    for account_id in desk.members:
        people = [somebody.profile for somebody in pair(random, seen)]
        if random.random() < 0.8:
            shown = {"address": {"region": random.choice(("Tokyo", "Osaka"))}, "birthdate": "1990-01-01"}
            people = [{**profile, **shown, "zoneinfo": "Asia/Tokyo"} for profile in people]
        put(desk, account_id, people, random)
    for account_id in desk.others:
        put(desk, account_id, [draw_profile(random), draw_profile(random)], random)


def put(desk: Market, account_id: str, profiles: list[dict], random: Random) -> None:
    seed = random.getrandbits(64)
    for world, profile in zip(desk.worlds, profiles, strict=True):
        world.put(account_id, Somebody(profile, ()), seed)


def asked(desk: Market, random: Random) -> list[tuple]:
    message, seed = desk.question(random), random.getrandbits(64)
    return [world.ask(message, seed) for world in desk.worlds]


def test_who_did_not_agree_and_what_is_not_released_change_no_byte(desk: Market, seen: Seen):
    """Status, headers, lengths, names and their order; of numbers, names and refusals."""
    random, kinds = Random(5), set()
    for _ in range(PAIRS):
        desk.forward()
        draw_people(desk, random, seen)
        for _ in range(2):
            one, other = asked(desk, random)
            assert one == other
            kinds.add("members" if b"members" in one[2] else "count" if b"count" in one[2] else one[0])
    assert kinds == {"members", "count", "403 FORBIDDEN"}


def test_of_somebody_who_agreed_what_is_released_shows(desk: Market, seen: Seen):
    """So the comparison can fail: a whole crowd in Tokyo, and all of it elsewhere."""
    random, differing = Random(6), 0
    for _ in range(10):
        desk.forward()
        for account_id in desk.members:
            profiles = [
                {"address": {"region": region}, "birthdate": "1990-01-01", "zoneinfo": "Asia/Tokyo"}
                for region in ("Tokyo", "Okinawa")
            ]
            put(desk, account_id, profiles, random)
        one, other = asked(desk, random)
        differing += one != other
    assert differing
