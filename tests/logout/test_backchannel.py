"""Back-Channel Logout 1.0: every app of a session is told that it is over, by a token that only we can sign."""

from collections.abc import Iterator
from dataclasses import replace

import pytest

from idp.store import clients
from tests.logout.told import EVENT, logout_tokens, sign_in_to, told
from tests.provider.fixtures import trusting
from tests.provider.jose import read
from tests.provider.outside import Authority, Site, serve_site
from tests.provider.person import Person, as_client, hidden
from tests.provider.provider import Provider, serve_here
from tests.real.postgres_server import PostgresServer
from tests.web.visits import sign_in, signed_in, visit

KEN = "ken@example.jp"


@pytest.fixture(scope="module")
def site(authority: Authority) -> Iterator[Site]:
    with serve_site(authority) as site:
        yield site


@pytest.fixture(scope="module")
def provider(postgres_server: PostgresServer, authority: Authority, site: Site) -> Iterator[Provider]:
    with postgres_server.database() as url, serve_here(url, **trusting(authority)) as running:
        yield running


@pytest.fixture(autouse=True)
def forgotten(site: Site) -> None:
    site.requests.clear()


@pytest.fixture
def hana(provider: Provider) -> Person:
    return signed_in(Person(provider))


def sign_out(person: Person) -> None:
    page = person.browser.get("/logout").text
    person.browser.post("/logout/confirm", data={**hidden(page), "decision": "confirm"})


def refreshes(person: Person, client_id: str, tokens: dict[str, str]) -> bool:
    form = {"grant_type": "refresh_token", "refresh_token": tokens["refresh_token"]}
    return as_client(person.provider, client_id, "/token", form).status_code == 200


def test_the_token_says_whose_session_is_over_and_nothing_else(provider: Provider, site: Site, hana: Person):
    """Back-Channel Logout 2.4: typ, iss, aud, iat, exp, jti, events, and sub and sid of the app's own ID token."""
    shop = told(provider, site, "shop", "back").app
    known = read(provider, sign_in_to(hana, shop)["id_token"]).claims
    sign_out(hana)
    (token,) = logout_tokens(provider, site, shop)
    claims = dict(token.claims)
    now = int(provider.clock())
    assert token.header["typ"] == "logout+jwt"
    assert token.header["alg"] == "RS256", "as its ID tokens"
    assert claims.pop("jti")
    assert claims == {
        "iss": provider.url,
        "aud": "shop",
        "iat": now,
        "exp": now + 120,
        "sub": known["sub"],
        "sid": known["sid"],
        "events": {EVENT: {}},
    }
    (request,) = site.requests
    assert (request.method, request.headers["Content-Type"]) == ("POST", "application/x-www-form-urlencoded")


def test_every_app_of_the_session_is_told_and_no_other(provider: Provider, site: Site, hana: Person):
    """Back-Channel Logout 2.5: those that the session signed in to; not those of another session, nor those without."""
    apps = [told(provider, site, name, "back").app for name in ("one", "two", "three")]
    silent = told(provider, site, "silent").app
    for app in (apps[0], apps[1], silent):
        sign_in_to(hana, app)
    sign_in_to(signed_in(Person(provider)), apps[2])
    sign_out(hana)
    assert [len(logout_tokens(provider, site, app)) for app in apps] == [1, 1, 0]


def test_a_partner_is_told_by_the_names_that_it_knows(provider: Provider, site: Site, hana: Person):
    """OIDC Core 8.1: sub and sid are pairwise for partners, in logout tokens too."""
    shop = told(provider, site, "shop", "back").app
    app = told(provider, site, "travel", "back", kind="third_party", partner_id="tabi-points").app
    ours, theirs = (read(provider, sign_in_to(hana, each)["id_token"]).claims for each in (shop, app))
    sign_out(hana)
    (token,) = logout_tokens(provider, site, app)
    for name in ("sub", "sid"):
        assert token.claims[name] == theirs[name] != ours[name]


def test_a_session_that_another_person_takes_over_is_over(provider: Provider, site: Site, hana: Person):
    """Somebody else signs in in the same browser: the apps of the first one are told."""
    shop = told(provider, site, "shop", "back").app
    sign_in_to(hana, shop)
    hana.username = KEN
    sign_in(hana, visit(hana, shop, prompt="login"))
    assert len(logout_tokens(provider, site, shop)) == 1


def test_a_suspended_person_is_signed_out_everywhere(provider: Provider, site: Site):
    """Every session of theirs is over, and each app hears of each."""
    shop = told(provider, site, "shop", "back").app
    known = [read(provider, sign_in_to(signed_in(Person(provider)), shop)["id_token"]).claims for _browser in range(2)]
    services = provider.services
    with services.database.transaction() as connection:
        account = services.accounts.find_by_username(connection, "hana@example.jp")
        services.session_end.end_all(connection, account.id, services.now)
    told_of = {token.claims["sid"] for token in logout_tokens(provider, site, shop)}
    assert {each["sid"] for each in known} <= told_of


def test_an_app_that_is_away_gets_a_fresh_token_when_it_is_back(provider: Provider, site: Site, hana: Person):
    """Back-Channel Logout 2.4: exp is two minutes at most, so that each try has a token of its own."""
    shop = told(provider, site, "shop", "back").app
    sign_in_to(hana, shop)
    site.pages["/shop/back"] = (503, {}, b"")
    sign_out(hana)
    (first,) = logout_tokens(provider, site, shop)
    provider.clock.forward(600)
    site.pages["/shop/back"] = b"{}"
    second = logout_tokens(provider, site, shop)[1]
    assert second.claims["iat"] - first.claims["iat"] == 600
    assert second.claims["jti"] != first.claims["jti"]
    assert second.claims["sid"] == first.claims["sid"]


def test_an_app_that_was_closed_meanwhile_is_not_told(provider: Provider, site: Site, hana: Person):
    """Nothing is signed for a client that is no longer one."""
    app = told(provider, site, "closing", "back").app
    sign_in_to(hana, app)
    sign_out(hana)
    services = provider.services
    with services.database.transaction() as connection:
        client = clients.find(connection, "closing")
        clients.save(connection, replace(client, status=clients.SUSPENDED), services.now)
    services.feed.read_now()
    assert logout_tokens(provider, site, app) == []


def test_signing_out_again_tells_nobody_again(provider: Provider, site: Site, hana: Person):
    """A session ends once."""
    shop = told(provider, site, "shop", "back").app
    sign_in_to(hana, shop)
    sign_out(hana)
    sign_out(signed_in(hana))
    assert len(logout_tokens(provider, site, shop)) == 1


def test_what_offline_access_granted_stays_unless_the_operator_wants_otherwise(
    postgres_server: PostgresServer, authority: Authority, site: Site, provider: Provider, hana: Person
):
    """Back-Channel Logout 2.7: refresh tokens with offline_access are normally not revoked; a setting decides."""
    shop = told(provider, site, "shop", "back").app
    kept = sign_in_to(hana, shop)
    sign_out(hana)
    assert refreshes(hana, "shop", kept)
    strict = {**trusting(authority), "IDP_LOGOUT__KEEP_OFFLINE_ACCESS": "false"}
    with postgres_server.database() as url, serve_here(url, **strict) as other:
        shop, person = told(other, site, "shop", "back").app, signed_in(Person(other))
        ended = sign_in_to(person, shop)
        sign_out(person)
        assert not refreshes(person, "shop", ended)
