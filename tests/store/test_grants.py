"""Grants: one row for its whole life, of which at most one of a person, client and purpose is alive."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from idp.protocol.grants import Status
from idp.store import grants
from idp.store.changes import ChangeFeed, Topic
from idp.store.database import Database
from idp.store.grants import Answer, Answers, Grant, GrantEvent, grant_key
from tests.store.rows import DAY, NOW, THREADS, at_once, new_id

TERMINAL = (Status.REVOKED, Status.EXPIRED, Status.CONSUMED, Status.SUPERSEDED)


def a_grant(account_id: str, **other: object) -> Grant:
    values = {
        "id": new_id(),
        "account_id": account_id,
        "client_id": "tabi-points",
        "purpose": "points.credit",
        "scopes": {"openid": Answer(True, NOW, NOW + DAY)},
        "fields": {"prefecture": Answer(True, NOW, NOW + DAY), "over_20": Answer(False, NOW, NOW + DAY)},
        "created_at": NOW,
        "expires_at": NOW + DAY,
        "agreement_id": "tabi-points-2026",
        "agreement_version": 1,
        "text_hash": "a hash",
        "locale": "ja",
        "acr": "urn:sekisho:acr:password",
        "changed_at": NOW,
    }
    return Grant(**{**values, **other})


def add(database: Database, grant: Grant) -> Grant:
    with database.transaction() as connection:
        assert grants.add(connection, grant)
    return grant


def find(database: Database, grant: Grant) -> Grant | None:
    with database.autocommit() as connection:
        return grants.find(connection, grant.account_id, grant.client_id, grant.purpose)


def close(database: Database, grant: Grant, status: Status = Status.REVOKED, now: int = NOW) -> Grant | None:
    with database.transaction() as connection:
        return grants.close(connection, grant, status, now, reason="a reason", initiator="user")


@given(answers=st.dictionaries(st.text(), st.builds(Answer, st.booleans(), st.integers(), st.integers())))
def test_answers_come_back_as_they_were_written(answers: dict[str, Answer]):
    """Whatever the fields of a catalogue are called."""
    column = Answers()
    assert column.process_result_value(column.process_bind_param(answers, None), None) == answers


def test_a_second_grant_waits_until_the_first_is_over(database: Database):
    """One is alive; what is over stays, under its own name, and the living one is found first."""
    account_id = new_id()
    first = add(database, a_grant(account_id))
    other = add(database, a_grant(account_id, purpose="marketing.news"))
    second = a_grant(account_id, created_at=NOW - 5)
    with database.transaction() as connection:
        assert not grants.add(connection, second)
    ended = close(database, first)
    assert ended == replace(first, status=Status.REVOKED, version=2, ended_at=NOW, reason="a reason", initiator="user")
    assert find(database, first) == ended
    add(database, second)
    assert find(database, first) == second
    assert find(database, other) == other
    assert find(database, a_grant(new_id())) is None
    with database.autocommit() as connection:
        assert grants.find_by_id(connection, first.id) == ended
        assert grants.all_alive(connection, account_id, NOW) == tuple(sorted((second, other), key=by_age))
        assert sorted(grants.all_of_account(connection, account_id), key=by_age) == sorted(
            (ended, second, other), key=by_age
        )


def by_age(grant: Grant) -> tuple[int, str]:
    return (-grant.created_at, grant.id)


def test_fifty_first_answers_make_one_grant(database: Database):
    """Whoever comes second is told, and finds the other's."""
    account_id = new_id()
    rivals = [a_grant(account_id) for _ in range(THREADS)]

    def one(number: int) -> bool:
        with database.transaction() as connection:
            return grants.add(connection, rivals[number])

    added = at_once(one)
    assert added.count(True) == 1
    assert find(database, rivals[0]) == rivals[added.index(True)]


def test_of_fifty_changes_to_one_state_one_is_made(database: Database):
    """A change names the version that it was decided upon."""
    before = add(database, a_grant(new_id()))

    def one(number: int) -> Grant | None:
        with database.transaction() as connection:
            return grants.change(connection, before, NOW + 1, locale=str(number))

    (changed,) = [each for each in at_once(one) if each is not None]
    assert (changed.version, changed.changed_at) == (2, NOW + 1)
    assert find(database, before) == changed


