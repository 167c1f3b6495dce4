"""Apache with mod_auth_openidc, unmodified: an app that nobody wrote, which signs people in by a few directives."""

import json
import ssl
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import httpx
import pytest

from tests.provider.operator import idp
from tests.provider.outside import Authority
from tests.provider.person import Person, hidden
from tests.provider.provider import ServedProvider
from tests.provider.waiting import eventually
from tests.real.apache_server import run_apache
from tests.real.process import free_port

CLIENT_ID = "old-intranet"
DECLARED = """
[[clients]]
client_id = "{client_id}"
kind = "first_party"
name = "The intranet"
auth_method = "client_secret_basic"
grant_types = ["authorization_code", "refresh_token"]
redirect_uris = ["{url}/redirect_uri"]
post_logout_redirect_uris = ["{url}/signed-out.txt"]
backchannel_logout_uri = "{url}/redirect_uri?logout=backchannel"
backchannel_logout_session_required = true
scopes = ["openid", "email"]
"""


@pytest.fixture(scope="module")
def apache(
    served_provider: ServedProvider, authority: Authority, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[str]:
    """An Apache that asks this provider who comes."""
    port = free_port()
    secret = _register(served_provider, f"https://localhost:{port}", tmp_path_factory.mktemp("declared"))
    settings = {
        "ProviderMetadataURL": f"{served_provider.url}/.well-known/openid-configuration",
        "ClientID": CLIENT_ID,
        "ClientSecret": secret,
        "RedirectURI": f"https://localhost:{port}/redirect_uri",
        "Scope": "openid email",
        "PKCEMethod": "S256",
        "RemoteUserClaim": "sub",
        "ProviderBackChannelLogoutSupported": "On",
    }
    with run_apache(port, authority.site_file, settings) as url:
        yield url


def _register(provider: ServedProvider, url: str, folder: Path) -> str:
    file = folder / "intranet.toml"
    file.write_text(DECLARED.format(client_id=CLIENT_ID, url=url), "utf-8")
    applied = idp(provider, "apply", str(file), "--json", **provider.extra)
    assert applied.returncode == 0, applied.stderr
    secret: str = json.loads(applied.stdout)[0]["secret"]
    return secret


@dataclass
class Visit:
    """Hana in front of one browser: its half for the provider, and its half for Apache."""

    person: Person
    browser: httpx.Client

    def open(self) -> httpx.Response:
        """Ask for the page that is for people who are signed in."""
        return self.browser.get("/private.txt")

    def sign_in(self) -> httpx.Response:
        """Ask for it and go wherever that leads."""
        at_apache = self.person.go_on(self.open())
        response = self.browser.get(at_apache.url)
        return self.browser.get(response.headers["location"])

    def is_signed_in(self) -> bool:
        return self.open().status_code == httpx.codes.OK


def a_visit(served_provider: ServedProvider, apache: str, authority: Authority) -> Iterator[Visit]:
    person = Person(served_provider)
    context = ssl.create_default_context(cafile=authority.ca_file)
    with httpx.Client(base_url=apache, verify=context) as browser, person.browser:
        yield Visit(person, browser)


visit = pytest.fixture(a_visit, name="visit")
another = pytest.fixture(a_visit, name="another")


def test_apache_signs_people_in(visit: Visit):
    """OIDC Core 3.1 with PKCE: the page is behind a sign-in, and Apache knows who came and their address."""
    assert visit.open().headers["location"].startswith(f"{visit.person.provider.url}/authorize?")
    response = visit.sign_in()
    assert (response.status_code, response.text) == (200, "This is private.txt.")
    assert response.headers["x-e-mail"] == "hana@example.jp"
    assert response.headers["x-user"]
    assert visit.is_signed_in()


def test_whoever_signs_out_at_apache_is_signed_out_here(visit: Visit):
    """RP-Initiated Logout 2: by its own button, without a question, and back to its page."""
    visit.sign_in()
    after = str(visit.browser.base_url.join("/signed-out.txt"))
    leaving = visit.browser.get("/redirect_uri", params={"logout": after})
    assert leaving.headers["location"].startswith(f"{visit.person.provider.url}/logout?")
    assert visit.person.browser.get(leaving.headers["location"]).headers["location"] == after
    assert visit.browser.get(after).text == "This is signed-out.txt."
    assert not visit.is_signed_in()
    assert visit.person.browser.get("/account/sharing").status_code != httpx.codes.OK


def test_whoever_signs_out_here_is_signed_out_at_apache(visit: Visit, another: Visit):
    """Back-Channel Logout 2.5 to 2.8: Apache takes the logout token and ends that session, with no browser there."""
    visit.sign_in()
    another.sign_in()
    question = visit.person.browser.get("/logout")
    visit.person.browser.post("/logout/confirm", data={**hidden(question.text), "decision": "confirm"})
    assert eventually(lambda: not visit.is_signed_in(), within=20)
    assert another.is_signed_in()
