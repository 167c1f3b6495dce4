"""A code that is used twice, at a provider of several processes (RFC 6749 4.1.2)."""

import httpx

from tests.provider.apps import STOREFRONT, code_for
from tests.provider.person import Person
from tests.provider.provider import NO_TLS, ServedProvider


def statuses(provider: ServedProvider, token: str) -> set[int]:
    """What userinfo answers on eight connections, that is by either process."""
    found = set()
    for _ in range(8):
        with httpx.Client(base_url=provider.url, verify=NO_TLS) as http:
            found.add(http.get("/userinfo", headers={"Authorization": f"Bearer {token}"}).status_code)
    return found


def test_4_1_2_no_process_honours_what_the_code_brought_once_the_replay_is_answered(served_provider: ServedProvider):
    """Neither the one that was asked nor another one, whose memory is a moment older."""
    hana = Person(served_provider)
    with hana.browser:
        for _ in range(5):
            code = code_for(hana, STOREFRONT)
            token = hana.exchange(STOREFRONT.client_id, STOREFRONT.redirect_uri, code).json()["access_token"]
            assert statuses(served_provider, token) == {200}
            hana.exchange(STOREFRONT.client_id, STOREFRONT.redirect_uri, code)
            assert statuses(served_provider, token) == {401}
