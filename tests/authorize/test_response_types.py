"""Response types beyond `code` (OIDC Core 3.2, 3.3, Multiple Response Types): off until both sides want them."""

from base64 import urlsafe_b64encode
from collections.abc import Iterator
from hashlib import sha256
from typing import Any

import pytest

from tests.provider.apps import STOREFRONT, TABI, App
from tests.provider.jose import read
from tests.provider.operator import declare_clients
from tests.provider.person import Answer, Person, as_client, hidden
from tests.provider.provider import HTTP, Provider, serve_here
from tests.provider.waiting import eventually
from tests.real.postgres_server import PostgresServer
from tests.web.visits import signed_in

EVERY = ("code", "id_token", "id_token token", "code id_token", "code token", "code id_token token")
BEYOND_CODE = EVERY[1:]
SPA = App("spa", "https://spa.example.test/callback", "openid email")
PARTNER = App("front-partner", "https://front.example.test/callback", "openid prefecture over_20")
PROTOCOL = {"iss", "sub", "aud", "iat", "exp", "auth_time", "acr", "amr", "sid", "at_hash", "c_hash", "nonce"}


@pytest.fixture(scope="module")
def provider(postgres_server: PostgresServer) -> Iterator[Provider]:
    """A provider whose operator allows every response type, and clients that are registered for them."""
    with (
        postgres_server.database() as url,
        serve_here(url, IDP_RESPONSE_TYPES=",".join(EVERY), IDP_UNSIGNED_ID_TOKENS="true") as running,
    ):
        declare(running, SPA, kind="first_party", scopes=["openid", "profile", "email"])
        declare(running, PARTNER, kind="third_party", partner_id="tabi-points", scopes=PARTNER.scope.split())
        yield running


def declare(provider: Provider, app: App, **other: Any) -> None:
    document = {
        "client_id": app.client_id,
        "name": app.client_id,
        "auth_method": "client_secret_basic",
        "require_pkce": False,
        "grant_types": ["authorization_code", "implicit"],
        "response_types": list(EVERY),
        "redirect_uris": [app.redirect_uri],
    }
    declare_clients(provider, {**document, **other})


@pytest.fixture
def member(provider: Provider) -> Person:
    return signed_in(Person(provider))


def ask(person: Person, response_type: str, app: App = SPA, **extra: Any) -> Answer:
    usual = {"scope": app.scope, "code_challenge": None, "code_challenge_method": None}
    ticks = ("prefecture", "over_20") if app is PARTNER else ()
    return person.authorize(
        app.client_id, app.redirect_uri, response_type=response_type, ticks=ticks, **{**usual, **extra}
    )


def left_half(value: str) -> str:
    return urlsafe_b64encode(sha256(value.encode()).digest()[:16]).rstrip(b"=").decode()


@pytest.mark.parametrize("response_type", BEYOND_CODE)
def test_core_3_2_2_5_and_3_3_2_5_each_part_is_there_and_no_other(member: Person, response_type: str):
    """In the fragment, bound to each other by hashes, for the nonce that was sent; the order of parts means nothing."""
    for asked in (response_type, " ".join(reversed(response_type.split()))):
        answer = ask(member, asked)
        assert answer.url.startswith(f"{SPA.redirect_uri}#")
        got, parts = answer.parameters, set(response_type.split())
        expected = {"state", "iss", "session_state", *(parts & {"code", "id_token"})}
        expected |= {"access_token", "token_type", "expires_in", "scope"} if "token" in parts else set()
        assert set(got) == expected
        if "id_token" in parts:
            claims = read(member.provider, got["id_token"]).claims
            assert (claims["aud"], claims["nonce"]) == (SPA.client_id, "a nonce")
            assert claims.get("c_hash") == (left_half(got["code"]) if "code" in parts else None)
            assert claims.get("at_hash") == (left_half(got["access_token"]) if "token" in parts else None)


