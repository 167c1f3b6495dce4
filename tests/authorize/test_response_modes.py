"""How the answer travels: query, fragment or form (OAuth 2.0 Multiple Response Types 2.1, Form Post Response Mode)."""

from urllib.parse import parse_qs, urlsplit

import pytest

from tests.provider.apps import STOREFRONT, TABI
from tests.provider.person import Person, hidden
from tests.web.pages import Page
from tests.web.visits import decide, sign_in, visit

NASTY = [
    'a b+&"<x',
    "'><script>alert(1)</script>",
    "&quot;&amp;#39;%22%00",
    "{{7*7}}{%x%}",
    "関所\u2028\u202e👩🏽",
    "\\\\/",
]


def directives(response) -> dict[str, str]:
    policy = response.headers["content-security-policy"]
    return dict(directive.strip().split(" ", 1) for directive in policy.split(";"))


@pytest.mark.parametrize("state", NASTY)
def test_a_form_carries_every_value_exactly(member: Person, state: str):
    """Form Post 2: the values are HTML form values, each escaped so that it arrives as it is, and nothing else runs."""
    response = visit(member, STOREFRONT, response_mode="form_post", state=state)
    assert response.status_code == 200
    page = Page(response.text)
    assert page.by_id("response").attributes["action"] == STOREFRONT.redirect_uri
    sent = {field.attributes["name"]: field.attributes["value"] for field in page.all("input", type="hidden")}
    assert sent.pop("code")
    assert sent.pop("session_state")
    assert sent == {"state": state, "iss": member.provider.url}
    assert len(page.all("script")) == 1


def test_a_form_may_leave_us_under_our_own_policy(member: Person):
    """CSP 3 form-action: the page may post to the app, runs our own script alone, and is stored by nobody."""
    response = visit(member, STOREFRONT, response_mode="form_post")
    policy = directives(response)
    assert policy["form-action"] == "'self' http:"
    assert policy["script-src"] == "'self'"
    assert policy["default-src"] == "'none'"
    assert response.headers["cache-control"] == "no-store"
    script = Page(response.text).all("script")[0].attributes["src"]
    assert member.browser.get(script).status_code == 200


@pytest.mark.parametrize("state", NASTY)
@pytest.mark.parametrize("mode", ["query", "fragment"])
def test_a_redirect_carries_every_value_exactly(member: Person, mode: str, state: str):
    """Multiple Response Types 2.1: the values stand form-encoded in the part of the URI that was asked for."""
    response = visit(member, STOREFRONT, response_mode=mode, state=state)
    parts = urlsplit(response.headers["location"])
    assert response.headers["location"].startswith(f"{STOREFRONT.redirect_uri}{'?' if mode == 'query' else '#'}")
    values = parse_qs(getattr(parts, mode))
    assert values["state"] == [state]
    assert values["iss"] == [member.provider.url]
    assert set(values) == {"code", "session_state", "state", "iss"}


def test_a_redirect_with_a_code_is_kept_by_nobody(member: Person):
    """RFC 9700 4.2.4 and 4.12: a GET follows, no cache keeps the code and no Referer tells it."""
    response = visit(member, STOREFRONT)
    assert response.status_code == 303
    assert response.headers["cache-control"] == "no-store"
    assert response.headers["referrer-policy"] == "no-referrer"
    assert response.text == ""


@pytest.mark.parametrize("mode", ["query", "fragment", "form_post"])
@pytest.mark.parametrize(
    ("changed", "error"),
    [({"prompt": "none"}, "login_required"), ({"scope": None}, "invalid_scope"), ({"request": "x"}, None)],
)
def test_errors_travel_like_codes(visitor: Person, mode: str, changed: dict, error: str | None):
    """RFC 6749 4.1.2.1 and RFC 9207 2: an error takes the same way as a code, with state and issuer."""
    response = visit(visitor, STOREFRONT, response_mode=mode, **changed)
    if mode == "form_post":
        values = hidden(response.text)
    else:
        parts = urlsplit(response.headers["location"])
        values = {name: value for name, (value,) in parse_qs(getattr(parts, mode)).items()}
    assert values["error"] == (error or "invalid_request_object")
    assert (values["state"], values["iss"]) == ("a state", visitor.provider.url)
    assert "code" not in values


def test_a_no_comes_back_by_form_as_well(visitor: Person):
    """Form Post 2 with RFC 6749 4.1.2.1: access_denied, after the pages, in the mode that was asked for before them."""
    consent = sign_in(visitor, visit(visitor, TABI, response_mode="form_post"))
    page = decide(visitor, consent, decision="deny")
    assert hidden(page.text)["error"] == "access_denied"
    assert hidden(page.text)["iss"] == visitor.provider.url


def test_the_way_back_is_in_the_language_that_the_app_asked_for(member: Person):
    """OIDC Core 3.1.2.1 ui_locales: the page that is seen for a moment speaks it too."""
    response = visit(member, STOREFRONT, response_mode="form_post", ui_locales="ja")
    assert Page(response.text).all("html")[0].attributes["lang"] == "ja"
