"""Everything at once (GDPR 15 and 20, APPI 33): one file of all that is held about a person, and no secret in it."""

import json
import tracemalloc

from sqlalchemy import text

from idp.protocol.activity import Event, Seen
from idp.store import grants
from idp.store.grants import Answer, Grant
from idp.store.schema import metadata
from idp.store.transactions import Purchase
from tests.account.people import account_id, elsewhere, newcomer
from tests.provider.apps import TABI, tokens_for
from tests.provider.provider import Provider

LEFT_OUT = {
    "token_families": "what an app may do stands with the sharing; the row itself is a secret's hash",
    "mail_proofs": "they live for minutes, and their addresses are those of the profile",
    "address_changes": "they live for days, and are told by a letter and in the activity",
    "recoveries": "one that runs is told by letters and in the activity",
    "pending_sign_ins": "they live for minutes",
    "passkey_challenges": "they live for minutes",
    "authorization_codes": "they live for a minute",
    "audit_salts": "a secret",
    "shadow_results": "what a policy that is not in force would have done",
}
"""Tables that know a person and are not in the file, with the reason."""
IN_THE_FILE = {
    "accounts": "account",
    "sessions": "sessions",
    "activity": "activity",
    "transactions": "purchases",
    "grants": "sharing",
    "partner_members": "account",
    "passkeys": "ways_to_sign_in",
    "agreed_terms": "account",
    "upstream_links": "ways_to_sign_in",
    "authenticators": "ways_to_sign_in",
    "recovery_codes": "ways_to_sign_in",
}


def test_one_file_holds_what_is_held(shared_provider: Provider):
    mio, services = newcomer(shared_provider, birthdate="2001-02-03"), shared_provider.services
    me = account_id(mio)
    elsewhere(mio, "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Firefox/140.0")
    tokens_for(mio, TABI, ticks=("prefecture",))
    with services.database.transaction() as connection:
        services.transactions.replace(connection, me, [Purchase(1_790_000_000, "Shop", "books", "A book", 1200)])
    response = mio.browser.get("/account/download")
    assert response.headers["content-disposition"] == 'attachment; filename="account.json"'
    assert response.headers["cache-control"] == "no-store"
    record = json.loads(response.text)
    assert record["account"]["profile"]["birthdate"] == "2001-02-03"
    assert record["ways_to_sign_in"]["has_password"] is True
    assert sorted(session["device"] for session in record["sessions"]) == ["", "Firefox, Linux"]
    assert record["purchases"] == [
        {"at": 1_790_000_000, "shop": "Shop", "category": "books", "item": "A book", "yen": 1200}
    ]
    (grant,) = record["sharing"]["grants"]
    assert (grant["client_id"], len(grant["receipts"])) == ("tabi-points", 1)


def test_the_file_holds_all_activity_however_much_there_is(shared_provider: Provider):
    mio, services = newcomer(shared_provider), shared_provider.services
    from_here = Seen("203.0.113.7", "Firefox, Linux")
    with services.database.transaction() as connection:
        for number in range(1100):
            services.activity.note(
                connection, account_id(mio), Event.SESSION_ENDED, from_here, services.now, name=str(number)
            )
    record = json.loads(mio.browser.get("/account/download").text)
    told = [each["details"].get("name") for each in record["activity"] if each["what"] == "session_ended"]
    assert told == [str(number) for number in reversed(range(1100))]


def test_the_file_holds_all_sharing_however_much_there_is(shared_provider: Provider):
    """Grants, what happened to each and its receipts are read in batches, and the list of them is whole."""
    mio, services = newcomer(shared_provider), shared_provider.services
    me = account_id(mio)
    answers = {"prefecture": Answer(agreed=True, at=services.now, until=services.now + 1)}
    with services.database.transaction() as connection:
        for number in range(520):
            at = services.now - number
            grant = Grant(f"{me[:20]}-{number}", me, "tabi-points", f"p{number}", {}, answers, at, at + 1)
            assert grants.add(connection, grant)
    record = json.loads(mio.browser.get("/account/download", timeout=60).text)
    assert [grant["purpose"] for grant in record["sharing"]["grants"]] == [f"p{number}" for number in range(520)]


def test_a_huge_account_does_not_make_a_worker_grow(provider: Provider):
    """However long the file, what is held of it at a time is a batch; and its length is told before it is sent.

    Half of the file is a generous bound: Python's own table of names alone is now and then made anew, at 10 MB.
    """
    mio, services = newcomer(provider), provider.services
    bought = [Purchase(1_790_000_000 + number, "Shop", "books", "A book" * 800, number) for number in range(10_000)]
    with services.database.transaction() as connection:
        services.transactions.replace(connection, account_id(mio), bought)
    del bought
    tracemalloc.start()
    try:
        with mio.browser.stream("GET", "/account/download", timeout=60) as response:
            received = sum(len(chunk) for chunk in response.iter_raw(65_536))
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert received == int(response.headers["content-length"]) > 48_000_000
    assert peak < received / 2


def test_a_failure_on_the_way_gives_no_file_at_all(provider: Provider):
    """What cannot be read to its end is an error, and nothing that could be taken for the whole is sent."""
    mio, services = newcomer(provider), provider.services
    with services.database.transaction() as connection:
        for number in range(1100):
            services.activity.note(connection, account_id(mio), Event.SESSION_ENDED, Seen("", ""), number)
        oldest = "(SELECT min(id) FROM activity WHERE account_id = :me AND at = 0)"
        damaged = text(f"UPDATE activity SET details = :nothing WHERE id = {oldest}")  # noqa: S608 - the test's own
        connection.execute(damaged, {"nothing": b"damaged", "me": account_id(mio)})
    response = mio.browser.get("/account/download", timeout=60)
    assert response.status_code == 500
    assert "content-disposition" not in response.headers
    assert "session_ended" not in response.text


def test_no_secret_is_in_the_file(shared_provider: Provider):
    """ASVS 14.2: neither cookies nor hashes, nor what others could sign in with."""
    mio = newcomer(shared_provider)
    text = mio.browser.get("/account/download").text
    assert "$argon2" not in text
    assert mio.browser.cookies["sekisho_session"] not in text
    assert "secret" not in text.replace("secret_", "")


def test_every_table_that_knows_a_person_is_in_the_file_or_named_here():
    """A new table of somebody's is not forgotten."""
    tables = {table.name for table in metadata.tables.values() if "account_id" in table.c} | {"accounts"}
    assert tables == IN_THE_FILE.keys() | LEFT_OUT.keys()
