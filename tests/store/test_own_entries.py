"""A person's own entries in the audit log: found by their grants, forgotten at once, and never in the leaf."""

from idp.protocol.audit import Disclosed, Sharing, Surface
from idp.protocol.secrets import new_identifier
from idp.store import audit, grants, own_entries
from idp.store.audit import AuditLog
from idp.store.database import Database
from idp.store.grants import Answer, Grant
from idp.store.sealing import Sealer
from tests.store.rows import NOW, randomness

WHAT = Disclosed("d", ("prefecture",), {}, "agreement", 1, Surface.USERINFO)


def grant_of(database: Database, account_id: str, purpose: str = "points") -> Grant:
    answers = {"prefecture": Answer(agreed=True, at=NOW, until=NOW + 100)}
    grant = Grant(new_identifier(randomness), account_id, "tabi", purpose, {}, answers, NOW, NOW + 100)
    with database.transaction() as connection:
        assert grants.add(connection, grant)
    return grant


def disclose(database: Database, sealer: Sealer, grant: Grant, at: int, times: int = 1) -> None:
    with database.autocommit() as connection:
        person = AuditLog(sealer, randomness).person(connection, grant.account_id)
        for _ in range(times):
            sharing = Sharing(person, "tabi", grant.client_id, grant.purpose)
            assert audit.disclosed(connection, sharing, WHAT, grant, at)


def test_what_went_out_is_counted_and_read_page_by_page(database: Database, sealer: Sealer):
    """The newest first, also within one second; another grant's entries are not among them."""
    grant, other = grant_of(database, "a-hana"), grant_of(database, "a-hana", "news")
    disclose(database, sealer, grant, NOW, 2)
    disclose(database, sealer, grant, NOW + 5, 3)
    disclose(database, sealer, other, NOW + 7)
    with database.autocommit() as connection:
        told = own_entries.uses(connection, [grant.id, other.id, "none"])
        assert {key: (each.times, each.last_at) for key, each in told.items()} == {
            grant.id: (5, NOW + 5),
            other.id: (1, NOW + 7),
        }
        read, sizes = [], []
        while page := own_entries.disclosures(connection, grant.id, 2, read[-1] if read else None):
            read += [(entry.disclosed_at, entry.id) for entry in page]
            sizes.append(len(page))
        assert sizes == [2, 2, 1]
        assert read == sorted(read, reverse=True)
        everything = list(own_entries.everything(connection, [grant.id, other.id]))
        assert [entry.disclosed_at for entry in everything] == [NOW] * 2 + [NOW + 5] * 3 + [NOW + 7]
        number = everything[-1].id
        assert own_entries.find(connection, [other.id], number) == everything[-1]
        assert own_entries.find(connection, [grant.id], number) is None
    assert not any(grant.id.encode() in entry.leaf or b"a-hana" in entry.leaf for entry in everything)


def test_batches_leave_nothing_out(database: Database, sealer: Sealer, monkeypatch):
    """However many entries there are."""
    grant = grant_of(database, "a-batch")
    disclose(database, sealer, grant, NOW, 7)
    monkeypatch.setattr(own_entries, "READ_BATCH", 3)
    with database.autocommit() as connection:
        assert len(list(own_entries.everything(connection, [grant.id]))) == 7


def test_what_is_forgotten_is_found_by_nobody_and_stays_in_the_log(database: Database, sealer: Sealer):
    """The salt goes with it; another person's entries stay theirs."""
    grant, other = grant_of(database, "a-gone"), grant_of(database, "a-stays")
    disclose(database, sealer, grant, NOW, 2)
    disclose(database, sealer, other, NOW)
    with database.autocommit() as connection:
        leaves = [entry.leaf for entry in own_entries.everything(connection, [grant.id])]
    with database.transaction() as connection:
        assert own_entries.forget(connection, "a-gone", NOW)
        assert not own_entries.forget(connection, "a-gone", NOW)
    with database.autocommit() as connection:
        assert list(own_entries.everything(connection, [grant.id])) == []
        assert len(list(own_entries.everything(connection, [other.id]))) == 1
        assert AuditLog(sealer, randomness).known_person(connection, "a-gone") is None
        kept = connection.exec_driver_sql("SELECT leaf FROM audit_entries").scalars().all()
    assert [bytes(leaf) for leaf in kept if bytes(leaf) in leaves] == leaves
