"""A parameter that stands twice, at every endpoint that takes a form (RFC 6749 3.1, 3.2; RFC 9700 4.11)."""

from urllib.parse import urlencode

import pytest

from tests.provider.apps import STOREFRONT, tokens_for
from tests.provider.person import Person
from tests.provider.provider import HTTP, Provider

FORMS = {
    "/par": {
        "client_id": STOREFRONT.client_id,
        "redirect_uri": STOREFRONT.redirect_uri,
        "response_type": "code",
        "scope": "openid",
        "code_challenge": "x" * 43,
        "code_challenge_method": "S256",
    },
    "/token": {"grant_type": "refresh_token", "refresh_token": "any", "scope": "openid"},
    "/introspect": {"token": "any", "token_type_hint": "access_token"},
    "/revoke": {"token": "any", "token_type_hint": "refresh_token"},
}
CASES = [(path, name) for path, form in FORMS.items() for name in form]


@pytest.mark.parametrize(("path", "name"), CASES)
def test_the_same_value_twice_and_another_one_are_refused(shared_provider: Provider, path: str, name: str):
    """Two readers could differ about which counts; one that the endpoint does not know is no exception."""
    once = urlencode(FORMS[path])
    for again in (f"{name}={FORMS[path][name]}", f"{name}=another", "unknown=1&unknown=1"):
        response = HTTP.post(
            shared_provider.url + path,
            content=f"{once}&{again}",
            headers={"Content-Type": "application/x-www-form-urlencoded"},
            auth=shared_provider.basic(STOREFRONT.client_id),
        )
        assert (response.status_code, response.json()["error"]) == (400, "invalid_request")


def test_a_bearer_token_twice_is_refused(shared_provider: Provider):
    """RFC 6750 3.1: in the body, and in body and header."""
    token = tokens_for(Person(shared_provider), STOREFRONT)["access_token"]
    for content, headers in (
        (f"access_token={token}&access_token={token}", {}),
        (f"access_token={token}", {"Authorization": f"Bearer {token}"}),
    ):
        kind = {"Content-Type": "application/x-www-form-urlencoded", **headers}
        response = HTTP.post(f"{shared_provider.url}/userinfo", content=content, headers=kind)
        assert (response.status_code, response.json()["error"]) == (400, "invalid_request")
