"""People on their way to another provider and back, and their connections: what happens once, and what nobody reads."""

from dataclasses import replace

import pytest

from idp.protocol.upstreams import Identity
from idp.store.database import Database
from idp.store.sealing import Sealer
from idp.store.upstream_arrivals import UpstreamArrival, UpstreamArrivals
from idp.store.upstream_flows import UpstreamFlow, UpstreamFlows
from idp.store.upstream_links import UpstreamLinks
from tests.store.rows import NOW, THREADS, at_once, new_id, randomness

WAY = UpstreamFlow("google", "a nonce", "a verifier", "an interaction", "/account/sharing", "an account", 300)
WHO = Identity("google", "https://accounts.example", "a sub", "hana@mail.example", True, "Hana", ("fed", "mfa"), NOW)
ARRIVAL = UpstreamArrival(WHO, "an interaction", "/account/sharing", wants_account=True)


@pytest.fixture
def flows(sealer: Sealer) -> UpstreamFlows:
    return UpstreamFlows(sealer)


@pytest.fixture
def arrivals(sealer: Sealer) -> UpstreamArrivals:
    return UpstreamArrivals(sealer)


@pytest.fixture
def links(sealer: Sealer) -> UpstreamLinks:
    return UpstreamLinks(sealer, randomness)


def test_fifty_answers_to_one_request_count_once(database: Database, flows: UpstreamFlows):
    """RFC 6749 10.12: a state is taken by one; afterwards it is known where it led, and that is all."""
    state, session = new_id(), new_id()
    with database.autocommit() as connection:
        flows.add(connection, state, session, WAY, NOW + 60)

    def take(_number: int) -> UpstreamFlow | None:
        with database.autocommit() as connection:
            return flows.take(connection, state, session, NOW)

    assert sorted(at_once(take), key=bool) == [None] * (THREADS - 1) + [WAY]
    with database.autocommit() as connection:
        assert flows.gone(connection, state, session, NOW) == WAY
        assert flows.gone(connection, state, new_id(), NOW) is None


@pytest.mark.parametrize(("session", "now"), [("another", NOW), ("", NOW), ("own", NOW + 60)])
def test_an_answer_counts_in_its_session_and_in_time(database: Database, flows: UpstreamFlows, session: str, now: int):
    """Whoever comes elsewhere or too late does not use it up either."""
    state, own = new_id(), new_id()
    with database.autocommit() as connection:
        flows.add(connection, state, own, WAY, NOW + 60)
        assert flows.take(connection, state, own if session == "own" else session, now) is None
        assert flows.take(connection, state, own, NOW) == WAY


def test_fifty_answers_about_who_arrived_count_once(database: Database, arrivals: UpstreamArrivals):
    """The latest arrival of a session takes the place of the one before."""
    session = new_id()
    with database.autocommit() as connection:
        arrivals.put(connection, session, replace(ARRIVAL, next_path=""), NOW + 60)
        arrivals.put(connection, session, ARRIVAL, NOW + 60)
        assert arrivals.find(connection, session, NOW) == ARRIVAL
        assert arrivals.find(connection, session, NOW + 60) is None

    def take(_number: int) -> UpstreamArrival | None:
        with database.autocommit() as connection:
            return arrivals.take(connection, session, NOW)

    assert sorted(at_once(take), key=bool) == [None] * (THREADS - 1) + [ARRIVAL]


def test_fifty_accounts_want_one_person_of_a_provider(database: Database, links: UpstreamLinks):
    """One gets them."""
    who = replace(WHO, subject=new_id())

    def add(number: int) -> bool:
        with database.transaction() as connection:
            return links.add(connection, f"account {number} of {who.subject}"[:32], who, NOW)

    added = at_once(add)
    assert added.count(True) == 1
    with database.autocommit() as connection:
        found = links.find(connection, who.issuer, who.subject)
        assert found is not None
        assert found.account_id == f"account {added.index(True)} of {who.subject}"[:32]
        assert (found.provider, found.shown) == ("google", "hana@mail.example")
        assert links.find(connection, "https://other.example", who.subject) is None
