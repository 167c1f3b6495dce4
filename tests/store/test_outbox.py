"""The outbox: with its event or not at all, claimed by one at a time, in order where asked for.

At least once is what every receiver of events is promised (OIDC Back-Channel Logout 2.5, RFC 8935 2).
"""

import pytest
from sqlalchemy import text, update

from idp.store import outbox
from idp.store.database import Connection, Database
from idp.store.outbox import Letter, Message
from idp.store.sealing import Sealer, UnsealingError
from tests.store.rows import NOW, THREADS, at_once, contents, new_id, randomness

LEASE = 120
URL = "https://shop.example.test/logout"


def put(database: Database, sealer: Sealer, body: bytes = b"said", url: str = URL, **other: object) -> None:
    with database.transaction() as connection:
        enqueue(connection, sealer, Letter(url, "text/plain", body), **other)


def enqueue(connection: Connection, sealer: Sealer, letter: Letter, **other: object) -> None:
    values = {"kind": outbox.BACKCHANNEL_LOGOUT, "recipient": "storefront", "now": NOW, "expires_at": NOW + 3600}
    outbox.enqueue(connection, sealer, letter, **{**values, **other})


def claim(database: Database, now: int = NOW) -> Message | None:
    with database.autocommit() as connection:
        return outbox.claim(connection, now, LEASE)


def bodies(database: Database, sealer: Sealer, now: int = NOW) -> list[bytes]:
    """What can be claimed at a moment, in the order in which it is."""
    found = []
    while message := claim(database, now):
        found.append(message.open(sealer).body)
    return found


def finish(database: Database, message: Message, now: int = NOW) -> None:
    with database.autocommit() as connection:
        outbox.finish(connection, message, outbox.DELIVERED, now)


def test_a_message_comes_out_as_it_went_in(fresh_database: Database, sealer: Sealer):
    """Byte for byte, with where it goes and how often that was tried."""
    put(fresh_database, sealer, bytes(range(256)))
    message = claim(fresh_database)
    assert (message.kind, message.recipient, message.tries) == (outbox.BACKCHANNEL_LOGOUT, "storefront", 1)
    assert message.open(sealer) == Letter(URL, "text/plain", bytes(range(256)))


def test_a_message_is_there_only_if_its_event_is(fresh_database: Database, sealer: Sealer):
    """It is written in the transaction of the event, and rolled back with it."""

    def fails() -> None:
        with fresh_database.transaction() as connection:
            enqueue(connection, sealer, Letter(URL, "text/plain", b""))
            raise LookupError

    with pytest.raises(LookupError):
        fails()
    assert claim(fresh_database) is None


def test_of_fifty_who_claim_at_once_each_gets_another_message(fresh_database: Database, sealer: Sealer):
    """No message is handed to two, and none is left over."""
    sent = {str(number).encode() for number in range(THREADS)}
    for body in sent:
        put(fresh_database, sealer, body)
    claimed = at_once(lambda _: claim(fresh_database))
    left = bodies(fresh_database, sealer)
    got = [message.open(sealer).body for message in claimed if message] + left
    assert sorted(got) == sorted(sent)


def test_one_message_is_claimed_by_one_of_fifty(fresh_database: Database, sealer: Sealer):
    """However many processes look at the same moment."""
    put(fresh_database, sealer)
    assert [message is not None for message in at_once(lambda _: claim(fresh_database))].count(True) == 1


def test_what_a_dead_process_had_claimed_is_claimed_again(fresh_database: Database, sealer: Sealer):
    """The lease runs out; until then nobody else has it."""
    put(fresh_database, sealer)
    assert claim(fresh_database) is not None
    assert claim(fresh_database, NOW + LEASE - 1) is None
    again = claim(fresh_database, NOW + LEASE)
    assert (again.tries, again.open(sealer).body) == (2, b"said")


