"""Authlib's traps 12, 13, 17 and 18: strange input, parameters read twice, loud logs, checks in no order."""

import logging
from base64 import b64encode

import pytest

from idp.token.authorization_code import AuthorizationCodeGrant
from idp.token.client_credentials import ClientCredentialsGrant
from idp.token.refresh_token import RefreshTokenGrant
from tests.provider.apps import STOREFRONT
from tests.provider.person import Person
from tests.provider.provider import HTTP, Provider

FORM = {"Content-Type": "application/x-www-form-urlencoded"}
GRANT = b"grant_type=client_credentials"


@pytest.mark.parametrize(
    ("headers", "body"),
    [
        ({"Authorization": "Basic " + b64encode(b"payments:\xff").decode()}, GRANT),
        ({"Authorization": "Basic " + b64encode(b"\xe3\x81:x").decode()}, GRANT),
        ({}, GRANT + b"&client_id=ledger&client_secret=%E6%97%A5"),
        ({}, GRANT + b"&client_id=%E6%97%A5&client_secret=x"),
        ({}, b"grant_type=%22&client_id=ledger&client_secret=x"),
        ({}, b"grant_type=%E6%97%A5%22%5C&client_id=storefront-phone"),
        ({"Host": "id.example.jp"}, GRANT),
        ({"Host": "id.example.jp", "X-Forwarded-Proto": "http"}, b"grant_type=password&client_id=storefront-phone"),
    ],
)
def test_trap_12_no_byte_breaks_the_token_endpoint(shared_provider: Provider, headers: dict[str, str], body: bytes):
    """Each of these is a bare 500 in Authlib, plain http on a host that is not loopback included."""
    response = HTTP.post(f"{shared_provider.url}/token", content=body, headers={**FORM, **headers})
    assert response.status_code in (400, 401)
    assert response.json()["error"] in ("invalid_client", "unsupported_grant_type")


@pytest.mark.parametrize("name", ["redirect_uri", "response_type", "response_mode", "scope", "client_id", "prompt"])
@pytest.mark.parametrize("value", ['x"y', "日本語", "x\\y", "x\r\ny", "<script>"])
def test_trap_12_no_byte_breaks_the_authorization_endpoint(shared_provider: Provider, name: str, value: str):
    """The value is in Authlib's own error text, which may not hold it; here it is told on a page or to the client."""
    person = Person(shared_provider)
    response = person.browser.get(
        person.request(
            **{"client_id": "storefront", "redirect_uri": STOREFRONT.redirect_uri, "scope": "openid", name: value}
        )
    )
    proven = name not in ("redirect_uri", "client_id")
    assert response.status_code == (303 if proven else 400)
    told = response.headers["location"] if proven else response.text
    assert "error" in told
    assert "<script>" not in told


def test_trap_13_only_the_body_counts_and_each_parameter_once(shared_provider: Provider):
    """Authlib reads query and body, takes the first of two, and a wrong secret beside a right header."""
    url, auth = f"{shared_provider.url}/token", shared_provider.basic("payments")

    def error(content: bytes, **request: object) -> str:
        return str(HTTP.post(url, content=content, headers=FORM, **request).json()["error"])

    query = {"grant_type": "client_credentials", "client_id": "storefront-phone"}
    assert error(b"", params=query, auth=auth) == "invalid_request"
    assert error(GRANT, params={"client_id": "storefront-phone"}) == "invalid_client"
    assert error(GRANT + b"&" + GRANT, auth=auth) == "invalid_request"
    assert error(GRANT + b"&client_id=payments&client_secret=wrong", auth=auth) == "invalid_request"
    assert error(b"scope=openid", auth=auth) == "invalid_request"


def test_trap_17_authlib_does_not_log_tokens_whatever_the_level(shared_provider: Provider):
    """At DEBUG it prints every token that it issues; the application keeps it at INFO."""
    root = logging.getLogger()
    before = root.level
    root.setLevel(logging.DEBUG)
    try:
        for name in ("authlib", "authlib.oauth2.rfc6749.grants.authorization_code"):
            assert not logging.getLogger(name).isEnabledFor(logging.DEBUG)
    finally:
        root.setLevel(before)


def test_trap_18_no_check_hangs_on_a_hook(shared_provider: Provider):
    """Hooks live in a set and run in any order; none is registered here, and the first fault is always the first."""
    server = shared_provider.services.server
    assert server._extensions == []
    for grant in (AuthorizationCodeGrant, RefreshTokenGrant, ClientCredentialsGrant):
        assert not any(grant(None, server)._hooks.values())
    person = Person(shared_provider)
    faults = {"response_mode": "x", "response_type": "x", "code_challenge": "x", "prompt": "x", "max_age": "x"}
    answers = [person.authorize("storefront", STOREFRONT.redirect_uri, "unknown", **faults) for _ in range(5)]
    assert {answer.parameters["error_description"] for answer in answers} == {
        "The response_mode is not supported. Use query, fragment or form_post."
    }
