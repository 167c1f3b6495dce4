"""Modules about what a client may register: redirect URIs, sectors, keys, links for people, where a login begins."""

import json
from typing import Any

import pytest

from tests.conformance.conftest import CALLBACK, Register, registration
from tests.conformance.modules import Variant
from tests.conformance.relying_party import RelyingParty
from tests.provider.outside import Site
from tests.provider.person import Person
from tests.provider.provider import HTTP, Provider
from tests.web.pages import Page
from tests.web.visits import error_code, shows

OTHER = f"{CALLBACK}/other"


@pytest.fixture
def refusal(op: Provider, variant: Variant, initial_access_token: str, suite_key: Any) -> "Refusal":
    return Refusal(op, variant, initial_access_token, suite_key)


class Refusal:
    """A registration that must not succeed."""

    def __init__(self, op: Provider, variant: Variant, token: str, key: Any) -> None:
        self.op, self.variant, self.key = op, variant, key
        self.bearer = {"Authorization": f"Bearer {token}"}

    def code(self, **wrong: Any) -> str:
        """The code of the error (RFC 7591 3.2.2)."""
        document = registration(self.variant, self.key, **wrong)
        response = HTTP.post(f"{self.op.url}/register", json=document, headers=self.bearer)
        assert (response.status_code, response.headers["content-type"]) == (400, "application/json")
        return str(response.json()["error"])


# ---- redirect URIs ---------------------------------------------------------------------------------------------------


def test_oidcc_ensure_redirect_uri_in_authorization_request(register: Register):
    """OIDC Core 3.1.2.1: of several none is guessed; the person is told, and sent nowhere."""
    rp = register(redirect_uris=[CALLBACK, OTHER])
    assert error_code(rp.open(rp.parameters(redirect_uri=None))) == "invalid_request"


def test_oidcc_redirect_uri_query_ok(register: Register):
    """OIDC Core 3.1.2.1: a query that is registered is kept, and the answer added to it."""
    rp = register(redirect_uris=[f"{CALLBACK}?foo=bar"])
    rp.sign_in()


def test_oidcc_redirect_uri_query_mismatch(register: Register):
    """OIDC Core 3.1.2.1: another query makes another address."""
    rp = register(redirect_uris=[f"{CALLBACK}?foo=bar"])
    assert error_code(rp.open(rp.parameters(redirect_uri=f"{CALLBACK}?bar=foo"))) == "invalid_request"


def test_oidcc_redirect_uri_query_added(rp: RelyingParty):
    """OIDC Core 3.1.2.1: so does a query where none is registered."""
    assert error_code(rp.open(rp.parameters(redirect_uri=f"{CALLBACK}?foo=bar"))) == "invalid_request"


def test_oidcc_redirect_uri_regfrag(refusal: Refusal):
    """OIDC Registration 2: no fragment in a redirect URI."""
    assert refusal.code(redirect_uris=[f"{CALLBACK}#foobar"]) == "invalid_redirect_uri"


# ---- what people are shown -------------------------------------------------------------------------------------------


PNG = b"\x89PNG\r\n\x1a\n and the rest"


def sign_in_page(rp: RelyingParty, visitor: Person) -> Page:
    response = rp.open(rp.parameters(), visitor)
    assert shows(response, "sign-in")
    return Page(response.text)


def test_oidcc_registration_logo_uri(register: Register, visitor: Person, suite_site: Site):
    """OIDC Registration 2: the sign-in page shows the logo, which comes from the provider itself."""
    suite_site.pages["/images/openid.png"] = 200, {"Content-Type": "image/png"}, PNG
    rp = register(redirect_uris=[suite_site.url("/callback")], logo_uri=suite_site.url("/images/openid.png"))
    (logo,) = (image for image in sign_in_page(rp, visitor).all("img") if not image.attributes["src"].startswith("/s"))
    response = visitor.browser.get(logo.attributes["src"])
    assert (response.status_code, response.headers["content-type"], response.content) == (200, "image/png", PNG)


def test_oidcc_registration_policy_uri(register: Register, visitor: Person):
    """OIDC Registration 2: the sign-in page leads to the policy."""
    rp = register(policy_uri="https://rp.example.test/login.html")
    (link,) = sign_in_page(rp, visitor).all("a", href="https://rp.example.test/login.html")
    assert link.text == "Privacy policy"


def test_oidcc_registration_tos_uri(register: Register, visitor: Person):
    """OIDC Registration 2: and to the terms, wherever they are."""
    rp = register(tos_uri="https://openid.net")
    (link,) = sign_in_page(rp, visitor).all("a", href="https://openid.net")
    assert link.text == "Terms of use"


# ---- keys and sectors ------------------------------------------------------------------------------------------------


def test_oidcc_registration_jwks_uri(register: Register, suite_site: Site):
    """OIDC Registration 2: keys that the client publishes prove it."""
    rp = register(jwks=None, jwks_uri=suite_site.url("/keys"))
    suite_site.pages["/keys"] = json.dumps({"keys": [rp.key.as_dict(private=False)]}).encode()
    rp.sign_in()


def test_oidcc_registration_sector_uri(register: Register, suite_site: Site):
    """OIDC Registration 5, OIDC Core 8.1: a sector that lists the redirect URI."""
    rp = register(subject_type="pairwise", sector_identifier_uri=listed(suite_site, "/sector", CALLBACK, OTHER))
    assert rp.client["sector_identifier_uri"] == suite_site.url("/sector")


def test_oidcc_registration_sector_bad(refusal: Refusal, suite_site: Site):
    """OIDC Registration 5: and one that does not."""
    wrong = {"subject_type": "pairwise", "sector_identifier_uri": listed(suite_site, "/bad-sector", OTHER)}
    assert refusal.code(**wrong) == "invalid_client_metadata"


def listed(site: Site, path: str, *redirect_uris: str) -> str:
    """Publish redirect URIs and return where."""
    site.pages[path] = json.dumps(redirect_uris).encode()
    return site.url(path)


# ---- login that a third party initiates ------------------------------------------------------------------------------


def test_oidcc_3rd_party_init_login(register: Register):
    """OIDC Core 4, OIDC Registration 2, 3.2 and 4.3: initiate_login_uri comes back, then and later."""
    start = "https://rp.example.test/test/a/sekisho/initiate_login"
    client = register(initiate_login_uri=start).client
    assert client["initiate_login_uri"] == start
    bearer = {"Authorization": f"Bearer {client['registration_access_token']}"}
    response = HTTP.get(client["registration_client_uri"], headers=bearer)
    assert (response.status_code, response.headers["content-type"]) == (200, "application/json")
    assert response.json()["initiate_login_uri"] == start


def test_oidcc_3rd_party_init_login_nohttps(refusal: Refusal):
    """OIDC Registration 2: https only."""
    assert refusal.code(initiate_login_uri="http://rp.example.test/initiate_login") == "invalid_client_metadata"
