"""Logos of apps, fetched and shown by the provider (OIDC Dynamic Client Registration 2, 9.1)."""

import httpx
import pytest

from tests.provider.operator import declare_clients
from tests.provider.outside import Site
from tests.provider.provider import HTTP, Provider

PNG = b"\x89PNG\r\n\x1a\n and the rest"
DAY = 86_400


def declare(provider: Provider, logo_uri: str) -> str:
    """An app of the group with a logo; returns where the provider shows it."""
    declare_clients(
        provider,
        {
            "client_id": "pictured",
            "kind": "first_party",
            "name": "Pictured",
            "auth_method": "none",
            "grant_types": ["authorization_code"],
            "redirect_uris": ["https://pictured.example.test/callback"],
            "scopes": ["openid"],
            "logo_uri": logo_uri,
        },
    )
    provider.services.feed.read_now()  # type: ignore[union-attr]
    return f"{provider.url}/apps/pictured/logo/en"


def picture(kind: str = "image/png", content: bytes = PNG) -> tuple[int, dict[str, str], bytes]:
    return 200, {"Content-Type": kind}, content


def test_it_is_fetched_once_a_day_and_can_do_nothing_but_be_shown(provider: Provider, outside: Site):
    """One request a day for each process, whoever looks; closed to scripts, frames and guessing."""
    outside.pages["/logo"] = picture()
    address = declare(provider, outside.url("/logo"))
    shown = [HTTP.get(address) for _ in range(3)]
    assert {(response.status_code, response.content) for response in shown} == {(200, PNG)}
    assert outside.asked("/logo") == 1
    headers = shown[0].headers
    assert headers["content-type"] == "image/png"
    assert headers["content-security-policy"] == "default-src 'none'; sandbox"
    assert headers["x-content-type-options"] == "nosniff"
    assert headers["cache-control"] == "public, max-age=3600"
    outside.pages["/logo"] = picture(content=PNG + b"2")
    provider.clock.forward(DAY)
    assert HTTP.get(address).content == PNG + b"2"


@pytest.mark.parametrize(
    "reply",
    [
        picture("image/svg+xml", b"<svg xmlns='http://www.w3.org/2000/svg'><script>alert(1)</script></svg>"),
        picture("text/html", PNG),
        picture("image/png", b"<html>no picture</html>"),
        picture(content=PNG + bytes(131_072)),
        (404, {"Content-Type": "image/png"}, PNG),
        (302, {"Location": "/elsewhere"}, b""),
    ],
    ids=["svg", "html", "no picture", "too large", "not there", "redirect"],
)
def test_what_is_no_small_picture_is_not_shown(shared_provider: Provider, outside: Site, reply: object):
    """And for ten minutes it is not asked for again."""
    outside.pages["/logo"] = reply  # type: ignore[assignment]
    address = declare(shared_provider, outside.url("/logo"))
    assert [HTTP.get(address).status_code for _ in range(2)] == [404, 404]
    assert outside.asked("/logo") == 1


@pytest.mark.parametrize(
    "path", ["nobody/logo/en", "storefront/logo/en", "pictured/logo/fr", "%00/logo/en", "%ff/logo/ja", "a%2Fb/logo/en"]
)
def test_nobody_elses_and_no_other(shared_provider: Provider, path: str):
    """Unknown apps, apps without a logo, other languages than the pages have."""
    response: httpx.Response = HTTP.get(f"{shared_provider.url}/apps/{path}")
    assert response.status_code == 404
