"""Signing in with a provider that we did not write: node-oidc-provider, which is certified, with its own pages."""

import json
import re
import ssl
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from html import unescape
from pathlib import Path
from urllib.parse import urljoin

import httpx
import pytest
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from joserfc.jwk import ECKey, Key, OKPKey, RSAKey
from playwright.sync_api import Browser

from tests.journeys.node_scripts import FOLDER
from tests.provider.fixtures import trusting
from tests.provider.outside import Authority
from tests.provider.person import Answer, Person, hidden
from tests.provider.provider import Provider, free_port, serve_here
from tests.real.postgres_server import PostgresServer
from tests.real.process import RunningProgram
from tests.web.visits import signed_in

NEW_HERE, CONNECT, CONNECTIONS = "/login/new-here", "/account/connections/new", "/account/connections"
_FORM = re.compile(r'<form[^>]*action="([^"]*)"')
_INPUT = re.compile(r'<input[^>]*name="([^"]*)"(?:[^>]*value="([^"]*)")?')
SECRET = "a client secret of more than 32 characters"
WAYS = {
    "rsa": {"ID_TOKEN_ALGORITHMS": "RS256", "CLIENT_SECRET": SECRET},
    "ec": {"ID_TOKEN_ALGORITHMS": "ES256", "CLIENT_SECRET": SECRET, "CLIENT_AUTH": "client_secret_post"},
    "ed": {"ID_TOKEN_ALGORITHMS": "EdDSA", "KEY_ID": "ours"},
    "mac": {"ID_TOKEN_ALGORITHMS": "HS256", "CLIENT_SECRET": SECRET, "RESPONSE_MODE": "form_post"},
}
"""By the name that it has here: how the provider signs, how it knows us, how it answers."""


def new_keys(mark: str) -> list[Key]:
    """One key for each way to sign."""
    of = {"use": "sig"}
    return [
        RSAKey.generate_key(2048, {**of, "kid": f"rsa-{mark}", "alg": "RS256"}),
        ECKey.generate_key("P-256", {**of, "kid": f"ec-{mark}", "alg": "ES256"}),
        OKPKey.generate_key("Ed25519", {**of, "kid": f"ed-{mark}", "alg": "EdDSA"}),
    ]


@dataclass
class There:
    """The other provider, which can be started again, with other keys each time."""

    node: Path
    authority: Authority
    our_key: ECKey
    callback: str = ""
    program: RunningProgram | None = None
    issuer: str = field(default_factory=lambda: f"https://localhost:{free_port()}")

    def start(self) -> None:
        """Start, in place of the one that runs."""
        self.stop()
        task = {
            "issuer": self.issuer,
            "site": str(self.authority.site_file),
            "clients": [self._client(name) for name in WAYS],
            "keys": [key.as_dict(private=True) for key in new_keys(str(time.monotonic_ns()))],
        }
        self.program = RunningProgram([self.node, "provider.mjs", json.dumps(task)], ready="listening", cwd=FOLDER)

    def stop(self) -> None:
        if self.program is not None:
            self.program.stop()
            self.program = None

    def _client(self, name: str) -> dict[str, object]:
        way = WAYS[name]
        client: dict[str, object] = {
            "client_id": name,
            "redirect_uris": [self.callback.replace("<name>", name)],
            "id_token_signed_response_alg": way["ID_TOKEN_ALGORITHMS"],
            "token_endpoint_auth_method": way.get("CLIENT_AUTH", "client_secret_basic"),
        }
        if "CLIENT_SECRET" in way:
            return {**client, "client_secret": SECRET}
        ours = {"token_endpoint_auth_method": "private_key_jwt", "token_endpoint_auth_signing_alg": "ES256"}
        return {**client, **ours, "jwks": {"keys": [self.our_key.as_dict(private=False)]}}


@dataclass
class World:
    """A provider of ours, and the other one."""

    here: Provider
    there: There


@pytest.fixture(scope="module")
def world(
    node: Path, postgres_server: PostgresServer, authority: Authority, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[World]:
    there = There(node, authority, ECKey.generate_key("P-256", {"kid": "ours"}))
    file = tmp_path_factory.mktemp("node") / "key.pem"
    file.write_bytes(there.our_key.private_key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))
    known = {
        f"IDP_UPSTREAM__{name.upper()}__{key}": value
        for name, way in WAYS.items()
        for key, value in {
            "ISSUER": there.issuer,
            "CLIENT_ID": name,
            "EN": name.title(),
            "JA": name,
            **({} if "CLIENT_SECRET" in way else {"PRIVATE_KEY_FILE": str(file)}),
            **way,
        }.items()
    }
    with postgres_server.database() as url, serve_here(url, **trusting(authority), **known) as here:
        here.clock.now = time.time()  # the other one has no clock that we turn
        there.callback = f"{here.url}/login/with/<name>/callback"
        there.start()
        try:
            yield World(here, there)
        finally:
            there.stop()


