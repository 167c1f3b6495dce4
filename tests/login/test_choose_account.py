"""Which account goes on (OIDC Core 3.1.2.1, `select_account`): known ones are offered, in this browser alone."""

import httpx
import pytest

from tests.account.people import account_id, newcomer
from tests.provider.apps import STOREFRONT
from tests.provider.person import Person, hidden
from tests.provider.provider import Provider
from tests.web.pages import Page
from tests.web.visits import answer, follow, shows, sign_in, visit

ACCOUNTS = "/login/accounts"


@pytest.fixture
def mio(shared_provider: Provider) -> Person:
    return newcomer(shared_provider)


@pytest.fixture
def two(mio: Person, shared_provider: Provider) -> tuple[Person, Person]:
    """Mio and Ren, who share a browser; Ren was the last one to sign in."""
    ren = newcomer(shared_provider)
    ren.browser = mio.browser
    sign_in(ren, ren.browser.get("/login"))
    return mio, ren


def names(page: httpx.Response) -> list[str]:
    parsed = Page(page.text)
    return [
        " ".join(each.text.split())
        for each in parsed.all("button", name="account")
        if each.attributes["value"] != "new"
    ]


def choose(person: Person, page: httpx.Response, **form: str) -> httpx.Response:
    return follow(person, person.browser.post(ACCOUNTS, data={**hidden(page.text), **form}))


def signed_in_as(person: Person) -> str:
    return Page(person.browser.get("/account").text).all("bdi")[0].text


def test_the_choice_is_shown_where_the_app_asks_for_it(two: tuple[Person, Person]):
    """And whoever goes on as they are is asked for nothing more."""
    mio, ren = two
    page = visit(ren, STOREFRONT, prompt="select_account")
    assert names(page) == [f"{ren.username} signed in", mio.username]
    response = choose(ren, page, account=account_id(ren))
    assert "code" in answer(response)


def test_another_account_signs_in_and_the_request_goes_on(two: tuple[Person, Person]):
    mio, ren = two
    page = choose(ren, visit(ren, STOREFRONT, prompt="select_account"), account=account_id(mio))
    assert Page(page.text).by_id("username").attributes["value"] == mio.username
    assert "code" in answer(sign_in(mio, page))
    assert signed_in_as(mio) == mio.username


def test_what_is_filled_in_is_what_they_sign_in_with(mio: Person):
    """Not their e-mail address, where they sign in by another name; and nothing where that name is not known."""
    services = mio.provider.services
    for profile, filled in (({"preferred_username": mio.username}, mio.username), ({}, "")):
        changed = {"email": "elsewhere@example.jp", **profile}
        with services.database.transaction() as connection:
            services.accounts.change_profile(connection, account_id(mio), changed, services.now)
        page = mio.browser.get(f"/login?account={account_id(mio)}")
        assert Page(page.text).by_id("username").attributes["value"] == filled


def test_a_choice_is_no_sign_in_where_the_app_asks_for_one(two: tuple[Person, Person]):
    """OIDC Core 3.1.2.1: prompt=login and max_age hold for whoever was chosen."""
    _mio, ren = two
    ren.provider.clock.forward(100)
    for asked in ({"prompt": "login select_account"}, {"prompt": "select_account", "max_age": "50"}):
        page = choose(ren, visit(ren, STOREFRONT, **asked), account=account_id(ren))
        assert shows(page, "sign-in")


def test_whoever_is_none_of_them_signs_in_by_a_blank_page(two: tuple[Person, Person]):
    _mio, ren = two
    page = choose(ren, visit(ren, STOREFRONT, prompt="select_account"), account="new")
    assert Page(page.text).by_id("username").attributes["value"] == ""


def test_signing_in_again_remembers_who_it_was(mio: Person):
    """The name stands there; a link leads away from it, for it may be somebody else who sits here now."""
    mio.browser.post("/logout/confirm", data={**hidden(mio.browser.get("/account").text), "decision": "confirm"})
    page = mio.browser.get("/login")
    assert Page(page.text).by_id("username").attributes["value"] == mio.username
    assert shows(mio.browser.get(Page(page.text).by_id("not-you").attributes["href"]), "another")
    named = visit(mio, STOREFRONT, login_hint="somebody@example.jp")
    assert Page(named.text).by_id("username").attributes["value"] == "somebody@example.jp"


def test_an_account_is_taken_off_the_list(two: tuple[Person, Person]):
    mio, ren = two
    page = choose(ren, ren.browser.get(ACCOUNTS), forget=account_id(mio))
    assert names(page) == [f"{ren.username} signed in"]


def test_no_other_browser_knows_and_no_cookie_can_be_made_up(two: tuple[Person, Person]):
    """Nobody learns which accounts there are: the list is sealed, and read in its own browser alone."""
    mio, _ren = two
    cookie = mio.browser.cookies["sekisho_accounts"]
    assert account_id(mio) not in cookie
    for made_up in ("x", cookie[:-4], cookie[4:], "W10", "%E3"):
        stranger = Person(mio.provider)
        stranger.browser.cookies.set("sekisho_accounts", made_up)
        response = stranger.browser.get(ACCOUNTS)
        assert response.headers["location"] == "/login?account=new"
        assert Page(stranger.browser.get("/login").text).by_id("username").attributes["value"] == ""


def test_an_account_that_is_named_but_not_known_here_fills_in_nothing(mio: Person, shared_provider: Provider):
    other = newcomer(shared_provider)
    page = mio.browser.get("/login", params={"account": account_id(other)})
    assert Page(page.text).by_id("username").attributes["value"] == ""


def test_the_cookie_is_for_no_script(mio: Person):
    """ASVS 3.3: HttpOnly and SameSite."""
    given = sign_in_headers(mio)
    assert "HttpOnly" in given
    assert "SameSite=Lax" in given


def sign_in_headers(person: Person) -> str:
    response = person.sign_in(person.browser.get("/login"))
    return next(each for each in response.headers.get_list("set-cookie") if each.startswith("sekisho_accounts="))
