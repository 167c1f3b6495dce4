"""Visits to the provider's pages, as tests make them: whither a request leads, and what stands on the page there."""

from typing import Any
from urllib.parse import parse_qs, urlsplit

import httpx
import jwt

from tests.provider.apps import App
from tests.provider.person import Answer, Person, hidden
from tests.web.pages import Page

MOST_REDIRECTS = 8


def follow(person: Person, response: httpx.Response) -> httpx.Response:
    """Follow redirects for as long as they stay at the provider."""
    for _ in range(MOST_REDIRECTS):
        location = response.headers.get("location", "")
        if not location.startswith("/"):
            return response
        response = person.browser.get(location)
    raise AssertionError("redirects without end")


def request(person: Person, app: App, **changed: str | list[str] | None) -> str:
    """The address of an app's usual request, with some parameters changed; None leaves one out."""
    usual = {"client_id": app.client_id, "redirect_uri": app.redirect_uri, "scope": app.scope}
    return person.request(**{**usual, **changed})


def visit(person: Person, app: App, **changed: str | list[str] | None) -> httpx.Response:
    """Open an authorization request; return the page that it leads to, or the redirect that leaves the provider."""
    return follow(person, person.browser.get(request(person, app, **changed)))


def sign_in(person: Person, page: httpx.Response, password: str | None = None) -> httpx.Response:
    """Fill in the sign-in page and go where it leads."""
    return follow(person, person.sign_in(page, password))


def decide(person: Person, page: httpx.Response, *ticks: str, decision: str = "allow") -> httpx.Response:
    """Answer the consent page and go where it leads."""
    return follow(person, person.browser.post("/consent", data=answers(page, *ticks, decision=decision)))


def answers(page: httpx.Response, *ticks: str, decision: str = "allow") -> dict[str, str | list[str]]:
    """The form that a consent page sends."""
    return {**hidden(page.text), "decision": decision, "fields": list(ticks)}


def signed_in(person: Person) -> Person:
    """Sign a person in at the provider itself."""
    response = sign_in(person, person.browser.get("/login"))
    assert response.status_code == httpx.codes.OK, response.text
    return person


def answer(response: httpx.Response) -> dict[str, str]:
    """What a redirect carries to the client."""
    assert response.status_code == httpx.codes.SEE_OTHER, f"{response.status_code} {response.text}"
    return Answer(response.headers["location"]).parameters


def error_code(response: httpx.Response) -> str:
    """The code that an error page shows; such a page never redirects."""
    assert "location" not in response.headers
    return Page(response.text).by_id("error-code").text


def shows(response: httpx.Response, element: str) -> bool:
    """Whether a page holds the element with this id."""
    return any(found.attributes.get("id") == element for found in Page(response.text).elements)


def flow_of(response: httpx.Response) -> str:
    """The interaction that a page belongs to, from its address."""
    return parse_qs(urlsplit(str(response.url)).query)["flow"][0]


def claims_of(token: str) -> dict[str, Any]:
    """What a token says; whether it is genuine is asked elsewhere."""
    claims: dict[str, Any] = jwt.decode(token, options={"verify_signature": False})
    return claims


def end_sharing(person: Person, app: App, purpose: str) -> None:
    """End whatever the signed-in person shares with an app for a purpose."""
    form = {**hidden(person.browser.get("/").text), "client_id": app.client_id, "purpose": purpose}
    assert person.browser.post("/account/sharing", data=form).status_code == 303
