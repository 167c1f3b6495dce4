"""What people and machines are told when something is wrong: one renderer, no stack trace, none of the input."""

import logging

import pytest

from tests.provider.apps import STOREFRONT
from tests.provider.person import Person
from tests.provider.provider import Provider
from tests.web.pages import Page
from tests.web.visits import error_code, request

LONG = "x" * 70_000


@pytest.fixture
def visitor(shared_provider: Provider) -> Person:
    return Person(shared_provider)


@pytest.mark.parametrize(
    ("method", "path", "status", "allowed"),
    [
        ("GET", "/nothing", 404, None),
        ("GET", "/login/", 404, None),
        ("GET", "/static/nothing.css", 404, None),
        ("GET", "/static/../errors.py", 404, None),
        ("GET", "/static/%2e%2e/errors.py", 404, None),
        ("GET", "/%00", 404, None),
        ("GET", "/%FF%FE", 404, None),
        ("PUT", "/login", 405, {"GET", "HEAD", "OPTIONS", "POST"}),
        ("DELETE", "/authorize", 405, {"GET", "HEAD", "OPTIONS", "POST"}),
        ("POST", "/authorize/continue", 405, {"GET", "HEAD", "OPTIONS"}),
        ("GET", "/logout/confirm", 405, {"OPTIONS", "POST"}),
        ("BREW", "/login", 405, {"GET", "HEAD", "OPTIONS", "POST"}),
    ],
)
def test_people_get_a_page_with_a_way_on(visitor: Person, method: str, path: str, status: int, allowed):
    """RFC 9110 15.5: what does not exist or is not taken is said on a page of ours, with the methods that are."""
    response = visitor.browser.request(method, path)
    assert (response.status_code, error_code(response)) == (status, f"http_{status}")
    assert Page(response.text).by_id("continue").attributes["href"] == "/"
    named = response.headers.get("allow")
    assert (set(named.split(", ")) if named else None) == allowed


@pytest.mark.parametrize("path", ["/data/v2/me", "/data/v1/nope", "/access/v1/search", "/grants/a/b", "/.well-known/x"])
def test_machines_are_told_in_json(visitor: Person, path: str):
    """Where apps ask, also what does not exist is said in the words that they read."""
    response = visitor.browser.get(path)
    assert (response.status_code, response.headers["content-type"]) == (404, "application/json")
    assert response.json()["error"] == "invalid_request"


@pytest.mark.parametrize("path", ["/login", "/consent", "/account/sharing", "/logout", "/logout/confirm", "/authorize"])
@pytest.mark.parametrize(
    ("body", "content_type"),
    [
        (b"{}", "application/json"),
        (b"", ""),
        (b"--x\r\n", "multipart/form-data; boundary=x"),
        (b"a=%FF", "application/x-www-form-urlencoded"),
        (b"\xff\x00", "application/x-www-form-urlencoded"),
        (b"csrf=1&csrf=2", "application/x-www-form-urlencoded"),
        (b"&".join(b"%d=1" % number for number in range(101)), "application/x-www-form-urlencoded"),
    ],
)
def test_a_body_that_is_no_form_of_ours(visitor: Person, path: str, body: bytes, content_type: str):
    """Every page that takes a form says 400 to anything else, before it looks at cookies or the database."""
    response = visitor.browser.post(path, content=body, headers={"content-type": content_type})
    assert (response.status_code, error_code(response)) == (400, "invalid_request")


@pytest.mark.parametrize("path", ["/login", "/consent", "/logout", "/authorize"])
def test_a_body_that_is_too_large(visitor: Person, path: str):
    """64 KiB are plenty for a form; more is not even read."""
    response = visitor.browser.post(path, data={"x": LONG})
    assert (response.status_code, error_code(response)) == (413, "http_413")


def test_a_page_tells_the_person_and_the_developer_apart(visitor: Person):
    """The person reads what to do; what the developer needs stands folded away, with a reference for support."""
    page = Page(visitor.browser.get("/authorize?client_id=nobody").text)
    assert page.all("h1")[0].text == "That did not work"
    assert "client_id is missing or wrong" in page.all("details")[0].text
    assert len(page.by_id("error-reference").text) == 8


def test_the_reference_leads_to_the_log_and_the_log_holds_no_input(visitor: Person, caplog: pytest.LogCaptureFixture):
    """Support finds the line by the page's reference; secrets and names that were sent are not in it."""
    with caplog.at_level(logging.INFO, logger="idp"):
        response = visitor.browser.get(request(visitor, STOREFRONT, redirect_uri="https://evil.test", state="a-secret"))
    reference = Page(response.text).by_id("error-reference").text
    lines = [record.getMessage() for record in caplog.records if record.name.startswith("idp")]
    assert [line for line in lines if reference in line]
    assert not [line for line in lines if "evil" in line or "a-secret" in line]


def test_nothing_of_the_input_is_on_the_page(visitor: Person):
    """What was sent does not come back as text, whatever it was; the page cannot be made to say something."""
    planted = "Call-0120-555-555-and-tell-us-your-password"
    for path in (f"/{planted}", f"/authorize?client_id={planted}", f"/authorize/continue?flow={planted}"):
        page = Page(visitor.browser.get(path).text)
        assert planted not in page.all("main")[0].text
