"""Who a person is to whom (OIDC Core 8): one name within the group, another for each partner, none to meet by."""

import pytest

from tests.provider.apps import KAZE, PHONE, STOREFRONT, TABI, TABI_PHONE, App, tokens_for
from tests.provider.jose import read
from tests.provider.person import Person
from tests.provider.provider import HTTP, Provider


@pytest.fixture
def visitor(shared_provider: Provider) -> Person:
    return Person(shared_provider)


def subject(person: Person, app: App) -> str:
    """The `sub` of the ID token, which is also that of the access token and of userinfo (OIDC Core 5.3.2)."""
    tokens = tokens_for(person, app)
    bearer = {"Authorization": f"Bearer {tokens['access_token']}"}
    found = {
        read(person.provider, tokens["id_token"]).claims["sub"],
        read(person.provider, tokens["access_token"]).claims["sub"],
        HTTP.get(f"{person.provider.url}/userinfo", headers=bearer).json()["sub"],
    }
    assert len(found) == 1
    return found.pop()


def test_8_within_the_group_a_person_is_one(visitor: Person):
    """Single sign-on, and accounts that can be joined: by design."""
    assert subject(visitor, STOREFRONT) == subject(visitor, PHONE)


def test_8_1_a_partner_knows_a_person_by_a_name_of_its_own(visitor: Person):
    """The same in all its apps, and neither the group's nor another partner's."""
    group, tabi, kaze = (subject(visitor, app) for app in (STOREFRONT, TABI, KAZE))
    assert subject(visitor, TABI_PHONE) == tabi
    assert len({group, tabi, kaze}) == 3
    assert len(tabi) == len(kaze) == 43


def test_8_1_the_name_stays_and_is_no_one_elses(visitor: Person):
    """In another session, on another day; another person has another one."""
    tabi = subject(visitor, TABI)
    visitor.provider.clock.forward(86_400)
    assert subject(Person(visitor.provider), TABI) == tabi
    assert subject(Person(visitor.provider, username="ken@example.jp"), TABI) != tabi


def test_partners_cannot_meet_by_anything_else_in_a_token(visitor: Person):
    """No identifier in what one partner gets is also in what another gets, though it is one person in one session."""
    plain = {"a nonce", "pwd", "urn:sekisho:acr:password", "openid", visitor.provider.url, "Bearer"}

    def identifiers(app: App) -> set[str]:
        tokens = tokens_for(visitor, app)
        claims = [read(visitor.provider, tokens[kind]).claims for kind in ("id_token", "access_token")]
        return {value for each in claims for value in each.values() if isinstance(value, str)} - plain

    tabi, kaze, group = identifiers(TABI), identifiers(KAZE), identifiers(STOREFRONT)
    assert not tabi & kaze
    assert not (tabi | kaze) & group


def test_introspection_tells_the_name_that_the_partner_knows(visitor: Person):
    """It does not undo what the token hides."""
    group, tokens = subject(visitor, STOREFRONT), tokens_for(visitor, TABI)
    credentials = {"client_id": "tabi-points", "client_secret": visitor.provider.secrets["tabi-points"]}
    answer = HTTP.post(f"{visitor.provider.url}/introspect", data={**credentials, "token": tokens["access_token"]})
    in_token = read(visitor.provider, tokens["access_token"]).claims["sub"]
    assert answer.json()["sub"] == in_token != group


def test_within_the_group_a_session_is_one(visitor: Person):
    """First parties share `sid`, so that signing out can reach them all."""
    sids = {read(visitor.provider, tokens_for(visitor, app)["id_token"]).claims["sid"] for app in (STOREFRONT, PHONE)}
    assert len(sids) == 1


def test_a_partner_still_signs_people_out_with_its_own_hint(visitor: Person):
    """RP-Initiated Logout 2: the `sid` of its ID token is recognised, so nobody is asked again."""
    hint = tokens_for(visitor, TABI)["id_token"]
    page = visitor.browser.get("/logout", params={"id_token_hint": hint})
    assert page.status_code == 200
    assert 'id="confirm-logout"' not in page.text
    assert (
        'id="sign-in"'
        in visitor.browser.get(
            visitor.request("storefront", STOREFRONT.redirect_uri, "openid"), follow_redirects=True
        ).text
    )
