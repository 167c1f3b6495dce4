"""Walks over every address of the server, so that what holds for all of them is asked of those that come later too."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from urllib.parse import urljoin, urlsplit

import httpx

from idp.web import paths
from tests.architecture.test_routes import ROUTES
from tests.partner.console import Member, newcomer, register
from tests.provider.apps import TABI
from tests.provider.person import Person, hidden
from tests.provider.provider import Provider
from tests.web.pages import Page
from tests.web.visits import decide, flow_of, signed_in, visit

FROM_OTHER_SITES = {
    "/authorize": "an app's own form may carry its request (OIDC Core 3.1.2.1); a page of ours asks about it",
    "/logout": "so may it here (RP-Initiated Logout 2): it leads to a GET, which asks the person unless the app proves",
    "/login/with/<provider>/callback": "another provider's page posts its answer, which leads to a GET that checks it",
}
"""Posts that come from elsewhere by their specification, and why no token is asked of them."""


ANOTHER_PROVIDER = {
    "IDP_UPSTREAM__X__ISSUER": "https://127.0.0.1:1",
    "IDP_UPSTREAM__X__CLIENT_ID": "sekisho",
    "IDP_UPSTREAM__X__CLIENT_SECRET": "a secret of forty-three characters, or so.",
    "IDP_UPSTREAM__X__EN": "Another",
    "IDP_UPSTREAM__X__JA": "別の事業者",
}
"""The settings that let people sign in with a provider, which does not answer."""


def is_for_people(path: str) -> bool:
    return not (paths.is_for_machines(path) or path.startswith("/static/"))


PAGES = sorted(path for path, methods in ROUTES.items() if "GET" in methods and is_for_people(path))
FORMS = sorted(path for path, methods in ROUTES.items() if "POST" in methods and is_for_people(path))
OWN_FORMS = [path for path in FORMS if path not in FROM_OTHER_SITES]


@dataclass
class Walker:
    """Somebody with everything that there are pages for: an account, a sharing with an app, a partner and its app."""

    person: Person
    names: dict[str, str]
    flow: str
    """A request of an app that waits for their answer."""

    @classmethod
    def of(cls, provider: Provider) -> "Walker":
        member = Member.of(provider, username=newcomer(provider))
        client_id, _secret = register(member)
        decide(member.person, visit(member.person, TABI, prompt="consent"))
        grant = Page(member.person.browser.get("/account/sharing").text).by_id("details-1").attributes["href"]
        names = {"partner_id": member.partner_id, "grant_id": grant.rpartition("/")[2], "client_id": client_id}
        flow = flow_of(visit(member.person, TABI, prompt="consent"))
        others = {"version": "1", "number": "1", "language": "en", "provider": "x", "secret": "x" * 43}
        return cls(member.person, {**names, **others}, flow)

    @property
    def provider(self) -> Provider:
        return self.person.provider

    @property
    def csrf(self) -> str:
        """The token of this browser's forms."""
        return csrf_of(self.person)

    def spare(self, route: str) -> Person:
        """Somebody whose account the form of a route may close; this person where it is about things of theirs."""
        return self.person if "<" in route else signed_in(Person(self.provider, newcomer(self.provider)))

    def path(self, route: str) -> str:
        """A route's address with names that exist."""
        for name, value in self.names.items():
            route = route.replace(f"<{name}>", value)
        return route


def csrf_of(person: Person) -> str:
    """The token of the forms in somebody's browser."""
    return hidden(person.browser.get("/").text)["csrf"]


def is_page(response: httpx.Response) -> bool:
    return response.headers.get("content-type", "").startswith("text/html")


def places(response: httpx.Response) -> Iterator[str]:
    """Everywhere that an answer leads a browser: by its header, its links, its forms and what it loads."""
    if "location" in response.headers:
        yield response.headers["location"]
    if is_page(response):
        for element in Page(response.text).elements:
            yield from (element.attributes[name] for name in ("href", "action", "src") if name in element.attributes)


def host_of(response: httpx.Response, place: str) -> str:
    """Where a place is as browsers read it, who take a backslash for a slash and skip what cannot be seen."""
    seen = "".join(letter for letter in place if letter > " ").replace("\\", "/")
    parts = urlsplit(urljoin(str(response.url), seen))
    return parts.netloc if parts.scheme in ("http", "https") else place


@contextmanager
def keeping(person: Person) -> Iterator[list[httpx.Response]]:
    """Every answer that somebody's browser gets meanwhile, in order."""
    kept: list[httpx.Response] = []
    hooks = person.browser.event_hooks
    person.browser.event_hooks = {**hooks, "response": [*hooks["response"], kept.append]}
    yield kept
    person.browser.event_hooks = hooks
