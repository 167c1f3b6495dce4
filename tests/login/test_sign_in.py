"""Signing in with a password (NIST SP 800-63B 5.1.1, ASVS 6.2 and 6.3)."""

import re
from pathlib import Path
from statistics import median
from time import perf_counter

import httpx
import pytest

from tests.provider.apps import STOREFRONT, TABI
from tests.provider.person import Person, hidden
from tests.provider.provider import Provider, serve_here
from tests.web.pages import Page
from tests.web.visits import answer, error_code, shows, sign_in, signed_in, visit

KEN = "ken@example.jp"
CHANGING = re.compile(r'(name="csrf" value=|name="username" value=)"[^"]*"')


@pytest.fixture
def visitor(shared_provider: Provider) -> Person:
    return Person(shared_provider)


def refused(response: httpx.Response) -> str:
    """The page of a refused sign-in, without what differs between any two."""
    assert response.status_code == 401
    assert not response.headers.get_list("set-cookie"), "nobody's session changed"
    return CHANGING.sub(r"\1", response.text)


def change_status(provider: Provider, username: str, status: str) -> None:
    services = provider.services
    assert services is not None
    with services.database.transaction() as connection:
        account = services.accounts.find_by_username(connection, username)
        assert account is not None
        services.accounts.change_status(connection, account.id, status, services.now)
    services.feed.read_now()  # what another process changed is known here within a second


@pytest.mark.parametrize("name", ["hana@example.jp", " Hana@Example.JP ", "HANA@EXAMPLE.JP"])
def test_the_name_is_found_in_any_case(visitor: Person, name: str):
    """ASVS 6.3: people write their address as they like; phones capitalise it."""
    password = visitor.provider.secrets[visitor.username]
    visitor.username = name
    response = sign_in(visitor, visitor.browser.get("/login"), password)
    assert (response.status_code, str(response.url.path)) == (200, "/")
    assert "hana@example.jp" in response.text


@pytest.mark.parametrize(
    "wrong", ["{} ", " {}", "{}x", "", "x", "password", "関所", "x" * 1024, "x" * 1025, "x" * 60_000]
)
def test_only_the_password_opens(visitor: Person, wrong: str):
    """NIST 800-63B 5.1.1.2: every character counts; a wrong one opens nothing, however long it is."""
    password = visitor.provider.secrets[visitor.username]
    response = visitor.sign_in(visitor.browser.get("/login"), wrong.format(password) if "{}" in wrong else wrong)
    page = Page(refused(response))
    assert page.by_id("sign-in-error").attributes["role"] == "alert"
    assert "value" not in page.by_id("password").attributes
    visitor.browser.get("/login")
    assert "code" in answer(visit(signed_in(visitor), STOREFRONT)), "and the account is as it was"


def test_nobody_learns_which_accounts_there_are(visitor: Person):
    """ASVS 6.3.8: a wrong password, an unknown name and a suspended account get the same answer to the letter."""
    pages = []
    for name, password in ((visitor.username, "wrong"), ("nobody@example.jp", "wrong"), (KEN, None)):
        if name == KEN:
            change_status(visitor.provider, KEN, "suspended")
        visitor.username = name
        pages.append(refused(visitor.sign_in(visitor.browser.get("/login"), password)))
    change_status(visitor.provider, KEN, "active")
    assert pages[0] == pages[1] == pages[2]


def test_an_unknown_name_takes_as_long_as_a_wrong_password(tmp_path: Path):
    """ASVS 6.3.8: hashing takes most of the time, also for names that do not exist and accounts without a password."""
    costly = {"IDP_SIGN_IN__ARGON2_MEMORY_KIB": "32768", "IDP_SIGN_IN__ARGON2_TIME_COST": "2"}
    patient = {"IDP_SIGN_IN__FAILURES_PER_ACCOUNT_AND_ADDRESS": "100"}
    with serve_here(f"sqlite:///{tmp_path / 'costly.db'}", **costly, **patient) as provider:
        services = provider.services
        with services.database.transaction() as connection:
            ken = services.accounts.find_by_username(connection, KEN)
            services.accounts.use_passkeys_only(connection, ken.id, services.now)
        times: dict[str, list[float]] = {"hana@example.jp": [], "nobody@example.jp": [], KEN: []}
        person = Person(provider)
        page = person.browser.get("/login")
        for _ in range(5):
            for name, taken in times.items():
                person.username = name
                start = perf_counter()
                assert person.sign_in(page, "wrong").status_code == 401
                taken.append(perf_counter() - start)
    known, *others = (median(taken) for taken in times.values())
    assert all(0.5 < other / known < 2 for other in others), times


