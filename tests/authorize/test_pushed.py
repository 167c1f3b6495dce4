"""Pushed authorization requests (RFC 9126): POST /par, and what /authorize makes of a reference."""

from concurrent.futures import ThreadPoolExecutor
from typing import Any
from urllib.parse import urlencode

import httpx
import pytest

from tests.authorize.test_request import REFUSED
from tests.provider.apps import KAZE, PHONE, STOREFRONT, TABI, App
from tests.provider.operator import declare_clients
from tests.provider.person import Person, as_client
from tests.provider.provider import HTTP, NO_TLS, Provider
from tests.web.visits import answer, error_code, follow, request, signed_in

THREADS = 50
PREFIX = "urn:ietf:params:oauth:request_uri:"
MUST_PUSH = App("must-push", "https://must.example.test/callback", "openid")


@pytest.fixture(scope="module", autouse=True)
def _must_push(shared_provider: Provider) -> None:
    declare_clients(
        shared_provider,
        {
            "client_id": MUST_PUSH.client_id,
            "kind": "first_party",
            "name": "Must push",
            "auth_method": "client_secret_basic",
            "grant_types": ["authorization_code"],
            "redirect_uris": [MUST_PUSH.redirect_uri],
            "scopes": ["openid"],
            "require_pushed_authorization_requests": True,
        },
    )


def parameters_of(person: Person, app: App, **changed: str | list[str] | None) -> dict[str, Any]:
    """The parameters of an app's usual request, with some changed."""
    query = httpx.URL(request(person, app, **changed)).params
    return {name: query.get_list(name) if len(query.get_list(name)) > 1 else query[name] for name in query}


def push(person: Person, app: App, **changed: str | list[str] | None) -> httpx.Response:
    """Push an app's usual request, as that app."""
    return as_client(person.provider, app.client_id, "/par", parameters_of(person, app, **changed))


def pushed(person: Person, app: App, **changed: str | list[str] | None) -> str:
    """The reference that a push is answered with."""
    response = push(person, app, **changed)
    assert response.status_code == 201, response.text
    return str(response.json()["request_uri"])


def arrive(person: Person, request_uri: str, client_id: str, **beside: str) -> httpx.Response:
    """Send a browser to /authorize with a reference."""
    query = urlencode({"client_id": client_id, "request_uri": request_uri, **beside})
    return follow(person, person.browser.get(f"/authorize?{query}"))


# ---- the push --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("app", [STOREFRONT, TABI, KAZE, PHONE], ids=lambda app: app.client_id)
def test_2_2_the_answer_is_a_reference_that_lives_for_a_minute(visitor: Person, app: App):
    """201, not to be stored, by every way in which a client proves itself; a public client may push too."""
    response = push(visitor, app)
    assert response.status_code == 201
    assert response.headers["content-type"] == "application/json"
    assert response.headers["cache-control"] == "no-store"
    body = response.json()
    assert set(body) == {"request_uri", "expires_in"}
    assert body["expires_in"] == 60
    assert body["request_uri"].startswith(PREFIX)
    assert len(body["request_uri"]) == len(PREFIX) + 43
    assert body["request_uri"] != pushed(visitor, app)


@pytest.mark.parametrize(("changed", "error"), REFUSED, ids=str)
def test_2_1_everything_is_checked_at_the_push(visitor: Person, changed: dict[str, Any], error: str):
    """What /authorize would send back to the app with an error, the push refuses with the same."""
    response = push(visitor, STOREFRONT, **changed)
    assert response.status_code == 400
    expected = "invalid_request" if "request_uri" in changed else error
    assert response.json()["error"] == expected
    assert response.headers["cache-control"] == "no-store"


