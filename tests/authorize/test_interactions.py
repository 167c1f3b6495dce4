"""A request on its way through the pages: answered once, in time, by the browser that began it (RFC 9700 4.7)."""

from concurrent.futures import ThreadPoolExecutor

import httpx
import pytest

from tests.provider.apps import STOREFRONT, TABI
from tests.provider.person import Person
from tests.provider.provider import NO_TLS, Provider
from tests.web.pages import Page
from tests.web.visits import (
    answer,
    answers,
    claims_of,
    decide,
    error_code,
    flow_of,
    follow,
    shows,
    sign_in,
    signed_in,
    visit,
)

KEN = "ken@example.jp"
HOME_OF_TABI = "https://tabi.example"


def at_consent(person: Person) -> httpx.Response:
    """The consent page of a new request, with whatever it takes to get there."""
    page = visit(person, TABI, prompt="consent")
    return sign_in(person, page) if shows(page, "sign-in") else page


def went_over(response: httpx.Response) -> bool:
    """Whether the page says that the request is over, and leads on."""
    way_on = Page(response.text).by_id("continue").attributes["href"]
    return (response.status_code, error_code(response)) == (400, "flow_over") and way_on in ("/", HOME_OF_TABI)


def test_two_tabs_are_two_requests(visitor: Person):
    """Each tab keeps its own app, state and nonce, whichever is finished first."""
    first = visit(visitor, TABI, state="first", nonce="1")
    second = visit(visitor, STOREFRONT, state="second", nonce="2")
    consent = sign_in(visitor, first)
    stale = visitor.sign_in(second)
    assert error_code(stale) == "page_expired"
    back = follow(visitor, visitor.browser.get(Page(stale.text).by_id("continue").attributes["href"]))
    assert answer(back)["state"] == "second"
    assert answer(decide(visitor, consent))["state"] == "first"


def test_a_sign_in_page_of_another_tab_leads_on_without_a_password(visitor: Person):
    """The password typed in one tab is enough: the old page of another one shows the way instead of asking again."""
    old = visit(visitor, STOREFRONT)
    signed_in(visitor)
    stale = visitor.sign_in(old, "whatever is typed")
    assert (stale.status_code, error_code(stale)) == (403, "page_expired")
    way_on = Page(stale.text).by_id("continue").attributes["href"]
    assert way_on == f"/authorize/continue?flow={flow_of(old)}"
    assert "code" in answer(visitor.browser.get(way_on))


def test_the_same_answer_twice_counts_once(member: Person):
    """A second click on Allow gives no second code."""
    form = answers(at_consent(member), "prefecture")
    assert "code" in answer(follow(member, member.browser.post("/consent", data=form)))
    assert went_over(follow(member, member.browser.post("/consent", data=form)))


def test_answers_at_the_same_moment_give_one_code(provider: Provider):
    """Twelve browsers' worth of clicks on one request: one code, by one conditional update, on either database."""
    member = signed_in(Person(provider))
    page = at_consent(member)
    member.browser.post("/consent", data=answers(page))
    cookies = dict(member.browser.cookies)

    def go_on(_: int) -> httpx.Response:
        with httpx.Client(base_url=provider.url, cookies=cookies, verify=NO_TLS) as browser:
            return browser.get(f"/authorize/continue?flow={flow_of(page)}")

    with ThreadPoolExecutor(12) as pool:
        responses = list(pool.map(go_on, range(12)))
    assert sorted(response.status_code for response in responses) == [303] + [400] * 11
    assert {error_code(response) for response in responses if response.status_code == 400} == {"flow_over"}


@pytest.mark.parametrize("decision", ["allow", "deny"])
def test_a_finished_request_cannot_be_answered_differently(member: Person, decision: str):
    """RFC 6749 4.1.2: one response; who said no and goes back cannot say yes to the same request, nor the reverse."""
    page = at_consent(member)
    answer(decide(member, page, decision=decision))
    for again in ("allow", "deny"):
        assert went_over(member.browser.post("/consent", data=answers(page, decision=again)))
    for path in ("/authorize/continue", "/consent", "/login"):
        assert went_over(member.browser.get(f"{path}?flow={flow_of(page)}"))


