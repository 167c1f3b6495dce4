"""A request that is lost or too old leads back to where its person was going (WCAG 2.2: 3.3.1; OIDC Core 4)."""

from dataclasses import replace

import pytest

from idp.store import clients
from tests.provider.apps import STOREFRONT, TABI
from tests.provider.person import Person
from tests.provider.provider import Provider
from tests.web.pages import Page
from tests.web.visits import error_code, flow_of, visit


@pytest.fixture
def visitor(shared_provider: Provider) -> Person:
    return Person(shared_provider)


def way_on(person: Person, flow: str) -> tuple[str, str]:
    response = person.browser.get("/login", params={"flow": flow})
    assert error_code(response) == "flow_over"
    link = Page(response.text).by_id("continue")
    return link.attributes["href"], link.text


def test_an_expired_request_leads_to_the_apps_home(visitor: Person):
    flow = flow_of(visit(visitor, TABI))
    visitor.provider.clock.forward(3601)
    assert way_on(visitor, flow) == ("https://tabi.example", "Start again in Tabi Points")


def test_one_of_another_browser_too(visitor: Person):
    """The link of a letter that is opened elsewhere, for one."""
    flow = flow_of(visit(visitor, TABI))
    assert way_on(Person(visitor.provider), flow) == ("https://tabi.example", "Start again in Tabi Points")


def test_an_app_that_begins_by_itself_is_asked_to(visitor: Person):
    """OIDC Core 4: the address is told who asks it to begin."""
    services = visitor.provider.services
    flow = flow_of(visit(visitor, STOREFRONT))
    change(services, STOREFRONT.client_id, initiate_login_uri="https://store.example/begin?way=1")
    begins = f"https://store.example/begin?way=1&iss={visitor.provider.url.replace(':', '%3A').replace('/', '%2F')}"
    visitor.provider.clock.forward(3601)
    assert way_on(visitor, flow)[0] == begins
    change(services, STOREFRONT.client_id, initiate_login_uri="", homepage="")
    assert way_on(visitor, flow) == ("/", "Continue")


@pytest.mark.parametrize("flow", ["x", "x" * 5000, "\u3042", "' OR 1=1"])
def test_what_was_never_a_request_leads_home(visitor: Person, flow: str):
    assert way_on(visitor, flow) == ("/", "Continue")


def change(services, client_id: str, **values: str) -> None:
    with services.database.transaction() as connection:
        client = clients.find(connection, client_id)
        clients.save(connection, replace(client, **values), services.now)
    services.feed.read_now()
