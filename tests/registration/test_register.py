"""Clients that register themselves (RFC 7591, OIDC Dynamic Client Registration 1.0)."""

import json
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import httpx
import pytest
from joserfc.jwk import ECKey, RSAKey

from tests.provider.apps import App, code_for, tokens_for
from tests.provider.jose import read
from tests.provider.operator import idp
from tests.provider.outside import Site
from tests.provider.person import Person, as_client
from tests.provider.provider import HTTP, Provider, serve_here
from tests.provider.tables import rows
from tests.web.pages import Page
from tests.web.visits import signed_in, visit

CALLBACK = "https://rp.example.test/callback"
KEY = ECKey.generate_key("P-256", {"kid": "a"})
PUBLIC = KEY.as_dict(private=False)


def register(provider: Provider, token: str = "", **metadata: Any) -> httpx.Response:
    document = {"redirect_uris": [CALLBACK], **metadata}
    headers = {"Authorization": f"Bearer {token}"} if token else {}
    return HTTP.post(f"{provider.url}/register", json=document, headers=headers)


def registered(provider: Provider, **metadata: Any) -> dict[str, Any]:
    """A registered client; its secret is known to the helpers that act as a client."""
    answer = register(provider, **metadata)
    assert answer.status_code == 201, answer.text
    client: dict[str, Any] = answer.json()
    if "client_secret" in client:
        provider.secrets[client["client_id"]] = client["client_secret"]
    return client


# ---- what comes back -------------------------------------------------------------------------------------------------


def test_rfc_7591_3_2_1_the_answer_holds_everything_that_is_registered(shared_provider: Provider):
    """Identifier and secret, the tokens and address to look after it, all metadata with defaults, never stored."""
    before = int(shared_provider.clock())
    answer = register(shared_provider, client_name="Reise")
    client = answer.json()
    assert answer.status_code == 201
    assert answer.headers["cache-control"] == "no-store"
    assert len(client["client_secret"]) == 43
    assert len(client["registration_access_token"]) == 43
    assert client["registration_client_uri"] == f"{shared_provider.url}/register/{client['client_id']}"
    given = {"client_id", "client_secret", "registration_access_token", "registration_client_uri"}
    assert {name: value for name, value in client.items() if name not in given} == {
        "client_name": "Reise",
        "redirect_uris": [CALLBACK],
        "grant_types": ["authorization_code"],
        "response_types": ["code"],
        "application_type": "web",
        "token_endpoint_auth_method": "client_secret_basic",
        "id_token_signed_response_alg": "RS256",
        "subject_type": "pairwise",
        "scope": "openid profile email address phone offline_access",
        "client_id_issued_at": before,
        "client_secret_expires_at": 0,
        "require_auth_time": False,
        "require_signed_request_object": False,
        "require_pushed_authorization_requests": False,
        "frontchannel_logout_session_required": False,
        "backchannel_logout_session_required": False,
    }