def test_a_request_of_another_browser_is_nobodys(member: Person, shared_provider: Provider):
    """RFC 9700 4.7: a stranger who sends somebody the address of a page starts nothing in their browser."""
    page = at_consent(member)
    stranger, anonymous = signed_in(Person(shared_provider, KEN)), Person(shared_provider)
    for person in (stranger, anonymous):
        for path in ("/authorize/continue", "/consent", "/login"):
            assert went_over(person.browser.get(f"{path}?flow={flow_of(page)}"))
    own = answers(at_consent(stranger))
    assert went_over(stranger.browser.post("/consent", data={**own, "flow": flow_of(page)}))
    assert "code" in answer(decide(member, page))


@pytest.mark.parametrize("flow", ["", "x", "%00", "%FF", "x" * 3000, "a&flow=b", "%F0%9F%8C%BE", "'--", "../.."])
@pytest.mark.parametrize("path", ["/authorize/continue", "/consent", "/login"])
def test_no_such_request(member: Person, path: str, flow: str):
    """Anything in the place of a request's identifier gives a page that says what to do, never a 500."""
    response = member.browser.get(f"{path}?flow={flow}")
    if (path, flow) == ("/login", ""):
        assert shows(response, "sign-in")
        return
    assert response.status_code == 400
    assert error_code(response) in {"flow_over", "invalid_request"}


def test_a_page_that_was_open_for_too_long(provider: Provider):
    """After an hour the request is over: nobody is asked for a password in vain, and the page leads on."""
    hana = Person(provider)
    page = visit(hana, TABI)
    provider.clock.forward(3599)
    assert shows(hana.browser.get(str(page.url)), "sign-in")
    provider.clock.forward(1)
    assert went_over(hana.browser.get(str(page.url)))
    late = hana.sign_in(page)
    assert (late.status_code, error_code(late)) == (403, "page_expired")
    assert went_over(hana.browser.get(Page(late.text).by_id("continue").attributes["href"]))
    assert hana.browser.get("/").status_code == 200


def test_a_consent_that_was_open_for_too_long(provider: Provider):
    """The same holds for who is signed in: an hour after the request, its consent page is over, the session is not."""
    hana = signed_in(Person(provider))
    page = at_consent(hana)
    provider.clock.forward(3600)
    assert went_over(hana.browser.post("/consent", data=answers(page, "prefecture")))
    assert "code" in answer(visit(hana, STOREFRONT))


def test_an_answer_of_one_person_is_not_the_next_ones(shared_provider: Provider):
    """Who signs in after somebody else, in the same browser and request, is asked for their own consent."""
    both = Person(shared_provider)
    page = visit(both, TABI, prompt="login consent")
    consent = sign_in(both, page)
    both.browser.post("/consent", data=answers(consent, "prefecture"))
    both.username = KEN
    again = both.browser.get(f"/login?flow={flow_of(page)}")
    shown = sign_in(both, again)
    assert shows(shown, "allow")
    assert "Osaka" in shown.text
    code = answer(decide(both, shown))["code"]
    tokens = both.exchange(TABI.client_id, TABI.redirect_uri, code).json()
    ken = signed_in(Person(shared_provider, KEN))
    other = ken.exchange(TABI.client_id, TABI.redirect_uri, answer(visit(ken, TABI, prompt="none"))["code"]).json()
    assert claims_of(tokens["id_token"])["sub"] == claims_of(other["id_token"])["sub"]


def test_a_change_of_person_ends_what_waited_for_the_other(shared_provider: Provider):
    """What one person's tabs still waited for is not finished as another person."""
    browser = signed_in(Person(shared_provider))
    waiting = at_consent(browser)
    browser.username = KEN
    sign_in(browser, browser.browser.get("/login"))
    assert went_over(browser.browser.get(f"/authorize/continue?flow={flow_of(waiting)}"))


def test_a_browser_that_lost_its_cookies_is_told_so(visitor: Person):
    """RFC 9700 4.7: the address of a page is worth nothing without the cookie of the browser that began."""
    consent = sign_in(visitor, visit(visitor, TABI, prompt="consent"))
    visitor.browser.cookies.clear()
    assert went_over(visitor.browser.get(f"/authorize/continue?flow={flow_of(consent)}"))