@pytest.mark.parametrize("status", TERMINAL)
def test_what_is_over_is_never_changed_again(database: Database, status: Status):
    """Not closed once more, changed, suspended or let go."""
    grant = add(database, a_grant(new_id()))
    when = NOW + DAY if status is Status.EXPIRED else NOW
    over = close(database, grant, status, when)
    assert over is not None
    with database.transaction() as connection:
        assert grants.change(connection, over, NOW, status=Status.ACTIVE) is None
        assert grants.suspend(connection, over, "a cause", "platform", NOW) is None
        assert grants.lift(connection, over, "a cause", NOW) is None
    assert all(close(database, grant, each, when) is None for each in TERMINAL)
    assert find(database, grant) == over


def test_time_ends_a_grant_by_itself(database: Database):
    """From its last second on it is expired and cannot be revoked or changed; before, it cannot expire."""
    grant = add(database, a_grant(new_id()))
    assert close(database, grant, Status.EXPIRED, NOW + DAY - 1) is None
    assert close(database, grant, Status.REVOKED, NOW + DAY) is None
    with database.transaction() as connection:
        assert grants.change(connection, grant, NOW + DAY, locale="en") is None
        assert grant in grants.due(connection, NOW + DAY, 1000)
        assert grant not in grants.due(connection, NOW + DAY - 1, 1000)
    assert close(database, grant, Status.EXPIRED, NOW + DAY) is not None
    with database.autocommit() as connection:
        assert grant.id not in {each.id for each in grants.due(connection, NOW + DAY, 1000)}


def test_suspensions_stack(database: Database):
    """Each cause holds once; lifting one does not let go of another."""
    grant = add(database, a_grant(new_id()))
    with database.transaction() as connection:
        for cause, count in (("a", 1), ("b", 2)):
            held = grants.suspend(connection, grant, cause, "platform", NOW)
            assert held is not None
            assert (held.suspensions, held.is_held, held.state(NOW)) == (count, True, "suspended")
            assert grants.suspend(connection, grant, cause, "platform", NOW) is None
        assert set(grants.causes(connection, grant.id)) == {"a", "b"}
        assert grants.lift(connection, grant, "c", NOW) is None
        half = grants.lift(connection, grant, "a", NOW)
        assert half is not None
        assert half.is_held
        free = grants.lift(connection, grant, "b", NOW)
        assert free is not None
        assert (free.suspensions, free.is_held, free.state(NOW), free.version) == (0, False, "active", 5)


def test_a_change_is_announced_and_only_then(database: Database):
    """Whatever changed nothing disturbs nobody."""
    grant = add(database, a_grant(new_id()))
    heard: list[str] = []
    feed = ChangeFeed(database, 0)
    feed.subscribe(Topic.GRANT, heard.append)
    feed.catch_up()
    heard.clear()
    assert sum(each is not None for each in at_once(lambda _: close(database, grant))) == 1
    close(database, a_grant(new_id()))
    feed.catch_up()
    assert heard == [grant_key(grant.account_id, "tabi-points", "points.credit")]


def test_the_list_of_a_person_holds_what_is_alive_the_newest_first(database: Database):
    """Ended and expired grants are not on it, nor anybody else's; paused and suspended ones are."""
    account_id = new_id()
    add(database, a_grant(new_id()))
    older = add(database, a_grant(account_id, client_id="a", created_at=NOW - 2, status=Status.PAUSED))
    newer = add(database, a_grant(account_id, client_id="b", created_at=NOW - 1, suspensions=1))
    add(database, a_grant(account_id, client_id="c", expires_at=NOW))
    add(database, a_grant(account_id, client_id="d", ended_at=NOW - 1, status=Status.REVOKED))
    with database.autocommit() as connection:
        assert grants.all_alive(connection, account_id, NOW) == (newer, older)
        assert len(grants.all_of_account(connection, account_id)) == 4


def test_the_history_of_a_grant_is_in_order(database: Database):
    """Events are only ever added."""
    grant = add(database, a_grant(new_id()))
    told = [
        GrantEvent(grant.id, n, "amended", NOW + n, "", "user", grant.fields, {}, "hash", "en", "acr") for n in range(3)
    ]
    with database.transaction() as connection:
        for event in told:
            grants.note(connection, event)
    with database.autocommit() as connection:
        assert grants.events(connection, grant.id) == tuple(told)
        assert grants.events(connection, new_id()) == ()