@pytest.mark.parametrize(
    "changed",
    [
        {"redirect_uri": "https://evil.example.test/callback"},
        {"redirect_uri": None},
        {"state": "s" * 2049},
        {"client_id": None},
        {"request_uri": f"{PREFIX}x"},
    ],
)
def test_2_3_what_would_be_shown_to_the_person_is_told_to_the_client(member: Person, changed: dict[str, Any]):
    """There is no browser to redirect yet: an error in JSON, whatever is wrong."""
    response = push(member, STOREFRONT, **changed)
    assert response.status_code == 400
    assert response.json()["error"] == "invalid_request"
    assert "location" not in response.headers


def test_2_the_client_proves_itself_as_at_the_token_endpoint(visitor: Person):
    """A wrong secret, none, or two ways at once."""
    url, form = f"{visitor.provider.url}/par", parameters_of(visitor, STOREFRONT)
    right = visitor.provider.basic(STOREFRONT.client_id)
    assert HTTP.post(url, data=form, auth=right).status_code == 201
    for wrong in (HTTP.post(url, data=form), HTTP.post(url, data=form, auth=(STOREFRONT.client_id, "wrong"))):
        assert (wrong.status_code, wrong.json()["error"]) == (401, "invalid_client")
        assert wrong.headers["www-authenticate"].startswith("Basic ")
    for another in ("tabi-points", "unknown"):
        assert push(visitor, STOREFRONT, client_id=another).json()["error"] == "invalid_client"
    twice = HTTP.post(url, data={**form, "client_secret": right[1]}, auth=right)
    assert (twice.status_code, twice.json()["error"]) == (400, "invalid_request")


def test_2_3_a_push_is_a_form_in_a_post(visitor: Person):
    """405 for another method; nothing is read from the query or from JSON."""
    url, form = f"{visitor.provider.url}/par", parameters_of(visitor, STOREFRONT)
    auth = visitor.provider.basic(STOREFRONT.client_id)
    assert HTTP.get(url, params=form, auth=auth).status_code == 405
    assert HTTP.post(url, params=form, auth=auth).status_code == 400
    assert HTTP.post(url, json=form, auth=auth).status_code == 400


def test_2_1_the_proof_of_the_client_is_not_kept(shared_provider: Provider):
    """The secret that came with the push is no part of the request."""
    person, services = Person(shared_provider), shared_provider.services
    assert services is not None
    reference = pushed(person, TABI).removeprefix(PREFIX)
    with services.database.autocommit() as connection:
        taken = services.pushed_requests.take(connection, reference, TABI.client_id, services.now)
    assert taken is not None
    assert dict(taken.parameters) == parameters_of(person, TABI)


def test_5_the_metadata_names_the_endpoint(visitor: Person):
    """That it is there is the sign that it is supported; nobody has to push unless its own registration says so."""
    metadata = HTTP.get(f"{visitor.provider.url}/.well-known/openid-configuration").json()
    assert metadata["pushed_authorization_request_endpoint"] == f"{visitor.provider.url}/par"
    assert metadata["require_pushed_authorization_requests"] is False


# ---- the reference ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("app", [STOREFRONT, TABI], ids=lambda app: app.client_id)
def test_4_a_reference_goes_the_same_way_as_a_request(visitor: Person, app: App):
    """Sign-in, consent, code, tokens, with the state and the nonce that were pushed."""
    reply = visitor.go_on(arrive(visitor, pushed(visitor, app), app.client_id))
    assert reply.url.startswith(app.redirect_uri)
    assert reply.parameters["state"] == "a state"
    tokens = visitor.exchange(app.client_id, app.redirect_uri, reply.parameters["code"]).json()
    assert tokens["id_token"]


def test_4_it_also_comes_in_a_form(member: Person):
    """POST /authorize with client_id and request_uri (OIDC Core 3.1.2.1)."""
    form = {"client_id": STOREFRONT.client_id, "request_uri": pushed(member, STOREFRONT)}
    assert "code" in answer(follow(member, member.browser.post("/authorize", data=form)))


