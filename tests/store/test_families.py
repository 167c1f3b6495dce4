"""Token families: rotated by one conditional statement, ended once, for the first reason (RFC 9700 4.14.2)."""

import pytest

from idp.store import families
from idp.store.changes import ChangeFeed, Topic
from idp.store.database import Database
from idp.store.families import Family
from tests.store.rows import DAY, NOW, THREADS, a_family, at_once_behind, new_hash, new_id


def add(database: Database, handle: bytes | None = None, secret: bytes | None = None, **other: object) -> Family:
    family = a_family(**other)
    with database.transaction() as connection:
        families.add(connection, family, handle, secret)
    return family


def rotate(
    database: Database, handle: bytes, old: bytes, new: bytes, client_id: str = "storefront", now: int = NOW
) -> Family | None:
    with database.autocommit() as connection:
        return families.rotate(connection, client_id, handle, old, new, now)


def find(database: Database, family: Family) -> Family | None:
    with database.autocommit() as connection:
        return families.find(connection, family.id)


def test_a_family_comes_back_as_it_was_stored(database: Database):
    """By its identifier, and by the handle of its refresh token with the state of that."""
    handle, secret = new_hash(), new_hash()
    family = add(database, handle, secret)
    assert find(database, family) == family
    with database.autocommit() as connection:
        found = families.find_by_handle(connection, handle)
        assert families.find_by_handle(connection, new_hash()) is None
        assert families.find(connection, "no such family") is None
    assert found is not None
    assert found[0] == family
    assert found[1].is_newest(secret)
    assert not found[1].is_newest(new_hash())


def test_families_without_refresh_token_do_not_collide(database: Database):
    """The handle is unique where there is one."""
    for family in (add(database), add(database)):
        assert find(database, family) == family


def test_fifty_threads_rotate_a_refresh_token_once(database: Database):
    """Of all who present the newest token at once exactly one replaces it."""
    handle, secret = new_hash(), new_hash()
    family = add(database, handle, secret)
    successors = [new_hash() for _ in range(THREADS)]
    answers = at_once_behind(
        database, families.token_families, lambda number: rotate(database, handle, secret, successors[number])
    )
    (winner,) = [number for number, answer in enumerate(answers) if answer is not None]
    assert answers[winner] == family
    with database.autocommit() as connection:
        found = families.find_by_handle(connection, handle)
    assert found is not None
    assert found[1].is_newest(successors[winner])
    assert (found[1].previous_hash, found[1].rotated_at) == (secret, NOW)


@pytest.mark.parametrize("wrong", ["handle", "secret", "client", "expired", "ended"])
def test_only_the_newest_token_of_a_live_family_of_this_client_is_rotated(database: Database, wrong: str):
    """Each of the five conditions stands in the statement itself."""
    handle, secret = new_hash(), new_hash()
    family = add(database, handle, secret)
    if wrong == "ended":
        with database.transaction() as connection:
            families.end(connection, family.id, families.REVOKED_BY_CLIENT, NOW)
    rotated = rotate(
        database,
        new_hash() if wrong == "handle" else handle,
        new_hash() if wrong == "secret" else secret,
        new_hash(),
        "tabi-points" if wrong == "client" else "storefront",
        family.expires_at if wrong == "expired" else NOW,
    )
    assert rotated is None


def test_fifty_threads_end_a_family_once(database: Database):
    """One ends it and is heard; the first reason stays."""
    family = add(database)
    heard: list[str] = []
    feed = ChangeFeed(database, 0)
    feed.subscribe(Topic.FAMILY, heard.append)

    def end(number: int) -> bool:
        with database.transaction() as connection:
            return families.end(connection, family.id, f"reason {number}", NOW + number)

    ended = at_once_behind(database, families.token_families, end)
    feed.catch_up()
    assert sum(ended) == 1
    assert heard.count(family.id) == 1
    found = find(database, family)
    assert found is not None
    assert found.ended_at == NOW + ended.index(True)
    assert not found.is_alive(NOW)


def test_the_end_of_a_grant_ends_what_it_carried_and_nothing_else(database: Database):
    """Another person's, another client's and another purpose's families live on."""
    account_id = new_id()
    carried = [add(database, account_id=account_id, client_id="tabi-points", purpose="points.credit") for _ in range(3)]
    others = [
        add(database, client_id="tabi-points", purpose="points.credit"),
        add(database, account_id=account_id, client_id="kaze-ads", purpose="points.credit"),
        add(database, account_id=account_id, client_id="tabi-points", purpose="marketing.news"),
    ]
    with database.transaction() as connection:
        assert families.end_of_grant(connection, account_id, "tabi-points", "points.credit", "revoked", NOW) == 3
        assert families.end_of_grant(connection, account_id, "tabi-points", "points.credit", "revoked", NOW) == 0
    assert [found.ended_at for family in carried if (found := find(database, family))] == [NOW] * 3
    assert [found.ended_at for family in others if (found := find(database, family))] == [None] * 3


def test_the_end_of_a_session_spares_what_was_granted_to_outlive_it(database: Database):
    """`offline_access` means access while the person is away (OIDC Core 11)."""
    sid = new_id()
    bound, offline, other = (
        add(database, sid=sid),
        add(database, sid=sid, scopes=("openid", "offline_access")),
        add(database),
    )
    with database.transaction() as connection:
        assert families.end_of_session(connection, sid, NOW) == 1
    assert [(found.ended_at is None) for family in (bound, offline, other) if (found := find(database, family))] == [
        False,
        True,
        True,
    ]


def test_what_ended_lately_is_listed(database: Database):
    """A process that starts learns of every end that can still matter."""
    early, late = add(database), add(database)
    with database.transaction() as connection:
        families.end(connection, early.id, families.SIGNED_OUT, NOW + 7 * DAY - 1)
        families.end(connection, late.id, families.SIGNED_OUT, NOW + 7 * DAY)
        assert families.ended_since(connection, NOW + 7 * DAY) == [late.id]


def test_families_are_kept_until_long_after_their_last_token(database: Database):
    """Ended or not, a family is forgotten a while after everything in it expired."""
    kept, gone = add(database, expires_at=NOW - 10), add(database, expires_at=NOW - 11)
    assert families.purge(database, NOW, 10) == 1
    assert find(database, kept) == kept
    assert find(database, gone) is None
