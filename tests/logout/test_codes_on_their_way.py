"""A code that was on its way when the person signed out begins nothing (RFC 9700 4.5)."""

from tests.provider.person import Person, hidden

STOREFRONT = ("storefront", "http://127.0.0.1:8401/callback", "openid")


def test_a_code_of_a_session_that_was_signed_out_is_spent(hana: Person):
    """The app is refused, and nothing outlives the session."""
    code = hana.authorize(*STOREFRONT).parameters["code"]
    page = hana.browser.get("/logout").text
    hana.browser.post("/logout/confirm", data={**hidden(page), "decision": "confirm"})
    refused = hana.exchange("storefront", STOREFRONT[1], code)
    assert refused.json()["error"] == "invalid_grant"
