"""Codes and tokens that reach the wrong session, and servers that are mixed up (RFC 9700 4.4, 4.5, 4.6, 4.8)."""

from collections.abc import Iterator
from typing import Any

import pytest

from tests.conformance.relying_party import left_half
from tests.provider.apps import STOREFRONT, App, code_for
from tests.provider.operator import declare_clients
from tests.provider.person import Person, as_client
from tests.provider.provider import HTTP, Provider, serve_here
from tests.real.postgres_server import PostgresServer
from tests.web.visits import answer, claims_of, signed_in, visit

EVERY = ("code", "id_token", "id_token token", "code id_token", "code token", "code id_token token")
KEN = "ken@example.jp"
PLAIN = App("plain", "https://plain.example.test/callback", "openid email")
TWIN = App("twin", "https://plain.example.test/callback", "openid email")
NO_PROOF = {"code_challenge": None, "code_challenge_method": None}


@pytest.fixture(scope="module")
def provider(postgres_server: PostgresServer) -> Iterator[Provider]:
    """A provider with two apps that may do everything, and share an address."""
    with postgres_server.database() as url, serve_here(url, IDP_RESPONSE_TYPES=",".join(EVERY)) as running:
        declare_clients(running, document(PLAIN), document(TWIN))
        yield running


def document(app: App) -> dict[str, Any]:
    return {
        "client_id": app.client_id,
        "kind": "first_party",
        "name": app.client_id,
        "auth_method": "client_secret_basic",
        "require_pkce": False,
        "grant_types": ["authorization_code", "implicit"],
        "response_types": list(EVERY),
        "redirect_uris": [app.redirect_uri],
        "scopes": app.scope.split(),
    }


@pytest.fixture
def victim(provider: Provider) -> Person:
    return signed_in(Person(provider))


@pytest.fixture
def attacker(provider: Provider) -> Person:
    return signed_in(Person(provider, KEN))


def redeemed(provider: Provider, app: App, code: str, **more: str) -> dict[str, Any]:
    form = {"grant_type": "authorization_code", "code": code, "redirect_uri": app.redirect_uri, **more}
    body: dict[str, Any] = as_client(provider, app.client_id, "/token", form).json()
    return body


def test_4_5_3_1_a_stolen_code_in_the_attackers_session_is_worth_nothing(victim: Person, attacker: Person):
    """PKCE: the app sends the verifier of the attacker's request; and the code is not spent by trying."""
    code = code_for(victim, STOREFRONT)
    refused = attacker.exchange(STOREFRONT.client_id, STOREFRONT.redirect_uri, code)
    assert (refused.status_code, refused.json()["error"]) == (400, "invalid_grant")


def test_4_5_3_2_an_app_without_pkce_tells_by_the_nonce(victim: Person):
    """The ID token carries that of the request which the code was made for, whoever brings the code."""
    code = answer(visit(victim, PLAIN, nonce="of the victim", **NO_PROOF))["code"]
    tokens = redeemed(victim.provider, PLAIN, code)
    assert claims_of(tokens["id_token"])["nonce"] == "of the victim"


def test_4_8_2_a_challenge_cannot_be_taken_out_of_the_request(victim: Person):
    """PKCE downgrade: neither a verifier without a challenge is taken, nor a challenge without its verifier."""
    without = answer(visit(victim, PLAIN, **NO_PROOF))["code"]
    assert redeemed(victim.provider, PLAIN, without, code_verifier=victim.verifier)["error"] == "invalid_grant"
    proven = answer(visit(victim, PLAIN))["code"]
    assert redeemed(victim.provider, PLAIN, proven)["error"] == "invalid_grant"


def test_4_5_2_a_code_is_its_apps_alone_even_at_a_shared_address(victim: Person):
    """And it is spent for the right one too, for it has leaked."""
    code = answer(visit(victim, PLAIN, **NO_PROOF))["code"]
    assert redeemed(victim.provider, TWIN, code)["error"] == "invalid_grant"
    assert redeemed(victim.provider, PLAIN, code)["error"] == "invalid_grant"


@pytest.mark.parametrize("response_type", [each for each in EVERY if "id_token" in each and " " in each])
def test_core_3_3_2_11_what_was_swapped_in_beside_an_id_token_shows(victim: Person, attacker: Person, response_type):
    """c_hash and at_hash are of the code and the token that came with it, and of no others."""
    ours = answer(visit(victim, PLAIN, response_type=response_type, **NO_PROOF))
    theirs = answer(visit(attacker, PLAIN, response_type=response_type, **NO_PROOF))
    claims = claims_of(ours["id_token"])
    for name, member in (("c_hash", "code"), ("at_hash", "access_token")):
        if member in ours:
            assert claims[name] == left_half(ours[member]) != left_half(theirs[member])


def test_4_6_a_token_tells_for_whom_it_was_made(victim: Person):
    """An app that is handed another app's token learns so from introspection, which tells nothing about it."""
    got = answer(visit(victim, TWIN, response_type="id_token token", **NO_PROOF))
    assert claims_of(got["access_token"])["client_id"] == TWIN.client_id
    told = as_client(victim.provider, PLAIN.client_id, "/introspect", {"token": got["access_token"]})
    assert told.json() == {"active": False}


@pytest.mark.parametrize("response_type", EVERY)
@pytest.mark.parametrize("wrong", [{}, {"prompt": "none", "max_age": "0"}, {"scope": "openid payments:settle"}])
def test_4_4_2_1_every_answer_names_its_server(victim: Person, response_type: str, wrong: dict[str, str]):
    """RFC 9207 2.4: the issuer of discovery to the letter, once, whatever the request says of an `iss`."""
    victim.provider.clock.forward(1)
    asked = {"response_type": response_type, "iss": "https://evil.example.test", **wrong, **NO_PROOF}
    response = visit(victim, PLAIN, **asked)
    location = response.headers["location"]
    assert (
        answer(response)["iss"] == HTTP.get(f"{victim.provider.url}/.well-known/openid-configuration").json()["issuer"]
    )
    assert location.count("iss=") == 1
    assert "evil" not in location
    assert ("error=" in location) == bool(wrong)
