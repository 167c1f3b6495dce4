"""Deny by default: an agreement that cannot be read any more releases nothing and breaks nothing."""

import httpx

from idp.store import partners
from tests.provider.person import Person
from tests.provider.provider import Provider

TABI = ("tabi-points", "http://127.0.0.1:8402/callback", "openid prefecture over_20")


def test_an_agreement_with_a_field_that_left_the_catalogue_releases_nothing(provider: Provider, hana: Person):
    """G5: a partner whose agreement cannot be read is given nothing at all."""
    code = hana.authorize(*TABI, ticks=("prefecture",)).parameters["code"]
    tokens = hana.exchange("tabi-points", TABI[1], code).json()
    with provider.services.database.transaction() as connection:
        document = partners.find(connection, "tabi-points").agreement.replace('"prefecture"', '"no_such_field"')
        partners.save_agreement(connection, "tabi-points", document, provider.services.now)
    provider.services.feed.read_now()
    answer = httpx.get(f"{provider.url}/userinfo", headers={"Authorization": f"Bearer {tokens['access_token']}"})
    assert answer.status_code == 401
    assert answer.json()["error"] == "invalid_token"