@pytest.fixture
def elsewhere(authority: Authority) -> Iterator[httpx.Client]:
    """The same browser as far as the other provider's pages go."""
    trusted = ssl.create_default_context(cafile=str(authority.ca_file))
    with httpx.Client(verify=trusted, timeout=30) as browser:
        yield browser


def set_out(person: Person, name: str, page: str = "/login") -> str:
    response = person.browser.post(f"/login/with/{name}", data=hidden(person.browser.get(page).text))
    return str(response.headers["location"])


def forms(response: httpx.Response) -> tuple[str, dict[str, str]]:
    """The form of a page of theirs: where it goes, and what it holds."""
    (action,) = _FORM.findall(response.text)
    return unescape(action), {name: unescape(value) for name, value in _INPUT.findall(response.text)}


def go(person: Person, elsewhere: httpx.Client, name: str, *, says_no: bool = False, page: str = "/login") -> str:
    """Sign in there by its own pages; return where one is led here."""
    response = elsewhere.get(set_out(person, name, page))
    for _step in range(12):
        here = str(response.headers.get("location", ""))
        url = urljoin(str(response.url), here) if here else ""
        if url.startswith(person.provider.url):
            return str(person.browser.get(url).headers["location"])
        if url:
            response = elsewhere.get(url)
            continue
        action, fields = forms(response)
        if action.startswith(person.provider.url):
            answer = person.browser.post(action, data=fields)
            return str(person.browser.get(answer.headers["location"]).headers["location"])
        if says_no:
            response = elsewhere.get(f"{response.url}/abort")
            continue
        typed = {"login": "hana", "password": "x"} if "login" in fields else {}
        response = elsewhere.post(action, data={**fields, **typed})
    raise AssertionError(f"no way back from {response.url}: {response.text}")


def connect(person: Person, elsewhere: httpx.Client, name: str) -> None:
    assert go(person, elsewhere, name) == NEW_HERE
    person.sign_in(person.browser.get(f"/login?next={CONNECT}"))
    form = {**hidden(person.browser.get(CONNECT).text), "decision": "connect"}
    assert person.browser.post(CONNECT, data=form).headers["location"] == CONNECTIONS


def disconnect(person: Person) -> None:
    while 'name="link"' in (page := person.browser.get(CONNECTIONS).text):
        person.browser.post(CONNECTIONS, data=hidden(page))


@pytest.mark.parametrize("name", WAYS)
def test_whoever_it_knows_is_connected_and_signs_in(world: World, elsewhere: httpx.Client, name: str):
    """RS256, ES256, EdDSA and HS256; by Basic, in the form, by a signed assertion; asked by query and by a form."""
    person = Person(world.here)
    connect(person, elsewhere, name)
    assert "hana@elsewhere.example" in person.browser.get(CONNECTIONS).text
    again = Person(world.here)
    assert go(again, elsewhere, name) == "/"
    assert person.username in again.browser.get("/").text
    disconnect(person)


def test_somebody_who_is_signed_in_connects_from_their_own_page(world: World, elsewhere: httpx.Client):
    person = signed_in(Person(world.here))
    assert go(person, elsewhere, "ec", page=CONNECTIONS) == CONNECTIONS
    assert "hana@elsewhere.example" in person.browser.get(CONNECTIONS).text
    disconnect(person)


def test_a_no_there_leads_back_with_a_sentence(world: World, elsewhere: httpx.Client):
    """RFC 6749 4.1.2.1: `access_denied`, in the query and in a posted form; the other provider names itself in both."""
    for name in ("rsa", "mac"):
        assert Answer(go(Person(world.here), elsewhere, name, says_no=True)).parameters == {
            "with": name,
            "problem": "cancelled",
        }


def test_new_keys_are_fetched_and_old_ones_are_no_good_any_more(world: World, elsewhere: httpx.Client):
    """OIDC Core 10.1.1: it signs by other keys from one day to the next."""
    person = Person(world.here)
    connect(person, elsewhere, "rsa")
    world.there.start()
    world.here.clock.forward(61)  # others may be asked for their keys again
    for name in ("rsa", "ec", "ed"):
        assert go(Person(world.here), elsewhere, name) == "/"
    disconnect(person)


def test_an_answer_that_another_site_posts_arrives_in_a_real_browser(world: World, chromium: Browser):
    """Form Post Response Mode, as Apple answers: our cookie is Lax, stays away from the post, and nothing is lost."""
    context = chromium.new_context(ignore_https_errors=True)
    context.set_default_timeout(20_000)
    page = context.new_page()
    page.goto(f"{world.here.url}/login")
    page.click("#with-mac")
    page.fill("[name=login]", "ren")
    page.fill("[name=password]", "x")
    page.click("[type=submit]")
    page.click("[type=submit]")
    page.wait_for_url(f"{world.here.url}{NEW_HERE}")
    assert "ren@elsewhere.example" in page.content()
    cookie = next(each for each in context.cookies() if each["name"] == "sekisho_session")
    assert cookie["sameSite"] == "Lax"
    context.close()
