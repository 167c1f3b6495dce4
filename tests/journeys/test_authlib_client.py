"""The provider as Authlib's client sees it: a Flask app that signs people in, and scripts over requests."""

import time
from collections.abc import Iterator
from typing import Any

import pytest
from authlib.common.security import generate_token
from authlib.integrations.flask_client import OAuth
from authlib.integrations.flask_client import OAuthError as FlaskOAuthError
from authlib.integrations.requests_client import OAuth2Session, OAuthError
from authlib.oauth2.rfc7523 import PrivateKeyJWT
from flask import Flask, jsonify
from flask.testing import FlaskClient
from joserfc.jwk import ECKey

from tests.journeys.keyed_clients import KEYED, SERVICE, KeyedClients, declare_keyed_clients
from tests.provider.apps import PAYMENTS_API, PHONE, STOREFRONT, TABI, App
from tests.provider.person import Person
from tests.provider.provider import ServedProvider
from tests.web.visits import claims_of

BASIC, POST, NONE = "client_secret_basic", "client_secret_post", "none"


@pytest.fixture
def hana(served_provider: ServedProvider) -> Iterator[Person]:
    person = Person(served_provider)
    with person.browser:
        yield person


@pytest.fixture(scope="module")
def keyed(served_provider: ServedProvider, tmp_path_factory: pytest.TempPathFactory) -> KeyedClients:
    return declare_keyed_clients(served_provider, tmp_path_factory.mktemp("declared"))


def relying_party(person: Person, app: App, method: str, **settings: Any) -> FlaskClient:
    """A Flask app that knows the issuer, its own name and secret, and finds out the rest."""
    served = Flask("relying party")
    served.secret_key, served.testing = generate_token(32), True
    provider = OAuth(served).register(
        "sekisho",
        client_id=app.client_id,
        client_secret=person.provider.secrets.get(app.client_id),
        server_metadata_url=f"{person.provider.url}/.well-known/openid-configuration",
        client_kwargs={"scope": app.scope, "code_challenge_method": "S256", "token_endpoint_auth_method": method},
        **settings,
    )

    @served.get("/")
    def begin():
        return provider.authorize_redirect(app.redirect_uri)

    @served.get("/callback")
    def callback():
        token = provider.authorize_access_token()  # state, PKCE, nonce, signature and claims of the ID token
        return jsonify(userinfo=provider.userinfo(token=token), id_token=token["userinfo"])

    return served.test_client()


@pytest.mark.parametrize(
    ("app", "method"),
    [(STOREFRONT, BASIC), (TABI, POST), (PHONE, NONE)],
    ids=lambda value: getattr(value, "client_id", value),
)
def test_a_flask_app_signs_people_in(hana: Person, app: App, method: str):
    """OIDC Core 3.1 and Discovery 4: the client finds everything by the issuer, and takes the ID token as valid."""
    party = relying_party(hana, app, method)
    away = party.get("/").headers["location"]
    back = hana.go_on(hana.browser.get(away), ticks=("prefecture",)).url
    answer = party.get(f"/callback?{back.partition('?')[2]}").get_json()
    assert answer["id_token"]["aud"] == app.client_id
    assert answer["userinfo"]["sub"] == answer["id_token"]["sub"]
    if app is TABI:
        assert answer["userinfo"]["prefecture"] == "Tokyo"
        assert "over_20" not in answer["userinfo"]


def test_a_flask_app_is_told_of_a_no(hana: Person):
    """RFC 6749 4.1.2.1: the client raises access_denied, by its own name for it."""
    party = relying_party(hana, TABI, POST, authorize_params={"prompt": "consent"})
    back = hana.go_on(hana.browser.get(party.get("/").headers["location"]), decision="deny").url
    with pytest.raises(FlaskOAuthError, match="access_denied"):
        party.get(f"/callback?{back.partition('?')[2]}")


def client(person: Person, app: App, method: Any, **more: Any) -> OAuth2Session:
    url = person.provider.url
    return OAuth2Session(
        client_id=app.client_id,
        client_secret=person.provider.secrets.get(app.client_id),
        token_endpoint_auth_method=method,
        revocation_endpoint_auth_method=method,
        scope=app.scope,
        redirect_uri=app.redirect_uri,
        code_challenge_method="S256",
        token_endpoint=f"{url}/token",
        **more,
    )


def signed_in(person: Person, http: OAuth2Session) -> dict[str, Any]:
    """The tokens of a sign-in that Authlib's client began and ends."""
    verifier = generate_token(48)
    address, state = http.create_authorization_url(f"{person.provider.url}/authorize", code_verifier=verifier)
    back = person.go_on(person.browser.get(address)).url
    tokens: dict[str, Any] = http.fetch_token(authorization_response=back, state=state, code_verifier=verifier)
    return tokens


@pytest.mark.parametrize(
    ("app", "method"), [(STOREFRONT, BASIC), (TABI, POST)], ids=lambda value: getattr(value, "client_id", value)
)
def test_tokens_live_and_end(hana: Person, app: App, method: str):
    """RFC 6749 4.1 and 6, RFC 7662, RFC 7009: code, refresh, introspection, revocation, as the client does each."""
    url = hana.provider.url
    with client(hana, app, method) as http:
        tokens = signed_in(hana, http)
        assert http.get(f"{url}/userinfo").json()["sub"] == claims_of(tokens["id_token"])["sub"]
        later = http.refresh_token(f"{url}/token", refresh_token=tokens["refresh_token"])
        assert later["refresh_token"] != tokens["refresh_token"]
        assert http.introspect_token(f"{url}/introspect", token=later["access_token"]).json()["active"] is True
        http.revoke_token(f"{url}/revoke", token=later["refresh_token"]).raise_for_status()
        with pytest.raises(OAuthError, match="invalid_grant"):
            http.refresh_token(f"{url}/token", refresh_token=later["refresh_token"])
        assert http.introspect_token(f"{url}/introspect", token=later["refresh_token"]).json() == {"active": False}


def test_a_service_gets_a_token(hana: Person):
    """RFC 6749 4.4: the client credentials grant, for the resource that it names (RFC 8707)."""
    with client(hana, App("payments", "", "payments:read"), BASIC) as http:
        tokens = http.fetch_token(grant_type="client_credentials", resource=PAYMENTS_API)
    assert claims_of(tokens["access_token"])["aud"] == PAYMENTS_API


@pytest.mark.parametrize("app", [KEYED, SERVICE], ids=lambda app: app.client_id)
def test_a_key_in_place_of_a_secret(hana: Person, keyed: KeyedClients, app: App):
    """RFC 7523 2.2: the client signs an assertion with the key that was registered by `idp apply`."""
    short = {"exp": int(time.time()) + 60}  # left alone, Authlib's assertions live for an hour: longer than we take
    method = PrivateKeyJWT(f"{hana.provider.url}/token", short, {"kid": keyed.jwk["kid"]}, "ES256")
    with client(hana, app, method) as http:
        http.client_secret = ECKey.import_key(keyed.jwk)
        tokens = http.fetch_token(grant_type="client_credentials") if app is SERVICE else signed_in(hana, http)
        assert claims_of(tokens["access_token"])["client_id"] == app.client_id
