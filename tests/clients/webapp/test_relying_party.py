"""What the apps check of their provider's answers (OIDC Core 3.1.3.7), tried on a provider that lies."""

from collections.abc import Iterator
from typing import Any

import pytest

from clients.demo.browser import Browser, Page
from clients.storefront.app import Settings, create_app
from clients.webapp.serving import serve_beside
from tests.clients.webapp.lying_issuer import LyingIssuer
from tests.provider.provider import free_port


@pytest.fixture
def issuer() -> Iterator[LyingIssuer]:
    lying = LyingIssuer(f"http://127.0.0.1:{free_port()}")
    with serve_beside(lying.app, lying.url):
        yield lying


def sign_in(issuer: LyingIssuer) -> Page:
    """Sign in to a storefront of this issuer, as far as that goes."""
    url = f"http://127.0.0.1:{free_port()}"
    settings = Settings(issuer.url, url, "storefront", "a secret", "https://payments.example")
    with serve_beside(create_app(settings), url), Browser() as browser:
        return browser.open(f"{url}/sign-in")


def test_an_honest_answer_is_believed(issuer: LyingIssuer):
    """Without this, the refusals below would say nothing."""
    assert sign_in(issuer).text_of("customer-name") == "Hana"


@pytest.mark.parametrize(
    "id_token",
    [
        {"iss": "https://another.example"},
        {"aud": "another-app"},
        {"aud": "another-app", "azp": "storefront"},
        {"nonce": "of another request"},
        {"nonce": None},
        {"exp": 1},
        {"sub": None},
    ],
)
def test_an_id_token_that_is_not_for_this_sign_in_is_refused(issuer: LyingIssuer, id_token: dict[str, Any]):
    """OIDC Core 3.1.3.7, 2 to 11."""
    issuer.id_token = id_token
    page = sign_in(issuer)
    assert page.status == 403
    assert page.text_of("error-code") == "invalid_id_token"


@pytest.mark.parametrize("id_token", ["e30.e30.", "no token at all"])
def test_an_id_token_that_is_none_is_refused(issuer: LyingIssuer, id_token: str):
    """An unsigned or unreadable one."""
    issuer.token = {"id_token": id_token}
    assert sign_in(issuer).text_of("error-code") == "invalid_id_token"


def test_tokens_without_an_id_token_sign_nobody_in(issuer: LyingIssuer):
    """OIDC Core 3.1.3.3: an access token alone says nothing of who signed in, or to which app."""
    issuer.token = {"id_token": None}
    assert sign_in(issuer).text_of("error-code") == "no_id_token"


def test_userinfo_of_somebody_else_is_refused(issuer: LyingIssuer):
    """OIDC Core 5.3.2."""
    issuer.userinfo = {"sub": "somebody else"}
    assert sign_in(issuer).text_of("error-code") == "wrong_subject"


def test_a_document_of_another_issuer_is_refused(issuer: LyingIssuer):
    """OIDC Discovery 4.3."""
    issuer.metadata = {"issuer": "https://another.example"}
    assert sign_in(issuer).text_of("error-code") == "wrong_issuer"


def test_a_provider_in_trouble_is_no_refusal(issuer: LyingIssuer):
    """A 5xx says nothing about the person: the page asks to try again."""
    issuer.token_status = 502
    page = sign_in(issuer)
    assert page.status == 503
    assert page.has("unreachable")
