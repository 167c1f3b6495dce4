"""Modules about requests that come as a JWT, by value and by reference."""

import secrets

import pytest

from tests.conformance.conftest import Register
from tests.conformance.relying_party import RelyingParty
from tests.provider.outside import Site

OUTSIDE = ("client_id", "response_type", "scope")
"""What OIDC Core 6.1 wants beside the object."""


def by_value(rp: RelyingParty, sent: dict[str, str], **beside: str) -> dict[str, str]:
    return {**{name: sent[name] for name in OUTSIDE}, "request": rp.request_object(sent), **beside}


@pytest.fixture
def by_reference(register: Register, suite_site: Site) -> "Published":
    return Published(register, suite_site)


class Published:
    """A relying party with a page at which it publishes its request, registered with the fragment that it will have."""

    def __init__(self, register: Register, site: Site) -> None:
        self.path = f"/requests/{secrets.token_urlsafe(8)}"
        self.uri = f"{site.url(self.path)}#{secrets.token_urlsafe(8)}"
        self.site, self.register = site, register

    def sign_in(self, algorithm: str = "none", **registered: str) -> None:
        rp = self.register(request_uris=[self.uri], **registered)
        sent = rp.parameters()
        about = {"iss": rp.client_id, "aud": rp.provider.url} if algorithm != "none" else {}
        published = rp.request_object(sent, algorithm, **about).encode()
        self.site.pages[self.path] = 200, {"Content-Type": "application/jwt"}, published
        outside = {name: sent[name] for name in OUTSIDE}
        rp.finish(rp.open({**outside, "request_uri": self.uri}), sent)
        assert self.site.asked(self.path) == 1


def test_oidcc_request_uri_unsigned_supported_correctly_or_rejected_as_unsupported(by_reference: Published):
    """OIDC Core 6.2: supported."""
    by_reference.sign_in()


def test_oidcc_request_uri_unsigned(by_reference: Published):
    """OIDC Core 6.2: an unsigned object, from a page that the client registered."""
    by_reference.sign_in()


def test_oidcc_request_uri_signed_rs256(by_reference: Published):
    """OIDC Core 6.2, OIDC Registration 2: signed by the algorithm that the client registered."""
    by_reference.sign_in("RS256", request_object_signing_alg="RS256")


def test_oidcc_unsigned_request_object_supported_correctly_or_rejected_as_unsupported(rp: RelyingParty):
    """OIDC Core 6.1: supported."""
    sent = rp.parameters()
    rp.finish(rp.open(by_value(rp, sent)), sent)


def test_oidcc_ensure_request_object_with_redirect_uri(rp: RelyingParty):
    """OIDC Core 6.1, RFC 9101 6.3: the redirect_uri inside counts, a wrong one outside does nothing."""
    sent = rp.parameters()
    wrong = f"{rp.redirect_uri}/{secrets.token_urlsafe(8)}"
    rp.finish(rp.open(by_value(rp, sent, redirect_uri=wrong)), sent)
