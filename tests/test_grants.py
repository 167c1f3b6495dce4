"""Grants as their app sees them (OAuth Grant Management, draft 03; experimental): named, looked at, ended."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import httpx
import pytest

from idp.admin.client_document import DocumentError
from idp.protocol.grants import Initiator, Why
from idp.settings import SettingsError, load_settings
from idp.store import grants
from tests.authorize.test_authorization_details import details
from tests.provider.apps import STOREFRONT, TABI, App, tokens_for
from tests.provider.operator import declare_clients
from tests.provider.person import Person
from tests.provider.provider import HTTP, NOON, Provider, environment, serve_here
from tests.web.visits import answer, decide, signed_in, visit

DAY = 86_400
READERS = 20
QUERY, REVOKE = "grant_management_query", "grant_management_revoke"
KEEPER = App("keeper", "https://keeper.example.test/callback", "openid offline_access")
STRANGER = App("stranger", "https://stranger.example.test/callback", "openid")


def document(app: App, partner_id: str) -> dict[str, Any]:
    """The declaration of a partner's app that looks after its grants."""
    return {
        "client_id": app.client_id,
        "kind": "third_party",
        "partner_id": partner_id,
        "name": app.client_id,
        "auth_method": "client_secret_basic",
        "grant_types": ["authorization_code", "refresh_token", "client_credentials"],
        "redirect_uris": [app.redirect_uri],
        "scopes": ["openid", "prefecture", "offline_access", QUERY, REVOKE],
        "authorization_details_types": ["partner_data"],
    }


@pytest.fixture
def managed(store_url: str) -> Iterator[Provider]:
    """A provider that lets partners look after their grants."""
    with serve_here(store_url, IDP_EXPERIMENTAL="grant-management-03") as running:
        declare_clients(running, document(KEEPER, "tabi-points"), document(STRANGER, "kaze-ads"))
        yield running


@pytest.fixture
def hana(managed: Provider) -> Person:
    return signed_in(Person(managed))


def tokens_of(person: Person, *ticks: str, **changed: Any) -> dict[str, Any]:
    """The tokens that the app holds once the person has answered."""
    response = visit(person, KEEPER, **{**details(), "prompt": "consent", **changed})
    code = answer(decide(person, response, *ticks))["code"]
    response = person.provider.token(
        KEEPER.client_id,
        grant_type="authorization_code",
        code=code,
        redirect_uri=KEEPER.redirect_uri,
        code_verifier=person.verifier,
    )
    assert response.status_code == 200, response.text
    tokens: dict[str, Any] = response.json()
    return tokens


def own_token(provider: Provider, app: App = KEEPER, scope: str = f"{QUERY} {REVOKE}") -> str:
    """A token of an app's own."""
    response = provider.token(app.client_id, grant_type="client_credentials", scope=scope)
    return str(response.json()["access_token"])


def grant(provider: Provider, method: str, grant_id: str, token: str) -> httpx.Response:
    bearer = {"authorization": f"Bearer {token}"}
    return HTTP.request(method, f"{provider.url}/grants/{grant_id}", headers=bearer)


def userinfo(provider: Provider, tokens: dict[str, Any]) -> httpx.Response:
    return HTTP.get(f"{provider.url}/userinfo", headers={"authorization": f"Bearer {tokens['access_token']}"})


def test_a_grant_has_a_name_that_stays_and_tells_what_it_holds(managed: Provider, hana: Person):
    """The same when the person answers anew and when tokens are refreshed, and it tells nothing of the person."""
    tokens = tokens_of(hana, "over_20")
    name = tokens["grant_id"]
    assert len(name) == 22
    assert tokens_of(hana, "prefecture")["grant_id"] == name
    form = {"grant_type": "refresh_token", "refresh_token": tokens["refresh_token"]}
    assert managed.token(KEEPER.client_id, **form).json()["grant_id"] == name
    response = grant(managed, "GET", name, own_token(managed, scope=QUERY))
    assert response.headers["cache-control"] == "no-store"
    until = int(managed.clock.now) + 90 * DAY
    detail = {"type": "partner_data", "purpose": "points.credit", "fields": ["prefecture"], "expires_at": until}
    assert response.json() == {"scopes": [{"scope": "offline_access openid"}], "authorization_details": [detail]}


