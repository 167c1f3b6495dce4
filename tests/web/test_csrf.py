"""Every form counts only from the page that this very browser was given (RFC 9700 4.7, ASVS 3.5)."""

from collections.abc import Callable

import pytest

from tests.provider.apps import TABI
from tests.provider.person import Person, hidden
from tests.provider.provider import Provider
from tests.web.pages import Page
from tests.web.visits import answers, decide, error_code, flow_of, follow, shows, signed_in, visit

Form = tuple[str, dict[str, object]]
KEN = "ken@example.jp"


def login_form(person: Person) -> Form:
    page = person.browser.get("/login")
    return "/login", {**hidden(page.text), "username": KEN, "password": person.provider.secrets[KEN]}


def consent_form(person: Person) -> Form:
    return "/consent", answers(visit(person, TABI, prompt="consent"), "prefecture")


def apps_form(person: Person) -> Form:
    decide(person, visit(person, TABI, prompt="consent"))
    csrf = hidden(person.browser.get("/").text)["csrf"]
    return "/account/sharing", {"csrf": csrf, "client_id": "tabi-points", "purpose": "points.credit"}


def sharing_form(person: Person) -> Form:
    decide(person, visit(person, TABI, prompt="consent"))
    page = Page(person.browser.get("/account/sharing").text)
    csrf = hidden(person.browser.get("/").text)["csrf"]
    return page.by_id("details-1").attributes["href"], {"csrf": csrf, "action": "end"}


def logout_form(person: Person) -> Form:
    return "/logout/confirm", {**hidden(person.browser.get("/logout").text), "decision": "confirm"}


def recovery_codes_form(person: Person) -> Form:
    return "/account/recovery-codes", {**hidden(person.browser.get("/account/recovery-codes").text), "action": "make"}


def authenticator_form(person: Person) -> Form:
    page = person.browser.get("/account/authenticator")
    return "/account/authenticator", {**hidden(page.text), "action": "begin"}


FORMS = [login_form, consent_form, apps_form, sharing_form, logout_form, recovery_codes_form, authenticator_form]


def foreign(person: Person) -> str:
    """The token of another browser in which the same person is signed in."""
    return hidden(signed_in(Person(person.provider)).browser.get("/").text)["csrf"]


TOKENS: dict[str, Callable[[Person, str], str | None]] = {
    "missing": lambda _person, _own: None,
    "empty": lambda _person, _own: "",
    "made up": lambda _person, _own: "x" * 43,
    "cut": lambda _person, own: own[:-1],
    "with more": lambda _person, own: own + "A",
    "in another case": lambda _person, own: own.swapcase(),
    "not ASCII": lambda _person, _own: "関所",
    "of another browser": lambda person, _own: foreign(person),
    "the session cookie": lambda person, _own: person.browser.cookies["sekisho_session"],
}


@pytest.fixture
def hana(shared_provider: Provider) -> Person:
    return signed_in(Person(shared_provider))


@pytest.mark.parametrize("form", FORMS, ids=lambda form: form.__name__)
@pytest.mark.parametrize("token", TOKENS)
def test_a_form_without_its_token_changes_nothing(hana: Person, form: Callable[[Person], Form], token: str):
    """The post is refused with a page that leads on; who is signed in, what is shared and what waits stay."""
    path, fields = form(hana)
    sent = {**fields, "csrf": TOKENS[token](hana, str(fields["csrf"]))}
    response = hana.browser.post(path, data={name: value for name, value in sent.items() if value is not None})
    assert (response.status_code, error_code(response)) == (403, "page_expired")
    way_on = Page(response.text).by_id("continue").attributes["href"]
    assert way_on.startswith("/")
    assert not way_on.startswith("//")
    assert "hana@example.jp" in hana.browser.get("/").text
    if form is consent_form:
        still_asked = follow(hana, hana.browser.get(f"/authorize/continue?flow={fields['flow']}"))
        assert shows(still_asked, "allow")
    if form in (apps_form, sharing_form):
        assert "Tabi Points" in hana.browser.get("/account/sharing").text


@pytest.mark.parametrize("form", FORMS, ids=lambda form: form.__name__)
def test_a_page_from_before_the_sign_in_is_old(hana: Person, form: Callable[[Person], Form]):
    """The token dies with the cookie that it was derived from: after a sign-in, older pages count no more."""
    path, fields = form(hana)
    signed_in(hana)
    assert error_code(hana.browser.post(path, data=fields)) == "page_expired"


@pytest.mark.parametrize("form", FORMS, ids=lambda form: form.__name__)
def test_a_form_without_any_cookie_is_another_sites(hana: Person, form: Callable[[Person], Form]):
    """SameSite=Lax keeps the cookie out of another site's form; such a post is nobody's."""
    path, fields = form(hana)
    stranger = Person(hana.provider)
    response = stranger.browser.post(path, data=fields)
    if form in (recovery_codes_form, authenticator_form):
        assert response.headers["location"].startswith("/login?next=")
        return
    assert response.status_code in (400, 403)
    assert error_code(response) in ("page_expired", "flow_over")
    assert not stranger.browser.cookies


def test_a_sign_in_for_a_foreign_request_is_refused(hana: Person):
    """Login CSRF: an attacker's request cannot be put under somebody else's sign-in page."""
    foreign_flow = flow_of(visit(Person(hana.provider), TABI))
    path, fields = login_form(hana)
    response = hana.browser.post(path, data={**fields, "flow": foreign_flow})
    assert error_code(response) == "flow_over"
    assert "hana@example.jp" in hana.browser.get("/").text


@pytest.mark.parametrize(
    "next_page", ["https://evil.example/", "//evil.example", "/\\evil.example", "/account/sharing"]
)
@pytest.mark.parametrize("name", ["next", "continue", "return_to", "redirect_uri", "url", "flow"])
def test_no_parameter_of_a_page_redirects_anywhere(shared_provider: Provider, name: str, next_page: str):
    """ASVS 3.7.2: after signing in one goes to the request that waits here, to a page of one's own, or home."""
    visitor = Person(shared_provider)
    page = visitor.browser.get("/login", params={name: next_page})
    if name == "flow":
        assert error_code(page) == "flow_over"
        return
    assert shows(page, "sign-in")
    form = {**hidden(page.text), "username": visitor.username, "password": shared_provider.secrets[visitor.username]}
    response = visitor.browser.post("/login", params={name: next_page}, data={**form, name: next_page})
    own = name == "next" and next_page == "/account/sharing"
    assert response.headers["location"] == (next_page if own else "/")
