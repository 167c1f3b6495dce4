"""No parameter of ours leads a browser to a place that nobody registered (RFC 9700 4.11, ASVS 3.7.2, CWE-601)."""

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from tests.provider.apps import STOREFRONT
from tests.provider.person import Person, hidden
from tests.provider.provider import Provider
from tests.web.visits import follow, request, signed_in, visit
from tests.web.walk import FORMS, PAGES, Walker, csrf_of, host_of, places

NAMES = (
    "next",
    "onward",
    "continue",
    "return_to",
    "redirect_uri",
    "post_logout_redirect_uri",
    "request_uri",
    "target_link_uri",
    "url",
    "state",
    "flow",
    "token",
    "proof",
)
"""What an address leads on by, here or in other houses."""
ELSEWHERE = (
    "https://evil.example/",
    "//evil.example/account",
    "/\\evil.example/account",
    "/account/../\\evil.example",
    "/account@evil.example",
    "/account\r\nLocation: https://evil.example/",
    "javascript:alert(1)",
)
RECENTLY = 600


def strays(walker: Walker, response) -> list[str]:
    """Where an answer leads but this server and what the app of the waiting request has registered."""
    own = ("", walker.provider.url.partition("//")[2], "127.0.0.1:8402", "tabi-points.example", "tabi.example")
    return [place for place in places(response) if host_of(response, place) not in own]


@pytest.mark.parametrize("route", PAGES)
def test_no_address_leads_elsewhere(walker: Walker, route: str):
    """Neither at once nor by a link, a form or what it loads; whoever is signed in, and nobody."""
    path = walker.path(route)
    alone = [{name: value} for name in NAMES for value in ELSEWHERE[:2]]
    for sent in (*alone, *(dict.fromkeys(NAMES, value) for value in ELSEWHERE)):
        assert strays(walker, walker.person.browser.get(path, params=sent)) == [], sent
    stranger = Person(walker.provider).browser.get(path, params=dict.fromkeys(NAMES, ELSEWHERE[0]))
    assert strays(walker, stranger) == []


@pytest.mark.parametrize("route", FORMS)
def test_no_form_leads_elsewhere(walker: Walker, route: str):
    """Nor what a hidden field of it may hold, filled in with something of one's own."""
    person, path = walker.spare(route), walker.path(route)
    form = {"csrf": csrf_of(person)}
    for name in NAMES:
        for value in ELSEWHERE[:2]:
            response = person.browser.post(path, data={**form, name: value}, params={name: value})
            assert response.status_code < 500
            assert strays(walker, response) == [], f"{name}={value}"


@settings(max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.text("/\\.:@?#%&;\t account-evil.example", max_size=40) | st.sampled_from(ELSEWHERE))
@example("/account\n")
@example("/account/%2e%2e/%5cevil.example")
@example("/account/sharing/x?next=https://evil.example/")
def test_after_signing_in_one_is_at_home(shared_provider: Provider, onward: str):
    """Whatever `next` says, in the address and in the form: home, or a page of one's own account."""
    person = Person(shared_provider)
    page = person.browser.get("/login", params={"next": onward})
    form = {**hidden(page.text), "username": person.username, "password": shared_provider.secrets[person.username]}
    response = person.browser.post("/login", data={**form, "next": onward})
    location = response.headers["location"]
    assert location == "/" or (location == onward and person.browser.get(location).status_code in (200, 303, 404))
    assert location.split("/")[:2] in (["", ""], ["", "account"])


def test_who_is_asked_to_sign_in_again_comes_back_to_the_page(shared_provider: Provider):
    """`next` does lead to a page of one's own, or the tests above would say nothing about it."""
    person = signed_in(Person(shared_provider))
    shared_provider.clock.forward(RECENTLY + 1)
    page = follow(person, person.browser.get("/account/passkeys"))
    assert hidden(page.text)["next"] == "/account/passkeys"
    assert person.sign_in(page).headers["location"] == "/account/passkeys"


def test_an_app_is_answered_where_it_registered(shared_provider: Provider):
    """A registered address does lead there; the same with one letter more leads nowhere."""
    person = signed_in(Person(shared_provider))
    response = visit(person, STOREFRONT)
    assert response.headers["location"].startswith(f"{STOREFRONT.redirect_uri}?")
    refused = person.browser.get(request(person, STOREFRONT, redirect_uri=f"{STOREFRONT.redirect_uri}x"))
    assert (refused.status_code, "location" in refused.headers) == (400, False)
