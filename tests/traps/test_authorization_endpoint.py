"""Authlib's traps 1 to 3 and 15: authorization responses and PKCE. Each was found in Authlib 1.9 by experiment."""

from html import unescape
from urllib.parse import parse_qs, urlsplit

import pytest

from tests.provider.apps import NO_PKCE, PHONE, STOREFRONT, TABI
from tests.provider.person import Person, hidden
from tests.provider.provider import Provider

STATE = 'a b+&"<x'


@pytest.fixture
def visitor(shared_provider: Provider) -> Person:
    return Person(shared_provider)


def test_trap_01_form_post_escapes_for_html_and_runs_no_inline_script(visitor: Person):
    """Authlib URL-quotes the values, submits by an inline handler, and leaves the mode out of the code flow."""
    visitor.authorize("storefront", STOREFRONT.redirect_uri, "openid")
    request = visitor.request("storefront", STOREFRONT.redirect_uri, "openid", state=STATE, response_mode="form_post")
    page = visitor.browser.get(request)
    assert page.status_code == 200
    assert hidden(page.text)["state"] == STATE
    assert STATE not in page.text
    assert "onload" not in page.text
    assert "javascript:" not in unescape(page.text)
    policy = page.headers["content-security-policy"]
    assert "unsafe-inline" not in policy
    assert "form-action 'self' http" in policy


@pytest.mark.parametrize("extra", [{}, {"scope": "unknown"}, {"nonce": "x" * 4000}, {"max_age": "soon"}])
def test_trap_02_iss_stands_where_the_answer_stands(visitor: Person, extra: dict[str, str]):
    """Authlib writes it into the query of a fragment response, and leaves it out of errors raised before consent."""
    asked = {"scope": "openid", "response_mode": "fragment", **extra}
    answer = visitor.authorize("storefront", STOREFRONT.redirect_uri, **asked)
    parts = urlsplit(answer.url)
    assert not parts.query
    assert parse_qs(parts.fragment)["iss"] == [visitor.provider.url]


def test_trap_02_an_error_without_any_page_has_iss_too(visitor: Person):
    """login_required comes before everything else."""
    answer = visitor.authorize("storefront", STOREFRONT.redirect_uri, "openid", prompt="none")
    assert answer.parameters["error"] == "login_required"
    assert answer.parameters["iss"] == visitor.provider.url


@pytest.mark.parametrize("mode", ["query", "fragment"])
def test_trap_03_a_no_keeps_its_state_and_its_mode(visitor: Person, mode: str):
    """Authlib drops the state of a denial in some flows, and sends tokens by query where that was asked for."""
    answer = visitor.authorize(
        TABI.client_id, TABI.redirect_uri, TABI.scope, decision="deny", state=STATE, response_mode=mode
    )
    parts = urlsplit(answer.url)
    sent = parse_qs(parts.query if mode == "query" else parts.fragment)
    assert sent["error"] == ["access_denied"]
    assert sent["state"] == [STATE]
    by_query = visitor.authorize("storefront", STOREFRONT.redirect_uri, "openid", response_type="id_token token")
    assert by_query.parameters["error"] == "unsupported_response_type"


@pytest.mark.parametrize("app", [STOREFRONT, PHONE], ids=lambda app: app.client_id)
@pytest.mark.parametrize(
    "change",
    [
        {"code_challenge": None, "code_challenge_method": None},
        {"code_challenge_method": "plain"},
        {"code_challenge_method": None},
        {"code_challenge": "short"},
    ],
)
def test_trap_15_without_s256_there_is_no_code(visitor: Person, app, change: dict[str, str | None]):
    """Authlib gives codes to public clients without PKCE, takes `plain` and makes it the default."""
    answer = visitor.authorize(app.client_id, app.redirect_uri, "openid", **change)
    assert answer.parameters["error"] == "invalid_request"
    assert "code" not in answer.parameters


def test_trap_15_a_client_that_may_go_without_may_not_go_with_plain(visitor: Person):
    """Confidential and set so: no challenge at all, or S256."""
    bare = {"code_challenge": None, "code_challenge_method": None}
    assert "code" in visitor.authorize(NO_PKCE.client_id, NO_PKCE.redirect_uri, "openid", **bare).parameters
    plain = visitor.authorize(NO_PKCE.client_id, NO_PKCE.redirect_uri, "openid", code_challenge_method="plain")
    assert plain.parameters["error"] == "invalid_request"
