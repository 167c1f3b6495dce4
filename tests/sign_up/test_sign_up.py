"""Making an account: by link or by code, once, and without telling who has one (ASVS 6.2, 6.3.8, NIST SP 800-63B-4)."""

import re
from urllib.parse import urlsplit

import httpx
import pytest
from sqlalchemy import event, text

from idp.store import agreed_terms
from tests.provider.apps import STOREFRONT, TABI
from tests.provider.person import Person, hidden
from tests.provider.provider import Provider
from tests.web.letters import letters
from tests.web.visits import answer, error_code, flow_of, follow, shows, sign_in, visit

MEI = "mei@example.org"
GOOD = "tanuki ga odoru yoru"
CHANGING = re.compile(r'(name="(?:csrf|proof)" value=|proof=)"?[A-Za-z0-9_-]+"?')


@pytest.fixture
def mei(provider: Provider) -> Person:
    return Person(provider, MEI)


def ask(person: Person, address: str = "", page: httpx.Response | None = None) -> httpx.Response:
    """Write an address on the page, and go where that leads."""
    form = hidden((page or person.browser.get("/sign-up")).text)
    return follow(person, person.browser.post("/sign-up", data={**form, "email": address or person.username}))


def type_code(person: Person, page: httpx.Response, code: str) -> httpx.Response:
    return follow(person, person.browser.post("/sign-up/code", data={**hidden(page.text), "code": code}))


def choose(person: Person, page: httpx.Response, password: str = GOOD, **more: str) -> httpx.Response:
    form = {**hidden(page.text), "password": password, "terms": "agreed", **more}
    return follow(person, person.browser.post("/sign-up/finish", data=form))


def profile_of(provider: Provider, address: str) -> dict | None:
    with provider.services.database.autocommit() as connection:
        account = provider.services.accounts.find_by_username(connection, address)
    return dict(account.profile) if account else None


def test_by_code_from_an_app_and_back_to_it(mei: Person):
    """The request waits all the while; the address is proved, and the terms that were agreed to are written down."""
    page = visit(mei, STOREFRONT)
    flow = flow_of(page)
    assert f'id="sign-up" href="/sign-up?flow={flow}"' in page.text
    page = ask(mei, page=mei.browser.get(f"/sign-up?flow={flow}"))
    assert shows(page, "code")
    (letter,) = letters(mei.provider, MEI)
    assert letter.code, letter.text
    page = type_code(mei, page, f" {letter.code[:4]}-{letter.code[4:]} ")
    assert shows(page, "create"), page.text
    assert "code" in answer(choose(mei, page))
    assert profile_of(mei.provider, MEI) == {"email": MEI, "email_verified": True, "locale": "en"}
    with mei.provider.services.database.autocommit() as connection:
        ((version, at),) = connection.execute(
            agreed_terms.agreed_terms.select().with_only_columns(
                agreed_terms.agreed_terms.c.version, agreed_terms.agreed_terms.c.agreed_at
            )
        )
    assert (version, at) == ("2026-11-01", mei.provider.services.now)
    again = Person(mei.provider, MEI)
    assert MEI in sign_in(again, again.browser.get("/login"), GOOD).text


def test_by_link_in_another_browser(mei: Person):
    """The phone where the mail is read makes the account and is signed in; the app is signed in to where it waits."""
    page = visit(mei, STOREFRONT)
    ask(mei, page=mei.browser.get(f"/sign-up?flow={flow_of(page)}"))
    phone = Person(mei.provider, MEI)
    done = choose(phone, phone.browser.get(letters(mei.provider, MEI)[0].link))
    assert (done.status_code, urlsplit(str(done.url)).path) == (200, "/account")
    assert MEI in done.text
    assert "code" in answer(sign_in(mei, page, GOOD))


