"""`client_secret_basic`, `client_secret_post` and `none` (RFC 6749 2.1, 2.3.1 and 5.2)."""

from base64 import b64encode
from collections.abc import Mapping

import httpx
import pytest

from tests.provider.apps import PAYMENTS_API
from tests.provider.jose import read
from tests.provider.operator import idp
from tests.provider.provider import HTTP, Provider
from tests.provider.waiting import eventually

GRANT = {"grant_type": "client_credentials"}
ENDPOINTS = ["/token", "/introspect", "/revoke", "/par"]
ANY_REQUEST = {**GRANT, "token": "a token"}
"""Enough for every endpoint to get as far as the client's authentication, and past it."""


def ask(
    provider: Provider, form: Mapping[str, str], authorization: str | bytes | None = None, path: str = "/token"
) -> httpx.Response:
    headers = {} if authorization is None else {"Authorization": authorization}
    return HTTP.post(provider.url + path, data=form, headers=headers)


def basic(client_id: str | bytes, secret: str | bytes) -> str:
    parts = (part if isinstance(part, bytes) else part.encode() for part in (client_id, secret))
    return f"Basic {b64encode(b':'.join(parts)).decode()}"


def percent(text: str) -> str:
    """Every character as a percent-escape, as RFC 6749 2.3.1 lets a careful client write it."""
    return "".join(f"%{ord(character):02X}" for character in text)


def assert_refused(response: httpx.Response) -> None:
    """RFC 6749 5.2 and RFC 9110 15.5.2: 401, invalid_client, a challenge; one sentence for every cause."""
    assert response.status_code == 401, response.text
    assert response.json()["error"] == "invalid_client"
    assert response.headers["www-authenticate"] == 'Basic realm="sekisho"'
    assert response.headers["cache-control"] == "no-store"


@pytest.fixture
def secret(shared_provider: Provider) -> str:
    return shared_provider.secrets["payments"]


def test_2_3_1_basic_is_accepted(shared_provider: Provider, secret: str):
    """A service proves itself by the Authorization header."""
    assert ask(shared_provider, GRANT, basic("payments", secret)).status_code == 200


def test_2_3_1_basic_credentials_are_form_decoded(shared_provider: Provider, secret: str):
    """Identifier and secret travel form-encoded inside the header."""
    assert ask(shared_provider, GRANT, basic(percent("payments"), percent(secret))).status_code == 200
    assert_refused(ask(shared_provider, GRANT, basic(percent(percent("payments")), secret)))


@pytest.mark.parametrize("scheme", ["basic", "BASIC", "bASIC"])
def test_rfc_9110_11_1_the_scheme_is_case_insensitive(shared_provider: Provider, secret: str, scheme: str):
    """However a client writes it."""
    assert ask(shared_provider, GRANT, scheme + basic("payments", secret)[5:]).status_code == 200


@pytest.mark.parametrize(
    "authorization",
    [
        "",
        "Basic",
        "Basic payments:secret",
        "Basic " + b64encode(b"payments").decode(),
        basic("payments", b"\xff\xfe"),
        basic(b"\xe3\x81", "secret"),
        basic("payments", "%ff"),
        basic("payments", ""),
        basic("", ""),
        basic("payments", "wrong"),
        basic("payments", "日本語"),
        basic("nobody", "wrong"),
        basic("p\x00", "wrong"),
        basic("p" * 5000, "wrong"),
        "Bearer a-token",
        "Digest username=payments",
        b"Basic \xff\xfe",
        "Basic " + "=" * 40,
    ],
)
def test_5_2_any_other_header_is_refused(shared_provider: Provider, authorization: str | bytes):
    """Wrong, malformed or of another scheme: never a server error, and always the same sentence."""
    response = ask(shared_provider, GRANT, authorization)
    assert_refused(response)
    assert response.json() == ask(shared_provider, GRANT, basic("payments", "wrong")).json()


def test_a_secret_with_something_around_it_is_another_secret(shared_provider: Provider, secret: str):
    """No trimming, no change of case, no part of it."""
    for wrong in (secret + "=", secret + " ", " " + secret, secret[:-1], secret.swapcase(), secret + "\n"):
        assert_refused(ask(shared_provider, GRANT, basic("payments", wrong)))


def test_2_3_1_the_body_may_repeat_the_client_id_but_not_change_it(shared_provider: Provider, secret: str):
    """Basic with a client_id in the body is common; with another one it is an attack or a mistake."""
    assert ask(shared_provider, {**GRANT, "client_id": "payments"}, basic("payments", secret)).status_code == 200
    assert_refused(ask(shared_provider, {**GRANT, "client_id": "ledger"}, basic("payments", secret)))


def test_2_3_1_post_is_accepted(shared_provider: Provider):
    """A service proves itself in the body."""
    form = {**GRANT, "client_id": "ledger", "client_secret": shared_provider.secrets["ledger"]}
    assert ask(shared_provider, form).status_code == 200


