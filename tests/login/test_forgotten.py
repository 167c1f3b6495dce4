"""Another password for whoever forgot theirs: by mail alone, telling nobody who has an account (ASVS 6.4, 6.3.8)."""

import pytest
from sqlalchemy import event

from tests.login.test_sign_in import change_status
from tests.provider.apps import PHONE, STOREFRONT, tokens_for
from tests.provider.operator import declare_people
from tests.provider.person import Person, as_client, hidden
from tests.provider.provider import Provider
from tests.web.letters import Received, letters
from tests.web.visits import answer, error_code, flow_of, follow, shows, sign_in, signed_in, visit

HANA, KEN = "hana@example.jp", "ken@example.jp"
NEW = "tanuki ga odoru yoru"


def ask(person: Person, address: str = HANA, flow: str = ""):
    form = hidden(person.browser.get(f"/login/forgotten?flow={flow}").text)
    return follow(person, person.browser.post("/login/forgotten", data={**form, "email": address}))


def letter_for(person: Person, address: str = HANA) -> Received:
    """Ask for a letter and read it."""
    ask(person, address)
    return letters(person.provider, address)[0]


def choose(person: Person, link: str, password: str = NEW):
    page = person.browser.get(link)
    return person.browser.post("/login/forgotten/finish", data={**hidden(page.text), "password": password})


def test_by_code_and_back_to_the_app(hana: Person):
    """The old password opens nothing, the new one does, and the app that waited goes on."""
    flow = flow_of(visit(hana, STOREFRONT))
    page = ask(hana, flow=flow)
    (letter,) = letters(hana.provider, HANA)
    page = follow(hana, hana.browser.post("/login/forgotten/code", data={**hidden(page.text), "code": letter.code}))
    done = hana.browser.post("/login/forgotten/finish", data={**hidden(page.text), "password": NEW})
    assert f'href="/authorize/continue?flow={flow}"' in done.text
    page = follow(hana, hana.browser.get(f"/authorize/continue?flow={flow}"))
    assert sign_in(hana, page).status_code == 401
    assert "code" in answer(sign_in(hana, page, NEW))


def test_it_ends_every_session_and_token_and_is_told(hana: Person):
    """Whoever knew the old password is out: browsers, apps that stay connected, and letters from before."""
    thief = signed_in(Person(hana.provider))
    stolen = tokens_for(hana, PHONE)["refresh_token"]
    first, second = letter_for(hana), letter_for(hana)
    assert shows(choose(Person(hana.provider), second.link), "to-sign-in")
    assert thief.browser.get("/account").headers["location"].startswith("/login")
    refresh = {"grant_type": "refresh_token", "refresh_token": stolen}
    assert as_client(hana.provider, PHONE.client_id, "/token", refresh).json()["error"] == "invalid_grant"
    told, *_ = letters(hana.provider, HANA)
    assert (told.link, told.code) == ("", "")
    assert error_code(hana.browser.get(first.link)) == "link_over"
    assert error_code(hana.browser.get(second.link)) == "link_over"


def test_it_signs_nobody_in(hana: Person):
    """A mailbox opens no session: whatever the account asks for besides the password, it asks for next."""
    choose(hana, letter_for(hana).link)
    assert hana.browser.get("/account").headers["location"].startswith("/login")


def test_a_refused_password_spends_nothing(hana: Person):
    """The same link goes on."""
    letter = letter_for(hana)
    assert shows(choose(hana, letter.link, "password1234567"), "password-error")
    assert shows(choose(hana, letter.link, f"{HANA}!!!"), "password-error")
    assert shows(choose(hana, letter.link), "to-sign-in")


def test_the_letter_is_over_after_ten_minutes(hana: Person):
    """ASVS 6.5.5."""
    letter = letter_for(hana)
    hana.provider.clock.forward(600)
    assert error_code(hana.browser.get(letter.link)) == "link_over"


def test_a_suspended_account_gets_no_new_password(hana: Person):
    """Neither a letter with a link, nor by one from before."""
    letter = letter_for(hana, KEN)
    page = hana.browser.get(letter.link)
    change_status(hana.provider, KEN, "suspended")
    form = {**hidden(page.text), "password": NEW}
    assert error_code(hana.browser.post("/login/forgotten/finish", data=form)) == "link_over"
    assert letter_for(hana, KEN).link == ""


@pytest.mark.parametrize(
    "profile", [{}, {"email": "jiro@example.jp"}, {"email": "other@example.jp", "email_verified": True}], ids=str
)
def test_only_a_proved_address_gets_a_link(hana: Person, profile: dict):
    """An address that an operator wrote down and nobody proved, or that is not the one asked with, is not enough."""
    declare_people(hana.provider, {"username": "jiro@example.jp", "profile": profile})
    assert letter_for(hana, "jiro@example.jp").link == ""


def what_happens(person: Person, address: str) -> tuple[list[str], list[int]]:
    statements: list[str] = []
    engine = person.provider.services.database.engine
    form = hidden(person.browser.get("/login/forgotten").text)

    def note(_connection, _cursor, statement, *_rest):
        statements.append(statement)

    event.listen(engine, "before_cursor_execute", note)
    try:
        asked = person.browser.post("/login/forgotten", data={**form, "email": address})
        page = person.browser.get(asked.headers["location"])
        typed = person.browser.post("/login/forgotten/code", data={**hidden(page.text), "code": "00000000"})
    finally:
        event.remove(engine, "before_cursor_execute", note)
    lengths = [len(each.text.replace(address, "")) for each in (asked, page, typed)]
    return statements, [asked.status_code, page.status_code, typed.status_code, *lengths]


def test_nobody_learns_who_has_an_account(provider: Provider):
    """ASVS 6.3.8: the same statements in the same order and the same answers, with or without an account."""
    known, unknown = what_happens(Person(provider), HANA), what_happens(Person(provider), "mona@example.jp")
    assert known == unknown
    assert len(known[0]) > 8
    assert letters(provider, "mona@example.jp")[0].link == ""