def test_every_member_that_is_accepted_comes_back_as_it_was_sent(shared_provider: Provider, outside: Site):
    """Texts in further languages too; what is unknown is ignored (RFC 7591 2)."""
    outside.pages["/sector"] = json.dumps([CALLBACK]).encode()
    sent = {
        "client_name": "Reise",
        "client_name#ja": "旅",
        "client_uri": "https://rp.example.test/",
        "logo_uri": "https://rp.example.test/logo.png",
        "policy_uri": "https://rp.example.test/policy",
        "policy_uri#ja-Hira-JP": "https://rp.example.test/ja/policy",
        "tos_uri": "https://rp.example.test/tos",
        "contacts": ["Ops of Reise <ops@rp.example.test>"],
        "software_id": "4NRB1-0XZABZI9E6-5SM3R",
        "software_version": "2.1",
        "application_type": "web",
        "grant_types": ["authorization_code", "refresh_token"],
        "response_types": ["code"],
        "redirect_uris": [CALLBACK],
        "post_logout_redirect_uris": ["https://rp.example.test/out"],
        "request_uris": ["https://rp.example.test/requests#abc"],
        "initiate_login_uri": "https://rp.example.test/start",
        "scope": "openid email",
        "jwks": {"keys": [PUBLIC]},
        "token_endpoint_auth_method": "private_key_jwt",
        "token_endpoint_auth_signing_alg": "ES256",
        "subject_type": "pairwise",
        "sector_identifier_uri": outside.url("/sector"),
        "id_token_signed_response_alg": "ES256",
        "id_token_encrypted_response_alg": "ECDH-ES",
        "id_token_encrypted_response_enc": "A256GCM",
        "userinfo_signed_response_alg": "RS256",
        "userinfo_encrypted_response_alg": "RSA-OAEP-256",
        "userinfo_encrypted_response_enc": "A128CBC-HS256",
        "request_object_signing_alg": "PS256",
        "request_object_encryption_alg": "RSA-OAEP",
        "request_object_encryption_enc": "A128GCM",
        "require_signed_request_object": True,
        "require_pushed_authorization_requests": True,
        "default_max_age": 3600,
        "require_auth_time": True,
        "default_acr_values": ["urn:sekisho:acr:password"],
        "frontchannel_logout_uri": "https://rp.example.test/front",
        "frontchannel_logout_session_required": True,
        "backchannel_logout_uri": "https://rp.example.test/back",
        "backchannel_logout_session_required": True,
    }
    client = registered(shared_provider, **sent, partner_id="tabi-points", kind="first_party", of_the_future=1)
    assert {name: client[name] for name in sent} == sent
    assert {"client_secret", "partner_id", "kind", "of_the_future"}.isdisjoint(client)


def test_what_is_left_out_has_the_defaults_of_the_specifications(shared_provider: Provider):
    """A null is left out too (RFC 7592 2.2); an encryption without content algorithm gets A128CBC-HS256."""
    client = registered(
        shared_provider,
        client_name=None,
        id_token_encrypted_response_alg="RSA-OAEP",
        jwks={"keys": [RSAKey.generate_key(2048, {"use": "enc"}).as_dict(private=False)]},
    )
    assert client["client_name"] == "rp.example.test"
    assert client["id_token_encrypted_response_enc"] == "A128CBC-HS256"


def test_rfc_7591_3_2_1_what_it_may_not_have_is_replaced_and_told(shared_provider: Provider):
    """Scopes that are not for such clients are left away, and third parties get pairwise subjects."""
    client = registered(
        shared_provider, scope="openid email payments:settle purpose:marketing.news", subject_type="public"
    )
    assert (client["scope"], client["subject_type"]) == ("openid email", "pairwise")


# ---- what it can do --------------------------------------------------------------------------------------------------


def test_a_registered_client_signs_people_in_and_learns_nothing_but_its_own_name_for_them(shared_provider: Provider):
    """OIDC Core 8.1; without an agreement no data: request ∧ agreement ∧ consent is nothing."""
    client = registered(shared_provider, client_name="Reise", grant_types=["authorization_code", "refresh_token"])
    hana = Person(shared_provider)
    app = App(client["client_id"], CALLBACK, "openid profile email offline_access")
    tokens = tokens_for(hana, app)
    claims = read(shared_provider, tokens["id_token"]).claims
    userinfo = HTTP.get(
        f"{shared_provider.url}/userinfo", headers={"Authorization": f"Bearer {tokens['access_token']}"}
    ).json()
    assert claims["aud"] == client["client_id"]
    assert set(userinfo) <= {"sub", "withheld"}
    assert userinfo["sub"] == claims["sub"]
    refreshed = as_client(
        shared_provider,
        client["client_id"],
        "/token",
        {"grant_type": "refresh_token", "refresh_token": tokens["refresh_token"]},
    )
    assert refreshed.status_code == 200


def test_a_registered_public_client_needs_pkce(shared_provider: Provider):
    """RFC 9700 2.1.1, whatever the operator says about others."""
    client = registered(shared_provider, token_endpoint_auth_method="none", application_type="native")
    assert "client_secret" not in client
    hana = Person(shared_provider)
    refused = hana.authorize(client["client_id"], CALLBACK, "openid", code_challenge=None, code_challenge_method=None)
    assert refused.parameters["error"] == "invalid_request"
    assert "code" in hana.authorize(client["client_id"], CALLBACK, "openid").parameters


