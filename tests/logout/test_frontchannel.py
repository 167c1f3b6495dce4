"""Front-Channel Logout 1.0: the page after signing out frames each app that wants to be told by the browser."""

from urllib.parse import parse_qs, urlsplit

import httpx
import pytest
from playwright.sync_api import Browser

from tests.logout.browser import serve_plain_site
from tests.logout.told import Told, sign_in_to, told
from tests.provider.jose import read
from tests.provider.outside import Site
from tests.provider.person import Person, hidden
from tests.provider.provider import Provider
from tests.web.pages import Page
from tests.web.visits import signed_in


@pytest.fixture
def hana(shared_provider: Provider) -> Person:
    return signed_in(Person(shared_provider))


@pytest.fixture
def shop(shared_provider: Provider, outside: Site) -> Told:
    return told(shared_provider, outside, "shop", "front")


def sign_out_by(person: Person, tokens: dict[str, str], **more: str) -> httpx.Response:
    return person.browser.get("/logout", params={"id_token_hint": tokens["id_token"], **more})


def frames(response: httpx.Response) -> list[str]:
    return [frame.attributes["src"] for frame in Page(response.text).all("iframe")]


def directives(response: httpx.Response) -> dict[str, str]:
    policy = response.headers["content-security-policy"]
    return dict(directive.strip().split(" ", 1) for directive in policy.split(";"))


def test_the_page_tells_the_app_whose_session_is_over(shared_provider: Provider, hana: Person, shop: Told):
    """Front-Channel Logout 2: iss and sid are added to the registered URI, whose own query stays."""
    tokens = sign_in_to(hana, shop.app)
    response = sign_out_by(hana, tokens, post_logout_redirect_uri=shop.signed_out_url, state="xyz")
    (frame,) = frames(response)
    assert frame.startswith(shop.signed_out_url.replace("signed-out", "front?of=us&"))
    assert parse_qs(urlsplit(frame).query) == {
        "of": ["us"],
        "iss": [shared_provider.url],
        "sid": [read(shared_provider, tokens["id_token"]).claims["sid"]],
    }
    assert Page(response.text).by_id("continue").attributes["href"] == f"{shop.signed_out_url}?state=xyz"


def test_the_page_may_frame_those_apps_and_nobody_else(shared_provider: Provider, hana: Person, outside: Site):
    """CSP 3 frame-src: the origins of the apps of this session; a page without frames may frame nothing."""
    one, two = (told(shared_provider, outside, name, "front") for name in ("one", "two"))
    told(shared_provider, outside, "three", "front")
    sign_in_to(hana, one.app)
    response = sign_out_by(hana, sign_in_to(hana, two.app))
    assert len(frames(response)) == 2
    assert directives(response)["frame-src"] == outside.url("")
    assert directives(response)["frame-ancestors"] == "'none'"
    assert directives(response)["default-src"] == "'none'"
    assert "frame-src" not in directives(hana.browser.get("/logout"))


def test_a_frame_cannot_take_the_page_away(hana: Person, shop: Told):
    """HTML 7.6.1: an app in a frame runs its scripts there, and leads nobody elsewhere."""
    response = sign_out_by(hana, sign_in_to(hana, shop.app))
    (frame,) = Page(response.text).all("iframe")
    assert frame.attributes["sandbox"] == "allow-scripts allow-same-origin"


def test_after_a_yes_the_apps_are_told_too(hana: Person, shop: Told):
    """However the session ends on our pages."""
    sign_in_to(hana, shop.app)
    page = hana.browser.get("/logout").text
    assert len(frames(hana.browser.post("/logout/confirm", data={**hidden(page), "decision": "confirm"}))) == 1


def test_in_a_real_browser_the_app_is_told_and_gets_the_person_back(
    shared_provider: Provider, chromium: Browser, outside: Site
):
    """Front-Channel Logout 3: the frame is loaded first, then the browser goes to the registered address."""
    with serve_plain_site() as site:
        app = told(
            shared_provider,
            outside,
            "browsed",
            redirect_uris=[site.url("/callback")],
            post_logout_redirect_uris=[site.url("/signed-out")],
            frontchannel_logout_uri=site.url("/front"),
        ).app
        person = Person(shared_provider)
        page = chromium.new_page(locale="en")
        page.goto(shared_provider.url + person.request(app.client_id, site.url("/callback"), "openid"))
        page.fill("#username", person.username)
        page.fill("#password", shared_provider.secrets[person.username])
        page.click("#sign-in")
        page.wait_for_url(site.url("/callback?**"))
        code = parse_qs(urlsplit(page.url).query)["code"][0]
        hint = person.exchange(app.client_id, site.url("/callback"), code).json()["id_token"]
        back = httpx.QueryParams(id_token_hint=hint, post_logout_redirect_uri=site.url("/signed-out"), state="s")
        page.goto(f"{shared_provider.url}/logout?{back}")
        page.wait_for_url(site.url("/signed-out?state=s"))
        page.close()
        paths = [path.partition("?")[0] for path in site.asked]
        assert paths.index("/front") < paths.index("/signed-out")
