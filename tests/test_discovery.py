"""The discovery documents (OIDC Discovery 3 and 4, RFC 8414 2 and 3): all of it true, nothing left out."""

import tomllib
from typing import Any

import pytest
from authlib.oauth2.rfc8414 import AuthorizationServerMetadata
from authlib.oidc.discovery import OpenIDProviderMetadata

from idp.admin.client_document import DocumentError
from tests.provider.apps import (
    NO_PKCE,
    PAYMENTS_API,
    PHONE,
    STOREFRONT,
    TABI,
    WALLET,
    App,
    code_for,
    tokens_for,
)
from tests.provider.jose import read
from tests.provider.operator import declare_clients
from tests.provider.person import Answer, Person, as_client
from tests.provider.provider import CONFIG, HTTP, ROOT, Provider

OPENID = "/.well-known/openid-configuration"
OAUTH = "/.well-known/oauth-authorization-server"
CATALOGUE = ROOT / "config" / "sharing" / "catalogue.toml"
PUBLISHED = [OPENID, OAUTH, "/.well-known/authzen-configuration", "/jwks"]


@pytest.fixture
def visitor(shared_provider: Provider) -> Person:
    return Person(shared_provider)


@pytest.fixture
def metadata(shared_provider: Provider) -> dict[str, Any]:
    document: dict[str, Any] = HTTP.get(shared_provider.url + OPENID).json()
    return document


# ---- how it is served ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("path", PUBLISHED)
def test_rfc_9111_it_may_be_cached_and_asked_for_again_cheaply(shared_provider: Provider, path: str):
    """A lifetime, an ETag, and 304 without a body for whoever has it already."""
    url = shared_provider.url + path
    first = HTTP.get(url)
    assert first.status_code == 200
    assert first.headers["content-type"] == "application/json"
    assert first.headers["cache-control"] == f"public, max-age={300 if path == '/jwks' else 3600}"
    assert first.headers["access-control-allow-origin"] == "*"
    etag = first.headers["etag"]
    for known in (etag, f"W/{etag}", f'"other", {etag}', f'"other",W/{etag}', "*"):
        again = HTTP.get(url, headers={"If-None-Match": known})
        assert (again.status_code, again.content) == (304, b"")
        assert again.headers["etag"] == etag
        assert again.headers["cache-control"] == first.headers["cache-control"]
    for other in ('"other"', etag.strip('"'), "", etag.swapcase()):
        assert HTTP.get(url, headers={"If-None-Match": other}).content == first.content


@pytest.mark.parametrize("path", PUBLISHED)
def test_rfc_9110_9_3_2_head_is_get_without_the_body(shared_provider: Provider, path: str):
    """The same headers, length included."""
    got, head = (HTTP.request(method, shared_provider.url + path) for method in ("GET", "HEAD"))
    assert head.status_code == 200
    assert head.content == b""
    for name in ("content-type", "content-length", "etag", "cache-control"):
        assert head.headers[name] == got.headers[name]


@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE", "OPTIONS"])
@pytest.mark.parametrize("path", PUBLISHED)
def test_rfc_9110_15_5_6_nothing_else_is_allowed(shared_provider: Provider, path: str, method: str):
    """405 with what is, and a sentence."""
    response = HTTP.request(method, shared_provider.url + path)
    assert response.status_code == 405
    assert response.headers["allow"] == "GET, HEAD"
    assert response.json()["error"] == "invalid_request"


@pytest.mark.parametrize("path", [f"{OPENID}/", f"{OPENID}/x", "/.well-known/x", "/jwks/", "/JWKS"])
def test_what_is_near_is_not_there(shared_provider: Provider, path: str):
    """A document has one address."""
    assert HTTP.get(shared_provider.url + path).status_code == 404


def test_rfc_8414_3_both_documents_say_the_same(shared_provider: Provider):
    """So that no client is told another thing than the next."""
    assert HTTP.get(shared_provider.url + OPENID).content == HTTP.get(shared_provider.url + OAUTH).content


