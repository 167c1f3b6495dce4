"""The authenticator app of an account: one secret, sealed, and every time step accepted once (RFC 6238 5.2)."""

import pyotp
import pytest
from hypothesis import given
from hypothesis import strategies as st

from idp.protocol.totp import STEP_SECONDS, enrolment_uri, step_of
from idp.store.authenticators import SETTING_UP, Authenticators, authenticators, is_on, stop, turn_off
from idp.store.database import Database
from idp.store.sealing import Sealer
from tests.store.rows import NOW, at_once, at_once_behind, new_id, randomness

RFC_SECRET = "GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ"
"""`12345678901234567890`, the secret of RFC 6238, appendix B."""


@pytest.fixture
def apps(sealer: Sealer) -> Authenticators:
    return Authenticators(sealer, randomness)


def begun(database: Database, apps: Authenticators, account_id: str, now: int = NOW) -> pyotp.TOTP:
    with database.transaction() as connection:
        apps.begin(connection, account_id, now)
        found = apps.find(connection, account_id, now)
    assert found is not None
    return pyotp.TOTP(found.secret)


def confirm(database: Database, apps: Authenticators, account_id: str, code: str, now: int = NOW) -> bool:
    with database.transaction() as connection:
        return apps.confirm(connection, account_id, code, now)


def accept(database: Database, apps: Authenticators, account_id: str, code: str, now: int) -> bool:
    with database.transaction() as connection:
        return apps.accept(connection, account_id, code, now)


@pytest.fixture
def turned_on(database: Database, apps: Authenticators) -> tuple[str, pyotp.TOTP]:
    account_id = new_id()
    app = begun(database, apps, account_id)
    assert confirm(database, apps, account_id, app.at(NOW))
    return account_id, app


@pytest.mark.parametrize(
    ("at", "code"),
    [(59, "287082"), (1111111109, "081804"), (1111111111, "050471"), (1234567890, "005924"), (20000000000, "353130")],
)
def test_rfc_6238_appendix_b(at: int, code: str):
    """The values that the specification gives, of which an app shows six digits."""
    assert step_of(RFC_SECRET, code, at) == at // STEP_SECONDS


def test_the_uri_is_one_that_apps_read():
    """Key URI format: the label names service and account, whatever letters are in them."""
    uri = enrolment_uri(RFC_SECRET, "花&x@example.jp", "関所: A/B")
    assert pyotp.parse_uri(uri).secret == RFC_SECRET
    assert (pyotp.parse_uri(uri).name, pyotp.parse_uri(uri).issuer) == ("花&x@example.jp", "関所: A/B")


@given(st.text(max_size=20))
def test_any_text_is_a_code_or_none(text: str):
    """Whatever is typed gives a step near now, or nothing."""
    step = step_of(RFC_SECRET, text, NOW)
    assert step is None or abs(step - NOW // STEP_SECONDS) <= 1


def test_fifty_times_one_code_is_one_sign_in(
    database: Database, apps: Authenticators, turned_on: tuple[str, pyotp.TOTP]
):
    """RFC 6238 5.2: one conditional UPDATE decides, although all of them had read the same row."""
    account_id, app = turned_on
    later = NOW + STEP_SECONDS
    code = app.at(later)
    answers = at_once_behind(database, authenticators, lambda _: accept(database, apps, account_id, code, later))
    assert sorted(answers)[-2:] == [False, True]


def test_an_older_step_is_over_once_a_newer_one_was_used(
    database: Database, apps: Authenticators, turned_on: tuple[str, pyotp.TOTP]
):
    """Time steps go forward only; the one that turned the app on is used already."""
    account_id, app = turned_on
    later = NOW + 2 * STEP_SECONDS
    assert not accept(database, apps, account_id, app.at(NOW), NOW)
    assert accept(database, apps, account_id, app.at(later + STEP_SECONDS), later), "a phone that is a step ahead"
    assert not accept(database, apps, account_id, app.at(later), later)


def test_an_app_is_turned_on_once(database: Database, apps: Authenticators):
    """By one of fifty that have the right code; a new secret in another window changes nothing of it then."""
    account_id = new_id()
    app = begun(database, apps, account_id)
    assert sorted(at_once(lambda _: confirm(database, apps, account_id, app.at(NOW))))[-2:] == [False, True]
    assert begun(database, apps, account_id).secret == app.secret
    with database.transaction() as connection:
        stop(connection, account_id)
        assert is_on(connection, account_id), "nor does stopping to set it up"
        assert turn_off(connection, account_id)
        assert not turn_off(connection, account_id)
        assert not is_on(connection, account_id)


def test_a_secret_that_was_only_shown_is_no_factor(database: Database, apps: Authenticators):
    """It is neither on nor accepted, is replaced by the next one, and is gone after an hour."""
    account_id = new_id()
    first = begun(database, apps, account_id)
    second = begun(database, apps, account_id)
    assert not accept(database, apps, account_id, second.at(NOW), NOW)
    assert not confirm(database, apps, account_id, first.at(NOW))
    assert not confirm(database, apps, account_id, second.at(NOW + SETTING_UP), NOW + SETTING_UP)
    with database.autocommit() as connection:
        assert not is_on(connection, account_id)