@pytest.mark.parametrize("grant", ["client_credentials", "urn:ietf:params:oauth:grant-type:token-exchange"])
def test_a_registered_client_gets_no_grant_that_the_operator_did_not_allow(shared_provider: Provider, grant: str):
    """RFC 7591 2: by default it acts for people and never for itself."""
    refused = register(shared_provider, grant_types=["authorization_code", grant])
    assert (refused.status_code, refused.json()["error"]) == (400, "invalid_client_metadata")


# ---- what is refused -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "uris",
    [
        [],
        ["http://rp.example.test/callback"],
        ["https://rp.example.test/callback#fragment"],
        ["https://rp.example.test/callback#"],
        ["https://user@rp.example.test/callback"],
        ["https://*.example.test/callback"],
        ["https://rp.example.test/call back"],
        ["https://rp.example.test/callback?code=a"],
        ["javascript:alert(1)"],
        ["data:text/html,x"],
        ["jp.example.app:/callback"],
        ["/callback"],
        ["https:///callback"],
        ["https://rp.example.test:port/"],
        [CALLBACK, "//rp.example.test/"],
        ["https://rp.example.test/\u0000"],
        ["https://rp.example.test/\u202e"],
        [f"https://rp.example.test/{'a' * 2000}"],
        [f"https://rp.example.test/{number}" for number in range(51)],
    ],
)
def test_invalid_redirect_uri(shared_provider: Provider, uris: list[str]):
    """RFC 7591 3.2.2, OIDC Registration 2, RFC 9700 2.1."""
    refused = register(shared_provider, redirect_uris=uris)
    assert refused.status_code == 400
    assert refused.json()["error"] in ("invalid_redirect_uri", "invalid_client_metadata")
    if "\u0000" not in "".join(uris):
        assert refused.json()["error"] == "invalid_redirect_uri"


