"""Redeeming authorization codes (RFC 6749 4.1.3 and 4.1.4, RFC 7636 4.6, RFC 8707 2.2, RFC 9700 2.1.1)."""

import httpx
import pytest
from authlib.common.security import generate_token
from authlib.oauth2.rfc7636 import create_s256_code_challenge

from tests.provider.apps import LEDGER_API, NO_PKCE, PAYMENTS_API, PHONE, STOREFRONT, TABI, App, code_for, tokens_for
from tests.provider.jose import read
from tests.provider.person import Person, as_client
from tests.provider.provider import HTTP, Provider
from tests.provider.tables import all_at_once
from tests.provider.waiting import eventually

LIFETIME = 60
RETURN = STOREFRONT.redirect_uri


@pytest.fixture
def visitor(shared_provider: Provider) -> Person:
    return Person(shared_provider)


def redeem(person: Person, code: str, app: App = STOREFRONT, **changes: str | None) -> httpx.Response:
    """Redeem a code; a change of None leaves a parameter out."""
    parameters = {
        "grant_type": "authorization_code",
        "code": code,
        "redirect_uri": app.redirect_uri,
        "code_verifier": person.verifier,
        **changes,
    }
    sent = {name: value for name, value in parameters.items() if value is not None}
    return as_client(person.provider, app.client_id, "/token", sent)


def assert_refused(response: httpx.Response, error: str = "invalid_grant") -> None:
    assert response.status_code == 400, response.text
    assert response.json()["error"] == error


def is_alive(provider: Provider, access_token: str) -> bool:
    response = HTTP.get(f"{provider.url}/userinfo", headers={"Authorization": f"Bearer {access_token}"})
    return response.status_code == 200


@pytest.mark.parametrize("app", [STOREFRONT, PHONE, TABI], ids=lambda app: app.client_id)
def test_4_1_4_the_answer(visitor: Person, app: App):
    """Everything that the RFC and OIDC Core 3.1.3.3 ask for, and nothing else."""
    response = redeem(visitor, code_for(visitor, app), app)
    assert response.status_code == 200
    answer = response.json()
    assert set(answer) == {"access_token", "token_type", "expires_in", "scope", "refresh_token", "id_token"}
    assert answer["token_type"] == "Bearer"
    assert answer["expires_in"] == 300
    assert answer["scope"] == app.scope
    assert is_alive(visitor.provider, answer["access_token"])


def test_4_1_2_a_code_lives_a_minute(visitor: Person):
    """One second before the end it is good, at the end it is not."""
    first, second = code_for(visitor, STOREFRONT), code_for(visitor, STOREFRONT)
    visitor.provider.clock.forward(LIFETIME - 1)
    assert redeem(visitor, first).status_code == 200
    visitor.provider.clock.forward(1)
    assert_refused(redeem(visitor, second))


def test_4_1_2_a_replay_ends_what_the_code_began(visitor: Person):
    """Refresh token and access token, by the time that the replay is answered."""
    code = code_for(visitor, STOREFRONT)
    tokens = redeem(visitor, code).json()
    assert is_alive(visitor.provider, tokens["access_token"])
    assert_refused(redeem(visitor, code))
    assert not is_alive(visitor.provider, tokens["access_token"])
    refresh = {"grant_type": "refresh_token", "refresh_token": tokens["refresh_token"]}
    assert_refused(as_client(visitor.provider, "storefront", "/token", refresh))


def test_4_1_2_a_late_replay_is_one_too(visitor: Person):
    """The code has expired in the meantime; what it began has not."""
    code = code_for(visitor, STOREFRONT)
    tokens = redeem(visitor, code).json()
    visitor.provider.clock.forward(LIFETIME + 1)
    assert_refused(redeem(visitor, code))
    assert not is_alive(visitor.provider, tokens["access_token"])


def test_4_1_3_another_clients_code_is_worth_nothing(visitor: Person):
    """To whoever found it; and it is spent, for it has leaked."""
    code = code_for(visitor, PHONE)
    assert_refused(redeem(visitor, code, STOREFRONT, redirect_uri=PHONE.redirect_uri))
    assert_refused(redeem(visitor, code, PHONE))


