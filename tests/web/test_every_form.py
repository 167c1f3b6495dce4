"""Every form of every page, those to come included, counts only with this browser's token (RFC 9700 4.7, ASVS 3.5.1).

tests/web/test_csrf.py asks some forms for more. Here the list of routes is the list of what is tried.
"""

import pytest

from tests.provider.apps import TABI
from tests.provider.person import Person, hidden
from tests.provider.provider import Provider
from tests.store.rows import contents
from tests.web.pages import every_page, render
from tests.web.visits import error_code, flow_of, signed_in, visit
from tests.web.walk import FORMS, FROM_OTHER_SITES, OWN_FORMS, Walker, csrf_of

PASSING = ("sessions", "changes")
"""Tables that a mere visit may write to."""
FILLED = {
    "username": "hana@example.jp",
    "password": "tanuki ga odoru yoru",
    "email": "mallory@example.org",
    "decision": "confirm",
    "name": "Mallory",
    "url": "https://mallory.example/",
}
WISHES = ("end", "remove", "rename", "add", "change", "again", "close")
"""What forms of our pages ask for by `action`: with a wrong token none is even looked at."""


def wrong_tokens(walker: Walker) -> dict[str, str | None]:
    own = walker.csrf
    another = signed_in(Person(walker.provider)).browser.get("/")
    return {
        "missing": None,
        "empty": "",
        "made up": "x" * 43,
        "not ASCII": "関所",
        "cut": own[:-1],
        "of another browser": hidden(another.text)["csrf"],
        "the cookie itself": walker.person.browser.cookies["sekisho_session"],
    }


@pytest.mark.parametrize("route", OWN_FORMS)
def test_no_form_counts_without_this_browsers_token(walker: Walker, route: str):
    """Whoever is signed in, and however recently: the answer says that the page is old, and nothing is written."""
    path, browser = walker.path(route), walker.person.browser
    tokens, session = wrong_tokens(walker), browser.cookies["sekisho_session"]
    before = rows(walker.provider)
    for name, token in tokens.items():
        for wish in WISHES if name == "missing" else WISHES[:1]:
            form = {**FILLED, "flow": walker.flow, "action": wish, "csrf": token}
            response = browser.post(path, data={name: value for name, value in form.items() if value is not None})
            assert (response.status_code, error_code(response)) == (403, "page_expired"), name
    assert rows(walker.provider) == before
    assert browser.cookies["sekisho_session"] == session


@pytest.mark.parametrize("route", OWN_FORMS)
def test_with_its_token_a_form_is_looked_at(walker: Walker, route: str):
    """Or the test above would pass for an address that refuses everything."""
    person = walker.spare(route)
    flow = flow_of(visit(person, TABI, prompt="consent"))
    form = {"csrf": csrf_of(person), "flow": flow, "decision": "deny"}
    answers = [person.browser.post(walker.path(route), data=form | {"action": wish}) for wish in WISHES]
    assert [answer for answer in answers if answer.status_code >= 500] == []
    assert any("page_expired" not in answer.text for answer in answers)


@pytest.mark.parametrize("route", OWN_FORMS)
def test_another_sites_form_comes_without_the_cookie_and_is_nobodys(walker: Walker, route: str):
    """SameSite=Lax keeps the cookie out of it (RFC 6265bis 5.8.3), so even a token that leaked is worth nothing."""
    stranger = Person(walker.provider)
    headers = {"origin": "https://evil.example", "sec-fetch-site": "cross-site"}
    form = {**FILLED, "flow": walker.flow, "csrf": walker.csrf}
    response = stranger.browser.post(walker.path(route), data=form, headers=headers)
    assert response.status_code in (303, 403) or error_code(response) == "flow_over"
    assert response.headers.get("location", "/login").startswith("/login")
    assert "sekisho_session" not in stranger.browser.cookies


def test_nothing_is_excused_that_is_not_there():
    """Whoever takes a post from elsewhere away also takes its excuse away."""
    assert set(FROM_OTHER_SITES) - set(FORMS) == set()


@pytest.mark.parametrize("template", sorted(set(every_page()) - {"form_post.html"}))
def test_every_form_on_a_page_carries_the_token(template: str):
    """As many as there are; `form_post.html` sends an answer to an app, which has its own `state`."""
    page = render(template, **every_page()[template])
    posts = [form for form in page.all("form") if form.attributes.get("method") == "post"]
    assert len(page.all("input", type="hidden", name="csrf")) == len(posts)


def rows(provider: Provider) -> dict[str, list[object]]:
    """Everything that stands in the database but for who was here."""
    assert provider.services is not None
    found = contents(provider.services.database)
    return {table: held for table, held in found.items() if table not in PASSING}