def test_a_refused_sign_in_keeps_the_name_and_the_way(visitor: Person):
    """The page after a typing error still knows the app, the request and the name, and never the password."""
    page = visit(visitor, TABI)
    response = visitor.sign_in(page, "a wrong password")
    assert Page(response.text).by_id("username").attributes["value"] == visitor.username
    assert "Tabi Points" in response.text
    assert "a wrong password" not in response.text
    assert hidden(response.text)["flow"] == hidden(page.text)["flow"]
    assert shows(sign_in(visitor, response), "allow")


@pytest.mark.parametrize(
    "name",
    ['"><script>alert(1)</script>', "x" * 10_000, "{{7*7}}", "' OR 1=1 --", "hana@example.jp\u0000", "＠", "\u202e"],
)
def test_a_strange_name_is_only_a_wrong_name(visitor: Person, name: str):
    """Any text in place of a name is refused like any other, and stays text on the page."""
    visitor.username = name
    response = visitor.sign_in(visitor.browser.get("/login"), "password")
    assert response.status_code == (400 if "\0" in name else 401)
    assert all(script.attributes["src"].startswith("/static/") for script in Page(response.text).all("script"))


@pytest.mark.parametrize(
    "form",
    [{}, {"username": "hana@example.jp"}, {"password": "x"}, {"username": "", "password": ""}, {"flow": ""}],
    ids=str,
)
def test_a_form_with_something_missing_is_refused(visitor: Person, form: dict):
    """What is missing counts as wrong; nothing breaks."""
    csrf = hidden(visitor.browser.get("/login").text)["csrf"]
    assert visitor.browser.post("/login", data={"csrf": csrf, **form}).status_code == 401


def test_credentials_come_by_form_alone(visitor: Person):
    """ASVS 14.2.1: a password in an address or in another body is not read."""
    form = {**hidden(visitor.browser.get("/login").text), "username": visitor.username}
    password = visitor.provider.secrets[visitor.username]
    page = visitor.browser.get("/login", params={**form, "password": password, "flow": ""})
    assert shows(page, "sign-in")
    assert password not in Page(page.text).by_id("password").attributes.values()
    assert error_code(visitor.browser.post("/login", json={**form, "password": password})) == "invalid_request"
    in_both = visitor.browser.post("/login", params={"password": password}, data={**form, "password": "wrong"})
    assert in_both.status_code == 401
    assert "Your account" not in visitor.browser.get("/").text


def test_who_is_suspended_is_out_at_once_and_back_when_restored(provider: Provider):
    """Suspending ends what a session may do within a second: no code, no page of one's own; restoring gives it back."""
    ken = signed_in(Person(provider, KEN))
    assert "code" in answer(visit(ken, STOREFRONT))
    change_status(provider, KEN, "suspended")
    assert answer(visit(ken, STOREFRONT, prompt="none"))["error"] == "login_required"
    assert shows(visit(ken, STOREFRONT), "sign-in")
    assert "Welcome" in ken.browser.get("/").text
    assert KEN not in ken.browser.get("/").text
    assert ken.browser.get("/account/sharing").headers["location"] == "/login?next=%2Faccount%2Fsharing"
    change_status(provider, KEN, "active")
    assert "code" in answer(visit(ken, STOREFRONT))


def test_a_hash_of_weaker_days_is_made_anew_at_the_next_sign_in(store_url: str):
    """OWASP password storage: raised argon2id parameters reach each account when its password is next seen."""
    stored = []
    with serve_here(store_url) as before:
        secrets = before.secrets
        stored.append(password_hash(before))
    with serve_here(store_url, IDP_SIGN_IN__ARGON2_TIME_COST="3", IDP_SIGN_IN__ARGON2_MEMORY_KIB="2048") as after:
        after.secrets.update(secrets)
        Person(after).sign_in(Person(after).browser.get("/login"), "wrong")
        stored.append(password_hash(after))
        for _ in range(2):
            signed_in(Person(after))
            stored.append(password_hash(after))
    assert stored[0].startswith("$argon2id$v=19$m=1024,t=1,p=1$")
    assert stored[1] == stored[0], "a wrong password changes nothing"
    assert stored[2].startswith("$argon2id$v=19$m=2048,t=3,p=1$")
    assert stored[3] == stored[2], "once is enough"


def test_a_password_does_not_wear_out(provider: Provider):
    """ASVS 6.2.10: it opens after ten years too, and nobody is asked to change it."""
    provider.clock.forward(10 * 365 * 86_400)
    assert "code" in answer(visit(signed_in(Person(provider)), STOREFRONT))


def password_hash(provider: Provider) -> str:
    assert provider.services is not None
    with provider.services.database.autocommit() as connection:
        account = provider.services.accounts.find_by_username(connection, "hana@example.jp")
    assert account is not None
    return account.password_hash