@pytest.mark.parametrize(
    "wrong",
    [
        {"redirect_uris": "https://rp.example.test/callback"},
        {"redirect_uris": [5]},
        {"client_name": ""},
        {"client_name": "two\nlines"},
        {"client_name": "x" * 101},
        {"client_name": ["x"]},
        {"client_name#ja": 5},
        {"client_name#": "x"},
        {"tos_uri#ja": "javascript:x"},
        {"logo_uri": "javascript:alert(1)"},
        {"logo_uri": "not a url"},
        {"policy_uri": "ftp://rp.example.test/"},
        {"tos_uri": "https://user:password@rp.example.test/"},
        {"client_uri": "https://"},
        {"contacts": "ops@rp.example.test"},
        {"contacts": ["a\u0007"]},
        {"application_type": "both"},
        {"grant_types": ["password"]},
        {"grant_types": ["implicit"]},
        {"response_types": ["token"]},
        {"response_types": ["code id_token"]},
        {"response_types": ["id_token"], "grant_types": ["implicit"]},
        {"token_endpoint_auth_method": "client_secret_jwt"},
        {"token_endpoint_auth_method": "tls"},
        {"token_endpoint_auth_method": 5},
        {"token_endpoint_auth_method": "private_key_jwt"},
        {"token_endpoint_auth_signing_alg": "none"},
        {"token_endpoint_auth_signing_alg": "HS256"},
        {"jwks": {}},
        {"jwks": "x"},
        {"jwks": {"keys": [KEY.as_dict(private=True)]}},
        {"jwks": {"keys": [{"kty": "oct", "k": "AAAA"}]}},
        {"jwks": {"keys": [PUBLIC]}, "jwks_uri": "https://rp.example.test/keys"},
        {"jwks_uri": "http://rp.example.test/keys"},
        {"jwks_uri": "https://user@rp.example.test/keys"},
        {"jwks_uri": "https://2130706433/keys"},
        {"subject_type": "secret"},
        {"sector_identifier_uri": "http://rp.example.test/sector"},
        {"id_token_signed_response_alg": "HS256"},
        {"id_token_signed_response_alg": "none"},
        {"id_token_encrypted_response_alg": "RSA1_5"},
        {"id_token_encrypted_response_alg": "RSA-OAEP"},
        {"id_token_encrypted_response_enc": "A128GCM"},
        {"userinfo_signed_response_alg": "none"},
        {"request_object_signing_alg": "HS256"},
        {"request_uris": ["http://rp.example.test/request"]},
        {"request_uris": ["https://rp.example.test/request#a b"]},
        {"initiate_login_uri": "http://rp.example.test/start"},
        {"default_max_age": -1},
        {"default_max_age": "3600"},
        {"default_max_age": 1 << 40},
        {"default_acr_values": ["a b"]},
        {"require_auth_time": "true"},
        {"frontchannel_logout_uri": "https://elsewhere.example.test/out"},
        {"backchannel_logout_uri": "http://rp.example.test/out"},
        {"backchannel_logout_uri": "https://rp.example.test/out#x"},
        {"post_logout_redirect_uris": ["javascript:alert(1)"]},
        {"scope": 'openid "x"'},
        {"scope": ["openid"]},
        {"software_version": "x" * 200},
    ],
)
def test_invalid_client_metadata(shared_provider: Provider, wrong: dict[str, Any]):
    """RFC 7591 3.2.2: each member with the specification's name for it, and never what was sent."""
    refused = register(shared_provider, **wrong)
    answer = refused.json()
    assert (refused.status_code, answer["error"]) == (400, "invalid_client_metadata"), answer
    assert "rp.example.test" not in answer["error_description"]


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"[]",
        b"null",
        b'"x"',
        b"{",
        b"\xff",
        b'{"redirect_uris": ["https://a.example/"], "redirect_uris": ["https://b.example/"]}',
        b'{"redirect_uris": ["https://a.example/"], "client_name": "\\ud800"}',
        b'{"redirect_uris": ["https://a.example/"], "client_name": "a\\u0000b"}',
        b'{"default_max_age": NaN}',
        b"[" * 60_000,
        b'{"a":' * 12_000,
    ],
)
def test_what_is_no_json_object_is_refused(shared_provider: Provider, body: bytes):
    """RFC 7591 3.1, RFC 8259."""
    answer = HTTP.post(f"{shared_provider.url}/register", content=body, headers={"Content-Type": "application/json"})
    assert (answer.status_code, answer.json()["error"]) == (400, "invalid_client_metadata")


def test_another_content_type_or_method_is_told_so_in_json(shared_provider: Provider):
    """RFC 7591 3.1: POST, application/json."""
    form = HTTP.post(f"{shared_provider.url}/register", data={"redirect_uris": CALLBACK})
    assert (form.status_code, form.json()["error"]) == (400, "invalid_request")
    assert HTTP.get(f"{shared_provider.url}/register").json()["error"] == "invalid_request"
    large = HTTP.post(f"{shared_provider.url}/register", json={"client_name": "x" * 70_000})
    assert (large.status_code, large.json()["error"]) == (413, "invalid_request")


def test_rfc_7591_2_3_a_software_statement_is_refused_by_name(shared_provider: Provider):
    """Rather than ignored: whoever sends one counts on it."""
    refused = register(shared_provider, software_statement="eyJhbGciOiJSUzI1NiJ9.e30.x")
    assert (refused.status_code, refused.json()["error"]) == (400, "unapproved_software_statement")


def test_core_8_1_several_hosts_need_a_sector_identifier_uri(shared_provider: Provider, outside: Site):
    """Or it would not be clear by which name a person is known."""
    uris = [CALLBACK, "https://another.example.test/callback"]
    refused = register(shared_provider, redirect_uris=uris)
    assert "sector_identifier_uri" in refused.json()["error_description"]
    outside.pages["/sector"] = json.dumps([*uris, "https://a.third.example.test/"]).encode()
    registered(shared_provider, redirect_uris=uris, sector_identifier_uri=outside.url("/sector"))


