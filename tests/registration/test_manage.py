"""Clients that look after their own registration (RFC 7592)."""

from typing import Any

import httpx
import pytest
from joserfc.jwk import ECKey

from tests.provider.apps import App, code_for, tokens_for
from tests.provider.operator import idp
from tests.provider.person import Person, as_client
from tests.provider.provider import HTTP, Provider
from tests.provider.tables import all_at_once, rows
from tests.registration.test_register import CALLBACK, registered

PUBLIC = ECKey.generate_key("P-256", {"kid": "a"}).as_dict(private=False)


def manage(
    provider: Provider, client: dict[str, Any], method: str = "GET", token: str = "", **json: Any
) -> httpx.Response:
    headers = {"Authorization": f"Bearer {token or client['registration_access_token']}"}
    body = {"json": json} if json else {}
    return HTTP.request(method, client["registration_client_uri"], headers=headers, **body)


def document(client: dict[str, Any], **changes: Any) -> dict[str, Any]:
    """The client's own document as it sends it back."""
    own = ("registration_access_token", "registration_client_uri", "client_id_issued_at", "client_secret_expires_at")
    return {**{name: value for name, value in client.items() if name not in own}, **changes}


def test_rfc_7592_2_1_a_client_reads_how_it_is_registered(shared_provider: Provider):
    """All but the secret, of which only the hash is kept."""
    client = registered(shared_provider, client_name="Reise")
    answer = manage(shared_provider, client)
    assert answer.status_code == 200
    assert answer.headers["cache-control"] == "no-store"
    assert answer.json() == {name: value for name, value in client.items() if name != "client_secret"}


def test_rfc_7592_2_2_a_client_replaces_all_it_says_about_itself(shared_provider: Provider):
    """What it leaves out is as if it had never been said; its old secret ends, its token and identifier stay."""
    client = registered(shared_provider, client_name="Reise", tos_uri="https://rp.example.test/tos")
    sent = document(client, client_name="Tabi", redirect_uris=[CALLBACK, f"{CALLBACK}/2"])
    del sent["tos_uri"], sent["scope"]
    answer = manage(shared_provider, client, "PUT", **sent)
    assert answer.status_code == 200, answer.text
    changed = answer.json()
    assert changed["client_name"] == "Tabi"
    assert "tos_uri" not in changed
    for name in ("client_id", "registration_access_token", "client_id_issued_at"):
        assert changed[name] == client[name]
    assert changed["client_secret"] != client["client_secret"]
    for secret, error in ((client["client_secret"], "invalid_client"), (changed["client_secret"], "invalid_grant")):
        shared_provider.secrets[client["client_id"]] = secret
        refused = as_client(
            shared_provider, client["client_id"], "/token", {"grant_type": "authorization_code", "code": "x"}
        )
        assert refused.json()["error"] == error


def test_a_client_changes_from_a_secret_to_keys_and_the_secret_ends(shared_provider: Provider):
    """OIDC Core 9: one way to prove itself at a time."""
    client = registered(shared_provider)
    answer = manage(
        shared_provider,
        client,
        "PUT",
        **document(client, token_endpoint_auth_method="private_key_jwt", jwks={"keys": [PUBLIC]}),
    )
    assert answer.status_code == 200
    assert "client_secret" not in answer.json()
    refused = as_client(
        shared_provider, client["client_id"], "/token", {"grant_type": "authorization_code", "code": "x"}
    )
    assert refused.json()["error"] == "invalid_client"


@pytest.mark.parametrize(
    ("change", "error"),
    [
        ({"client_id": "another"}, "invalid_client_metadata"),
        ({"client_id": None}, "invalid_client_metadata"),
        ({"client_secret": "another"}, "invalid_client_metadata"),
        ({"client_secret": 5}, "invalid_client_metadata"),
        ({"redirect_uris": ["http://rp.example.test/"]}, "invalid_redirect_uri"),
        ({"redirect_uris": None}, "invalid_redirect_uri"),
        ({"redirect_uris": ["https://another.example.test/"]}, "invalid_client_metadata"),
        ({"grant_types": ["client_credentials"]}, "invalid_client_metadata"),
        ({"software_statement": "x.y.z"}, "unapproved_software_statement"),
    ],
)
def test_a_change_that_does_not_fit_changes_nothing(shared_provider: Provider, change: dict[str, Any], error: str):
    """Neither the metadata nor the secret; the host decides people's sub, so that it cannot change (Core 8.1)."""
    client = registered(shared_provider)
    answer = manage(shared_provider, client, "PUT", **document(client, **change))
    assert (answer.status_code, answer.json()["error"]) == (400, error)
    assert manage(shared_provider, client).json() == {k: v for k, v in client.items() if k != "client_secret"}
    assert code_for(Person(shared_provider), App(client["client_id"], CALLBACK, "openid"))


