"""Token revocation (RFC 7009): by whom, of what, how far it reaches, and how soon it is known everywhere."""

from collections import Counter
from time import monotonic

import httpx
import pytest

from idp.store.changes import START_OVERLAP, Topic, announce
from tests.provider.apps import PHONE, STOREFRONT, tokens_for
from tests.provider.jose import read
from tests.provider.person import Person, as_client
from tests.provider.provider import HTTP, NO_TLS, Provider, ServedProvider, another_process
from tests.provider.tables import rows
from tests.provider.waiting import eventually


@pytest.fixture
def visitor(shared_provider: Provider) -> Person:
    return Person(shared_provider)


def revoke(provider: Provider, client_id: str, token: str, **extra: str) -> httpx.Response:
    return as_client(provider, client_id, "/revoke", {"token": token, **extra})


def is_alive(provider: Provider, access_token: str) -> bool:
    response = HTTP.get(f"{provider.url}/userinfo", headers={"Authorization": f"Bearer {access_token}"})
    return response.status_code == 200


def refresh(provider: Provider, client_id: str, refresh_token: str) -> httpx.Response:
    return as_client(provider, client_id, "/token", {"grant_type": "refresh_token", "refresh_token": refresh_token})


def test_2_an_access_token_ends_alone(visitor: Person):
    """Before the answer, where it was revoked; the client may get another one with its refresh token."""
    tokens = tokens_for(visitor, STOREFRONT)
    response = revoke(visitor.provider, "storefront", tokens["access_token"])
    assert (response.status_code, response.json()) == (200, {})
    assert response.headers["cache-control"] == "no-store"
    assert not is_alive(visitor.provider, tokens["access_token"])
    another = refresh(visitor.provider, "storefront", tokens["refresh_token"])
    assert is_alive(visitor.provider, another.json()["access_token"])


@pytest.mark.parametrize("app", [STOREFRONT, PHONE], ids=["confidential", "public"])
def test_2_1_a_refresh_token_ends_its_whole_family(visitor: Person, app):
    """Every refresh token at once and every access token within a second (SHOULD in the RFC)."""
    tokens = tokens_for(visitor, app)
    newest = refresh(visitor.provider, app.client_id, tokens["refresh_token"]).json()
    assert revoke(visitor.provider, app.client_id, newest["refresh_token"]).status_code == 200
    for each in (tokens, newest):
        assert refresh(visitor.provider, app.client_id, each["refresh_token"]).json()["error"] == "invalid_grant"
        assert eventually(lambda token=each["access_token"]: not is_alive(visitor.provider, token))


def test_2_1_an_older_refresh_token_ends_it_too(visitor: Person):
    """The client lost the answer with the newer one and wants to be done with it."""
    tokens = tokens_for(visitor, STOREFRONT)
    newest = refresh(visitor.provider, "storefront", tokens["refresh_token"]).json()
    assert revoke(visitor.provider, "storefront", tokens["refresh_token"]).status_code == 200
    assert refresh(visitor.provider, "storefront", newest["refresh_token"]).json()["error"] == "invalid_grant"


def test_other_grants_of_the_same_person_live_on(visitor: Person):
    """Revocation ends one grant, not the sign-in."""
    first, second = tokens_for(visitor, STOREFRONT), tokens_for(visitor, STOREFRONT)
    revoke(visitor.provider, "storefront", first["refresh_token"])
    assert eventually(lambda: not is_alive(visitor.provider, first["access_token"]))
    assert is_alive(visitor.provider, second["access_token"])
    assert refresh(visitor.provider, "storefront", second["refresh_token"]).status_code == 200


@pytest.mark.parametrize("token", ["unknown", "a.b", "a.b.c", "x" * 20_000, "日本語", " "])
def test_2_2_an_unknown_token_is_as_good_as_revoked(shared_provider: Provider, token: str):
    """200: the client could do nothing about an error, and is where it wanted to be."""
    response = revoke(shared_provider, "storefront", token)
    assert (response.status_code, response.json()) == (200, {})


def test_2_2_a_token_may_be_revoked_twice(visitor: Person):
    """And an expired one, without an error."""
    tokens = tokens_for(visitor, STOREFRONT)
    for name in ("access_token", "access_token", "refresh_token", "refresh_token"):
        assert revoke(visitor.provider, "storefront", tokens[name]).status_code == 200
    late = tokens_for(visitor, STOREFRONT)["access_token"]
    visitor.provider.clock.forward(301)
    assert revoke(visitor.provider, "storefront", late).status_code == 200