def test_whoever_only_looks_at_the_link_spends_nothing(mei: Person):
    """Programs that scan mail open every link; a form is sent by people."""
    ask(mei)
    (letter,) = letters(mei.provider, MEI)
    assert [Person(mei.provider).browser.get(letter.link).status_code for _ in range(3)] == [200] * 3
    assert Person(mei.provider).browser.head(letter.link).status_code == 200
    assert profile_of(mei.provider, MEI) is None
    assert MEI in choose(mei, mei.browser.get(letter.link)).text


def test_a_link_makes_one_account(mei: Person):
    """Afterwards it says so and leads on; a link that never was is answered alike."""
    ask(mei)
    (letter,) = letters(mei.provider, MEI)
    page = mei.browser.get(letter.link)
    choose(mei, page)
    assert error_code(choose(Person(mei.provider), page)) == "page_expired"
    assert error_code(choose(mei, mei.browser.get("/sign-up"), token=hidden(page.text)["token"])) == "link_over"
    assert error_code(mei.browser.get(letter.link)) == "link_over"
    assert error_code(mei.browser.get("/sign-up/finish?token=x")) == "link_over"
    assert error_code(mei.browser.get("/sign-up/finish")) == "link_over"


def test_a_letter_is_over_after_an_hour(mei: Person):
    """Link and code alike."""
    page = ask(mei)
    (letter,) = letters(mei.provider, MEI)
    mei.provider.clock.forward(3600)
    assert error_code(mei.browser.get(letter.link)) == "link_over"
    assert error_code(type_code(mei, page, letter.code)) in {"link_over", "page_expired"}


def test_wrong_codes_run_out(mei: Person):
    """Five tries; then the code is worth nothing, and the link still works."""
    page = ask(mei)
    (letter,) = letters(mei.provider, MEI)
    wrong = f"{(int(letter.code) + 1) % 10**8:08}"
    for left in range(4, -1, -1):
        refused = type_code(mei, page, wrong)
        assert (refused.status_code, shows(refused, "code")) == (401, left > 0)
    assert shows(type_code(mei, page, letter.code), "code-error")
    assert shows(mei.browser.get(letter.link), "create")


def test_the_code_is_typed_where_it_was_begun(mei: Person):
    """A stranger who learns the code has no page to type it on."""
    page = ask(mei)
    (letter,) = letters(mei.provider, MEI)
    stranger = Person(mei.provider)
    form = {**hidden(page.text), "csrf": hidden(stranger.browser.get("/sign-up").text)["csrf"], "code": letter.code}
    assert error_code(stranger.browser.post("/sign-up/code", data=form)) == "link_over"
    assert shows(type_code(mei, page, letter.code), "create"), "and no try was counted"


@pytest.mark.parametrize(
    ("password", "more", "error"),
    [
        ("short", {}, "password-error"),
        ("password1234567", {}, "password-error"),
        (f"{MEI} 1", {}, "password-error"),
        (GOOD, {"terms": ""}, "terms-error"),
    ],
)
def test_a_refused_password_spends_nothing(mei: Person, password: str, more: dict[str, str], error: str):
    """The page says why beside the field, and the same link goes on."""
    ask(mei)
    page = mei.browser.get(letters(mei.provider, MEI)[0].link)
    refused = choose(mei, page, password, **more)
    assert (refused.status_code, shows(refused, error)) == (400, True)
    assert password not in re.findall('value="([^"]*)"', refused.text)
    assert MEI in choose(mei, refused).text


@pytest.mark.parametrize(
    "address", ["", "mei", "mei@", "@example.org", "mei@example.org, ken@example.jp", "メイ@例え.jp"]
)
def test_what_is_no_address_is_asked_for_again(mei: Person, address: str):
    """Nothing is sent; what was written stays to be mended."""
    form = {**hidden(mei.browser.get("/sign-up").text), "email": address}
    refused = mei.browser.post("/sign-up", data=form)
    assert (refused.status_code, shows(refused, "email-error")) == (400, True)