def test_rfc_8414_3_3_the_issuer_is_the_setting_whatever_the_host_header_says(shared_provider: Provider):
    """Neither Host nor a proxy's headers change who this server is."""
    headers = {"Host": "evil.example", "X-Forwarded-Host": "evil.example", "X-Forwarded-Proto": "https"}
    document = HTTP.get(shared_provider.url + OPENID, headers=headers).json()
    assert document["issuer"] == shared_provider.url
    assert "evil.example" not in str(document)


# ---- that it is true -------------------------------------------------------------------------------------------------


def test_3_it_has_what_is_required_and_every_value_is_of_its_type(metadata: dict[str, Any]):
    """By Authlib's checks of both specifications, which want https: the loopback issuer is the tests' own."""
    document = {
        name: value.replace("http://", "https://") if isinstance(value, str) else value
        for name, value in metadata.items()
    }
    AuthorizationServerMetadata(document).validate()
    OpenIDProviderMetadata(document).validate()


def test_every_endpoint_is_there(shared_provider: Provider, metadata: dict[str, Any]):
    """At this issuer; and what other specifications would add is named exactly where it is answered."""
    named = {value for name, value in metadata.items() if name.endswith(("_endpoint", "_uri"))}
    assert len(named) >= 7
    for url in named:
        assert url.startswith(f"{shared_provider.url}/")
        assert HTTP.get(url).status_code != 404
    for path in ELSEWHERE:
        url = shared_provider.url + path
        assert (HTTP.get(url).status_code == 404) == (url not in named), path


ELSEWHERE = ["/register", "/par", "/device_authorization", "/bc-authorize", "/check_session", "/challenge"]
"""Where RFC 7591, RFC 9126, RFC 8628, CIBA and others would have their endpoints."""


def test_grant_types(shared_provider: Provider, metadata: dict[str, Any]):
    """Those named are known at the token endpoint, and no others."""
    urn = "urn:ietf:params:oauth:grant-type:"
    others = ["password", "implicit", f"{urn}device_code", f"{urn}jwt-bearer", f"{urn}token-exchange"]
    named = metadata["grant_types_supported"]
    assert set(named) == {"authorization_code", "refresh_token", "client_credentials"}
    for grant in (*named, *others, "urn:openid:params:grant-type:ciba"):
        error = shared_provider.token("payments", grant_type=grant).json().get("error")
        assert (error == "unsupported_grant_type") == (grant not in named)


def ask(person: Person, app: App = STOREFRONT, **extra: Any) -> Answer:
    return person.authorize(app.client_id, app.redirect_uri, **{"scope": app.scope, **extra})


def test_response_types(visitor: Person, metadata: dict[str, Any]):
    """The code flow alone."""
    assert metadata["response_types_supported"] == ["code"]
    assert "code" in ask(visitor, response_type="code").parameters
    for other in ("token", "id_token", "code id_token", "code token", "none", "code code"):
        assert ask(visitor, response_type=other).parameters["error"] == "unsupported_response_type"


def test_response_modes(visitor: Person, metadata: dict[str, Any]):
    """Each of those named carries an answer its own way; no others are taken."""
    assert set(metadata["response_modes_supported"]) == {"query", "fragment", "form_post"}
    assert "?code=" in ask(visitor, response_mode="query").url
    assert "#code=" in ask(visitor, response_mode="fragment").url
    request = visitor.request(STOREFRONT.client_id, STOREFRONT.redirect_uri, "openid", response_mode="form_post")
    page = visitor.browser.get(request).text
    assert f'action="{STOREFRONT.redirect_uri}"' in page
    assert 'name="code"' in page
    for other in ("jwt", "query.jwt", "web_message", "x"):
        assert ask(visitor, response_mode=other).parameters["error"] == "invalid_request"


def test_proof_keys(visitor: Person, metadata: dict[str, Any]):
    """S256, and never plain (RFC 9700 2.1.1)."""
    assert metadata["code_challenge_methods_supported"] == ["S256"]
    for other in ("plain", "s256", "S512", None):
        assert ask(visitor, code_challenge_method=other).parameters["error"] == "invalid_request"


