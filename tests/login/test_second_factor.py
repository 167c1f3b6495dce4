"""The second factor: an authenticator app (RFC 6238), recovery codes, mail; asked for before anybody is signed in."""

import pytest

from tests.provider.apps import STOREFRONT
from tests.provider.person import Person, hidden
from tests.provider.phone import STEP, Phone, make_codes, newcomer, protected, prove, set_up, type_code
from tests.provider.provider import Provider, another_process
from tests.store.rows import contents
from tests.web.letters import letters
from tests.web.pages import Page
from tests.web.visits import answer, claims_of, error_code, follow, shows, sign_in, signed_in, visit

MINUTES_10 = 600
WINDOW = 900
NEW = "tanuki ga odoru yoru"
FLOWLESS = "/login/second-factor?flow="


@pytest.fixture
def owner(shared_provider: Provider) -> tuple[Person, Phone]:
    """Somebody with an app, and a browser that was never here."""
    return protected(shared_provider)


def asked(person: Person):
    """The page after the password."""
    page = sign_in(person, person.browser.get("/login"))
    assert shows(page, "code"), page.text
    return page


def is_in(person: Person) -> bool:
    return person.username in person.browser.get("/").text


def id_token(person: Person, response) -> dict:
    code = answer(response)["code"]
    return claims_of(person.exchange(STOREFRONT.client_id, STOREFRONT.redirect_uri, code).json()["id_token"])


def test_password_then_code(owner: tuple[Person, Phone]):
    """RFC 8176, OIDC Core 2: nobody is signed in before both; the tokens name both, and the request is kept."""
    person, phone = owner
    page = sign_in(person, visit(person, STOREFRONT, state="kept"))
    assert shows(page, "code")
    assert not is_in(person)
    response = prove(person, page, phone.next_code())
    assert answer(response)["state"] == "kept"
    told = id_token(person, response)
    assert told["amr"] == ["pwd", "otp", "mfa"]
    assert told["acr"] == "urn:sekisho:acr:two-factors"
    assert told["auth_time"] == person.provider.clock.now


@pytest.mark.parametrize(("steps", "counts"), [(-2, False), (-1, True), (0, True), (1, True), (2, False)])
def test_rfc_6238_6_a_clock_may_be_one_step_off(owner: tuple[Person, Phone], steps: int, *, counts: bool):
    """RFC 6238 5.2 and 6: half a minute early or late, and no more."""
    person, phone = owner
    page = asked(person)
    person.provider.clock.forward(5 * STEP)
    assert is_in_after(person, page, phone.code(steps)) == counts


def is_in_after(person: Person, page, code: str) -> bool:
    prove(person, page, code)
    return is_in(person)


def test_rfc_6238_5_2_a_code_counts_once(owner: tuple[Person, Phone]):
    """RFC 6238 5.2: neither the code again nor an older one, in this browser or in another."""
    person, phone = owner
    code, older = phone.next_code(), phone.code(-1)
    assert is_in_after(person, asked(person), code)
    for used in (code, older):
        again = Person(person.provider, person.username)
        refused = type_code(again, asked(again), used)
        assert refused.status_code == 401
        assert "was used before" in Page(refused.text).by_id("code-error").text
        assert not is_in(again)


@pytest.mark.parametrize("wrong", ["", "x", "123456", "関所", "１２３４５６", "9" * 60_000, "-1", "0"])
def test_a_wrong_code_opens_nothing(owner: tuple[Person, Phone], wrong: str):
    """Whatever is typed, the page stays and says what to do; the right code opens afterwards."""
    person, phone = owner
    page = asked(person)
    refused = type_code(person, page, wrong)
    assert refused.status_code == 401
    assert Page(refused.text).by_id("code").attributes["aria-describedby"] == "code-error"
    assert not is_in(person)
    assert is_in_after(person, refused, phone.next_code())


def test_a_code_may_be_typed_in_two_groups(owner: tuple[Person, Phone]):
    """Apps show `123 456`."""
    person, phone = owner
    code = phone.next_code()
    assert is_in_after(person, asked(person), f" {code[:3]} {code[3:]} ")


def test_what_was_proved_is_kept_here_and_ends(owner: tuple[Person, Phone]):
    """The first factor is good for ten minutes, in this browser alone; then the request asks from the start again."""
    person, phone = owner
    page = sign_in(person, visit(person, STOREFRONT))
    assert set(hidden(page.text)) == {"csrf", "flow", "factor"}
    other = Person(person.provider, person.username)
    visit(other, STOREFRONT)
    form = {**hidden(page.text), "csrf": hidden(other.browser.get("/login").text)["csrf"], "code": phone.next_code()}
    follow(other, other.browser.post("/login/second-factor", data=form))
    assert not is_in(other)
    person.provider.clock.forward(MINUTES_10)
    late = prove(person, page, phone.next_code())
    assert shows(late, "sign-in")
    assert "code" in answer(prove(person, sign_in(person, late), phone.next_code()))