@pytest.mark.parametrize("code", ["unknown", "x" * 5000, "日本語", " "])
def test_5_2_an_unknown_code(visitor: Person, code: str):
    """Whatever it looks like; the same sentence as for any other reason, so that nobody learns which it was."""
    spent = code_for(visitor, STOREFRONT)
    redeem(visitor, spent)
    response = redeem(visitor, code)
    assert_refused(response)
    assert response.json() == redeem(visitor, spent).json()


def test_5_2_no_code_at_all(visitor: Person):
    """A request without its main parameter is invalid."""
    assert_refused(redeem(visitor, ""), "invalid_request")


@pytest.mark.parametrize(
    "redirect_uri",
    [None, "", "http://127.0.0.1:8402/callback", f"{RETURN}/", f"{RETURN}?", "HTTP://127.0.0.1:8401/callback"],
)
def test_4_1_3_the_redirect_uri_is_the_one_that_was_asked_with(visitor: Person, redirect_uri: str | None):
    """To the letter, and it may not be left out."""
    assert_refused(redeem(visitor, code_for(visitor, STOREFRONT), redirect_uri=redirect_uri))


def test_4_1_3_a_loopback_port_is_the_one_that_was_asked_with(visitor: Person):
    """RFC 8252 7.3 lets it vary between requests, not within one."""
    asked = App("storefront-phone", "http://127.0.0.1:51234/callback", "openid")
    code = code_for(visitor, asked)
    assert_refused(redeem(visitor, code, asked, redirect_uri="http://127.0.0.1:51235/callback"))
    assert redeem(visitor, code_for(visitor, asked), asked).status_code == 200


@pytest.mark.parametrize(("redirect_uri", "status"), [(None, 200), (NO_PKCE.redirect_uri, 200), (RETURN, 400)])
def test_4_1_3_a_redirect_uri_that_was_not_sent_may_be_left_out(visitor: Person, redirect_uri: str | None, status: int):
    """Where an app has registered just one and asks without naming it; another one is still wrong."""
    url = visitor.request(NO_PKCE.client_id, "", "email").replace("redirect_uri=&", "")
    code = visitor.go_on(visitor.browser.get(url)).parameters["code"]
    assert redeem(visitor, code, NO_PKCE, redirect_uri=redirect_uri).status_code == status


@pytest.mark.parametrize(
    "verifier", [None, "", "x" * 43, "short", "x" * 129, "日本語" * 20, "the challenge itself", "with a newline"]
)
@pytest.mark.parametrize("app", [STOREFRONT, PHONE, NO_PKCE], ids=lambda app: app.client_id)
def test_rfc_7636_4_6_the_proof_must_match(visitor: Person, app: App, verifier: str | None):
    """Wrong, missing, malformed, or what `plain` would send; of public and confidential clients alike."""
    special = {
        "the challenge itself": create_s256_code_challenge(visitor.verifier),
        "with a newline": f"{visitor.verifier}\n",
    }
    wrong = special.get(verifier or "", verifier)
    assert_refused(redeem(visitor, code_for(visitor, app), app, code_verifier=wrong))


def test_rfc_7636_4_6_a_code_takes_the_proof_of_its_own_request(visitor: Person):
    """Not that of another request of the same app and person: codes cannot be injected (RFC 9700 4.5)."""
    first_verifier, first = visitor.verifier, code_for(visitor, STOREFRONT)
    visitor.verifier = generate_token(48)
    second = code_for(visitor, STOREFRONT)
    assert_refused(redeem(visitor, first))
    assert_refused(redeem(visitor, second, code_verifier=first_verifier))


def test_rfc_9700_2_1_1_a_proof_that_nobody_asked_for_is_refused(visitor: Person):
    """A verifier for a code without challenge: somebody stripped the challenge on the way."""
    bare = {"code_challenge": None, "code_challenge_method": None}
    assert_refused(redeem(visitor, code_for(visitor, NO_PKCE, **bare), NO_PKCE))
    code = code_for(visitor, NO_PKCE, **bare)
    assert redeem(visitor, code, NO_PKCE, code_verifier=None).status_code == 200