@pytest.mark.parametrize("response_type", BEYOND_CODE)
def test_core_5_4_where_the_claims_of_scopes_are(member: Person, response_type: str):
    """In the ID token where no access token ever comes, at userinfo otherwise."""
    got = ask(member, response_type).parameters
    email = {"email": "hana@example.jp", "email_verified": True}
    if "id_token" in got:
        told = {n: v for n, v in read(member.provider, got["id_token"]).claims.items() if n not in PROTOCOL}
        assert told == (email if response_type == "id_token" else {})
    if "access_token" in got:
        assert (got["token_type"], got["expires_in"], got["scope"]) == ("Bearer", "300", SPA.scope)
        claims = read(member.provider, got["access_token"]).claims
        assert userinfo(member.provider, got["access_token"]) == {"sub": claims["sub"], **email}


def userinfo(provider: Provider, token: str) -> dict[str, Any]:
    answer: dict[str, Any] = HTTP.get(f"{provider.url}/userinfo", headers={"authorization": f"Bearer {token}"}).json()
    return answer


@pytest.mark.parametrize("response_type", ["code id_token", "code token", "code id_token token"])
def test_core_3_3_3_the_code_is_redeemed_beside_the_tokens(member: Person, response_type: str):
    """The same person in both ID tokens; each access token ends by itself."""
    got = ask(member, response_type).parameters
    redeemed = member.exchange(SPA.client_id, SPA.redirect_uri, got["code"], code_verifier="")
    tokens = redeemed.json()
    second = read(member.provider, tokens["id_token"]).claims
    assert "c_hash" not in second
    if "id_token" in got:
        first = read(member.provider, got["id_token"]).claims
        assert {first[name] == second[name] for name in ("iss", "sub", "nonce", "auth_time")} == {True}
    if "access_token" in got:
        as_client(member.provider, SPA.client_id, "/revoke", {"token": got["access_token"]})
        assert eventually(lambda: "error" in userinfo(member.provider, got["access_token"]))
        assert "error" not in userinfo(member.provider, tokens["access_token"])


def test_core_3_2_2_signing_out_ends_an_access_token_from_the_front(member: Person):
    """It began in the browser's session like any other."""
    got = ask(member, "id_token token").parameters
    page = member.browser.get("/logout")
    member.browser.post("/logout/confirm", data={**hidden(page.text), "decision": "confirm"})
    assert eventually(lambda: userinfo(member.provider, got["access_token"]).get("error") == "invalid_token")


@pytest.mark.parametrize("response_type", BEYOND_CODE)
def test_multiple_response_types_5_never_in_a_query(member: Person, response_type: str):
    """Tokens would stand in logs and histories: refused, and even that by fragment."""
    answer = ask(member, response_type, response_mode="query")
    assert answer.url.startswith(f"{SPA.redirect_uri}#")
    assert answer.parameters["error"] == "invalid_request"


@pytest.mark.parametrize("response_type", BEYOND_CODE)
def test_form_post_2_any_of_them_by_form(member: Person, response_type: str):
    """The same members, as fields of a form."""
    request = member.request(
        SPA.client_id, SPA.redirect_uri, SPA.scope, response_type=response_type, response_mode="form_post"
    )
    fields = hidden(member.browser.get(request).text)
    assert {name for name in ("code", "id_token", "access_token") if name in fields} == {
        {"token": "access_token"}.get(part, part) for part in response_type.split()
    }


@pytest.mark.parametrize("response_type", BEYOND_CODE)
def test_core_3_2_2_1_a_nonce_is_needed_for_an_id_token_from_the_front(member: Person, response_type: str):
    """Without one it could be replayed into another session; `code token` brings none."""
    got = ask(member, response_type, nonce=None).parameters
    assert got.get("error") == ("invalid_request" if "id_token" in response_type else None)


def test_core_3_1_2_1_an_id_token_needs_openid(member: Person):
    """Without that scope it is no authentication request."""
    assert ask(member, "id_token", scope="email").parameters["error"] == "invalid_scope"


