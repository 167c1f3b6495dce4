"""A person's own passkeys: several, each with a name; and nothing else comes in (WebAuthn 7.1)."""

import json

import httpx
import pytest

from idp.store.passkeys import MOST_OF_ONE_ACCOUNT
from tests.provider.authenticator import FLAG, SYNCED, Authenticator, enrol, options_of, passkeys_of, sign_in_with
from tests.provider.person import Person, hidden
from tests.provider.provider import Provider
from tests.web.pages import Page
from tests.web.visits import shows, signed_in

PAGE = "/account/passkeys"
REFUSED = "No passkey was made"


@pytest.fixture
def hana(named_provider: Provider) -> Person:
    """Hana, signed in just now, who has no passkeys."""
    services = named_provider.services
    hana = signed_in(Person(named_provider))
    for passkey in passkeys_of(hana):
        act(hana, action="remove", passkey=passkey.id.hex())
    services.feed.read_now()
    return hana


@pytest.fixture
def phone(named_provider: Provider) -> Authenticator:
    return Authenticator(named_provider.url)


def act(person: Person, **form: str) -> httpx.Response:
    """Send a form of the page, and look at what it says then."""
    page = person.browser.get(PAGE)
    response = person.browser.post(PAGE, data={**hidden(page.text), **form})
    return person.browser.get(response.headers["location"])


def said(response: httpx.Response) -> str:
    return Page(response.text).by_id("notice").text


def test_several_each_with_a_name_and_when_it_was_used(hana: Person, phone: Authenticator):
    """Two passkeys stand there by the names that they were given; the one that signed in says when."""
    laptop = Authenticator(phone.origin, flags=FLAG.UP | FLAG.UV | SYNCED)
    assert "It opens your account from now on" in said(enrol(hana, phone, "  Hana's \n phone "))
    page = enrol(hana, laptop, "Laptop <b>")
    text = " ".join(Page(page.text).all("main")[0].text.split())
    assert "Hana's phone" in text
    assert "Laptop <b>" in text
    assert text.count("Not yet") == 2
    assert "On one device only" in text
    assert "Kept in step on your devices" in text
    assert sign_in_with(Person(hana.provider), phone).status_code == 303
    assert Page(hana.browser.get(PAGE).text).html.count("Not yet") == 1


def test_what_the_browser_is_asked(hana: Person, phone: Authenticator):
    """WebAuthn 5.4: our host, the person, a key that is found without a name, the owner verified, and none twice."""
    enrol(hana, phone, "Phone")
    asked = json.loads(options_of(hana.browser.get(PAGE), "enrol"))
    assert asked["rp"]["id"] == "localhost"
    assert asked["user"]["name"] == hana.username
    assert hana.username not in asked["user"]["id"], "no personal data in the handle (WebAuthn 14.6.1)"
    assert asked["authenticatorSelection"] == {
        "residentKey": "required",
        "requireResidentKey": True,
        "userVerification": "required",
    }
    assert asked["attestation"] == "none"
    assert [each["transports"] for each in asked["excludeCredentials"]] == [["internal"]]


def test_rename_and_remove(hana: Person, phone: Authenticator):
    """A passkey is called what its owner calls it, and opens nothing once it is removed."""
    enrol(hana, phone, "Phone")
    (passkey,) = passkeys_of(hana)
    act(hana, action="rename", passkey=passkey.id.hex(), name="関所の鍵")
    assert [each.name for each in passkeys_of(hana)] == ["関所の鍵"]
    assert "Removed" in said(act(hana, action="remove", passkey=passkey.id.hex()))
    assert passkeys_of(hana) == ()
    assert sign_in_with(Person(hana.provider), phone).status_code == 401


def test_passkeys_of_others_are_out_of_reach(hana: Person, phone: Authenticator):
    """OWASP API1: an identifier that is somebody else's names, changes and removes nothing."""
    enrol(hana, phone, "Phone")
    (passkey,) = passkeys_of(hana)
    ken = signed_in(Person(hana.provider, "ken@example.jp"))
    for action in ("rename", "remove"):
        assert "Nothing was changed" in said(act(ken, action=action, passkey=passkey.id.hex(), name="Ken's"))
    assert [each.name for each in passkeys_of(hana)] == ["Phone"]


