"""Signing in with a passkey (WebAuthn 7.2), over HTTP with an authenticator that may lie."""

import json

import httpx
import pytest
from cryptography.hazmat.primitives.asymmetric import ec

from idp.protocol.activity import Event
from idp.store import activity
from tests.provider.apps import STOREFRONT
from tests.provider.authenticator import FLAG, SYNCED, Authenticator, enrol, options_of, passkeys_of, sign_in_with
from tests.provider.person import Person, hidden
from tests.provider.provider import HTTP, Provider
from tests.store.rows import at_once
from tests.web.pages import Page
from tests.web.visits import answer, claims_of, follow, signed_in, visit

KEN = "ken@example.jp"


@pytest.fixture
def hana(named_provider: Provider) -> Person:
    """Hana, in a browser in which nobody is signed in."""
    return Person(named_provider)


@pytest.fixture
def phone(hana: Person) -> Authenticator:
    """A passkey of Hana's, which is on her phone alone."""
    return made(hana.provider, Authenticator(hana.provider.url))


def made(provider: Provider, key: Authenticator, username: str = "hana@example.jp") -> Authenticator:
    """Make a passkey in another browser, in place of those that there were."""
    person = signed_in(Person(provider, username))
    services = provider.services
    for passkey in passkeys_of(person):
        form = {**hidden(person.browser.get("/account/passkeys").text), "action": "remove"}
        person.browser.post("/account/passkeys", data={**form, "passkey": passkey.id.hex()})
    enrol(person, key, "Phone")
    assert len(passkeys_of(person)) == 1
    assert services is not None
    return key


def is_in(person: Person) -> bool:
    return person.browser.get("/account/passkeys").status_code == 200


def refusal(response: httpx.Response) -> str:
    """Why a sign-in was refused; nobody's session changed."""
    assert response.status_code == 401
    assert not response.headers.get_list("set-cookie")
    return Page(response.text).by_id("sign-in-error").text


def test_a_passkey_signs_in_and_leads_to_where_one_was_going(hana: Person, phone: Authenticator):
    """No name, no password: the key says whose it is. The app gets its code, and is told how (RFC 8176, `phr`)."""
    page = visit(hana, STOREFRONT)
    done = follow(hana, sign_in_with(hana, phone, page))
    tokens = hana.exchange(STOREFRONT.client_id, STOREFRONT.redirect_uri, answer(done)["code"]).json()
    claims = claims_of(tokens["id_token"])
    assert (claims["acr"], claims["amr"]) == ("phr", ["pop", "hwk", "user"])
    assert passkeys_of(hana)[0].sign_count == phone.counter


def test_a_passkey_that_is_kept_in_step_says_so(hana: Person):
    """RFC 8176: a key that its owner's cloud copies is `swk`; whether it has done so is kept (WebAuthn 6.1.3)."""
    cloud = made(hana.provider, Authenticator(hana.provider.url, counts=0, flags=FLAG.UP | FLAG.UV | FLAG.BE))
    assert not passkeys_of(hana)[0].backed_up
    cloud.flags |= FLAG.BS
    for _ in range(2):
        assert sign_in_with(hana, cloud).status_code == 303, "one that does not count is no copy"
    assert passkeys_of(hana)[0].backed_up
    done = visit(hana, STOREFRONT)
    tokens = hana.exchange(STOREFRONT.client_id, STOREFRONT.redirect_uri, answer(done)["code"]).json()
    assert claims_of(tokens["id_token"])["amr"] == ["pop", "swk", "user"]


def test_what_the_browser_is_asked(hana: Person):
    """WebAuthn 5.5: any passkey of ours, its owner verified; and the field of the address offers them (5.1.4)."""
    page = hana.browser.get("/login")
    asked = json.loads(options_of(page, "passkey"))
    assert (asked["rpId"], asked["userVerification"], asked["allowCredentials"]) == ("localhost", "required", [])
    assert Page(page.text).by_id("username").attributes["autocomplete"] == "username webauthn"
    assert "hidden" in Page(page.text).by_id("passkey").attributes, "shown by its script, where there are passkeys"


HOSTILE = {
    "another origin": {"origin": "https://evil.example"},
    "another port": {"origin": "http://localhost:1"},
    "another server's key": {"rp_id": "evil.example"},
    "nobody was verified": {"flags": FLAG.UP},
    "nobody was there": {"flags": FLAG.UV},
    "of another kind than when it was made": {"flags": FLAG.UP | FLAG.UV | SYNCED},
    "framed by another site": {"cross_origin": True},
    "another key": {"key": ec.generate_private_key(ec.SECP256R1())},
    "another person": {"handle": b"somebody else"},
    "nobody": {"handle": b""},
}


@pytest.mark.parametrize("lie", HOSTILE.values(), ids=HOSTILE)
def test_answers_that_do_not_hold_open_nothing(hana: Person, phone: Authenticator, lie: dict[str, object]):
    """WebAuthn 7.2 steps 6 to 21; the true key opens afterwards."""
    assert "did not work" in refusal(sign_in_with(hana, phone.but(**lie)))
    assert not is_in(hana)
    assert sign_in_with(hana, phone).status_code == 303