@pytest.mark.parametrize("response_type", BEYOND_CODE)
def test_core_3_2_2_6_errors_come_by_fragment_too(provider: Provider, response_type: str):
    """Also those that are found before anybody signed in."""
    for wrong in ({"prompt": "none"}, {"scope": "openid payments:settle"}, {"max_age": "soon"}):
        answer = ask(Person(provider), response_type, **wrong)
        assert answer.url.startswith(f"{SPA.redirect_uri}#error=")
        assert answer.parameters["state"] == "a state"


@pytest.mark.parametrize(
    "response_type", ["token", "none", "code code", "id_token id_token", "code  id_token", " code"]
)
def test_what_is_no_response_type_of_openid_connect(member: Person, response_type: str):
    """`token` alone authenticates nobody and is left out (RFC 9700 2.1.2)."""
    assert ask(member, response_type).parameters["error"] == "unsupported_response_type"


@pytest.mark.parametrize("response_type", BEYOND_CODE)
def test_a_client_that_did_not_ask_for_it_gets_none(member: Person, response_type: str):
    """OIDC Registration 2: `code` is what a client gets that names no response types."""
    answer = ask(member, response_type, STOREFRONT)
    assert answer.parameters["error"] == "unauthorized_client"
    assert set(answer.parameters) == {"error", "error_description", "state", "iss"}


def test_a_partner_gets_through_the_browser_what_was_agreed_and_no_more(provider: Provider):
    """G1 holds for every way out: the ID token that comes alone, and userinfo for a token from the front."""
    person = Person(provider)
    alone = read(provider, ask(person, "id_token", PARTNER).parameters["id_token"]).claims
    assert {n: alone[n] for n in set(alone) - PROTOCOL} == {"prefecture": "Tokyo", "over_20": True}
    token = ask(person, "id_token token", PARTNER).parameters["access_token"]
    assert {**userinfo(provider, token), "sub": ""} == {"sub": "", "prefecture": "Tokyo", "over_20": True}
    assert ask(person, "code id_token", TABI).parameters["error"] == "unauthorized_client"


# ---- ID tokens without a signature -----------------------------------------------------------------------------------

UNSIGNED = App("unsigned", "https://unsigned.example.test/callback", "openid")


def test_core_2_no_signature_where_both_sides_want_it(member: Person):
    """OIDC Core 2 and 3.1.3.7: alg none for the code flow alone, over TLS from the token endpoint."""
    declare(
        member.provider,
        UNSIGNED,
        kind="first_party",
        scopes=["openid"],
        grant_types=["authorization_code"],
        response_types=["code"],
        id_token_algorithm="none",
    )
    got = ask(member, "code", UNSIGNED).parameters
    tokens = member.exchange(UNSIGNED.client_id, UNSIGNED.redirect_uri, got["code"], code_verifier="").json()
    header, payload, signature = tokens["id_token"].split(".")
    assert signature == ""
    assert payload
    assert header == urlsafe_b64encode(b'{"alg":"none","typ":"JWT"}').rstrip(b"=").decode()
    assert read(member.provider, tokens["access_token"]).header["alg"] == "ES256"
    assert "none" in metadata(member.provider)["id_token_signing_alg_values_supported"]


def test_discovery_3_it_says_what_is_on(member: Person, shared_provider: Provider):
    """What the operator allows, and nothing of it elsewhere."""
    assert metadata(member.provider)["response_types_supported"] == list(EVERY)
    assert "implicit" in metadata(member.provider)["grant_types_supported"]
    other = metadata(shared_provider)
    assert other["response_types_supported"] == ["code"]
    assert "implicit" not in other["grant_types_supported"]
    assert "none" not in other["id_token_signing_alg_values_supported"]


def metadata(provider: Provider) -> dict[str, Any]:
    document: dict[str, Any] = HTTP.get(f"{provider.url}/.well-known/openid-configuration").json()
    return document
