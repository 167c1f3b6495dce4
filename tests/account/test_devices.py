"""Where one is signed in (ASVS 7.5.2): every browser in plain words, and the end of one or all others."""

import pytest
from sqlalchemy import text

from idp.web.sessions import RECENTLY
from tests.account.people import account_id, elsewhere, newcomer, send
from tests.provider.apps import STOREFRONT, tokens_for
from tests.provider.person import Person, as_client, hidden
from tests.provider.phone import set_up
from tests.provider.provider import Provider
from tests.web.pages import Page
from tests.web.visits import error_code, shows

FIREFOX = "Mozilla/5.0 (Windows NT 10.0; Win64; x64; rv:140.0) Gecko/20100101 Firefox/140.0"
IPHONE = "Mozilla/5.0 (iPhone; CPU iPhone OS 19_0 like Mac OS X) AppleWebKit/605.1.15 Version/19.0 Safari/604.1"
DEVICES = "/account/devices"


@pytest.fixture
def mio(shared_provider: Provider) -> Person:
    return newcomer(shared_provider)


def lines(person: Person) -> list[str]:
    page = Page(person.browser.get(DEVICES).text)
    return [" ".join(line.text.split()) for line in page.all("li")]


def session_ids(person: Person) -> list[str]:
    return [e.attributes["value"] for e in Page(person.browser.get(DEVICES).text).all("input", name="session")]


def is_signed_in(person: Person) -> bool:
    return person.browser.get("/account").status_code == 200


def test_every_browser_is_shown_with_this_one_first(mio: Person):
    """In words of ours: what a browser says of itself is not repeated."""
    mio.provider.clock.forward(3600)
    elsewhere(mio, FIREFOX)
    phone = elsewhere(mio, f"{IPHONE} <script>")
    shown = lines(phone)
    assert len(shown) == 3
    assert shown[0].startswith("Safari, iPhone This one Last seen ")
    assert "from 127.0.0.1" in shown[0]
    assert any(line.startswith("Firefox, Windows Last seen") for line in shown)
    assert any(line.startswith("A browser that we do not know") for line in shown)
    assert "script" not in "".join(shown)


def test_so_many_that_nobody_looks_through_them(mio: Person):
    """Twenty are shown, this one first; of the rest it is said how many there are, and one press ends them too."""
    for _ in range(21):
        elsewhere(mio, FIREFOX)
    page = Page(mio.browser.get(DEVICES).text)
    assert len(page.all("li")) == 20
    assert page.all("li")[0].text.count("This one") == 1
    assert "2 more" in page.by_id("others").text
    send(mio, DEVICES, action="all")
    assert len(lines(mio)) == 1


def test_neither_network_nor_user_agent_stands_in_a_plain_column(mio: Person):
    """ASVS 14.2: of the browser two words are kept, of the network a sealed one."""
    elsewhere(mio, FIREFOX)
    with mio.provider.services.database.autocommit() as connection:
        found = connection.execute(text("SELECT * FROM sessions WHERE account_id = :a"), {"a": account_id(mio)}).all()
    stored = repr([tuple(bytes(v) if isinstance(v, memoryview) else v for v in row) for row in found])
    assert "Firefox, Windows" in stored
    assert "127.0.0.1" not in stored
    assert "Mozilla" not in stored


def test_one_browser_is_signed_out_with_what_was_granted_for_its_time(mio: Person):
    """As signing out there does: its tokens end too, this browser stays, and the history tells it."""
    other = elsewhere(mio, FIREFOX)
    tokens = tokens_for(other, STOREFRONT)
    (session,) = session_ids(mio)
    response = send(mio, DEVICES, session=session)
    assert response.headers["location"] == "/account/devices?done=signed_out"
    assert (is_signed_in(other), is_signed_in(mio)) == (False, True)
    form = {"grant_type": "refresh_token", "refresh_token": tokens["refresh_token"]}
    assert as_client(mio.provider, STOREFRONT.client_id, "/token", form).status_code == 400
    assert "A device was signed out" in mio.browser.get("/account/activity").text


def test_all_others_are_signed_out_at_once(mio: Person):
    others = [elsewhere(mio) for _ in range(3)]
    send(mio, DEVICES, action="all")
    assert not any(is_signed_in(other) for other in others)
    assert is_signed_in(mio)
    assert len(lines(mio)) == 1
    assert "All other devices were signed out" in mio.browser.get("/account/activity").text


def test_ending_sessions_takes_a_sign_in_of_just_now(mio: Person):
    """ASVS 7.5.2: whoever finds a browser open cannot throw the owner out of theirs; after a sign-in one press does."""
    other = elsewhere(mio)
    form = {**hidden(mio.browser.get(DEVICES).text), "action": "all"}
    mio.provider.clock.forward(RECENTLY + 1)
    asked = mio.browser.post(DEVICES, data=form)
    assert asked.headers["location"] == "/login?next=%2Faccount%2Fdevices"
    assert is_signed_in(other)
    assert mio.sign_in(mio.browser.get(asked.headers["location"])).headers["location"] == DEVICES
    send(mio, DEVICES, action="all")
    assert not is_signed_in(other)


def test_after_a_change_of_ways_the_others_are_signed_out_by_one_press(mio: Person):
    """ASVS 7.4.3: offered where an authenticator app, recovery codes or a passkey were changed, and only there."""
    other = elsewhere(mio)
    set_up(mio)
    for path, done in (
        ("/account/authenticator", "authenticator_on"),
        ("/account/authenticator", "authenticator_off"),
        ("/account/passkeys", "passkey_added"),
        ("/account/passkeys", "passkey_removed"),
        ("/account/sign-in", "codes_kept"),
        ("/account/connections", "disconnected"),
        ("/account/email", "email_changed"),
    ):
        page = Page(mio.browser.get(path, params={"done": done}).text)
        assert page.by_id("end-others").attributes["value"] == "all", path
    assert not shows(mio.browser.get("/account/passkeys", params={"done": "passkey_renamed"}), "end-others")
    page = mio.browser.get("/account/authenticator", params={"done": "authenticator_on"})
    assert mio.browser.post(DEVICES, data={**hidden(page.text), "action": "all"}).status_code == 303
    assert not is_signed_in(other)


def test_nobody_ends_a_session_of_somebody_else(mio: Person, shared_provider: Provider):
    """Deny by default: another person's session, this one's own name made up, and none at all."""
    stranger = newcomer(shared_provider)
    second = elsewhere(stranger)
    for session in (*session_ids(stranger), "x" * 5000, ""):
        response = send(mio, DEVICES, session=session)
        assert response.headers["location"] == "/account/devices?done=unchanged"
    assert is_signed_in(stranger)
    assert is_signed_in(second)


def test_a_form_from_elsewhere_ends_nothing(mio: Person):
    other = elsewhere(mio)
    assert error_code(mio.browser.post(DEVICES, data={"action": "all", "csrf": "x"})) == "page_expired"
    assert is_signed_in(other)


def test_whoever_is_not_signed_in_comes_back_to_the_page_that_they_asked_for(shared_provider: Provider):
    visitor = Person(shared_provider)
    assert visitor.browser.get(DEVICES).headers["location"] == "/login?next=%2Faccount%2Fdevices"
    page = visitor.browser.get("/login", params={"next": DEVICES})
    assert visitor.sign_in(page).headers["location"] == DEVICES