def test_4_what_stands_beside_the_reference_changes_nothing(member: Person):
    """Nobody between the app and here can add to a request that was pushed."""
    evil = {"redirect_uri": "https://evil.example.test/", "scope": "openid email", "state": "forged", "prompt": "none"}
    response = arrive(member, pushed(member, STOREFRONT, scope="openid"), STOREFRONT.client_id, **evil)
    assert response.headers["location"].startswith(STOREFRONT.redirect_uri)
    assert answer(response)["state"] == "a state"
    tokens = member.exchange(STOREFRONT.client_id, STOREFRONT.redirect_uri, answer(response)["code"]).json()
    assert tokens["scope"] == "openid"


def test_4_a_reference_works_once(member: Person):
    """Also where the first time ended in an error, or at a page that is still open."""
    for changed in ({}, {"prompt": "login"}):
        reference = pushed(member, STOREFRONT, **changed)
        arrive(member, reference, STOREFRONT.client_id)
        assert error_code(arrive(member, reference, STOREFRONT.client_id)) == "invalid_request_uri"
    stranger = Person(member.provider)
    reference = pushed(stranger, STOREFRONT, prompt="none")
    assert answer(arrive(stranger, reference, STOREFRONT.client_id))["error"] == "login_required"
    assert error_code(arrive(stranger, reference, STOREFRONT.client_id)) == "invalid_request_uri"


def test_2_2_a_reference_is_of_the_client_that_pushed(member: Person):
    """Another app cannot begin with it, nor use it up."""
    reference = pushed(member, STOREFRONT)
    for other in (TABI.client_id, "unknown", ""):
        assert error_code(arrive(member, reference, other)) == "invalid_request_uri"
    assert "code" in answer(arrive(member, reference, STOREFRONT.client_id))


@pytest.mark.parametrize("tail", ["", "x", "A" * 43, "花", "x" * 9000])
def test_a_reference_that_nobody_was_given(member: Person, tail: str):
    """A page that says so; nothing is redirected, for nobody knows where to."""
    assert error_code(arrive(member, PREFIX + tail, STOREFRONT.client_id)) == "invalid_request_uri"


def test_2_2_a_reference_is_over_after_a_minute(provider: Provider):
    """The person may take until the last second to arrive, and as long as any other to sign in."""
    hana = Person(provider)
    in_time, too_late = pushed(hana, STOREFRONT), pushed(hana, STOREFRONT)
    provider.clock.forward(59)
    page = arrive(hana, in_time, STOREFRONT.client_id)
    provider.clock.forward(1)
    assert error_code(arrive(hana, too_late, STOREFRONT.client_id)) == "invalid_request_uri"
    provider.clock.forward(600)
    assert "code" in hana.go_on(page).parameters


def test_fifty_browsers_with_one_reference(provider: Provider):
    """Exactly one is given a code."""
    hana = signed_in(Person(provider))
    reference = pushed(hana, STOREFRONT)
    url = f"{provider.url}/authorize?{urlencode({'client_id': STOREFRONT.client_id, 'request_uri': reference})}"
    cookies = dict(hana.browser.cookies)

    def one(_number: int) -> httpx.Response:
        return httpx.get(url, cookies=cookies, verify=NO_TLS, timeout=60)

    with ThreadPoolExecutor(THREADS) as pool:
        responses = list(pool.map(one, range(THREADS)))
    assert len([each for each in responses if "code=" in each.headers.get("location", "")]) == 1
    assert [each.status_code for each in responses].count(400) == THREADS - 1


# ---- a client that must push -----------------------------------------------------------------------------------------


def test_6_a_client_that_must_push_is_refused_otherwise(visitor: Person):
    """Its plain request is sent back; its pushed one goes through, also by way of the sign-in page."""
    reply = visitor.authorize(MUST_PUSH.client_id, MUST_PUSH.redirect_uri, MUST_PUSH.scope)
    assert reply.parameters["error"] == "invalid_request"
    assert reply.parameters["state"] == "a state"
    page = arrive(visitor, pushed(visitor, MUST_PUSH), MUST_PUSH.client_id)
    assert "code" in visitor.go_on(page).parameters
