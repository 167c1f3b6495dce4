"""Access tokens revoked one by one, known by a hash until they would have expired (RFC 7009)."""

from idp.store import revocations
from idp.store.changes import ChangeFeed, Topic
from idp.store.database import Database
from tests.store.rows import NOW, THREADS, at_once, new_id


def test_a_token_revoked_fifty_times_at_once_is_revoked_and_every_process_hears(database: Database):
    """Revoking again changes nothing and fails nobody."""
    jti = new_id()
    heard: list[str] = []
    feed = ChangeFeed(database, 0)
    feed.subscribe(Topic.TOKEN, heard.append)

    def revoke(_number: int) -> None:
        with database.transaction() as connection:
            revocations.add(connection, jti, NOW + 300, NOW)

    at_once(revoke, THREADS)
    feed.catch_up()
    assert revocations.jti_hash(jti).hex() in heard
    with database.autocommit() as connection:
        assert revocations.still_unexpired(connection, NOW).count(revocations.jti_hash(jti)) == 1


def test_only_tokens_that_could_still_be_used_are_listed_and_kept(database: Database):
    """Afterwards their own expiry refuses them."""
    alive, over = new_id(), new_id()
    with database.transaction() as connection:
        revocations.add(connection, alive, NOW + 9000, NOW)
        revocations.add(connection, over, NOW + 8999, NOW)
        assert revocations.still_unexpired(connection, NOW + 9000) == [revocations.jti_hash(alive)]
    revocations.purge(database, NOW + 9060, 60)
    with database.autocommit() as connection:
        assert revocations.still_unexpired(connection, 0) == [revocations.jti_hash(alive)]
