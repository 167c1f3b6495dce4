"""The landing page: it says who is signed in, and leads on."""

from tests.provider.person import Person, hidden
from tests.provider.provider import Provider
from tests.web.pages import Page
from tests.web.visits import signed_in


def test_home_welcomes_strangers_and_knows_who_is_signed_in(shared_provider: Provider):
    """The landing page is no dead end: it says what this is, or who one is, with the ways on."""
    visitor = Person(shared_provider)
    assert Page(visitor.browser.get("/").text).all("h1")[0].text == "Welcome"
    assert not visitor.browser.cookies, "a glance begins no session"
    page = Page(signed_in(visitor).browser.get("/").text)
    assert page.all("h1")[0].text == "Your account"
    assert page.by_id("apps").attributes["href"] == "/account/sharing"


def test_home_signs_out(shared_provider: Provider):
    """The button on the landing page signs out at once: it is the person who presses it."""
    hana = signed_in(Person(shared_provider))
    response = hana.browser.post("/logout/confirm", data={**hidden(hana.browser.get("/").text), "decision": "confirm"})
    assert Page(response.text).all("h1")[0].text == "You are signed out"
    assert Page(hana.browser.get("/").text).all("h1")[0].text == "Welcome"
