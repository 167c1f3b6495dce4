"""Closing an account: its effect is shown before, it is at once, there is a way back for days, and then it is gone."""

import pytest
from sqlalchemy import text

from idp import closing, maintenance
from idp.closing import DAY
from idp.store import own_entries
from idp.store.database import Database
from idp.store.erasure import KEPT
from idp.web.sessions import RECENTLY
from tests.account.people import account_id, elsewhere, newcomer, send
from tests.logout.told import sign_in_to, told
from tests.provider.apps import STOREFRONT, TABI, tokens_for
from tests.provider.jose import read
from tests.provider.outside import Site
from tests.provider.person import Person, as_client, hidden
from tests.provider.provider import HTTP, Provider
from tests.store.rows import at_once, contents
from tests.web.pages import Page
from tests.web.visits import answer, error_code, follow, sign_in, visit

CLOSE, BACK = "/account/close", "/account/come-back"
GRACE = 14 * DAY


@pytest.fixture
def mio(provider: Provider) -> Person:
    """Mio, signed in, who shares her prefecture with Tabi Points."""
    mio = newcomer(provider, address={"region": "Tokyo"})
    tokens_for(mio, TABI, ticks=("prefecture",))
    return mio


def status(person: Person) -> str:
    services = person.provider.services
    with services.database.autocommit() as connection:
        found = services.accounts.find_by_username(connection, person.username)
        return found.status if found is not None else "gone"


def close(person: Person) -> Page:
    return Page(send(person, CLOSE).text)


def kept_of(database: Database, account: str) -> set[str]:
    """The tables in which an account's identifier still stands, in whatever column."""
    return {name for name, rows in contents(database).items() if account in repr(rows)}


def test_the_effect_is_shown_before_anything_happens(mio: Person):
    elsewhere(mio)
    page = " ".join(Page(mio.browser.get(CLOSE).text).all("main")[0].text.split())
    assert "signed out on every device, this one included (now: 2)" in page
    assert "learn that you ended it: Tabi Points" in page
    assert "sign in within 14 days" in page
    assert status(mio) == "active"


def test_only_somebody_who_signed_in_just_now_closes(mio: Person):
    """ASVS 7.5.1: a browser that was left open does not close the account of who left it."""
    mio.provider.clock.forward(RECENTLY + 1)
    asked = mio.browser.get(CLOSE)
    assert asked.headers["location"] == "/login?next=%2Faccount%2Fclose"
    assert send(mio, CLOSE).headers["location"] == "/login?next=%2Faccount%2Fclose"
    assert status(mio) == "active"
    assert mio.sign_in(mio.browser.get(asked.headers["location"])).headers["location"] == CLOSE


def test_a_form_from_elsewhere_closes_nothing(mio: Person):
    assert error_code(mio.browser.post(CLOSE, data={"csrf": "x"})) == "page_expired"
    assert status(mio) == "active"


def test_at_once_every_token_session_and_grant_ends(mio: Person):
    """And the account shares nothing; whoever was told of the sharing is told of its end."""
    other, services = elsewhere(mio), mio.provider.services
    first, partners = tokens_for(other, STOREFRONT), tokens_for(mio, TABI, ticks=("prefecture",))
    assert close(mio).all("h1")[0].text == "Your account is closed"
    assert "sekisho_session" not in mio.browser.cookies
    for person in (mio, other):
        assert person.browser.get("/account").status_code == 303
        assert answer(visit(person, STOREFRONT, prompt="none"))["error"] == "login_required"
    for app, tokens in ((STOREFRONT, first), (TABI, partners)):
        bearer = {"authorization": f"Bearer {tokens['access_token']}"}
        assert HTTP.get(f"{mio.provider.url}/userinfo", headers=bearer).status_code == 401
        form = {"grant_type": "refresh_token", "refresh_token": tokens["refresh_token"]}
        assert as_client(mio.provider, app.client_id, "/token", form).status_code == 400
    with services.database.autocommit() as connection:
        grants = connection.execute(text("SELECT status FROM grants WHERE account_id = :a"), {"a": account_id(mio)})
        assert set(grants.scalars()) == {"revoked"}


def test_apps_that_a_browser_tells_are_told_by_the_page(mio: Person, outside: Site):
    """Front-Channel Logout 3: those of this session, for the browsers of the others have no page of ours open."""
    here, there = (told(mio.provider, outside, name, "front") for name in ("here", "there"))
    tokens = sign_in_to(mio, here.app)
    sign_in_to(elsewhere(mio), there.app)
    response = send(mio, CLOSE)
    (frame,) = Page(response.text).all("iframe")
    sid = read(mio.provider, tokens["id_token"]).claims["sid"]
    assert frame.attributes["src"].startswith(here.signed_out_url.replace("signed-out", "front"))
    assert f"sid={sid}" in frame.attributes["src"]
    assert f"frame-src {outside.url('')};" in response.headers["content-security-policy"]


def test_signing_in_meanwhile_offers_to_come_back_and_nothing_else(mio: Person):
    close(mio)
    back = Person(mio.provider, mio.username)
    response = back.sign_in(back.browser.get("/login"))
    assert response.headers["location"] == BACK
    assert "On 2 December 2026 everything in it is erased" in " ".join(back.browser.get(BACK).text.split())
    for path in ("/account", "/account/profile", "/account/download", "/account/sharing", CLOSE):
        assert back.browser.get(path).headers["location"].startswith("/login")
    assert answer(visit(back, STOREFRONT, prompt="none"))["error"] == "login_required"
    assert status(mio) == "closing"