def test_a_client_cannot_make_itself_more_than_it_is(shared_provider: Provider):
    """Neither a partner's nor the group's own, and no scope that is not for it."""
    client = registered(shared_provider)
    sent = document(
        client, partner_id="tabi-points", kind="first_party", status="active", resources=["http://127.0.0.1:8403"]
    )
    changed = manage(shared_provider, client, "PUT", **{**sent, "scope": "openid payments:settle"}).json()
    assert changed["scope"] == "openid"
    (stored,) = [row for row in rows(shared_provider)["clients"] if row[0] == client["client_id"]]
    assert "tabi-points" not in repr(stored)
    assert "first_party" not in repr(stored)


@pytest.mark.parametrize("method", ["GET", "PUT", "DELETE"])
def test_one_clients_token_is_useless_for_another(shared_provider: Provider, method: str):
    """RFC 7592 2: as are a made-up one, none, and the client's own secret; nobody learns which clients there are."""
    client, another = registered(shared_provider), registered(shared_provider)
    nobody = {**client, "registration_client_uri": f"{shared_provider.url}/register/nobody"}
    declared = {**client, "registration_client_uri": f"{shared_provider.url}/register/storefront"}
    answers = [
        manage(shared_provider, client, method, another["registration_access_token"], **document(client)),
        manage(shared_provider, client, method, client["client_secret"], **document(client)),
        manage(shared_provider, client, method, "made-up", **document(client)),
        manage(shared_provider, nobody, method, **document(client)),
        manage(shared_provider, declared, method, **document(client)),
        HTTP.request(method, client["registration_client_uri"], json=document(client)),
    ]
    assert {answer.status_code for answer in answers} == {401}
    assert len({answer.text for answer in answers}) == 1
    assert answers[0].headers["www-authenticate"].startswith('Bearer realm="sekisho", error="invalid_token"')
    assert manage(shared_provider, client).status_code == 200


@pytest.mark.parametrize("client_id", ["%00", "a%0ab", "x" * 200, "%F0%9F%92%A9", "%ff"])
def test_any_client_id_is_just_unknown(shared_provider: Provider, client_id: str):
    """Whatever bytes it holds."""
    answer = HTTP.get(f"{shared_provider.url}/register/{client_id}", headers={"Authorization": "Bearer x"})
    assert (answer.status_code, answer.json()["error"]) == (401, "invalid_token")


def test_rfc_7592_2_3_a_deleted_client_is_gone_with_all_its_tokens(provider: Provider):
    """Its token, its secret, the tokens and codes of its people; all of it by the answer, on both databases."""
    client = registered(provider, grant_types=["authorization_code", "refresh_token"])
    hana = Person(provider)
    app = App(client["client_id"], CALLBACK, "openid offline_access")
    tokens = tokens_for(hana, app)
    code = code_for(hana, app)
    deleted = manage(provider, client, "DELETE")
    assert (deleted.status_code, deleted.content) == (204, b"")
    assert manage(provider, client).status_code == 401
    assert manage(provider, client, "DELETE").status_code == 401
    assert manage(provider, client, "PUT", **document(client)).status_code == 401
    provider.services.feed.read_now()  # type: ignore[union-attr]
    userinfo = HTTP.get(f"{provider.url}/userinfo", headers={"Authorization": f"Bearer {tokens['access_token']}"})
    assert userinfo.status_code == 401
    refresh = {"grant_type": "refresh_token", "refresh_token": tokens["refresh_token"]}
    assert as_client(provider, client["client_id"], "/token", refresh).json()["error"] == "invalid_client"
    assert hana.exchange(client["client_id"], CALLBACK, code).json()["error"] == "invalid_client"
    assert hana.browser.get(hana.request(client["client_id"], CALLBACK, "openid")).status_code == 400
    families = rows(provider)["token_families"]
    assert families
    assert all("client_deleted" in row for row in families if client["client_id"] in row)


def test_of_many_that_delete_at_once_one_does_and_no_update_brings_it_back(shared_provider: Provider):
    """The registration row is taken by one statement."""
    client = registered(shared_provider)
    answers = all_at_once(shared_provider, "registrations", lambda: manage(shared_provider, client, "DELETE"))
    assert sorted(answer.status_code for answer in answers) == [204] + [401] * 7
    client = registered(shared_provider)
    methods = iter(["PUT", "DELETE"] * 4)
    all_at_once(
        shared_provider,
        "registrations",
        lambda: manage(shared_provider, client, next(methods), **document(client, client_secret=None)),
    )
    assert manage(shared_provider, client).status_code == 401
    (stored,) = [row for row in rows(shared_provider)["clients"] if row[0] == client["client_id"]]
    assert "deleted" in stored


def test_what_an_operator_decided_about_a_client_stays(provider: Provider):
    """A client that was suspended cannot bring itself back."""
    client = registered(provider)
    with provider.services.database.transaction() as connection:  # type: ignore[union-attr]
        connection.exec_driver_sql("UPDATE clients SET status = 'suspended'")
    answer = manage(provider, client, "PUT", **document(client))
    assert (answer.status_code, answer.json()["error"]) == (403, "access_denied")


def test_an_operator_sees_registered_clients_among_the_others(provider: Provider):
    """`idp client list`."""
    client = registered(provider, client_name="Reise")
    assert client["client_id"] in idp(provider, "client", "list", "--json").stdout
