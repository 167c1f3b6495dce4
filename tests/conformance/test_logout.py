"""The official suite's modules about logout, each by its own name, with what it asks of the provider.

Plans: oidcc-rp-initiated-logout-, oidcc-session-management-, oidcc-frontchannel-rp-initiated-logout- and
oidcc-backchannel-rp-initiated-logout-certification-test-plan.
"""

from collections.abc import Iterator
from urllib.parse import parse_qs, urlsplit

import httpx
import pytest

from tests.logout.told import Told, logout_tokens, sign_in_to, told
from tests.provider.fixtures import trusting
from tests.provider.jose import encode, published_keys, read, sign
from tests.provider.outside import Authority, Site, serve_site
from tests.provider.person import Person, hidden
from tests.provider.provider import HTTP, Provider, serve_here
from tests.real.postgres_server import PostgresServer
from tests.web.pages import Page
from tests.web.visits import answer, claims_of, shows, signed_in, visit

STATE = "s" * 128


@pytest.fixture(scope="module")
def site(authority: Authority) -> Iterator[Site]:
    with serve_site(authority) as site:
        yield site


@pytest.fixture(scope="module")
def provider(postgres_server: PostgresServer, authority: Authority) -> Iterator[Provider]:
    with postgres_server.database() as url, serve_here(url, **trusting(authority)) as running:
        yield running


@pytest.fixture(scope="module")
def rp(provider: Provider, site: Site) -> Told:
    return told(provider, site, "rp")


class EndSession:
    """A person whom an app signed in, about to be sent to the end_session_endpoint."""

    def __init__(self, provider: Provider, rp: Told) -> None:
        self.person = signed_in(Person(provider))
        self.rp = rp
        self.id_token = sign_in_to(self.person, rp.app)["id_token"]

    def send(self, **changed: str | None) -> httpx.Response:
        usual = {"id_token_hint": self.id_token, "post_logout_redirect_uri": self.rp.signed_out_url, "state": STATE}
        sent = {name: value for name, value in {**usual, **changed}.items() if value is not None}
        return self.person.browser.get("/logout", params=sent)

    def confirm(self, page: httpx.Response) -> httpx.Response:
        form = {**hidden(page.text), "decision": "confirm"}
        return self.person.browser.post("/logout/confirm", data=form)

    def is_over(self) -> bool:
        """Whether prompt=none finds nobody signed in."""
        return answer(visit(self.person, self.rp.app, prompt="none")).get("error") == "login_required"


@pytest.fixture
def end(provider: Provider, rp: Told) -> EndSession:
    return EndSession(provider, rp)


@pytest.fixture
def metadata(provider: Provider) -> dict[str, object]:
    found: dict[str, object] = HTTP.get(f"{provider.url}/.well-known/openid-configuration").json()
    return found


def is_asked(response: httpx.Response) -> bool:
    """Whether the person is asked instead of being sent back."""
    return "location" not in response.headers and shows(response, "confirm-logout")


def is_refused(response: httpx.Response, what: str) -> bool:
    """Whether a page says that the request is not valid, and because of what, instead of a way back."""
    return response.status_code == httpx.codes.BAD_REQUEST and shows(response, "error-code") and what in response.text


def is_signed_out_page(response: httpx.Response) -> bool:
    return "location" not in response.headers and shows(response, "signed-out")


# oidcc-rp-initiated-logout-certification-test-plan


def test_oidcc_rp_initiated_logout_discovery_endpoint_verification(provider: Provider, metadata: dict[str, object]):
    """RP-Initiated Logout 2.1: discovery names the end_session_endpoint."""
    assert metadata["end_session_endpoint"] == f"{provider.url}/logout"


def test_oidcc_rp_initiated_logout(end: EndSession):
    """RP-Initiated Logout 2, 3: back to the app with its state to the letter, and the session is over."""
    response = end.send()
    assert response.headers["location"] == f"{end.rp.signed_out_url}?state={STATE}"
    assert end.is_over()


def test_oidcc_rp_initiated_logout_bad_post_logout_redirect_uri(end: EndSession):
    """RP-Initiated Logout 3: no redirect to an address that is not registered; a page says so."""
    response = end.send(post_logout_redirect_uri=f"{end.rp.signed_out_url}x")
    assert is_refused(response, "post_logout_redirect_uri is not one that the app has registered")
    assert not end.is_over()


def test_oidcc_rp_initiated_logout_modified_id_token_hint(end: EndSession):
    """RP-Initiated Logout 2: a hint changed to alg none proves nothing; a page says so."""
    unsigned = ".".join([encode(b'{"alg":"none"}'), end.id_token.split(".")[1], ""])
    response = end.send(id_token_hint=unsigned)
    assert is_refused(response, "id_token_hint is not valid")
    assert not end.is_over()


def test_oidcc_rp_initiated_logout_no_id_token_hint(end: EndSession):
    """RP-Initiated Logout 2, 3: an address without a hint or client_id is nobody's; a page says so."""
    response = end.send(id_token_hint=None)
    assert is_refused(response, "id_token_hint is missing")
    assert not end.is_over()


