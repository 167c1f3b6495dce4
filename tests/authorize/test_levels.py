"""How strongly somebody signs in, where an app asks for that: acr_values, claims and step-up (RFC 9470, OIDC Core)."""

import json

import pytest

from tests.provider.apps import NO_PKCE, STOREFRONT, App
from tests.provider.authenticator import Authenticator, enrol, sign_in_with
from tests.provider.mail import mail_of
from tests.provider.operator import declare_clients
from tests.provider.person import Person, as_client, hidden
from tests.provider.phone import newcomer, protected, prove, set_up
from tests.provider.provider import HTTP, Provider, serve_here
from tests.web.pages import Page
from tests.web.visits import answer, claims_of, follow, shows, sign_in, signed_in, visit

PASSWORD, MAIL_CODE, TWO_FACTORS = (f"urn:sekisho:acr:{name}" for name in ("password", "mail-code", "two-factors"))
PASSKEY = "phr"


def essential(*values: str) -> str:
    return json.dumps({"id_token": {"acr": {"essential": True, "values": values}}})


def tokens(person: Person, response) -> dict:
    code = answer(response)["code"]
    return person.exchange(STOREFRONT.client_id, STOREFRONT.redirect_uri, code).json()


def told(person: Person, response) -> dict:
    return claims_of(tokens(person, response)["id_token"])


@pytest.fixture
def weak(shared_provider: Provider):
    """Somebody with an app, in a browser that was signed in by the password before the app came."""
    person = newcomer(shared_provider)
    before = signed_in(Person(shared_provider, person.username))
    return before, set_up(signed_in(person))


# ---- wishes ----------------------------------------------------------------------------------------------------------


def test_rfc_9470_5_a_session_grows_stronger_in_place(weak):
    """The app is told `insufficient_user_authentication` elsewhere and asks again: one code, same session, new tokens.

    What was asked for waits meanwhile; the access token says acr and auth_time too (RFC 9470 6.2, RFC 9068 2.2.1).
    """
    person, phone = weak
    before = told(person, visit(person, STOREFRONT))
    person.provider.clock.forward(100)
    page = visit(person, STOREFRONT, acr_values=TWO_FACTORS, state="kept")
    assert shows(page, "code")
    response = prove(person, page, phone.next_code())
    assert answer(response)["state"] == "kept"
    got = tokens(person, response)
    after = claims_of(got["id_token"])
    assert (before["acr"], before["amr"]) == (PASSWORD, ["pwd"])
    assert (after["acr"], after["amr"]) == (TWO_FACTORS, ["pwd", "otp", "mfa"])
    assert after["sid"] == before["sid"]
    assert after["auth_time"] == person.provider.clock.now
    access = claims_of(got["access_token"])
    assert (access["acr"], access["auth_time"]) == (TWO_FACTORS, after["auth_time"])
    assert told(person, visit(person, STOREFRONT))["acr"] == TWO_FACTORS, "and so it stays"


def test_the_tokens_of_before_say_what_was_then(weak):
    """RFC 9470 6: refreshing an old grant does not make its sign-in a stronger one."""
    person, phone = weak
    old = tokens(person, visit(person, STOREFRONT, scope="openid offline_access"))
    prove(person, visit(person, STOREFRONT, acr_values=TWO_FACTORS), phone.next_code())
    sent = {"grant_type": "refresh_token", "refresh_token": old["refresh_token"]}
    new = as_client(person.provider, STOREFRONT.client_id, "/token", sent).json()
    assert claims_of(new["access_token"])["acr"] == PASSWORD


def test_a_wish_beyond_somebodys_means_is_let_go(shared_provider: Provider):
    """OIDC Core 3.1.2.1: voluntary; who has neither app nor passkey nor mail is not asked for any."""
    person = signed_in(newcomer(shared_provider, email_verified=False))
    response = visit(person, STOREFRONT, acr_values=f"{PASSKEY} {TWO_FACTORS} {MAIL_CODE}")
    assert told(person, response)["acr"] == PASSWORD


def test_without_a_page_a_wish_is_let_go(weak):
    """OIDC Core 3.1.2.1: prompt=none shows nothing; the token says how it really was."""
    person, _ = weak
    response = visit(person, STOREFRONT, acr_values=TWO_FACTORS, prompt="none")
    assert told(person, response)["acr"] == PASSWORD


def test_the_first_wish_in_reach_counts(weak):
    """OIDC Core 3.1.2.1: in order of preference; a passkey would be liked best, a password is enough."""
    person, _ = weak
    assert "code" in answer(visit(person, STOREFRONT, acr_values=f"{PASSKEY} {PASSWORD} {TWO_FACTORS}"))
    assert shows(visit(person, STOREFRONT, acr_values=f"{PASSKEY} {TWO_FACTORS} {PASSWORD}"), "code")