def test_a_key_cannot_speak_for_another_account(hana: Person, phone: Authenticator):
    """WebAuthn 7.2 step 6: Ken's key that says it is Hana's opens neither account."""
    kens = made(hana.provider, Authenticator(hana.provider.url), KEN)
    assert "did not work" in refusal(sign_in_with(hana, kens.but(handle=phone.handle)))
    assert "did not work" in refusal(sign_in_with(hana, kens.but(credential_id=phone.credential_id)))
    assert not is_in(hana)


def test_a_passkey_that_nobody_has_opens_nothing(hana: Person):
    assert "opens no account here" in refusal(sign_in_with(hana, Authenticator(hana.provider.url)))


@pytest.mark.parametrize("sent", ["", "{}", "null", "x", "[" * 9_000, '{"id": "", "rawId": "", "response": 1}'])
def test_what_is_no_answer_opens_nothing(hana: Person, sent: str):
    form = {**hidden(hana.browser.get("/login").text), "answer": sent}
    assert "did not work" in refusal(hana.browser.post("/login/passkey", data=form))


def test_a_challenge_is_good_once_in_its_browser_and_in_time(hana: Person, phone: Authenticator):
    """WebAuthn 13.4.3: what was signed for one page of one browser opens nothing a second time, or anywhere else."""
    stranger = Person(hana.provider)
    page, strangers = hana.browser.get("/login"), stranger.browser.get("/login")
    phone.counter += 1
    signed = phone.get(options_of(page, "passkey"))
    form = {**hidden(strangers.text), "answer": signed}
    assert "took too long" in refusal(stranger.browser.post("/login/passkey", data=form))
    form = {**hidden(page.text), "answer": signed}
    assert hana.browser.post("/login/passkey", data=form).status_code == 303
    form = {**hidden(hana.browser.get("/login").text), "answer": signed}
    assert "took too long" in Page(hana.browser.post("/login/passkey", data=form).text).by_id("sign-in-error").text
    phone.counter += 1
    late = phone.get(options_of(strangers, "passkey"))
    hana.provider.clock.forward(3601)
    stranger.browser.get("/login")
    form = {**hidden(stranger.browser.get("/login").text), "answer": late}
    assert "took too long" in refusal(stranger.browser.post("/login/passkey", data=form))


def test_fifty_answers_to_one_challenge_are_one_sign_in(hana: Person, phone: Authenticator):
    """WebAuthn 13.4.3, on PostgreSQL: whoever is first has it, and nobody else."""
    page = hana.browser.get("/login")
    phone.counter += 1
    form = {**hidden(page.text), "answer": phone.get(options_of(page, "passkey"))}
    cookies = {"cookie": "; ".join(f"{name}={value}" for name, value in hana.browser.cookies.items())}
    url = f"{hana.provider.url}/login/passkey"
    statuses = at_once(lambda _: HTTP.post(url, data=form, headers=cookies).status_code)
    assert statuses.count(303) == 1
    assert set(statuses) <= {303, 401, 403}, "of the others, some came when the session was another one already"


def test_a_refused_answer_costs_its_challenge(hana: Person, phone: Authenticator):
    """One page, one try: nobody tries answers to the same question until one holds."""
    page = hana.browser.get("/login")
    assert "did not work" in refusal(sign_in_with(hana, phone.but(flags=FLAG.UP), page))
    assert "took too long" in refusal(sign_in_with(hana, phone, page))


def test_a_counter_that_goes_back_is_refused_and_told(hana: Person, phone: Authenticator):
    """WebAuthn 7.2 step 22: of a key that was copied, the copy that comes second is refused, and its owner told."""
    copy = phone.but()
    assert sign_in_with(hana, phone).status_code == 303
    stranger = Person(hana.provider)
    assert "somebody may have a copy" in refusal(sign_in_with(stranger, copy))
    assert not is_in(stranger)
    services = hana.provider.services
    with services.database.autocommit() as connection:
        account = services.accounts.find_by_username(connection, hana.username)
        latest, *_ = activity.latest(connection, services.sealer, account.id, 1)
    assert (latest.kind, latest.details) == (Event.PASSKEY_REFUSED, {"name": "Phone"})


def test_a_suspended_account_is_not_opened(hana: Person, phone: Authenticator):
    services = hana.provider.services
    with services.database.transaction() as connection:
        account = services.accounts.find_by_username(connection, hana.username)
        services.accounts.change_status(connection, account.id, "suspended", services.now)
    assert "opens no account here" in refusal(sign_in_with(hana, phone))
    with services.database.transaction() as connection:
        services.accounts.change_status(connection, account.id, "active", services.now)


def test_no_other_site_signs_anybody_in(hana: Person, phone: Authenticator):
    """RFC 9700 4.7: without the value of this browser's own page, the form is too old."""
    page = hana.browser.get("/login")
    form = {**hidden(page.text), "answer": phone.get(options_of(page, "passkey")), "csrf": "x"}
    assert "too old" in hana.browser.post("/login/passkey", data=form).text
    assert not is_in(hana)