@pytest.mark.parametrize(
    "page",
    [
        b'["https://another.example.test/callback"]',
        b'{"redirect_uris": ["https://rp.example.test/callback"]}',
        b"no JSON",
        (200, {"Content-Type": "text/plain"}, json.dumps([CALLBACK]).encode()),
        (404, {}, json.dumps([CALLBACK]).encode()),
        (302, {"Location": "https://10.0.0.1/"}, b""),
        b"[" * 60_000,
        b"[" + b'"x",' * 20_000 + b'"x"]',
    ],
)
def test_registration_5_a_sector_that_does_not_list_the_client_is_refused(
    shared_provider: Provider, outside: Site, page: Any
):
    """Whatever is wrong with the document, the answer is 400 and says that it is the sector."""
    outside.pages["/sector"] = page
    refused = register(shared_provider, sector_identifier_uri=outside.url("/sector"))
    assert (refused.status_code, refused.json()["error"]) == (400, "invalid_client_metadata")
    assert "sector_identifier_uri" in refused.json()["error_description"]


# ---- who is who ------------------------------------------------------------------------------------------------------


def subject(provider: Provider, client: dict[str, Any], redirect_uri: str = CALLBACK) -> str:
    tokens = tokens_for(Person(provider), App(client["client_id"], redirect_uri, "openid"))
    sub: str = read(provider, tokens["id_token"]).claims["sub"]
    return sub


def test_core_8_1_a_pairwise_sub_is_the_sectors(shared_provider: Provider, outside: Site):
    """Two clients of one host, or of one sector document, know a person by one name; others by another one."""
    other = "https://another.example.test/callback"
    outside.pages["/sector"] = json.dumps([CALLBACK, other]).encode()
    first, second = registered(shared_provider), registered(shared_provider)
    elsewhere = registered(shared_provider, redirect_uris=[other])
    sector = {"sector_identifier_uri": outside.url("/sector")}
    in_sector = registered(shared_provider, **sector)
    also_in_sector = registered(shared_provider, redirect_uris=[other], **sector)
    known_as = subject(shared_provider, first)
    assert subject(shared_provider, second) == known_as
    assert subject(shared_provider, elsewhere, other) != known_as
    assert subject(shared_provider, in_sector) == subject(shared_provider, also_in_sector, other) != known_as


def test_apps_on_peoples_own_devices_share_no_sector(shared_provider: Provider):
    """127.0.0.1 and a private scheme are nobody's host: each client is its own sector."""
    subs = set()
    for uri in ["http://127.0.0.1/callback", "http://127.0.0.1/callback", "jp.example.reise:/callback"]:
        native = registered(
            shared_provider, redirect_uris=[uri], application_type="native", token_endpoint_auth_method="none"
        )
        subs.add(subject(shared_provider, native, uri))
    assert len(subs) == 3


# ---- what people are shown of it -------------------------------------------------------------------------------------


@pytest.mark.parametrize("member", ["logo_uri", "policy_uri", "logo_uri#ja", "policy_uri#ja"])
def test_registration_9_1_nobody_shows_the_logo_or_policy_of_another(shared_provider: Provider, member: str):
    """Both are on a host that the answers go to; an operator may vouch for more."""
    refused = register(shared_provider, **{member: "https://bank.example.test/x"})
    assert (refused.status_code, refused.json()["error"]) == (400, "invalid_client_metadata")
    registered(shared_provider, **{member: "https://rp.example.test/x"})


def test_registration_2_the_consent_page_shows_the_app_in_the_readers_language(shared_provider: Provider):
    """Name, policy and terms (RFC 7591 2.2)."""
    client = registered(
        shared_provider,
        **{
            "client_name": "Reise",
            "client_name#ja": "旅",
            "policy_uri": "https://rp.example.test/policy",
            "policy_uri#ja": "https://rp.example.test/ja/policy",
            "tos_uri": "https://terms.example.test/",
        },
    )
    hana = signed_in(Person(shared_provider))
    for language, name, policy in (("en", "Reise", "policy"), ("ja", "旅", "ja/policy")):
        page = Page(visit(hana, App(client["client_id"], CALLBACK, "openid"), ui_locales=language).text)
        assert name in page.all("h1")[0].text
        assert page.by_id("client-policy").attributes["href"] == f"https://rp.example.test/{policy}"
        assert page.by_id("client-terms").attributes["href"] == "https://terms.example.test/"