def test_it_survives_a_restart(owner: tuple[Person, Phone]):
    """What was proved so far and what waits stand in the store: another process goes on with it."""
    person, phone = owner
    page = asked(person)
    with another_process(person.provider) as app:
        cookies = "; ".join(f"{name}={value}" for name, value in person.browser.cookies.items())
        form = {**hidden(page.text), "code": phone.next_code()}
        browser = app.test_client(use_cookies=False)
        response = browser.post("/login/second-factor", data=form, headers={"cookie": cookies})
    assert (response.status_code, response.headers["location"]) == (303, "/")


def test_the_cookie_changes_at_each_factor(owner: tuple[Person, Phone]):
    """ASVS 7.2.4: who planted a cookie has neither the half nor the whole of a sign-in."""
    person, phone = owner
    planted = person.browser.get("/login").cookies["sekisho_session"]
    page = asked(person)
    half = person.browser.cookies["sekisho_session"]
    prove(person, page, phone.next_code())
    assert len({planted, half, person.browser.cookies["sekisho_session"]}) == 3


def test_no_password_no_second_page(owner: tuple[Person, Phone]):
    """Going straight to the page, or posting to it, leads to where one signs in."""
    person, phone = owner
    assert person.browser.get(FLOWLESS).headers["location"] == "/login"
    csrf = hidden(person.browser.get("/login").text)["csrf"]
    form = {"csrf": csrf, "flow": "", "factor": "app", "code": phone.next_code()}
    assert person.browser.post("/login/second-factor", data=form).headers["location"] == "/login"
    assert error_code(person.browser.post("/login/second-factor", data={**form, "csrf": ""})) == "page_expired"


def test_who_is_suspended_meanwhile_is_out(owner: tuple[Person, Phone]):
    """The account is looked at again with the second factor."""
    person, phone = owner
    page, services = asked(person), person.provider.services
    with services.database.transaction() as connection:
        account = services.accounts.find_by_username(connection, person.username)
        services.accounts.change_status(connection, account.id, "suspended", services.now)
    services.feed.read_now()
    assert shows(prove(person, page, phone.next_code()), "sign-in")
    assert not is_in(person)


def test_what_was_wrong_is_said_in_the_language_of_the_page(owner: tuple[Person, Phone]):
    """The sentence is as Japanese as the page around it."""
    person, _ = owner
    person.browser.headers["accept-language"] = "ja"
    refused = Page(type_code(person, asked(person), "000000").text)
    assert "もう一度" in refused.by_id("code-error").text


# ---- recovery codes --------------------------------------------------------------------------------------------------


def test_a_recovery_code_in_place_of_the_phone(shared_provider: Provider):
    """Ten are shown once; one signs in, once, and its person is told by mail."""
    person = signed_in(newcomer(shared_provider))
    set_up(person)
    codes = make_codes(person)
    assert len(set(codes)) == 10
    assert not set(codes) & set(person.browser.get("/account/recovery-codes").text.split())
    for expected in (True, False):
        other = Person(shared_provider, person.username)
        page = follow(other, other.browser.get(Page(asked(other).text).by_id("use-recovery-code").attributes["href"]))
        assert is_in_after(other, page, codes[0].lower()) == expected
    with shared_provider.services.database.autocommit() as connection:
        mail = shared_provider.services.mailer.kept(connection, 100)
    assert len([each for each in mail if each.to == person.username and "recovery code was used" in each.subject]) == 1


def test_recovery_codes_are_no_factor_of_their_own(shared_provider: Provider):
    """Without an app nobody is asked for a second factor, however many codes lie in the drawer."""
    person = signed_in(newcomer(shared_provider))
    make_codes(person)
    assert is_in(signed_in(Person(shared_provider, person.username)))


def test_new_codes_end_the_old_ones(shared_provider: Provider):
    """Made anew, the paper that was lost opens nothing."""
    person = signed_in(newcomer(shared_provider))
    set_up(person)
    old, new = make_codes(person), make_codes(person)
    other = Person(shared_provider, person.username)
    page = asked(other)
    assert type_code(other, page, old[0], factor="recovery-code").status_code == 401
    assert is_in_after(other, page, new[0]) is False
    assert type_code(other, page, new[0], factor="recovery-code").status_code == 303


# ---- limits ----------------------------------------------------------------------------------------------------------