@pytest.mark.parametrize(
    "wrong",
    [
        {"client_secret": "wrong"},
        {"client_secret": "日本語"},
        {"client_secret": ""},
        {"client_id": ""},
        {"client_id": "payments"},
        {"client_id": "nobody"},
        {"client_id": "ledger\n"},
        {"client_id": "l" * 5000},
    ],
)
def test_5_2_any_other_body_is_refused(shared_provider: Provider, wrong: dict[str, str]):
    """A wrong, missing or foreign part of the credentials."""
    form = {**GRANT, "client_id": "ledger", "client_secret": shared_provider.secrets["ledger"], **wrong}
    assert_refused(ask(shared_provider, form))


def test_2_3_1_credentials_in_the_query_are_not_read(shared_provider: Provider):
    """They would stand in every log on the way."""
    query = {"client_id": "ledger", "client_secret": shared_provider.secrets["ledger"]}
    assert_refused(HTTP.post(f"{shared_provider.url}/token", params=query, data=GRANT))


@pytest.mark.parametrize("path", ENDPOINTS)
def test_2_3_the_registered_method_and_no_other(shared_provider: Provider, path: str):
    """At every endpoint: the right secret by the wrong method, or no proof from a client that has one to give."""
    secrets = shared_provider.secrets
    by_post = {"client_id": "payments", "client_secret": secrets["payments"]}
    assert_refused(ask(shared_provider, {**ANY_REQUEST, **by_post}, path=path))
    assert_refused(ask(shared_provider, ANY_REQUEST, basic("ledger", secrets["ledger"]), path))
    assert_refused(ask(shared_provider, {**ANY_REQUEST, "client_id": "payments"}, path=path))
    assert_refused(ask(shared_provider, {**ANY_REQUEST, "client_id": "ledger"}, path=path))
    assert_refused(ask(shared_provider, ANY_REQUEST, path=path))


@pytest.mark.parametrize("path", ENDPOINTS)
def test_2_3_more_than_one_method_is_refused(shared_provider: Provider, secret: str, path: str):
    """Even when each of them would do alone."""
    post = {"client_id": "payments", "client_secret": secret}
    assertion = {"client_assertion": "a.b.c", "client_assertion_type": "urn:ietf:params:oauth:client-assertion-type:x"}
    header = basic("payments", secret)
    tried = [(post, header), (assertion, header), ({**post, **assertion}, None), ({**post, **assertion}, header)]
    for form, authorization in tried:
        response = ask(shared_provider, {**ANY_REQUEST, **form}, authorization, path)
        assert response.status_code == 400
        assert response.json()["error"] == "invalid_request"


def test_2_1_a_public_client_names_itself_and_has_no_secret_to_give(shared_provider: Provider):
    """It gets as far as its grant; an invented secret gets it nowhere."""
    form = {"grant_type": "refresh_token", "refresh_token": "unknown", "client_id": "storefront-phone"}
    assert ask(shared_provider, form).json()["error"] == "invalid_grant"
    assert_refused(ask(shared_provider, {**form, "client_secret": "invented"}))
    assert_refused(ask(shared_provider, form, basic("storefront-phone", "")))
    assert_refused(ask(shared_provider, {**form, "client_id": "nobody"}))


@pytest.mark.parametrize("path", ENDPOINTS)
def test_a_suspended_client_is_a_stranger(shared_provider: Provider, path: str):
    """Its secret is right and worth nothing."""
    header = basic("closed", shared_provider.secrets["closed"])
    assert_refused(ask(shared_provider, ANY_REQUEST, header, path))


def test_a_rotated_secret_works_and_the_old_one_ends_within_a_second(shared_provider: Provider, secret: str):
    """`idp client rotate-secret`, run in another process than the one that serves."""
    rotated = idp(shared_provider, "client", "rotate-secret", "payments")
    assert rotated.returncode == 0, rotated.stderr
    new = rotated.stdout.strip()
    shared_provider.secrets["payments"] = new
    assert len(new) == 43
    assert eventually(lambda: ask(shared_provider, GRANT, basic("payments", new)).status_code == 200)
    assert_refused(ask(shared_provider, GRANT, basic("payments", secret)))


def test_a_client_without_a_secret_is_given_none(shared_provider: Provider):
    """One clear line for the operator instead."""
    refused = idp(shared_provider, "client", "rotate-secret", "storefront-phone")
    assert refused.returncode == 1
    assert refused.stderr.splitlines() == ["Error: storefront-phone is not a client with a secret"]


def test_a_client_is_who_it_proved_to_be(shared_provider: Provider):
    """The token names the client that authenticated, whatever else the body says."""
    header = basic("payments", shared_provider.secrets["payments"])
    response = ask(shared_provider, {**GRANT, "username": "ledger", "resource": PAYMENTS_API}, header)
    claims = read(shared_provider, response.json()["access_token"]).claims
    assert (claims["client_id"], claims["sub"], claims["aud"]) == ("payments", "payments", PAYMENTS_API)
