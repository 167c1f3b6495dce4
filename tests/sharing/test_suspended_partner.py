"""A suspended partner gets nothing more within a second, and may still end what it has (data-sharing model 4.4)."""

import httpx
import pytest

from idp.store import partners
from tests.provider.person import Person, as_client
from tests.provider.provider import Provider

TABI = ("tabi-points", "http://127.0.0.1:8402/callback", "openid prefecture listings:read offline_access")


@pytest.fixture
def tokens(provider: Provider, hana: Person) -> dict[str, str]:
    """What the partner was given before it was suspended."""
    code = hana.authorize(*TABI, ticks=("prefecture",)).parameters["code"]
    given: dict[str, str] = hana.exchange("tabi-points", TABI[1], code).json()
    with provider.services.database.transaction() as connection:
        partners.save(connection, "tabi-points", "Tabi Points", "suspended", provider.services.now)
    provider.services.feed.read_now()
    return given


def test_it_gets_no_new_tokens(provider: Provider, tokens: dict[str, str]):
    """RFC 6749 5.2: unauthorized_client, and the family is not spent by it."""
    wish = {"grant_type": "refresh_token", "refresh_token": tokens["refresh_token"]}
    assert as_client(provider, "tabi-points", "/token", wish).json()["error"] == "unauthorized_client"


def test_its_tokens_are_not_active(provider: Provider, tokens: dict[str, str]):
    """RFC 7662 2.2: whoever asks about one of its tokens learns that it is over."""
    asked = as_client(provider, "tabi-points", "/introspect", {"token": tokens["access_token"]})
    assert asked.json() == {"active": False}


def test_nobody_is_asked_for_it(hana: Person, tokens: dict[str, str]):
    """RFC 6749 4.1.2.1: the app is told, the person sees no page."""
    assert hana.authorize(*TABI).parameters["error"] == "unauthorized_client"


def test_it_may_end_what_it_has(provider: Provider, tokens: dict[str, str]):
    """Withdrawal stays possible: RFC 7009."""
    ended = as_client(provider, "tabi-points", "/revoke", {"token": tokens["refresh_token"]})
    assert ended.status_code == 200


def test_userinfo_refuses_its_tokens(provider: Provider, tokens: dict[str, str]):
    """G3: dead means dead, the subject included."""
    answer = httpx.get(f"{provider.url}/userinfo", headers={"Authorization": f"Bearer {tokens['access_token']}"})
    assert answer.status_code == 401
    assert answer.json()["error"] == "invalid_token"
