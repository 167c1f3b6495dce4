"""The profile: what is held is shown, what is the person's own may be changed, and nothing else is."""

import pytest

from tests.account.people import newcomer, send
from tests.provider.person import Person
from tests.provider.provider import Provider
from tests.web.pages import Page
from tests.web.visits import error_code

PROFILE = "/account/profile"
NAMES = {"name": "阿部 澪", "family_name": "阿部", "given_name": "澪", "nickname": "mio", "language": "ja"}


@pytest.fixture
def mio(shared_provider: Provider) -> Person:
    return newcomer(shared_provider, birthdate="2001-02-03", phone_number="+819012345678", locale="en-GB")


def held(person: Person) -> dict[str, object]:
    services = person.provider.services
    with services.database.autocommit() as connection:
        return dict(services.accounts.find_by_username(connection, person.username).profile)


def test_what_is_held_is_shown(mio: Person):
    page = " ".join(Page(mio.browser.get(PROFILE).text).all("main")[0].text.split())
    assert f"E-mail address {mio.username} checked" in page
    assert "Phone number +819012345678 not checked yet" in page
    assert "Date of birth 3 February 2001" in page


def test_names_are_the_persons_to_change(mio: Person):
    """And apps are told at once what is said now."""
    before = held(mio)
    assert send(mio, PROFILE, **NAMES).headers["location"] == "/account/profile?done=saved"
    now = held(mio)
    assert {claim: now[claim] for claim in ("name", "family_name", "given_name", "nickname")} == {
        claim: NAMES[claim] for claim in ("name", "family_name", "given_name", "nickname")
    }
    assert now["locale"] == "ja"
    untouched = before.keys() - NAMES.keys() - {"locale"}
    assert {claim: now[claim] for claim in untouched} == {claim: before[claim] for claim in untouched}


def test_a_language_that_stays_keeps_its_country_and_an_empty_name_is_gone(mio: Person):
    send(mio, PROFILE, name="Mio", language="en")
    assert held(mio)["locale"] == "en-GB"
    assert "nickname" not in held(mio)
    send(mio, PROFILE, name="", language="")
    assert {"name", "locale"}.isdisjoint(held(mio))


def test_what_is_not_the_persons_to_say_is_not_taken(mio: Person):
    """Deny by default: a form with more fields than the page has changes none of them."""
    more = {"email": "x@example.jp", "email_verified": "true", "kyc_level": "2", "birthdate": "1990-01-01", "sub": "x"}
    before = held(mio)
    send(mio, PROFILE, name="Mio", language="tlh", **more)
    now = held(mio)
    assert {claim: now.get(claim) for claim in more} == {claim: before.get(claim) for claim in more}
    assert now["locale"] == "en-GB"


def test_a_name_that_was_checked_against_papers_stays(shared_provider: Provider):
    checked = newcomer(shared_provider, kyc_level=2, name="Mio Abe")
    ids = {e.attributes.get("id") for e in Page(checked.browser.get(PROFILE).text).all("input")}
    assert "nickname" in ids
    assert "name" not in ids
    send(checked, PROFILE, name="Somebody Else", nickname="m", language="")
    assert (held(checked)["name"], held(checked)["nickname"]) == ("Mio Abe", "m")


@pytest.mark.parametrize("name", ["x" * 101, "a\u009bb"])
def test_a_name_that_cannot_be_kept_is_told_beside_its_field(mio: Person, name: str):
    """WCAG 2.2, 3.3.1 and 3.3.3: what is wrong, and what to do; nothing that was typed is lost."""
    response = send(mio, PROFILE, name=name, nickname="mimi")
    page = Page(response.text)
    assert response.status_code == 400
    assert "Shorten it" in page.by_id(page.by_id("name").attributes["aria-describedby"]).text
    assert page.by_id("nickname").attributes["value"] == "mimi"
    assert held(mio)["name"] == "Mio Abe"


def test_a_form_from_elsewhere_changes_nothing(mio: Person):
    assert error_code(mio.browser.post(PROFILE, data={"name": "x", "csrf": "x"})) == "page_expired"
    assert held(mio)["name"] == "Mio Abe"
