"""A refused sign-in costs the same whoever it was about: one argon2id, the same statements (ASVS 6.3.8, CWE-208).

tests/login/test_sign_in.py takes the time of it; here the work is counted, so that no busy machine hides a difference.
"""

import threading
from types import FrameType

import pytest
from argon2 import PasswordHasher
from sqlalchemy import event

from tests.login.test_sign_in import change_status
from tests.provider.authenticator import Authenticator, enrol
from tests.provider.operator import declare_people
from tests.provider.person import Person
from tests.provider.provider import Provider
from tests.web.visits import signed_in

HANA, KEN, NOBODY = "hana@example.jp", "ken@example.jp", "nobody@example.jp"
WINDOW = 900
"""Seconds after which earlier tries count no more."""


def work_of(provider: Provider, username: str, password: str) -> tuple[int, list[str], int, int]:
    """What a try costs: hashes, statements; and what it says, as far as it differs from another."""
    assert provider.services is not None
    hashes: list[str] = []
    statements: list[str] = []
    provider.clock.forward(WINDOW)
    person = Person(provider, username)
    page = person.browser.get("/login")

    def note(_connection, _cursor, statement, *_rest):
        statements.append(statement)

    def watch(frame: FrameType, happened: str, _argument: object) -> None:
        if happened == "call" and frame.f_code in (PasswordHasher.verify.__code__, PasswordHasher.hash.__code__):
            hashes.append(frame.f_code.co_name)

    engine = provider.services.database.engine
    event.listen(engine, "before_cursor_execute", note)
    threading.setprofile(watch)  # of threads that begin now: each request has one
    try:
        response = person.sign_in(page, password)
    finally:
        threading.setprofile(None)
        event.remove(engine, "before_cursor_execute", note)
    return len(hashes), statements, response.status_code, len(response.text.replace(username, ""))


@pytest.mark.parametrize("password", ["wrong", "", "x" * 1024, "関所"])
def test_a_refusal_costs_the_same_for_everybody(shared_provider: Provider, password: str):
    """Somebody, nobody, somebody who is suspended: one hash each, and the same questions in the same order."""
    change_status(shared_provider, KEN, "suspended")
    somebody, nobody, suspended = (work_of(shared_provider, name, password) for name in (HANA, NOBODY, KEN))
    change_status(shared_provider, KEN, "active")
    assert somebody == nobody == suspended
    assert (somebody[0], somebody[2]) == (1, 401)
    assert somebody[1]


def test_even_the_right_password_of_a_suspended_account(shared_provider: Provider):
    """Whoever has it learns no more than anybody else."""
    change_status(shared_provider, KEN, "suspended")
    right = work_of(shared_provider, KEN, shared_provider.secrets[KEN])
    change_status(shared_provider, KEN, "active")
    assert right == work_of(shared_provider, NOBODY, "wrong")


def test_a_password_that_no_hash_is_made_of_costs_none_for_anybody(shared_provider: Provider):
    """Beyond 1024 characters nobody's time is bought by the megabyte, and nobody's existence shows either."""
    too_long = "x" * 1025
    assert work_of(shared_provider, HANA, too_long) == work_of(shared_provider, NOBODY, too_long)
    assert work_of(shared_provider, HANA, too_long)[0] == 0


def test_an_account_without_a_password_costs_what_one_with_it_does(named_provider: Provider):
    """Whoever signs in by passkey alone is not told apart by the time that a wrong password takes."""
    declare_people(named_provider, {"username": "rin@example.jp", "profile": {"email": "rin@example.jp"}})
    rin = Person(named_provider, "rin@example.jp")
    services = named_provider.services
    assert services is not None
    enrol(signed_in(rin), Authenticator(named_provider.url), "Phone")
    with services.database.transaction() as connection:
        account = services.accounts.find_by_username(connection, rin.username)
        assert account is not None
        services.accounts.change_password(connection, account.id, "", services.now)
    assert work_of(named_provider, rin.username, "wrong") == work_of(named_provider, NOBODY, "wrong")