# ---- who may ---------------------------------------------------------------------------------------------------------


def test_registration_is_closed_unless_the_operator_opens_it(store_url: str):
    """No endpoint, and discovery does not speak of one."""
    with serve_here(store_url, IDP_REGISTRATION__MODE="closed") as closed:
        assert HTTP.post(f"{closed.url}/register", json={"redirect_uris": [CALLBACK]}).status_code == 404
        assert "registration_endpoint" not in HTTP.get(f"{closed.url}/.well-known/openid-configuration").json()


def test_rfc_7591_3_with_an_initial_access_token_as_often_as_it_is_for(store_url: str):
    """Made by the operator, stored as a hash, used up by exactly as many clients, over after its days."""
    with serve_here(store_url, IDP_REGISTRATION__MODE="token") as provider:
        without = register(provider)
        assert (without.status_code, without.headers["www-authenticate"]) == (401, 'Bearer realm="sekisho"')
        made = idp(provider, "client", "initial-access-token", "--uses", "3", "--days", "2", "--json")
        token = json.loads(made.stdout)["initial_access_token"]
        assert token.encode() not in repr(rows(provider)).encode()
        with ThreadPoolExecutor(8) as crowd:
            answers = list(crowd.map(lambda _: register(provider, token).status_code, range(8)))
        assert sorted(answers) == [201, 201, 201, 401, 401, 401, 401, 401]
        made = idp(provider, "client", "initial-access-token", "--days", "2", "--json")
        token = json.loads(made.stdout)["initial_access_token"]
        provider.clock.forward(400 * 86_400)
        refused = register(provider, token)
        assert (refused.status_code, refused.json()["error"]) == (401, "invalid_token")
        assert register(provider, "made-up").status_code == 401


def test_only_the_operator_can_say_that_a_client_is_the_groups_own(store_url: str):
    """By the kind of the initial access token; the client's own word counts for nothing."""
    with serve_here(store_url) as provider:
        made = idp(provider, "client", "initial-access-token", "--kind", "first_party", "--json")
        token = json.loads(made.stdout)["initial_access_token"]
        own = register(provider, token, subject_type="public").json()
        provider.secrets[own["client_id"]] = own["client_secret"]
        assert own["subject_type"] == "public"
        tokens = tokens_for(Person(provider), App(own["client_id"], CALLBACK, "openid email"))
        userinfo = HTTP.get(
            f"{provider.url}/userinfo", headers={"Authorization": f"Bearer {tokens['access_token']}"}
        ).json()
        assert userinfo["email"] == "hana@example.jp"


def test_nobody_floods_the_server_with_clients(store_url: str):
    """So many an hour from one network without a token, and so many in all; told when to come again."""
    limits = {"IDP_REGISTRATION__PER_NETWORK_AND_HOUR": "3", "IDP_REGISTRATION__MAX_CLIENTS": "5"}
    with serve_here(store_url, **limits) as provider:
        assert [register(provider).status_code for _ in range(4)] == [201, 201, 201, 429]
        assert register(provider).headers["retry-after"] == "3600"
        provider.clock.forward(3600)
        assert [register(provider).status_code for _ in range(3)] == [201, 201, 429]


def test_no_secret_of_a_registration_is_kept_readable(shared_provider: Provider):
    """Neither the client's secret nor its registration access token is in the database."""
    client = registered(shared_provider)
    stored = repr(rows(shared_provider))
    assert client["client_id"] in stored
    assert client["client_secret"] not in stored
    assert client["registration_access_token"] not in stored
    assert code_for(Person(shared_provider), App(client["client_id"], CALLBACK, "openid"))
