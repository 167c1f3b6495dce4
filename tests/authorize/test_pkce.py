"""Proof key for code exchange at the authorization endpoint (RFC 7636 4.3 and 4.4.1, RFC 9700 2.1.1)."""

import pytest

from tests.provider.apps import NO_PKCE, PHONE, STOREFRONT, TABI, App
from tests.provider.person import Person
from tests.web.visits import answer, visit

WITHOUT = {"code_challenge": None, "code_challenge_method": None}


@pytest.mark.parametrize("app", [STOREFRONT, PHONE, TABI], ids=lambda app: app.client_id)
def test_nobody_goes_without_unless_set_to(member: Person, app: App):
    """RFC 9700 2.1.1: public clients must use PKCE, and so must confidential ones here, told at once."""
    assert answer(visit(member, app, **WITHOUT))["error"] == "invalid_request"


@pytest.mark.parametrize("app", [STOREFRONT, NO_PKCE], ids=lambda app: app.client_id)
@pytest.mark.parametrize(
    "changed",
    [
        {"code_challenge_method": "plain"},
        {"code_challenge_method": None},
        {"code_challenge_method": "s256"},
        {"code_challenge_method": "S512"},
        {"code_challenge": None},
        {"code_challenge": "x" * 42},
        {"code_challenge": "x" * 44},
        {"code_challenge": "x" * 42 + "="},
        {"code_challenge": "x" * 42 + "+"},
        {"code_challenge": "x" * 42 + "é"},
        {"code_challenge": "x" * 43 + "\n"},
    ],
    ids=str,
)
def test_only_a_whole_s256_challenge_is_taken(member: Person, app: App, changed: dict):
    """RFC 7636 4.4.1: invalid_request, with `plain` ruled out also for clients that may go without (RFC 9700 2.1.1)."""
    refused = answer(visit(member, app, **changed))
    assert refused["error"] == "invalid_request"
    assert "code" not in refused


def test_a_confidential_client_may_be_set_to_go_without(member: Person):
    """RFC 9700 2.1.1: a confidential OpenID Connect client may use the nonce instead; the code needs no verifier."""
    code = answer(visit(member, NO_PKCE, **WITHOUT))["code"]
    data = {"grant_type": "authorization_code", "code": code, "redirect_uri": NO_PKCE.redirect_uri}
    assert member.provider.token(NO_PKCE.client_id, **data).status_code == 200


def test_a_proof_for_a_code_that_asked_for_none_is_refused(member: Person):
    """RFC 9700 4.8.2: a verifier without a challenge is how a downgrade attack looks from the token endpoint."""
    code = answer(visit(member, NO_PKCE, **WITHOUT))["code"]
    refused = member.exchange(NO_PKCE.client_id, NO_PKCE.redirect_uri, code)
    assert refused.json()["error"] == "invalid_grant"
