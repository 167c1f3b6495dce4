"""Session Management 1.0: an app's own page asks our frame whether the session goes on, without asking us."""

from hashlib import sha256

import pytest
from playwright.sync_api import Browser, Page

from tests.logout.browser import PlainSite, serve_plain_site
from tests.logout.told import told
from tests.provider.apps import PHONE, STOREFRONT, TABI
from tests.provider.outside import Site
from tests.provider.person import Person, hidden
from tests.provider.provider import HTTP, Provider
from tests.web.visits import answer, decide, sign_in, signed_in, visit

COOKIE = "sekisho_browser_state"
ASK = """
<!doctype html><title>An app</title><iframe id="op" src="%s"></iframe>
<script>
  const heard = new Promise((resolve) => {
    window.addEventListener("message", (event) => resolve([event.origin, event.data]));
  });
  async function ask(message) {
    document.getElementById("op").contentWindow.postMessage(message, "*");
    return await heard;
  }
</script>
"""


@pytest.fixture
def hana(shared_provider: Provider) -> Person:
    return signed_in(Person(shared_provider))


def state_for(person: Person, state: str, client_id: str, origin: str) -> str:
    """The session_state that an origin's page would have to hold, by the browser's own cookie."""
    salt = state.partition(".")[2]
    text = f"{client_id} {origin} {person.browser.cookies.get(COOKIE, '')} {salt}"
    return f"{sha256(text.encode()).hexdigest()}.{salt}"


def test_session_state_binds_app_origin_and_browser(hana: Person):
    """Session Management 2, 3.2: a salted hash of client_id, the redirect URI's origin and the browser state."""
    first, second = (answer(visit(hana, STOREFRONT))["session_state"] for _ in range(2))
    assert first == state_for(hana, first, "storefront", "http://127.0.0.1:8401")
    assert first != second, "the salt is new each time"


def test_an_app_that_no_page_stands_for_gets_none(hana: Person):
    """A phone's own scheme has no origin, and without openid nobody knows who is signed in."""
    page = visit(hana, PHONE)
    assert "session_state" not in answer(page)
    assert "session_state" not in answer(visit(hana, STOREFRONT, scope="email"))


def test_a_refusal_tells_nothing_of_the_session(hana: Person):
    """Session Management 2: it comes with a successful answer."""
    assert "session_state" not in answer(decide(hana, visit(hana, TABI, prompt="consent"), decision="deny"))


def test_the_browser_state_changes_with_the_person_and_with_nothing_else(hana: Person):
    """Session Management 3.2: it changes in a meaningful way only: another person, or nobody."""
    before = hana.browser.cookies[COOKIE]
    sign_in(hana, visit(hana, STOREFRONT, prompt="login"))
    assert hana.browser.cookies[COOKIE] == before, "the same person signed in once more"
    hana.username = "ken@example.jp"
    sign_in(hana, visit(hana, STOREFRONT, prompt="login"))
    assert hana.browser.cookies[COOKIE] not in ("", before)
    page = hana.browser.get("/logout").text
    hana.browser.post("/logout/confirm", data={**hidden(page), "decision": "confirm"})
    assert COOKIE not in hana.browser.cookies


def test_the_browser_state_tells_nobody_anything(shared_provider: Provider, hana: Person):
    """It is read by scripts, so it is neither the session's secret nor a name of the session."""
    known = {hana.browser.cookies["sekisho_session"]}
    state = hana.browser.cookies[COOKIE]
    assert state not in known
    assert shared_provider.services.sealer.index("browser state", "") != state


def test_only_the_frame_may_be_framed(shared_provider: Provider):
    """Session Management 3.2: apps load it in a frame; it runs one script of ours and shows nothing."""
    page = HTTP.get(f"{shared_provider.url}/session/check")
    policy = page.headers["content-security-policy"]
    assert policy == "default-src 'none'; script-src 'self'; base-uri 'none'; frame-ancestors *"
    assert "x-frame-options" not in page.headers
    for path in ("/login", "/logout", "/"):
        other = HTTP.get(f"{shared_provider.url}{path}", follow_redirects=True)
        assert other.headers["x-frame-options"] == "DENY"
        assert "frame-ancestors 'none'" in other.headers["content-security-policy"]


# In a real browser


@pytest.fixture
def app_page(shared_provider: Provider, chromium: Browser, outside: Site):
    """A page of an app in a browser in which Hana is signed in to it, the app's site, and its session_state."""
    with serve_plain_site() as site:
        site.pages["/page"] = ASK % f"{shared_provider.url}/session/check"
        told(shared_provider, outside, "watcher", redirect_uris=[site.url("/callback")])
        person, context = Person(shared_provider), chromium.new_context(locale="en")
        page = context.new_page()
        page.goto(shared_provider.url + person.request("watcher", site.url("/callback"), "openid"))
        page.fill("#username", person.username)
        page.fill("#password", shared_provider.secrets[person.username])
        page.click("#sign-in")
        page.wait_for_url(site.url("/callback?**"))
        state = page.evaluate("new URLSearchParams(location.search).get('session_state')")
        yield page, site, state
        context.close()


def ask(page: Page, site: PlainSite, message: object) -> list[str]:
    """What the frame answers to a message of the app's page: from which origin, and what."""
    page.goto(site.url("/page"))
    heard: list[str] = page.evaluate("(message) => ask(message)", message)
    return heard


def test_while_the_session_goes_on_nothing_has_changed(shared_provider: Provider, app_page):
    """Session Management 3.1: `unchanged`, to this app with its own session_state."""
    page, site, state = app_page
    assert ask(page, site, f"watcher {state}") == [shared_provider.url, "unchanged"]


def test_after_signing_out_it_has(shared_provider: Provider, app_page):
    """Session Management 3.1: `changed`, without any request of the app's."""
    page, site, state = app_page
    page.goto(f"{shared_provider.url}/logout")
    page.click("#confirm-logout")
    assert ask(page, site, f"watcher {state}")[1] == "changed"


def test_another_app_or_another_site_learns_nothing(app_page):
    """Session Management 3.2: the hash fits one client at one origin; to all others something has changed."""
    page, site, state = app_page
    assert ask(page, site, f"another {state}")[1] == "changed"
    with serve_plain_site() as other:
        other.pages["/page"] = site.pages["/page"]
        assert ask(page, other, f"watcher {state}")[1] == "changed"


@pytest.mark.parametrize("message", ["", "watcher", "watcher x", "watcher x.y", " .", {"not": "text"}, 7, None])
def test_what_makes_no_sense_is_an_error(app_page, message: object):
    """Session Management 3.1: a message in no known form is answered `error`, which apps do not act upon."""
    page, site, _state = app_page
    assert ask(page, site, message)[1] == "error"