def test_a_reader_of_japanese_is_told_in_japanese_what_was_wrong(mei: Person):
    """Mistakes speak the page's language, and so does the letter."""
    mei.browser.headers["accept-language"] = "ja"
    form = hidden(mei.browser.get("/sign-up").text)
    assert "メールアドレスを" in mei.browser.post("/sign-up", data={**form, "email": "mei"}).text
    page = ask(mei)
    assert "お送りしたコードと違います" in type_code(mei, page, "00000000").text
    (letter,) = letters(mei.provider, MEI)
    assert "15文字以上が必要です" in choose(mei, mei.browser.get(letter.link), "short").text
    assert letter.subject == "アカウントの作成"


# Who has an account


def what_happens(person: Person, address: str) -> tuple[list[str], list[str]]:
    """Every statement that a sign-up sends to the database, and every answer, without what differs between any two."""
    statements: list[str] = []
    engine = person.provider.services.database.engine
    page = person.browser.get("/sign-up")

    def note(_connection, _cursor, statement, *_rest):
        statements.append(statement)

    event.listen(engine, "before_cursor_execute", note)
    try:
        first = person.browser.post("/sign-up", data={**hidden(page.text), "email": address})
        second = person.browser.get(first.headers["location"])
        third = type_code(person, second, "00000000")
    finally:
        event.remove(engine, "before_cursor_execute", note)
    said = [f"{each.status_code} {dict(each.headers)} {each.text}" for each in (first, second, third)]
    seen = [CHANGING.sub(r"\1", each.replace(address, "ADDRESS")) for each in said]
    return statements, [re.sub(r"'(date|set-cookie)': '[^']*'", "", each) for each in seen]


def test_nobody_learns_who_has_an_account(provider: Provider):
    """ASVS 6.3.8: the same statements in the same order and the same answers to the letter; only the mail differs."""
    known = what_happens(Person(provider), "hana@example.jp")
    unknown = what_happens(Person(provider), "mona@example.jp")
    assert known == unknown
    assert len(known[0]) > 8
    (to_hana,), (to_mona,) = letters(provider, "hana@example.jp"), letters(provider, "mona@example.jp")
    assert (to_hana.code, to_hana.subject) == ("", "You have an account already")
    assert (to_mona.code != "", to_mona.subject) == (True, "Create your account")


def test_one_address_is_not_flooded_with_letters(mei: Person):
    """The fourth within a quarter of an hour is not sent and not spoken of; the links that were sent all work."""
    pages = [ask(mei) for _ in range(5)]
    assert {page.status_code for page in pages} == {200}
    sent = letters(mei.provider, MEI)
    assert len(sent) == 3
    assert [shows(mei.browser.get(letter.link), "create") for letter in sent] == [True] * 3
    mei.provider.clock.forward(900)
    ask(mei)
    assert len(letters(mei.provider, MEI)) == 4


def test_an_account_made_meanwhile_is_not_made_again(mei: Person):
    """Two letters, one account: the second says that there is one, to whoever reads the mail."""
    ask(mei)
    ask(mei)
    second, first = letters(mei.provider, MEI)
    choose(mei, mei.browser.get(first.link))
    late = Person(mei.provider)
    assert error_code(choose(late, late.browser.get(second.link), "another long password")) == "address_taken"
    with mei.provider.services.database.autocommit() as connection:
        count = connection.execute(text("SELECT count(*) FROM agreed_terms")).scalar_one()
    assert count == 1


def test_a_sign_up_for_a_partners_app_asks_for_consent(mei: Person):
    """The new account begins where any other does: nothing is shared without an answer."""
    flow = flow_of(visit(mei, TABI))
    page = ask(mei, page=mei.browser.get(f"/sign-up?flow={flow}"))
    page = type_code(mei, page, letters(mei.provider, MEI)[0].code)
    assert shows(choose(mei, page), "allow")