def test_ending_it_ends_everything_at_once(managed: Provider, hana: Person):
    """204; tokens of either kind are dead, the person's list is empty, and what comes next is another grant."""
    tokens = tokens_of(hana, "over_20")
    own = own_token(managed)
    assert userinfo(managed, tokens).status_code == 200
    assert "keeper" in hana.browser.get("/account/sharing").text
    response = grant(managed, "DELETE", tokens["grant_id"], own)
    assert (response.status_code, response.content) == (204, b"")
    managed.clock.forward(1)
    assert userinfo(managed, tokens).status_code == 401
    form = {"grant_type": "refresh_token", "refresh_token": tokens["refresh_token"]}
    assert managed.token(KEEPER.client_id, **form).json()["error"] == "invalid_grant"
    assert "keeper" not in hana.browser.get("/account/sharing").text
    for method in ("GET", "DELETE"):
        assert grant(managed, method, tokens["grant_id"], own).status_code == 404
    assert tokens_of(hana, "over_20")["grant_id"] != tokens["grant_id"]


def test_a_grant_that_expired_is_over(managed: Provider, hana: Person):
    """It is not found any more, and its name is not given to the next."""
    name = tokens_of(hana, "over_20", **details(duration_days=1))["grant_id"]
    managed.clock.forward(DAY)
    assert grant(managed, "GET", name, own_token(managed)).status_code == 404
    assert tokens_of(signed_in(Person(managed)), "over_20")["grant_id"] != name


def test_the_app_reads_what_became_of_a_grant_and_never_why(managed: Provider, hana: Person):
    """Given, amended, held by a pause and two causes, free again, ended: each once, nothing of who or why."""
    services, own = managed.services, own_token(managed)
    name = tokens_of(hana, "over_20")["grant_id"]
    tokens_of(hana, "over_20", "prefecture")
    steps = (
        lambda connection, grant: services.sharing.pause(connection, grant, services.now),
        lambda connection, grant: held(connection, grant, "one"),
        lambda connection, grant: held(connection, grant, "two"),
        lambda connection, grant: free(connection, grant, "one"),
        lambda connection, grant: free(connection, grant, "two"),
        lambda connection, grant: services.sharing.resume(connection, grant, services.now),
    )

    def held(connection, grant, cause):
        return services.sharing.suspend(connection, grant, cause, Initiator.PLATFORM, Why.SECURITY, services.now)

    def free(connection, grant, cause):
        return services.sharing.lift(connection, grant, cause, Initiator.PLATFORM, Why.SECURITY, services.now)

    for step in steps:
        managed.clock.forward(1)
        with services.database.transaction() as connection:
            assert step(connection, grants.find_by_id(connection, name))
    assert grant(managed, "DELETE", name, own_token(managed)).status_code == 204
    history = grant(managed, "GET", f"{name}/events", own)
    assert history.json()["status"] == "revoked"
    told = [(event["event"], event["at"] - int(NOON), event.get("fields")) for event in history.json()["events"]]
    both = ["over_20", "prefecture"]
    assert told == [
        ("given", 0, ["over_20"]),
        ("amended", 0, both),
        ("paused", 1, None),
        ("suspended", 2, None),
        ("paused", 5, None),
        ("resumed", 6, None),
        ("revoked", 6, None),
    ]
    assert "SECURITY" not in history.text
    assert "platform" not in history.text
    assert grant(managed, "GET", f"{name}/events", own_token(managed, STRANGER)).status_code == 404