def test_in_order_the_next_waits_until_the_one_before_is_over(fresh_database: Database, sealer: Sealer):
    """A partner hears of the end of a grant after its beginning; another partner, or another kind, does not wait."""
    for body in (b"1", b"2", b"3"):
        put(fresh_database, sealer, body, kind=outbox.PARTNER_MESSAGE, in_order=True)
    put(fresh_database, sealer, b"other kind", in_order=True)
    put(fresh_database, sealer, b"other recipient", kind=outbox.PARTNER_MESSAGE, recipient="tabi", in_order=True)
    put(fresh_database, sealer, b"no order", kind=outbox.PARTNER_MESSAGE)
    first = claim(fresh_database)
    assert first.open(sealer).body == b"1"
    assert bodies(fresh_database, sealer) == [b"other kind", b"other recipient", b"no order"]
    with fresh_database.autocommit() as connection:
        outbox.retry(connection, first, "status 500", NOW + 30)
    assert claim(fresh_database, NOW + 29) is None
    again = claim(fresh_database, NOW + 30)
    assert again.open(sealer).body == b"1"
    finish(fresh_database, again)
    assert bodies(fresh_database, sealer, NOW + 30) == [b"2"]


def test_all_that_is_due_to_a_recipient_can_be_postponed(fresh_database: Database, sealer: Sealer):
    """One that is away holds up nobody else."""
    for recipient in ("away", "away", "there"):
        put(fresh_database, sealer, recipient.encode(), recipient=recipient)
    with fresh_database.autocommit() as connection:
        outbox.postpone(connection, outbox.BACKCHANNEL_LOGOUT, "away", NOW, NOW + 60)
    assert bodies(fresh_database, sealer) == [b"there"]
    assert bodies(fresh_database, sealer, NOW + 60) == [b"away", b"away"]


def test_a_late_failure_does_not_wake_what_was_delivered(fresh_database: Database, sealer: Sealer):
    """A process that was thought dead comes back and tells that it failed: another one had delivered meanwhile."""
    put(fresh_database, sealer)
    slow, quick = claim(fresh_database), claim(fresh_database, NOW + LEASE)
    finish(fresh_database, quick)
    with fresh_database.autocommit() as connection:
        outbox.retry(connection, slow, "timed_out", NOW)
    assert claim(fresh_database, NOW + 10 * LEASE) is None


def test_nothing_that_is_said_can_be_read_in_the_table(fresh_database: Database, sealer: Sealer):
    """Neither the body nor where it goes; and when it is over, not even sealed."""
    put(fresh_database, sealer, b"readable", url="https://readable.example/?key=readable")
    assert "readable" not in repr(contents(fresh_database)["outbox"])
    finish(fresh_database, claim(fresh_database))
    (row,) = contents(fresh_database)["outbox"]
    assert (row["content"], row["outcome"]) == (b"", outbox.DELIVERED)


def test_a_message_that_was_moved_or_changed_does_not_open(fresh_database: Database, sealer: Sealer):
    """Whoever writes to the table without the key can neither redirect a message nor make one up."""
    put(fresh_database, sealer)
    with fresh_database.autocommit() as connection:
        connection.execute(update(outbox.outbox).values(recipient="another"))
    moved = claim(fresh_database)
    with pytest.raises(UnsealingError):
        moved.open(sealer)
    with pytest.raises(UnsealingError):
        moved.open(Sealer(bytes(32), randomness))


def test_what_was_over_long_ago_is_forgotten_and_what_waits_is_kept(fresh_database: Database, sealer: Sealer):
    """However long it waits."""
    put(fresh_database, sealer, b"over", recipient=new_id())
    finish(fresh_database, claim(fresh_database))
    put(fresh_database, sealer, b"waits")
    assert outbox.purge(fresh_database, NOW + outbox.KEEP_SECONDS) == 0
    assert outbox.purge(fresh_database, NOW + outbox.KEEP_SECONDS + 1) == 1
    assert bodies(fresh_database, sealer) == [b"waits"]


def test_messages_are_found_by_index(fresh_database: Database, sealer: Sealer):
    """A million messages that are over cost a claim nothing."""
    if fresh_database.is_sqlite:
        with fresh_database.autocommit() as connection:
            plan = connection.execute(text("EXPLAIN QUERY PLAN SELECT id FROM outbox WHERE next_at <= 1")).all()
        assert "ix_outbox_next_at" in repr(plan)
        return
    with fresh_database.transaction() as connection:
        connection.execute(text("SET LOCAL enable_seqscan = off"))
        plan = connection.execute(text("EXPLAIN SELECT id FROM outbox WHERE next_at <= 1 ORDER BY next_at, id")).all()
    assert "ix_outbox_next_at" in repr(plan)
