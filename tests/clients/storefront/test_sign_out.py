"""Signing out at the storefront signs out at Sekisho (OpenID Connect RP-Initiated Logout 1.0)."""

import pytest

from clients.demo.browser import Browser
from tests.clients.group import Group


def test_she_is_signed_out_at_both_in_one_go(group: Group, hana: Browser):
    """Section 2: the ID token is the hint, so that nobody asks twice."""
    page = group.sign_in(hana)
    page = hana.press(page, "sign-out")
    assert page.has("signed-out")
    assert page.url.startswith(f"{group.places.storefront}/signed-out?state=")
    assert hana.open(f"{group.places.provider}/account/sharing").has("sign-in")
    assert hana.open(group.places.storefront).has("sign-in-link")


def test_its_tokens_are_dead(group: Group, hana: Browser):
    """What was granted for the time of a sign-in ends with it, also for whoever stole it before."""
    page = group.sign_in(hana)
    stolen = group.session("storefront")["refresh_token"]
    hana.press(page, "sign-out")
    answer = group.token("storefront", grant_type="refresh_token", refresh_token=stolen)
    assert answer.json()["error"] == "invalid_grant"


def test_the_page_of_goodbye_shows_only_after_a_sign_out(group: Group, hana: Browser):
    """A link to it, with any state, says nothing."""
    group.sign_in(hana)
    page = hana.open(f"{group.places.storefront}/signed-out?state=made-up")
    assert not page.has("signed-out")
    assert page.has("customer-name")


@pytest.mark.parametrize("origin", ["cross-site", "same-site"])
def test_no_other_site_signs_her_out(group: Group, hana: Browser, origin: str):
    """Another port of this host is the same site to a browser, and yet another app."""
    group.sign_in(hana)
    forged = hana._session.post(f"{group.places.storefront}/sign-out", headers={"Sec-Fetch-Site": origin})
    assert forged.status_code == 403
    assert hana.open(group.places.storefront).has("customer-name")
