"""The main journey over HTTP: a person signs in, agrees to part, and the partner gets that part and nothing else."""

import httpx

from tests.provider.person import Person, as_client
from tests.provider.provider import Provider

TABI = ("tabi-points", "http://127.0.0.1:8402/callback", "openid email prefecture over_20 offline_access")


def test_a_partner_gets_what_was_agreed_and_ticked_and_a_reason_for_the_rest(provider: Provider, hana: Person):
    """G1: userinfo holds request ∧ agreement ∧ consent, and each withheld field with its reason."""
    answer = hana.authorize(*TABI, ticks=("prefecture",))
    tokens = hana.exchange("tabi-points", TABI[1], answer.parameters["code"]).json()
    claims = httpx.get(f"{provider.url}/userinfo", headers={"Authorization": f"Bearer {tokens['access_token']}"}).json()
    assert claims.pop("sub")
    assert claims == {
        "prefecture": "Tokyo",
        "withheld": {"email": "FIELD_NOT_IN_AGREEMENT", "over_20": "FIELD_NOT_CONSENTED"},
    }


def test_a_person_who_says_no_gives_nothing(hana: Person):
    """RFC 6749 4.1.2.1: access_denied, with state and iss."""
    answer = hana.authorize(*TABI, decision="deny")
    assert answer.parameters["error"] == "access_denied"
    assert answer.parameters["state"] == "a state"
    assert answer.parameters["iss"] == hana.provider.url


def test_ending_the_sharing_ends_tokens_and_refresh(provider: Provider, hana: Person):
    """A person ends it on their page; the partner's tokens are dead within a second."""
    answer = hana.authorize(*TABI, ticks=("prefecture",))
    tokens = hana.exchange("tabi-points", TABI[1], answer.parameters["code"]).json()
    page = hana.browser.get("/account/sharing").text
    from_page = {"client_id": "tabi-points", "purpose": "points.credit"}
    csrf = page.split('name="csrf" value="')[1].split('"')[0]
    hana.browser.post("/account/sharing", data={"csrf": csrf, **from_page})
    refused = as_client(
        provider,
        "tabi-points",
        "/token",
        {"grant_type": "refresh_token", "refresh_token": tokens["refresh_token"]},
    )
    assert refused.json()["error"] == "invalid_grant"
