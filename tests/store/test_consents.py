"""Consents: one for each person, client and purpose."""

from dataclasses import replace

from idp.store import consents
from idp.store.changes import ChangeFeed, Topic
from idp.store.consents import StoredConsent, consent_key
from idp.store.database import Database
from tests.store.rows import DAY, NOW, THREADS, at_once, new_id


def a_consent(account_id: str, **other: object) -> StoredConsent:
    values = {
        "account_id": account_id,
        "client_id": "tabi-points",
        "purpose": "points.credit",
        "scopes": ("openid", "prefecture"),
        "fields": ("prefecture",),
        "granted_at": NOW,
        "expires_at": NOW + DAY,
        "asked": ("over_20",),
        "grant_id": new_id(),
    }
    return StoredConsent(**{**values, **other})


def save(database: Database, consent: StoredConsent) -> StoredConsent:
    with database.transaction() as connection:
        consents.save(connection, consent, NOW)
    return consent


def find(database: Database, consent: StoredConsent) -> StoredConsent | None:
    with database.autocommit() as connection:
        return consents.find(connection, consent.account_id, consent.client_id, consent.purpose)


def test_a_consent_replaces_the_one_before_and_no_other(database: Database):
    """A new answer for the same client and purpose counts alone, also after the earlier one was ended."""
    account_id = new_id()
    save(database, a_consent(account_id))
    other = save(database, a_consent(account_id, purpose="marketing.news", fields=()))
    with database.transaction() as connection:
        assert consents.end(connection, account_id, "tabi-points", "points.credit", NOW)
    again = save(database, a_consent(account_id, fields=("over_20", "prefecture"), granted_at=NOW + 1))
    assert find(database, again) == again
    assert find(database, other) == other
    assert find(database, a_consent(new_id())) is None


def test_fifty_answers_at_once_leave_one_whole_consent(database: Database):
    """No answer is mixed with another one."""
    account_id = new_id()
    answers = [a_consent(account_id, fields=(f"f{n}",), granted_at=NOW + n) for n in range(THREADS)]
    at_once(lambda number: save(database, answers[number]))
    found = find(database, answers[0])
    assert found is not None
    assert replace(found, grant_id="") in [replace(each, grant_id="") for each in answers]
    assert found.grant_id in {each.grant_id for each in answers}


def test_a_grant_keeps_its_name_for_as_long_as_it_stands(database: Database):
    """However often it is given anew; one that ended or expired is never found again under its old name."""
    account_id = new_id()
    first = save(database, a_consent(account_id))
    save(database, a_consent(account_id, fields=("over_20",)))
    again = by_name(database, first)
    assert again is not None
    assert again.fields == ("over_20",)
    with database.transaction() as connection:
        consents.end(connection, account_id, "tabi-points", "points.credit", NOW)
    second = save(database, a_consent(account_id, expires_at=NOW))
    assert by_name(database, first) is None
    assert by_name(database, second) == second
    third = save(database, a_consent(account_id))
    assert by_name(database, second) is None
    assert by_name(database, third) == third


def by_name(database: Database, consent: StoredConsent) -> StoredConsent | None:
    with database.autocommit() as connection:
        return consents.find_by_grant(connection, consent.grant_id)


def test_a_consent_is_ended_once_and_announced_then(database: Database):
    """Ending what is not there changes nothing and disturbs nobody, whatever a form named."""
    account_id = new_id()
    save(database, a_consent(account_id))
    heard: list[str] = []
    feed = ChangeFeed(database, 0)
    feed.subscribe(Topic.CONSENT, heard.append)
    feed.catch_up()
    heard.clear()

    def end(_number: int) -> bool:
        with database.transaction() as connection:
            return consents.end(connection, account_id, "tabi-points", "points.credit", NOW + 5)

    assert sum(at_once(end)) == 1
    with database.transaction() as connection:
        assert not consents.end(connection, account_id, "x" * 5000, "points.credit", NOW + 5)
    feed.catch_up()
    assert heard == [consent_key(account_id, "tabi-points", "points.credit")]
    ended = find(database, a_consent(account_id))
    assert ended is not None
    assert not ended.is_alive(NOW)


def test_the_list_of_a_person_holds_what_stands_the_newest_first(database: Database):
    """Ended and expired consents are not on it, nor anybody else's."""
    account_id = new_id()
    save(database, a_consent(new_id()))
    older = save(database, a_consent(account_id, client_id="a", granted_at=NOW - 2))
    newer = save(database, a_consent(account_id, client_id="b", granted_at=NOW - 1))
    save(database, a_consent(account_id, client_id="c", expires_at=NOW))
    save(database, a_consent(account_id, client_id="d", ended_at=NOW - 1))
    with database.autocommit() as connection:
        assert consents.all_alive(connection, account_id, NOW) == (newer, older)