def test_whoever_comes_back_has_their_account_again(mio: Person):
    """What ended stays ended; the rest is as it was, and the history tells both."""
    close(mio)
    mio.provider.clock.forward(GRACE - 1)
    sign_in(mio, mio.browser.get("/login"))
    response = send_back(mio, "keep")
    assert response.headers["location"] == "/account?done=kept"
    assert "yours again" in mio.browser.get(response.headers["location"]).text
    mio.provider.clock.forward(GRACE)
    maintenance.run_once(mio.provider.services)
    assert status(mio) == "active"
    sign_in(mio, mio.browser.get("/login"))
    told = mio.browser.get("/account/activity").text
    assert told.index("The account was taken back") < told.index("The account was closed")
    assert "You share nothing with anybody at present" in mio.browser.get("/account/sharing").text


def test_coming_back_leads_on_to_the_app_that_one_was_on_the_way_to(mio: Person):
    """The request of the app is not lost over it."""
    close(mio)
    page = sign_in(mio, visit(mio, STOREFRONT))
    assert Page(page.text).all("h1")[0].text == "Do you want your account back?"
    response = follow(mio, mio.browser.post(BACK, data={**hidden(page.text), "decision": "keep"}))
    assert "code" in answer(response)


def test_leaving_it_closed_signs_out(mio: Person):
    close(mio)
    sign_in(mio, mio.browser.get("/login"))
    assert send_back(mio, "leave").headers["location"] == "/"
    assert status(mio) == "closing"
    assert mio.browser.get(BACK).headers["location"] == "/account"


def test_after_the_days_everything_is_erased(mio: Person):
    """No row of any table but the log's knows the account; the log verifies, and says of nobody that it is theirs."""
    services, me = mio.provider.services, account_id(mio)
    with services.database.autocommit() as connection:
        grant = connection.execute(text("SELECT id FROM grants WHERE account_id = :a"), {"a": me}).scalar_one()
        assert list(own_entries.everything(connection, [grant]))
    close(mio)
    sign_in(mio, mio.browser.get("/login"))
    mio.provider.clock.forward(GRACE - 1)
    maintenance.run_once(services)
    assert status(mio) == "closing"
    mio.provider.clock.forward(1)
    maintenance.run_once(services)
    assert status(mio) == "gone"
    assert kept_of(services.database, me) <= {"changes"}, "the news that something changed, for some minutes"
    assert kept_of(services.database, grant) <= KEPT | {"changes"}
    with services.database.autocommit() as connection:
        assert not list(own_entries.everything(connection, [grant]))
    stranger = Person(mio.provider, mio.username)
    assert stranger.sign_in(stranger.browser.get("/login")).status_code == 401
    assert send_back(mio, "keep").status_code in (303, 403)
    assert status(mio) == "gone"


def test_the_name_is_free_again_and_knows_nothing_of_who_had_it(mio: Person):
    services, before = mio.provider.services, account_id(mio)
    close(mio)
    mio.provider.clock.forward(GRACE)
    maintenance.run_once(services)
    with services.database.transaction() as connection:
        again = services.accounts.create(connection, mio.username, "x", {}, services.now)
    assert again not in (None, before)


def test_of_many_who_come_back_and_erase_at_once_one_wins(mio: Person):
    """Ten at the last moment: it is back or it is gone, and never half."""
    services, me = mio.provider.services, account_id(mio)
    close(mio)
    mio.provider.clock.forward(GRACE)
    seen = closing.Seen("203.0.113.7", "")

    def one(number: int) -> bool:
        if number % 2:
            return closing.come_back(services, me, seen)
        return closing.erase_due(services) == 1

    won = at_once(one, 10)
    assert sum(won) == 1
    assert status(mio) == ("active" if won.index(True) % 2 else "gone")


def test_a_server_that_is_killed_while_it_erases_has_erased_all_or_nothing(mio: Person, monkeypatch):
    """What is cut off before its commit never was, and the next run does all of it."""
    services, me = mio.provider.services, account_id(mio)
    close(mio)
    mio.provider.clock.forward(GRACE)
    before = kept_of(services.database, me) - {"changes"}
    erase = closing.erasure.erase

    def cut_off(connection, account: str) -> None:
        erase(connection, account)
        raise KeyboardInterrupt

    monkeypatch.setattr(closing.erasure, "erase", cut_off)
    with pytest.raises(KeyboardInterrupt):
        closing.erase_due(services)
    assert kept_of(services.database, me) - {"changes"} == before
    assert status(mio) == "closing"
    monkeypatch.undo()
    assert closing.erase_due(services) == 1
    assert status(mio) == "gone"


def test_a_suspended_account_is_not_erased(mio: Person):
    """An operator who holds an account holds it: its closing is taken back."""
    services, me = mio.provider.services, account_id(mio)
    close(mio)
    with services.database.transaction() as connection:
        services.accounts.change_status(connection, me, "suspended", services.now)
    mio.provider.clock.forward(GRACE)
    maintenance.run_once(services)
    assert status(mio) == "suspended"


def send_back(person: Person, decision: str):
    page = person.browser.get(BACK).text
    form = hidden(page) or {"csrf": "x"}
    response = person.browser.post(BACK, data={**form, "decision": decision})
    person.provider.services.feed.read_now()
    return response