def test_oidcc_rp_initiated_logout_no_params(end: EndSession):
    """RP-Initiated Logout 2: a bare request is asked about, and signs out after a yes."""
    response = end.send(id_token_hint=None, post_logout_redirect_uri=None, state=None)
    assert is_asked(response)
    assert is_signed_out_page(end.confirm(response))
    assert end.is_over()


def test_oidcc_rp_initiated_logout_no_post_logout_redirect_uri(end: EndSession):
    """RP-Initiated Logout 2: with a hint alone the person is signed out and told so."""
    assert is_signed_out_page(end.send(post_logout_redirect_uri=None))
    assert end.is_over()


def test_oidcc_rp_initiated_logout_no_state(end: EndSession):
    """RP-Initiated Logout 2: without state nothing is added to the address."""
    assert end.send(state=None).headers["location"] == end.rp.signed_out_url
    assert end.is_over()


def test_oidcc_rp_initiated_logout_only_state(end: EndSession):
    """RP-Initiated Logout 2: state alone says nothing; the person is asked, and signed out after a yes."""
    response = end.send(id_token_hint=None, post_logout_redirect_uri=None)
    assert is_asked(response)
    assert is_signed_out_page(end.confirm(response))
    assert end.is_over()


def test_oidcc_rp_initiated_logout_query_added_to_post_logout_redirect_uri(end: EndSession):
    """RP-Initiated Logout 3: compared exactly, so that nothing can be added."""
    response = end.send(post_logout_redirect_uri=f"{end.rp.signed_out_url}?foo=bar")
    assert is_refused(response, "post_logout_redirect_uri is not one that the app has registered")
    assert not end.is_over()


def test_oidcc_rp_initiated_logout_bad_id_token_hint(provider: Provider, end: EndSession):
    """RP-Initiated Logout 2: a hint that somebody else signed, under our key's name, proves nothing; a page says so."""
    kid = published_keys(provider).keys[0].kid
    forged = sign(b"a secret of the suite's own", claims_of(end.id_token), alg="HS256", kid=kid, typ="JWT")
    response = end.send(id_token_hint=forged)
    assert is_refused(response, "id_token_hint is not valid")
    assert not end.is_over()


# oidcc-session-management-certification-test-plan


def test_oidcc_session_management_discovery_endpoint_verification(provider: Provider, metadata: dict[str, object]):
    """Session Management 3.3: discovery names the frame."""
    assert metadata["check_session_iframe"] == f"{provider.url}/session/check"
    assert HTTP.get(str(metadata["check_session_iframe"])).status_code == 200


def test_oidcc_session_management_rp_initiated_logout(end: EndSession):
    """Session Management 2, 3.1: session_state comes with the answer; signing out changes the browser's state.

    What the frame itself answers is asked in a real browser: tests/logout/test_session_management.py.
    """
    assert answer(visit(end.person, end.rp.app))["session_state"]
    before = end.person.browser.cookies["sekisho_browser_state"]
    assert end.send().headers["location"] == f"{end.rp.signed_out_url}?state={STATE}"
    assert end.person.browser.cookies.get("sekisho_browser_state") != before


# oidcc-frontchannel-rp-initiated-logout-certification-test-plan


def test_oidcc_frontchannel_logout_discovery_endpoint_verification(metadata: dict[str, object]):
    """Front-Channel Logout 3: discovery says that it is supported, with sid."""
    assert metadata["frontchannel_logout_supported"] is True
    assert metadata["frontchannel_logout_session_supported"] is True


def test_oidcc_frontchannel_rp_initiated_logout(provider: Provider, site: Site):
    """Front-Channel Logout 2, 3: the app is told iss and sid by a frame, then the browser goes back with the state."""
    front = told(provider, site, "front", "front", frontchannel_logout_session_required=True)
    end = EndSession(provider, front)
    page = Page(end.send().text)
    asked = parse_qs(urlsplit(page.all("iframe")[0].attributes["src"]).query)
    assert asked == {"of": ["us"], "iss": [provider.url], "sid": [claims_of(end.id_token)["sid"]]}
    assert page.by_id("continue").attributes["href"] == f"{front.signed_out_url}?state={STATE}"
    assert end.is_over()


# oidcc-backchannel-rp-initiated-logout-certification-test-plan


def test_oidcc_backchannel_logout_discovery_endpoint_verification(metadata: dict[str, object]):
    """Back-Channel Logout 2.1: discovery says that it is supported, with sid."""
    assert metadata["backchannel_logout_supported"] is True
    assert metadata["backchannel_logout_session_supported"] is True


def test_oidcc_backchannel_rp_initiated_logout(provider: Provider, site: Site):
    """Back-Channel Logout 2.4, 2.5: one POST with logout_token and nothing else, for the app's own sub and sid."""
    back = told(provider, site, "back", "back", backchannel_logout_session_required=True)
    end = EndSession(provider, back)
    assert end.send().headers["location"] == f"{back.signed_out_url}?state={STATE}"
    (token,) = logout_tokens(provider, site, back.app)
    known = read(provider, end.id_token).claims
    assert (token.claims["sub"], token.claims["sid"]) == (known["sub"], known["sid"])
    assert "nonce" not in token.claims
    (request,) = (each for each in site.requests if each.path == "/back/back")
    assert set(parse_qs(request.body.decode())) == {"logout_token"}
    assert end.is_over()