def test_prompts(visitor: Person, metadata: dict[str, Any]):
    """Each is understood; an unknown one is refused rather than ignored."""
    ask(visitor)
    assert set(metadata["prompt_values_supported"]) == {"none", "login", "consent", "select_account"}
    for prompt in ("none", "login", "consent"):
        app = TABI if prompt == "consent" else STOREFRONT
        assert "code" in ask(visitor, app, prompt=prompt).parameters
    chooser = visitor.browser.get(
        visitor.request("storefront", STOREFRONT.redirect_uri, "openid", prompt="select_account"), follow_redirects=True
    )
    assert "<h1>Choose an account</h1>" in chooser.text
    assert ask(visitor, prompt="create").parameters["error"] == "invalid_request"


def test_request_objects(visitor: Person, metadata: dict[str, Any]):
    """OIDC Core 6: understood, as the document says; each algorithm is used in authorize/test_request_objects.py."""
    for name, error in (("request", "invalid_request_object"), ("request_uri", "invalid_request_uri")):
        assert metadata[f"{name}_parameter_supported"] is True
        assert ask(visitor, **{name: "x"}).parameters["error"] == error
    assert metadata["require_request_uri_registration"] is True
    algorithms = set(metadata["token_endpoint_auth_signing_alg_values_supported"]) | {"none"}
    assert set(metadata["request_object_signing_alg_values_supported"]) == algorithms
    assert ask(visitor, registration="{}").parameters["error"] == "registration_not_supported"


def test_claims_one_by_one(visitor: Person, metadata: dict[str, Any]):
    """OIDC Core 5.5: understood, as the document says; what they do has tests of its own (authorize/test_claims.py)."""
    assert metadata["claims_parameter_supported"] is True
    assert "code" in ask(visitor, claims='{"userinfo": {"email": null}}').parameters
    assert ask(visitor, claims="x").parameters["error"] == "invalid_request"


def test_rfc_9207_the_issuer_is_in_every_answer(visitor: Person, metadata: dict[str, Any]):
    """As the document promises; errors included."""
    assert metadata["authorization_response_iss_parameter_supported"] is True
    for answer in (ask(visitor), ask(visitor, scope="unknown"), ask(visitor, TABI, prompt="none")):
        assert answer.parameters["iss"] == visitor.provider.url


ONE_OF_EACH = {"client_secret_basic": "payments", "client_secret_post": "ledger", "none": "storefront-phone"}


def test_authentication_methods(shared_provider: Provider, metadata: dict[str, Any]):
    """Those named can be registered and used, private_key_jwt by tests of its own; nothing else can be."""
    named = set(metadata["token_endpoint_auth_methods_supported"])
    assert named == {*ONE_OF_EACH, "private_key_jwt"} == set(metadata["revocation_endpoint_auth_methods_supported"])
    assert set(metadata["introspection_endpoint_auth_methods_supported"]) == named - {"none"}
    for client_id in ONE_OF_EACH.values():
        assert as_client(shared_provider, client_id, "/revoke", {"token": "x"}).status_code == 200
    for other in ("client_secret_jwt", "tls_client_auth", "self_signed_tls_client_auth", "private_key", ""):
        with pytest.raises(DocumentError):
            declare_clients(shared_provider, {**SERVICE, "auth_method": other})


SERVICE = {"client_id": "probe", "kind": "service", "name": "Probe", "auth_method": "client_secret_basic"}
APP = {
    **SERVICE,
    "kind": "first_party",
    "grant_types": ["authorization_code"],
    "redirect_uris": ["https://probe.example.test/callback"],
}


@pytest.mark.parametrize("endpoint", ["token", "introspection", "revocation"])
def test_assertion_algorithms(shared_provider: Provider, metadata: dict[str, Any], endpoint: str):
    """Asymmetric ones only, and those that a client can register (each is used in client_auth's tests)."""
    named = metadata[f"{endpoint}_endpoint_auth_signing_alg_values_supported"]
    families = ("ES", "RS", "PS")
    assert set(named) == {f"{kind}{bits}" for kind in families for bits in (256, 384, 512)} | {"EdDSA"}
    for other in ("none", "HS256", "ES256K", "RSA-OAEP", ""):
        assert other not in named
    for other in ("none", "HS256", "ES256K"):
        with pytest.raises(DocumentError, match="assertion_algorithm"):
            declare_clients(shared_provider, {**SERVICE, "assertion_algorithm": other})