def test_nothing_is_read_once_the_end_was_acknowledged(managed: Provider, hana: Person):
    """Readers that race with the end get all or nothing, and nothing at all after the 204."""
    tokens = tokens_of(hana, "over_20")
    own = own_token(managed)

    def one(number: int) -> httpx.Response:
        if number == READERS // 2:
            return grant(managed, "DELETE", tokens["grant_id"], own)
        return userinfo(managed, tokens)

    with ThreadPoolExecutor(READERS) as pool:
        answers = [response.status_code for response in pool.map(one, range(READERS))]
    assert answers.count(204) == 1
    assert set(answers) <= {200, 204, 401}
    managed.clock.forward(1)
    assert [userinfo(managed, tokens).status_code for _ in range(5)] == [401] * 5


def test_a_grant_of_another_app_does_not_exist(managed: Provider, hana: Person):
    """404, as for one that nobody has, and it stands afterwards."""
    tokens = tokens_of(hana, "over_20")
    foreign = own_token(managed, STRANGER)
    for method in ("GET", "DELETE"):
        for name in (tokens["grant_id"], "A" * 22, "x", "%00", "%E8%8A%B1" * 22, "x" * 3000):
            response = grant(managed, method, name, foreign)
            assert (response.status_code, response.json()["error"]) == (404, "invalid_grant")
    assert userinfo(managed, tokens).status_code == 200


def test_only_the_apps_own_token_of_the_right_scope(managed: Provider, hana: Person):
    """Not the person's token, not one for the other action, none, or none that is one."""
    tokens = tokens_of(hana, "over_20")
    name = tokens["grant_id"]
    assert HTTP.get(f"{managed.url}/grants/{name}").status_code == 401
    for wrong in (tokens["access_token"], tokens["refresh_token"], "x", "two words"):
        response = grant(managed, "DELETE", name, wrong)
        assert response.status_code == 401
        assert response.headers["www-authenticate"].startswith("Bearer")
    for method, other in (("GET", REVOKE), ("DELETE", QUERY)):
        response = grant(managed, method, name, own_token(managed, scope=other))
        assert (response.status_code, response.json()["error"]) == (403, "insufficient_scope")
    asked = f"openid {QUERY} {REVOKE}"
    assert not {QUERY, REVOKE} & set(tokens_of(hana, scope=asked, authorization_details=None)["scope"].split())


def test_apps_of_the_group_have_no_grants_to_look_after(managed: Provider, hana: Person):
    """They rest on no consent."""
    assert "grant_id" not in tokens_for(hana, STOREFRONT)
    with pytest.raises(DocumentError, match="scopes"):
        declare_clients(managed, {**document(STRANGER, ""), "kind": "first_party", "authorization_details_types": []})


def test_the_metadata_says_so(managed: Provider):
    """What is supported, and where."""
    metadata = HTTP.get(f"{managed.url}/.well-known/oauth-authorization-server").json()
    assert metadata["grant_management_endpoint"] == f"{managed.url}/grants"
    assert metadata["grant_management_actions_supported"] == ["query", "revoke", "create", "merge", "replace"]
    assert metadata["grant_management_action_required"] is False


def test_it_is_off_unless_the_setting_names_it(shared_provider: Provider):
    """An experiment: no endpoint, no member, no scope, no metadata; and no other experiment is known."""
    assert HTTP.get(f"{shared_provider.url}/grants/{'A' * 22}").status_code == 404
    assert "grant_id" not in tokens_for(Person(shared_provider), TABI)
    assert "grant_management" not in HTTP.get(f"{shared_provider.url}/.well-known/openid-configuration").text
    with pytest.raises(DocumentError, match="scopes"):
        declare_clients(shared_provider, document(KEEPER, "tabi-points"))
    with pytest.raises(SettingsError, match="experimental"):
        load_settings((), environment("sqlite:///x.db", "http://127.0.0.1", IDP_EXPERIMENTAL="grant-management-04"))