def test_guessing_ends_and_locks_nobody_out(shared_provider: Provider):
    """RFC 6238 5.1, NIST 800-63B 5.2.2: five tries from an unknown browser; the owner's own browser goes on."""
    owner, phone = protected(shared_provider)
    assert is_in_after(owner, asked(owner), phone.next_code())
    thief = Person(shared_provider, owner.username)
    for _ in range(5):
        page = asked(thief)  # the password again, which he knows: it buys no further tries
        assert type_code(thief, page, "000000").status_code == 401
    page = asked(thief)
    assert type_code(thief, page, phone.next_code()).status_code == 429
    assert "sekisho_device" not in thief.browser.cookies
    assert is_in_after(owner, asked(owner), phone.next_code()), "whose browser has a window of its own"
    shared_provider.clock.forward(WINDOW)
    assert is_in_after(thief, asked(thief), phone.next_code()), "and after a quarter of an hour anybody's"


# ---- the pages of one's own account ----------------------------------------------------------------------------------


def test_it_is_on_only_once_a_code_was_shown(shared_provider: Provider):
    """Whoever only looked at the picture, or typed a wrong code, still signs in by the password alone."""
    person = signed_in(newcomer(shared_provider))
    page = person.browser.get("/account/authenticator")
    person.browser.post("/account/authenticator", data={**hidden(page.text), "action": "begin"})
    page = person.browser.get("/account/authenticator")
    assert Page(page.text).by_id("picture").attributes["role"] == "img"
    assert "<svg" in page.text
    wrong = person.browser.post(
        "/account/authenticator", data={**hidden(page.text), "action": "confirm", "code": "000000"}
    )
    assert shows(wrong, "code-error")
    assert Page(wrong.text).by_id("key").text == Page(page.text).by_id("key").text
    assert is_in(signed_in(Person(shared_provider, person.username)))
    person.browser.post("/account/authenticator", data={**hidden(page.text), "action": "stop"})
    assert shows(person.browser.get("/account/authenticator"), "set-up")


def test_oidc_2_setting_it_up_is_no_new_sign_in(shared_provider: Provider):
    """`auth_time` is when the person signed in, and how long that is good for does not begin anew (ASVS 7.5.1)."""
    person = signed_in(newcomer(shared_provider))
    at = shared_provider.clock.now
    shared_provider.clock.forward(400)
    set_up(person)
    told = id_token(person, visit(person, STOREFRONT))
    assert told["auth_time"] == at
    assert (told["acr"], told["amr"]) == ("urn:sekisho:acr:two-factors", ["pwd", "otp", "mfa"])
    shared_provider.clock.forward(201)
    assert shows(follow(person, person.browser.get("/account/authenticator")), "sign-in")


def test_it_is_turned_off_by_whoever_just_showed_both(owner: tuple[Person, Phone]):
    """ASVS 7.5.1: an old session, or one without the second factor, is asked again first, and led back."""
    person, phone = owner
    prove(person, asked(person), phone.next_code())
    person.provider.clock.forward(601)
    page = follow(person, person.browser.get("/account/authenticator"))
    page = prove(person, sign_in(person, page), phone.next_code())
    assert str(page.url.path) == "/account/authenticator"
    person.browser.post("/account/authenticator", data={**hidden(page.text), "action": "off"})
    assert is_in(signed_in(Person(person.provider, person.username)))


def test_a_session_from_before_shows_the_second_factor_first(shared_provider: Provider):
    """A browser that was signed in by the password before the app came cannot turn it off by that."""
    person = signed_in(newcomer(shared_provider))
    before = signed_in(Person(shared_provider, person.username))
    phone = set_up(person)
    page = follow(before, before.browser.get("/account/authenticator"))
    assert shows(page, "code")
    session = before.browser.get("/").text
    assert before.username in session, "who is signed in stays so"
    assert str(prove(before, page, phone.next_code()).url.path) == "/account/authenticator"


def test_the_secret_stands_nowhere_in_the_store(owner: tuple[Person, Phone]):
    """Sealed at rest: neither in base 32 nor as bytes."""
    person, phone = owner
    raw = repr(contents(person.provider.services.database))
    assert phone.secret not in raw


def test_a_new_password_does_not_stand_in_for_the_phone(owner: tuple[Person, Phone]):
    """ASVS 6.4.3: whoever reads the mail may choose another password, and is asked for a code all the same."""
    person, phone = owner
    form = hidden(person.browser.get("/login/forgotten").text)
    person.browser.post("/login/forgotten", data={**form, "email": person.username})
    page = person.browser.get(letters(person.provider, person.username)[0].link)
    done = person.browser.post("/login/forgotten/finish", data={**hidden(page.text), "password": NEW})
    assert done.status_code == 200, done.text
    assert not is_in(person)
    page = sign_in(person, person.browser.get("/login"), NEW)
    assert shows(page, "code")
    assert not is_in(person)
    prove(person, page, phone.next_code())
    assert is_in(person)