def test_id_token_algorithms(visitor: Person, metadata: dict[str, Any]):
    """One app signs by each; RS256 is among them (OIDC Discovery 3); none and MACs cannot be registered."""
    made = {
        read(visitor.provider, tokens_for(visitor, app)["id_token"]).header["alg"]
        for app in (STOREFRONT, PHONE, WALLET)
    }
    assert made == set(metadata["id_token_signing_alg_values_supported"]) == {"RS256", "ES256", "EdDSA"}
    for name in ("id_token_algorithm", "access_token_algorithm"):
        for other in ("none", "HS256", "ES384", ""):
            with pytest.raises(DocumentError, match=name):
                declare_clients(visitor.provider, {**APP, name: other})


def test_scopes(visitor: Person, metadata: dict[str, Any]):
    """Every one can be granted to somebody; one that is not named can be given to nobody."""
    named = set(metadata["scopes_supported"])
    declared = [tomllib.loads(file.read_text("utf-8"))["scopes"] for file in (CONFIG, CATALOGUE)]
    for_services = {scope for scope, said in declared[0].items() if said["kinds"] == ["service"]}
    assert named == {"openid", "offline_access"}.union(*declared)
    declare_clients(visitor.provider, {**APP, "client_id": "greedy", "scopes": sorted(named - for_services)})
    greedy = App("greedy", APP["redirect_uris"][0], " ".join(sorted(named - for_services)))
    assert set(tokens_for(visitor, greedy)["scope"].split()) == named - for_services
    service = {"kind": "service", "auth_method": "client_secret_basic", "grant_types": ["client_credentials"]}
    declare_clients(
        visitor.provider, {**service, "client_id": "for-all", "name": "For all", "scopes": sorted(for_services)}
    )
    granted = visitor.provider.token("for-all", grant_type="client_credentials").json()["scope"]
    assert set(granted.split()) == for_services
    with pytest.raises(DocumentError, match="scopes"):
        declare_clients(visitor.provider, {**APP, "scopes": ["unknown"]})


def test_claims(visitor: Person, metadata: dict[str, Any]):
    """What userinfo and ID tokens say of people is named; the rest of an ID token is of the protocol."""
    named = set(metadata["claims_supported"])
    protocol = {"aud", "exp", "iat", "nonce", "at_hash", "sid"}
    for app in (STOREFRONT, TABI, NO_PKCE):
        tokens = tokens_for(visitor, app)
        bearer = {"Authorization": f"Bearer {tokens['access_token']}"}
        told = set(HTTP.get(f"{visitor.provider.url}/userinfo", headers=bearer).json()) - {"withheld"}
        assert told <= named
        assert set(read(visitor.provider, tokens["id_token"]).claims) - protocol <= named
    assert {"sub", "name", "email", "address", "birthdate", "prefecture", "over_18"} <= named


def test_subjects_and_contexts(visitor: Person, metadata: dict[str, Any]):
    """Public within the group, pairwise beyond it; the weakest context (authorize/test_levels.py has the others)."""
    assert set(metadata["subject_types_supported"]) == {"public", "pairwise"}
    claims = read(visitor.provider, tokens_for(visitor, STOREFRONT, acr_values="urn:x")["id_token"]).claims
    weakest, *_stronger = metadata["acr_values_supported"]
    assert claims["acr"] == weakest


def test_languages(visitor: Person, metadata: dict[str, Any]):
    """Each is spoken on the sign-in page when the app asks for it."""
    assert set(metadata["ui_locales_supported"]) == {"en", "ja"}
    for language in metadata["ui_locales_supported"]:
        person = Person(visitor.provider)
        request = person.request("storefront", STOREFRONT.redirect_uri, "openid", ui_locales=language)
        page = person.browser.get(request, follow_redirects=True)
        assert f'<html lang="{language}"' in page.text


def test_resources_are_those_of_the_settings(visitor: Person):
    """RFC 8707 has no metadata; what can be asked for is what a client is registered for."""
    assert code_for(visitor, STOREFRONT, resource=PAYMENTS_API)
    with pytest.raises(DocumentError, match="resources"):
        declare_clients(visitor.provider, {**SERVICE, "resources": ["https://unknown.example"]})