def test_a_wish_in_the_claims_and_one_that_is_registered(weak):
    """OIDC Core 5.5.1.1: the same as acr_values; OIDC Registration 2: default_acr_values, unless the request says."""
    person, _ = weak
    wished = json.dumps({"id_token": {"acr": {"values": [TWO_FACTORS]}}})
    assert shows(visit(person, STOREFRONT, claims=wished), "code")
    app = App("strict", "https://strict.example.test/callback", "openid")
    document = {
        "client_id": app.client_id,
        "kind": "first_party",
        "name": "Strict",
        "auth_method": "none",
        "grant_types": ["authorization_code"],
        "redirect_uris": [app.redirect_uri],
        "scopes": ["openid"],
        "default_acr_values": [TWO_FACTORS],
    }
    declare_clients(person.provider, document)
    assert shows(visit(person, app), "code")
    assert "code" in answer(visit(person, app, acr_values=PASSWORD))


def test_a_code_by_mail_is_the_least_of_second_factors(shared_provider: Provider):
    """NIST 800-63B 5.1.3.1: for its own level only; six digits for ten minutes, to the proved address."""
    person = signed_in(newcomer(shared_provider))
    page = visit(person, STOREFRONT, acr_values=MAIL_CODE)
    assert person.username not in Page(page.text).by_id("send").text
    page = prove(person, page, "", action="send")
    code = mailed_code(person)
    assert shows(prove(person, page, f"{(int(code) + 1) % 1_000_000:06}"), "code-error")
    after = told(person, prove(person, page, code))
    assert (after["acr"], after["amr"]) == (MAIL_CODE, ["pwd", "mca"])


@pytest.mark.parametrize("spoiled", ["late", "used up", "replaced"])
def test_a_mailed_code_ends(shared_provider: Provider, spoiled: str):
    """After ten minutes, after five tries, and when another one is sent."""
    person = signed_in(newcomer(shared_provider))
    page = prove(person, visit(person, STOREFRONT, acr_values=MAIL_CODE), "", action="send")
    code = mailed_code(person)
    if spoiled == "late":
        shared_provider.clock.forward(600)
    elif spoiled == "replaced":
        page = prove(person, page, "", action="send")
    for number in range(5 if spoiled == "used up" else 0):
        prove(person, page, f"wrong {number}")
        person.provider.clock.forward(1)
    last = prove(person, page, code)
    assert not last.headers.get("location", "").startswith(STOREFRONT.redirect_uri)


def mailed_code(person: Person) -> str:
    words = mail_of(person.provider, person.username)[0].text.split()
    return next(word for word in words if len(word) == 6 and word.isdigit())


# ---- conditions ------------------------------------------------------------------------------------------------------


def test_oidc_5_5_1_1_an_essential_level_in_reach_is_asked_for(weak):
    """The person is taken there, and the claim is one of the values, as it must be."""
    person, phone = weak
    page = visit(person, STOREFRONT, claims=essential(TWO_FACTORS))
    assert told(person, prove(person, page, phone.next_code()))["acr"] == TWO_FACTORS
    response = visit(person, STOREFRONT, claims=essential(MAIL_CODE))
    assert told(person, response)["acr"] == MAIL_CODE, "a stronger sign-in has met the weaker level"


def test_oidc_5_5_1_1_an_essential_level_out_of_reach_ends_the_request(shared_provider: Provider):
    """unmet_authentication_requirements, once the person signed in anew and could not do better; never a loop."""
    person = signed_in(newcomer(shared_provider))
    silent = visit(person, NO_PKCE, claims=essential(TWO_FACTORS), prompt="none")
    assert answer(silent)["error"] == "login_required"
    page = visit(person, NO_PKCE, claims=essential(TWO_FACTORS))
    assert shows(page, "sign-in")
    assert answer(sign_in(person, page))["error"] == "unmet_authentication_requirements"


def test_oidc_5_5_1_1_without_a_page_an_essential_level_is_missing(weak):
    """OIDC Core 3.1.2.6: a page would help, and none may be shown."""
    person, _ = weak
    response = visit(person, STOREFRONT, claims=essential(TWO_FACTORS), prompt="none")
    assert answer(response)["error"] in ("login_required", "unmet_authentication_requirements")


