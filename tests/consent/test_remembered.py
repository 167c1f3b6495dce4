"""A consent is remembered by scope and purpose, for as long as the page said (OIDC Core 3.1.2.4)."""

import pytest

from tests.provider.apps import KAZE, TABI, App
from tests.provider.person import Person, hidden
from tests.provider.provider import Provider
from tests.web.visits import answer, decide, shows, signed_in, visit

DAY = 86_400
NEWS = App("kaze-ads", KAZE.redirect_uri, "openid email purpose:marketing.news")
OFFERS = App("kaze-ads", KAZE.redirect_uri, "openid gender purpose:marketing.offers")


@pytest.fixture
def hana(shared_provider: Provider) -> Person:
    """Hana, signed in, who has ended whatever she had agreed to."""
    hana = signed_in(Person(shared_provider))
    for app, purpose in ((TABI, "points.credit"), (NEWS, "marketing.news"), (OFFERS, "marketing.offers")):
        form = {**hidden(hana.browser.get("/").text), "client_id": app.client_id, "purpose": purpose}
        assert hana.browser.post("/account/sharing", data=form).status_code == 303
    return hana


def is_asked(person: Person, app: App, **changed: str) -> bool:
    """Whether the person is shown the consent page."""
    return shows(visit(person, app, **changed), "allow")


def test_once_agreed_the_same_is_not_asked_again(hana: Person):
    """The same app, scopes and purpose, and fewer scopes too, go through; in another browser as well."""
    decide(hana, visit(hana, TABI), "prefecture")
    assert not is_asked(hana, TABI)
    assert not is_asked(hana, TABI, scope="openid prefecture")
    assert not is_asked(signed_in(Person(hana.provider)), TABI)


def test_naming_the_purpose_that_was_agreed_to_changes_nothing(hana: Person):
    """The purpose is remembered by what it is, not by whether the request spelt it out."""
    decide(hana, visit(hana, TABI), "prefecture")
    assert not is_asked(hana, TABI, scope=f"{TABI.scope} purpose:points.credit")


def test_more_than_was_agreed_is_asked(hana: Person):
    """A further scope is a new question, whether it names data, an API or staying connected."""
    decide(hana, visit(hana, TABI, scope="openid prefecture"))
    for more in ("over_20", "listings:read", "offline_access"):
        assert is_asked(hana, TABI, scope=f"openid prefecture {more}"), more
    assert not is_asked(hana, TABI, scope="openid prefecture")


def test_another_purpose_is_asked_and_both_stand(hana: Person):
    """A consent holds for its purpose alone, and one does not replace the other."""
    decide(hana, visit(hana, NEWS))
    assert is_asked(hana, OFFERS)
    decide(hana, visit(hana, OFFERS), "gender")
    assert not is_asked(hana, NEWS)
    assert not is_asked(hana, OFFERS)


def test_another_app_and_another_person_are_asked(hana: Person):
    """A consent is one person's, to one app."""
    decide(hana, visit(hana, TABI))
    assert is_asked(hana, NEWS)
    assert is_asked(signed_in(Person(hana.provider, "ken@example.jp")), TABI)


def test_a_no_takes_nothing_back(hana: Person):
    """Refusing a renewed request (prompt=consent) refuses that request; what stands is ended on one's own page."""
    decide(hana, visit(hana, TABI), "prefecture")
    answer(decide(hana, visit(hana, TABI, prompt="consent"), decision="deny"))
    assert not is_asked(hana, TABI)


def test_it_ends_on_the_day_that_the_page_named(hana: Person):
    """Ninety days for Tabi Points, thirty for offers; afterwards the person is asked again."""
    decide(hana, visit(hana, TABI), "prefecture")
    decide(hana, visit(hana, OFFERS))
    hana.provider.clock.forward(30 * DAY - 1)
    hana = signed_in(Person(hana.provider))
    assert not is_asked(hana, OFFERS)
    hana.provider.clock.forward(1)
    assert is_asked(hana, OFFERS)
    assert answer(visit(hana, OFFERS, prompt="none"))["error"] == "consent_required"
    hana.provider.clock.forward(60 * DAY - 1)
    hana = signed_in(Person(hana.provider))
    assert not is_asked(hana, TABI)
    hana.provider.clock.forward(1)
    assert is_asked(hana, TABI)
