"""The provider as relying-party libraries see it that we did not write: oauth4webapi and openid-client.

They check what specifications tell a client to check: discovery, `iss` and `state` of the answer, signature and claims
of the ID token, the subject of userinfo, the form of a challenge, RFC 9068 access tokens.
"""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.journeys.keyed_clients import KEYED, SERVICE, declare_keyed_clients
from tests.journeys.node_scripts import run_script
from tests.provider.apps import PAYMENTS_API, PHONE, STOREFRONT, TABI, WALLET, App
from tests.provider.person import Person
from tests.provider.provider import ServedProvider

BASIC, POST, NONE, KEY = "client_secret_basic", "client_secret_post", "none", "private_key_jwt"


@pytest.fixture(scope="module")
def private_jwk(served_provider: ServedProvider, tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """The key of the clients that have one."""
    return declare_keyed_clients(served_provider, tmp_path_factory.mktemp("declared")).jwk


def task(person: Person, app: App, method: str, scenario: str, **more: Any) -> dict[str, Any]:
    provider = person.provider
    usual = {
        "issuer": provider.url,
        "client_id": app.client_id,
        "redirect_uri": app.redirect_uri,
        "scope": app.scope,
        "secret": provider.secrets.get(app.client_id),
        "audience": provider.url,
        "algorithm": {"name": "ECDSA", "namedCurve": "P-256"},
        "metadata": {},
    }
    return {**usual, "method": method, "scenario": scenario, **more}


APPS = [
    (STOREFRONT, BASIC, "ES256"),
    (TABI, POST, "RS256"),
    (PHONE, NONE, "RS256"),
    (WALLET, BASIC, "EdDSA"),
    (KEYED, KEY, "RS256"),
]


@pytest.fixture
def hana(served_provider: ServedProvider) -> Iterator[Person]:
    person = Person(served_provider)
    with person.browser:
        yield person


@pytest.mark.parametrize(("app", "method", "algorithm"), APPS, ids=lambda value: getattr(value, "client_id", value))
def test_oauth4webapi_signs_people_in(
    hana: Person, node: Path, private_jwk: dict, app: App, method: str, algorithm: str
):
    """OIDC Core 3.1 with every client method and signing algorithm: nothing that the library checks is amiss."""
    more = {"jwk": private_jwk, "metadata": {"id_token_signed_response_alg": algorithm}}
    report = run_script(node, "oauth4webapi.mjs", hana, task(hana, app, method, "sign_in", **more))
    assert report["discovered"]
    assert report["id_token"]["aud"] == app.client_id
    assert report["access_token"]["client_id"] == app.client_id
    assert report["access_token"]["sub"] == report["userinfo"]["sub"] == report["id_token"]["sub"]
    if app is not WALLET:
        assert report["refreshed"] == {"rotated": True, "scope": app.scope}
    if method != NONE:
        assert report["introspected"]["active"] is True
        assert report["introspected"]["sub"] == report["id_token"]["sub"]
    if app is TABI:
        assert report["userinfo"]["prefecture"] == "Tokyo"
        assert report["userinfo"]["withheld"] == {"email": "FIELD_NOT_IN_AGREEMENT", "over_20": "FIELD_NOT_CONSENTED"}


@pytest.mark.parametrize("script", ["oauth4webapi.mjs", "openid-client.mjs"])
def test_a_pushed_request_is_taken(hana: Person, node: Path, script: str):
    """RFC 9126 by either library: the request is pushed first, and the person sent with a reference to it."""
    report = run_script(node, script, hana, task(hana, TABI, POST, "pushed"))
    assert report["id_token"]["aud"] == TABI.client_id


def test_oauth4webapi_revokes(hana: Person, node: Path):
    """RFC 7009: revoking the refresh token ends the family; refreshing is refused and introspection says so."""
    report = run_script(node, "oauth4webapi.mjs", hana, task(hana, TABI, POST, "revoke"))
    assert report["refreshed"] == {"kind": "ResponseBodyError", "error": "invalid_grant"}
    assert report["introspected"] == {"active": False}


def test_oauth4webapi_understands_every_refusal(hana: Person, node: Path):
    """RFC 6749 4.1.2.1 and 5.2, RFC 9207, RFC 6750 3: errors are as well-formed as answers, and say from whom."""
    report = run_script(node, "oauth4webapi.mjs", hana, task(hana, STOREFRONT, BASIC, "refusals"))
    assert report["authorize"] == {"kind": "AuthorizationResponseError", "error": "login_required"}
    assert report["scope"] == {"kind": "AuthorizationResponseError", "error": "invalid_scope"}
    assert report["userinfo"] == {"status": 401, "scheme": "bearer", "error": "invalid_token"}
    assert report["refresh"] == {"kind": "ResponseBodyError", "error": "invalid_grant"}


@pytest.mark.parametrize("script", ["oauth4webapi.mjs", "openid-client.mjs"])
@pytest.mark.parametrize(("client_id", "method"), [("payments", BASIC), ("ledger", POST), (SERVICE.client_id, KEY)])
def test_services_get_tokens(hana: Person, node: Path, private_jwk: dict, script: str, client_id: str, method: str):
    """RFC 6749 4.4 and RFC 9068 by every method: the library takes the token at the resource as valid."""
    app = App(client_id, "", SERVICE.scope)
    sent = task(hana, app, method, "client_credentials", jwk=private_jwk, audience=PAYMENTS_API)
    report = run_script(node, script, hana, sent)
    assert report["introspected"]["aud"] == PAYMENTS_API
    assert report["introspected"]["scope"] == "payments:read"
    assert report.get("access_token", report["introspected"])["sub"] == client_id


@pytest.mark.parametrize(
    ("app", "method", "signed_out"),
    [(STOREFRONT, BASIC, "http://127.0.0.1:8401/signed-out"), (TABI, POST, None), (KEYED, KEY, None)],
    ids=lambda value: getattr(value, "client_id", value),
)
def test_openid_client_goes_all_the_way(hana: Person, node: Path, private_jwk: dict, app, method: str, signed_out):
    """Sign-in, userinfo, refresh, introspection, revocation and sign-out, each as the library does it by default."""
    sent = task(hana, app, method, "sign_in", jwk=private_jwk, signed_out=signed_out)
    if app is STOREFRONT:
        sent["metadata"] = {"id_token_signed_response_alg": "ES256"}
    report = run_script(node, "openid-client.mjs", hana, sent)
    assert report["userinfo"]["sub"] == report["introspected"]["sub"] == report["id_token"]["sub"]
    assert report["introspected"]["active"] is True
    assert report["refreshed"] == "invalid_grant"
    if signed_out:
        assert report["signed_out"] == signed_out
        assert "Your account" not in hana.browser.get("/").text