def test_what_the_operator_wants_of_an_app_counts_whatever_it_asks_for(tmp_path):
    """ASVS 6.3.3: a second factor for this app, and for this scope of any app; no request talks it down."""
    wanted = {"CLIENTS__STOREFRONT": TWO_FACTORS, "SCOPES__EMAIL": TWO_FACTORS}
    settings = {f"IDP_SIGN_IN__LEAST_LEVEL_OF_{name}": level for name, level in wanted.items()}
    with serve_here(f"sqlite:///{tmp_path / 'strict.db'}", **settings) as strict:
        person = newcomer(strict)
        before = signed_in(Person(strict, person.username))
        weaker = visit(before, STOREFRONT, claims=essential(PASSWORD), acr_values=PASSWORD)
        assert answer(sign_in(before, weaker))["error"] == "unmet_authentication_requirements"
        phone = set_up(signed_in(person))
        page = visit(before, STOREFRONT, claims=essential(PASSWORD), acr_values=PASSWORD)
        assert shows(page, "code"), page.text
        assert answer(visit(before, STOREFRONT, prompt="none"))["error"] == "unmet_authentication_requirements"
        assert "code" in answer(visit(before, NO_PKCE, scope="openid", code_challenge=None, code_challenge_method=None))
        page = visit(before, NO_PKCE, scope="openid email")
        assert shows(page, "code"), page.text
        assert "code" in answer(prove(before, page, phone.next_code()))
        assert "code" in answer(visit(before, STOREFRONT))


# ---- age -------------------------------------------------------------------------------------------------------------


def test_rfc_9470_4_level_and_age_together_ask_for_all_of_it(weak):
    """acr_values with max_age: an old password is not made young by a code; both are asked for anew."""
    person, phone = weak
    person.provider.clock.forward(1000)
    page = visit(person, STOREFRONT, acr_values=TWO_FACTORS, max_age="900")
    assert shows(page, "sign-in")
    short_cut = person.browser.get(f"/login/second-factor?flow={hidden(page.text)['flow']}")
    assert short_cut.headers["location"].startswith("/authorize/continue")
    page = sign_in(person, page)
    assert shows(page, "code")
    after = told(person, prove(person, page, phone.next_code()))
    assert after["auth_time"] == person.provider.clock.now
    assert after["acr"] == TWO_FACTORS


def test_prompt_login_asks_for_both_factors(shared_provider: Provider):
    """OIDC Core 3.1.2.1: the password alone does not answer it for somebody with an app."""
    person, phone = protected(shared_provider)
    prove(person, sign_in(person, person.browser.get("/login")), phone.next_code())
    page = sign_in(person, visit(person, STOREFRONT, prompt="login"))
    assert shows(page, "code")
    short_cut = person.browser.get(f"/authorize/continue?flow={hidden(page.text)['flow']}")
    assert shows(follow(person, short_cut), "sign-in")
    assert "code" in answer(prove(person, page, phone.next_code()))


# ---- passkeys --------------------------------------------------------------------------------------------------------


def test_a_passkey_is_asked_for_where_it_is_wished_and_there_is_one(named_provider: Provider):
    """`phr`: the sign-in page says so; whoever signs in by the password all the same is let on, for it is a wish."""
    person = signed_in(newcomer(named_provider))
    key = Authenticator(named_provider.url)
    enrol(person, key, "Phone")
    page = visit(person, STOREFRONT, acr_values=PASSKEY)
    assert "passkey" in Page(page.text).by_id("wanted").text
    assert told(person, sign_in(person, page))["acr"] == PASSWORD
    after = told(person, follow(person, sign_in_with(person, key, visit(person, STOREFRONT, acr_values=PASSKEY))))
    assert after["acr"] == PASSKEY
    assert "code" in answer(visit(person, STOREFRONT, acr_values=TWO_FACTORS)), "which is more than two factors"


def test_an_essential_passkey_is_met_by_nothing_else(named_provider: Provider):
    """OIDC Core 5.5.1.1: a password ends the request, a passkey answers it, and the app on the phone is not asked."""
    person = signed_in(newcomer(named_provider))
    key = Authenticator(named_provider.url)
    enrol(person, key, "Phone")
    phone = set_up(person)
    page = visit(person, STOREFRONT, claims=essential(PASSKEY))
    assert "not enough" in Page(page.text).by_id("wanted").text
    by_password = prove(person, sign_in(person, page), phone.next_code())
    assert answer(by_password)["error"] == "unmet_authentication_requirements"
    page = visit(person, STOREFRONT, claims=essential(PASSKEY))
    assert told(person, follow(person, sign_in_with(person, key, page)))["acr"] == PASSKEY


def test_discovery_names_every_level(shared_provider: Provider):
    """OIDC Discovery 3, RFC 9470 7: acr_values_supported, weakest first."""
    found = HTTP.get(f"{shared_provider.url}/.well-known/openid-configuration").json()
    assert found["acr_values_supported"] == [PASSWORD, MAIL_CODE, TWO_FACTORS, PASSKEY]
