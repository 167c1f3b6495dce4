"""The storefront reads payments with a token made for that service alone, and renews it by itself."""

from base64 import urlsafe_b64decode
from json import loads
from typing import Any

from clients.demo.browser import Browser, Page
from clients.storefront.app import Settings, create_app
from clients.webapp.serving import serve_beside
from tests.clients.group import Group
from tests.provider.provider import free_port


def payments_page(group: Group, browser: Browser) -> Page:
    return browser.click(browser.open(group.places.storefront), "payments-link")


def claims_of(token: str) -> dict[str, Any]:
    """What a token says, unverified: the test trusts the provider that it started."""
    payload = token.split(".")[1]
    claims: dict[str, Any] = loads(urlsafe_b64decode(payload + "=" * (-len(payload) % 4)))
    return claims


def let_tokens_expire(group: Group) -> None:
    held = group.session("storefront")
    held["access_tokens"] = {resource: (token, 0) for resource, (token, _at) in held["access_tokens"].items()}


def test_she_sees_her_payments(group: Group, hana: Browser):
    """A guarded API call for a person, from her page."""
    group.sign_in(hana)
    page = payments_page(group, hana)
    assert page.status == 200
    assert page.text_of("payments").count("¥") == 3


def test_the_token_is_good_for_payments_and_nothing_else(group: Group, hana: Browser):
    """RFC 8707 2.2, RFC 6749 6: one audience, and no scope that the service has no use for."""
    group.sign_in(hana)
    payments_page(group, hana)
    claims = claims_of(group.tokens_seen[-1])
    assert claims["aud"] == group.places.payments
    assert claims["scope"] == "payments:read"


def test_a_token_serves_until_it_expires_then_a_refresh_brings_the_next(group: Group, hana: Browser):
    """RFC 6749 6: the person notices nothing."""
    group.sign_in(hana)
    payments_page(group, hana)
    payments_page(group, hana)
    first, second = group.tokens_seen[-2:]
    assert first == second
    let_tokens_expire(group)
    assert payments_page(group, hana).status == 200
    assert group.tokens_seen[-1] != first


def test_a_session_that_ended_at_sekisho_ends_here_at_the_next_refresh(group: Group, hana: Browser):
    """What was granted for the time of a sign-in is over when she signs out at Sekisho."""
    group.sign_in(hana)
    hana.press(hana.open(group.places.provider), "confirm-logout")
    let_tokens_expire(group)
    page = payments_page(group, hana)
    assert page.status == 403
    assert page.text_of("error-code") == "invalid_grant"
    assert hana.open(group.places.storefront).has("sign-in-link")


def test_who_is_not_signed_in_is_sent_to_the_start(group: Group, hana: Browser):
    """The payments service is not even asked."""
    seen = len(group.tokens_seen)
    assert hana.open(f"{group.places.storefront}/payments").has("sign-in-link")
    assert len(group.tokens_seen) == seen


def test_while_payments_is_away_the_page_says_so_and_she_stays_signed_in(group: Group, hana: Browser):
    """A second storefront, whose payments service does not answer, over the same registration."""
    url = f"http://127.0.0.1:{free_port()}"
    away = f"http://127.0.0.1:{free_port()}"
    settings = Settings(group.places.provider, url, "storefront", group.secrets["storefront"], group.places.payments)
    app = create_app(settings)
    with serve_beside(app, url):
        page = hana.click(hana.open(url), "sign-in-link")
        page = hana.press(page, "sign-in", username="hana@example.jp", password=group.secrets["hana@example.jp"])
        held = next(iter(app.session_interface._kept.values()))
        shop = app.extensions["storefront"]
        held["access_tokens"][away] = held["access_tokens"][group.places.provider]
        moved = Settings(settings.issuer, url, settings.client_id, settings.client_secret, away)
        app.extensions["storefront"] = type(shop)(moved, shop.sekisho)
        page = hana.click(page, "payments-link")
        assert page.status == 503
        assert page.has("unreachable")
        assert hana.open(url).has("customer-name")