def test_rfc_8707_2_2_the_audience_is_what_was_asked_for_or_a_part_of_it(visitor: Person):
    """All of it by default, one of it on request, nothing beyond it."""
    issuer = visitor.provider.url
    both = [issuer, PAYMENTS_API]

    def audience(**extra: str) -> list[str] | str:
        tokens = redeem(visitor, code_for(visitor, STOREFRONT, resource=both), **extra).json()
        return read(visitor.provider, tokens["access_token"]).claims["aud"]

    assert audience() == both
    assert audience(resource=PAYMENTS_API) == PAYMENTS_API
    beyond = redeem(visitor, code_for(visitor, STOREFRONT, resource=both), resource=LEDGER_API)
    assert_refused(beyond, "invalid_target")
    default = tokens_for(visitor, STOREFRONT)
    assert read(visitor.provider, default["access_token"]).claims["aud"] == issuer
    assert_refused(redeem(visitor, code_for(visitor, STOREFRONT), resource=PAYMENTS_API), "invalid_target")


def test_6_a_refresh_token_goes_to_those_who_may_refresh(visitor: Person):
    """First parties that are registered for it; third parties when they ask to stay connected (OIDC Core 11)."""
    assert "refresh_token" not in tokens_for(visitor, NO_PKCE)
    assert "refresh_token" in tokens_for(visitor, STOREFRONT)
    brief = {"scope": "openid prefecture", "prompt": "consent"}
    assert "refresh_token" not in tokens_for(visitor, TABI, **brief)
    assert "refresh_token" in tokens_for(visitor, TABI, prompt="consent")


def test_without_openid_there_is_no_id_token(visitor: Person):
    """Plain OAuth is OAuth."""
    assert "id_token" not in tokens_for(visitor, STOREFRONT, scope="email payments:read")


def test_of_all_who_redeem_a_code_at_once_one_succeeds(visitor: Person):
    """And the family has ended, for the others were replays (RFC 9700 2.1.1)."""
    code = code_for(visitor, STOREFRONT)
    answers = all_at_once(visitor.provider, "authorization_codes", lambda: redeem(visitor, code))
    won = [answer.json() for answer in answers if answer.status_code == 200]
    assert len(won) == 1
    refresh = {"grant_type": "refresh_token", "refresh_token": won[0]["refresh_token"]}
    assert_refused(as_client(visitor.provider, "storefront", "/token", refresh))


def test_what_a_person_has_just_agreed_to_holds_at_once(visitor: Person):
    """A wider consent in place of a narrower one that is still remembered here: nobody gets an error, or less."""
    narrow = tokens_for(visitor, TABI, scope="openid over_20", prompt="consent")
    assert is_alive(visitor.provider, narrow["access_token"])
    wide = tokens_for(visitor, TABI, prompt="consent", ticks=("prefecture",))
    bearer = {"Authorization": f"Bearer {wide['access_token']}"}
    assert HTTP.get(f"{visitor.provider.url}/userinfo", headers=bearer).json()["prefecture"] == "Tokyo"


def end_sharing(person: Person) -> None:
    page = person.browser.get("/account/sharing").text
    form = {
        "csrf": page.split('name="csrf" value="')[1].split('"')[0],
        "client_id": "tabi-points",
        "purpose": "points.credit",
    }
    person.browser.post("/account/sharing", data=form)


def test_a_code_is_worth_nothing_once_the_person_ended_the_sharing(visitor: Person):
    """Between the code and its redemption lies a moment in which people may change their minds."""
    tokens = tokens_for(visitor, TABI, prompt="consent")
    code = code_for(visitor, TABI)
    end_sharing(visitor)
    assert eventually(lambda: not is_alive(visitor.provider, tokens["access_token"]))
    assert_refused(redeem(visitor, code, TABI))


def test_a_code_is_worth_nothing_once_the_person_is_suspended(provider: Provider, hana: Person):
    """On both databases; a token from before dies too."""
    tokens = tokens_for(hana, STOREFRONT)
    code = code_for(hana, STOREFRONT)
    accounts, database = provider.services.accounts, provider.services.database
    with database.transaction() as connection:
        account = accounts.find_by_username(connection, hana.username)
        accounts.change_status(connection, account.id, "suspended", int(provider.clock()))
    assert eventually(lambda: not is_alive(provider, tokens["access_token"]))
    assert_refused(redeem(hana, code))
    refresh = {"grant_type": "refresh_token", "refresh_token": tokens["refresh_token"]}
    assert_refused(as_client(provider, "storefront", "/token", refresh))