HOSTILE = {
    "another origin": {"origin": "https://evil.example"},
    "another server's key": {"rp_id": "evil.example"},
    "nobody was verified": {"flags": FLAG.UP},
    "nobody was there": {"flags": FLAG.UV},
    "a copy that cannot be": {"flags": FLAG.UP | FLAG.UV | FLAG.BS},
    "framed by another site": {"cross_origin": True},
}


@pytest.mark.parametrize("lie", HOSTILE.values(), ids=HOSTILE)
def test_answers_that_do_not_hold_make_no_passkey(hana: Person, phone: Authenticator, lie: dict[str, object]):
    """WebAuthn 7.1 steps 7 to 19: the wrong place, the wrong server, nobody there or nobody verified."""
    assert REFUSED in said(enrol(hana, phone.but(**lie), "Phone"))
    assert passkeys_of(hana) == ()


@pytest.mark.parametrize("answer", ["", "{}", "[]", "x", "[" * 9_000, '{"id": 1}', '{"id": "\\ud800"}'])
def test_what_is_no_answer_makes_no_passkey(hana: Person, answer: str):
    assert REFUSED in said(act(hana, action="add", name="x", answer=answer))


def test_a_challenge_is_good_once_for_its_account_and_for_making(hana: Person, phone: Authenticator):
    """WebAuthn 13.4.3: not twice, not for another account, not for signing in, and not for ever."""
    page = hana.browser.get(PAGE)
    form = {**hidden(page.text), "action": "add", "name": "x", "answer": phone.create(options_of(page, "enrol"))}
    assert "added" in hana.browser.post(PAGE, data=form).headers["location"]
    assert "late" in hana.browser.post(PAGE, data=form).headers["location"]
    ken = signed_in(Person(hana.provider, "ken@example.jp"))
    other = Authenticator(phone.origin)
    answer = other.create(options_of(hana.browser.get(PAGE), "enrol"))
    assert "took too long" in said(act(ken, action="add", name="x", answer=answer))
    late = other.create(options_of(hana.browser.get(PAGE), "enrol"))
    hana.provider.clock.forward(3601)
    signed_in(hana)
    assert "took too long" in said(act(hana, action="add", name="x", answer=late))
    assert len(passkeys_of(hana)) == 1


def test_a_key_that_is_somebody_elses_already_is_not_added(hana: Person, phone: Authenticator):
    """WebAuthn 7.1 step 26: else whoever copies an identifier could take the sign-ins of its owner."""
    enrol(hana, phone, "Phone")
    ken = signed_in(Person(hana.provider, "ken@example.jp"))
    assert REFUSED in said(enrol(ken, phone.but(), "Ken's"))
    assert passkeys_of(ken) == ()
    assert sign_in_with(Person(hana.provider), phone).status_code == 303


def test_an_account_holds_so_many_and_no_more(hana: Person, phone: Authenticator):
    """Nobody fills the store with keys; and the page says what to do."""
    for number in range(MOST_OF_ONE_ACCOUNT):
        enrol(hana, Authenticator(phone.origin), f"Key {number}")
    page = hana.browser.get(PAGE)
    assert not shows(page, "enrol")
    assert "as many passkeys as an account can hold" in page.text


def test_changes_want_a_sign_in_of_just_now(hana: Person, phone: Authenticator):
    """ASVS 7.5.1: whoever finds a screen open, an hour later, adds no key of theirs."""
    hana.provider.clock.forward(3600)
    assert hana.browser.get(PAGE).headers["location"] == "/login?next=%2Faccount%2Fpasskeys"


def test_a_server_known_by_a_bare_address_says_so(shared_provider: Provider):
    """WebAuthn 5.1.2: browsers make no passkeys for an address; the sign-in page does not offer any."""
    hana = signed_in(Person(shared_provider))
    page = hana.browser.get(PAGE)
    assert "a bare address only" in page.text
    assert not shows(page, "enrol")
    assert not shows(Person(shared_provider).browser.get("/login"), "passkey")
