"""Proofs by mail: a secret is taken once, a code exchanged once, by one of many (ASVS 6.5.1)."""

import pytest
from sqlalchemy import select

from idp.store import mail_proofs
from idp.store.database import Database
from idp.store.mail_proofs import MAX_TRIES, Issued, MailProof, MailProofs, ProofKind
from idp.store.sealing import Sealer
from tests.store.rows import NOW, at_once, new_id, randomness

SIGN_UP = ProofKind.SIGN_UP
HERE = "the browser where it began"
WRONG = "00000000"


@pytest.fixture
def proofs(sealer: Sealer) -> MailProofs:
    return MailProofs(sealer, randomness)


def begin(database: Database, proofs: MailProofs, **content: str) -> Issued:
    with database.transaction() as connection:
        return proofs.add(connection, SIGN_UP, HERE, NOW + 60, address="hana@example.jp", **content)


def take(database: Database, proofs: MailProofs, secret: str, kind: ProofKind = SIGN_UP, now: int = NOW):
    with database.transaction() as connection:
        return proofs.take(connection, kind, secret, now)


def exchange(
    database: Database, proofs: MailProofs, issued: Issued, code: str = "", where: str = HERE, now: int = NOW
) -> str | None:
    with database.autocommit() as connection:
        return proofs.exchange(connection, SIGN_UP, issued.id, where, code or issued.code, now)


def find(database: Database, proofs: MailProofs, secret: str, now: int = NOW) -> MailProof | None:
    with database.autocommit() as connection:
        return proofs.find(connection, SIGN_UP, secret, now)


def test_a_link_is_looked_at_as_often_as_anybody_likes_and_taken_once(database: Database, proofs: MailProofs):
    """What scans mail follows links; only taking spends it."""
    issued = begin(database, proofs, account_id="a1", flow="flow-1")
    seen = [find(database, proofs, issued.secret) for _ in range(3)]
    assert {(proof.address, proof.flow, proof.account_id) for proof in seen} == {("hana@example.jp", "flow-1", "a1")}
    assert take(database, proofs, issued.secret) == seen[0]
    assert take(database, proofs, issued.secret) is None
    assert find(database, proofs, issued.secret) is None


def test_a_link_opens_nothing_of_another_kind_nor_after_its_time(database: Database, proofs: MailProofs):
    """A letter for signing up changes no password."""
    issued = begin(database, proofs)
    assert take(database, proofs, issued.secret, ProofKind.NEW_PASSWORD) is None
    assert take(database, proofs, issued.secret, now=NOW + 60) is None
    assert take(database, proofs, issued.secret, now=NOW + 59) is not None


def test_the_code_is_exchanged_for_a_secret_that_takes_the_place_of_the_letters(database: Database, proofs: MailProofs):
    """Link and code open once between them."""
    issued = begin(database, proofs)
    assert exchange(database, proofs, issued, where="another browser") is None
    assert exchange(database, proofs, issued, now=NOW + 60) is None
    secret = exchange(database, proofs, issued)
    assert secret is not None
    assert exchange(database, proofs, issued) is None
    assert take(database, proofs, issued.secret) is None
    assert take(database, proofs, secret) is not None


def test_after_five_tries_no_code_is_right(database: Database, proofs: MailProofs):
    """A million guesses at eight digits are five; the link still works for whoever reads the mail."""
    issued = begin(database, proofs)
    wrong = WRONG if issued.code != WRONG else "11111111"
    assert [exchange(database, proofs, issued, wrong) for _ in range(MAX_TRIES)] == [None] * MAX_TRIES
    assert exchange(database, proofs, issued) is None
    assert take(database, proofs, issued.secret) is not None


def test_fifty_at_once_take_one_link_once(database: Database, proofs: MailProofs):
    """One conditional UPDATE decides."""
    issued = begin(database, proofs)
    taken = at_once(lambda _: take(database, proofs, issued.secret))
    assert len([each for each in taken if each is not None]) == 1


def test_fifty_at_once_exchange_one_code_once(database: Database, proofs: MailProofs):
    """And the one secret that was given is the one that opens."""
    issued = begin(database, proofs)
    (secret,) = [each for each in at_once(lambda _: exchange(database, proofs, issued)) if each is not None]
    assert take(database, proofs, secret) is not None


def test_fifty_wrong_guesses_at_once_are_five(database: Database, proofs: MailProofs):
    """Tries are counted by the statement that compares."""
    issued = begin(database, proofs)
    wrong = WRONG if issued.code != WRONG else "11111111"
    at_once(lambda _: exchange(database, proofs, issued, wrong))
    with database.autocommit() as connection:
        tries = select(mail_proofs.mail_proofs.c.tries).where(mail_proofs.mail_proofs.c.id == issued.id)
        assert connection.execute(tries).scalar_one() == MAX_TRIES


def test_what_is_stored_opens_nothing_and_names_nobody(database: Database, proofs: MailProofs):
    """Hashes of secret and code, the address sealed."""
    issued = begin(database, proofs)
    with database.autocommit() as connection:
        stored = repr(connection.execute(select(mail_proofs.mail_proofs)).all())
    assert not [each for each in (issued.secret, issued.code, "hana@example.jp") if each in stored]


def test_a_change_of_the_account_ends_its_letters(database: Database, proofs: MailProofs):
    """And nobody else's."""
    account = new_id()
    own, others = begin(database, proofs, account_id=account), begin(database, proofs, account_id=new_id())
    with database.transaction() as connection:
        mail_proofs.forget_account(connection, account)
    assert find(database, proofs, own.secret) is None
    assert find(database, proofs, others.secret) is not None


def test_what_is_over_is_forgotten(database: Database, proofs: MailProofs):
    """By maintenance, a row at a time and no sooner."""
    issued = begin(database, proofs)
    mail_proofs.purge(database, NOW + 60)
    assert find(database, proofs, issued.secret) is not None
    assert mail_proofs.purge(database, NOW + 61) > 0