@pytest.mark.parametrize("client_id", ["tabi-points", "storefront-phone", "payments"])
@pytest.mark.parametrize("name", ["access_token", "refresh_token"])
def test_2_1_another_clients_token_is_refused(visitor: Person, client_id: str, name: str):
    """The client is told, and the token lives on: otherwise a leak in one app would sign people out of another."""
    tokens = tokens_for(visitor, STOREFRONT)
    before = rows(visitor.provider)
    response = revoke(visitor.provider, client_id, tokens[name])
    assert response.status_code == 400
    assert response.json()["error"] == "invalid_grant"
    assert rows(visitor.provider) == before


@pytest.mark.parametrize("hint", ["access_token", "refresh_token", "unknown"])
@pytest.mark.parametrize("name", ["access_token", "refresh_token"])
def test_2_1_the_hint_may_be_wrong(visitor: Person, name: str, hint: str):
    """The server looks further, as the RFC asks."""
    tokens = tokens_for(visitor, STOREFRONT)
    assert revoke(visitor.provider, "storefront", tokens[name], token_type_hint=hint).status_code == 200
    assert eventually(lambda: not is_alive(visitor.provider, tokens["access_token"]))


def test_a_services_own_token_can_be_revoked(shared_provider: Provider):
    """It has no family, and ends by its jti, which is stored hashed."""
    token = shared_provider.token("payments", grant_type="client_credentials").json()["access_token"]

    def active() -> bool:
        return bool(as_client(shared_provider, "payments", "/introspect", {"token": token}).json()["active"])

    assert active()
    revoke(shared_provider, "payments", token)
    assert eventually(lambda: not active())
    jti = read(shared_provider, token).claims["jti"]
    assert jti not in repr(rows(shared_provider))


def test_2_1_a_token_must_be_sent(shared_provider: Provider):
    """Empty is not sent."""
    for form in ({}, {"token": ""}):
        response = as_client(shared_provider, "storefront", "/revoke", form)
        assert (response.status_code, response.json()["error"]) == (400, "invalid_request")


def test_2_1_nobody_revokes_without_authentication(visitor: Person):
    """A token alone is no right to end it."""
    tokens = tokens_for(visitor, STOREFRONT)
    for form in ({}, {"client_id": "storefront"}, {"client_id": "storefront", "client_secret": "wrong"}):
        response = HTTP.post(f"{visitor.provider.url}/revoke", data={**form, "token": tokens["refresh_token"]})
        assert response.status_code == 401
    assert refresh(visitor.provider, "storefront", tokens["refresh_token"]).status_code == 200


def test_a_token_revoked_before_a_start_is_known_after_it(provider: Provider, hana: Person):
    """A process that starts later reads what ended before it, on both databases."""
    alive, single, family = (tokens_for(hana, STOREFRONT) for _ in range(3))
    revoke(provider, "storefront", single["access_token"])
    revoke(provider, "storefront", family["refresh_token"])
    with provider.services.database.transaction() as connection:
        for number in range(START_OVERLAP + 1):  # so much happened since that the feed does not tell of it any more
            announce(connection, Topic.CLIENT, f"client {number}", provider.services.now)
    with another_process(provider) as app:
        ask = app.test_client().get
        statuses = [
            ask("/userinfo", headers={"Authorization": f"Bearer {tokens['access_token']}"}).status_code
            for tokens in (alive, single, family)
        ]
    assert statuses == [200, 401, 401]


def test_a_revocation_is_seen_by_every_worker_within_a_second(served_provider: ServedProvider):
    """Two processes, a new connection for each question: from one second after the answer on, nobody says yes."""
    token = served_provider.token("payments", grant_type="client_credentials").json()["access_token"]

    def ask() -> bool:
        with httpx.Client(verify=NO_TLS) as client:
            url, auth = f"{served_provider.url}/introspect", served_provider.basic("payments")
            return bool(client.post(url, data={"token": token}, auth=auth).json()["active"])

    assert all(ask() for _ in range(20))
    assert revoke(served_provider, "payments", token).status_code == 200
    revoked_at = monotonic()
    answers: Counter[tuple[bool, bool]] = Counter()
    while answers[True, False] + answers[True, True] < 30:
        late = monotonic() - revoked_at > 1
        answers[late, ask()] += 1
    assert answers[True, True] == 0
