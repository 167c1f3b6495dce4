"""What is another partner's does not exist: nobody sees or changes it, on any page of the console."""

from collections.abc import Iterator
from urllib.parse import quote

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from idp.web import paths
from tests.partner.console import APP, Member, register
from tests.provider.person import hidden
from tests.provider.provider import Provider
from tests.store.rows import contents
from tests.web.visits import error_code

PAGES = sorted(
    path for path in vars(paths).values() if isinstance(path, str) and path.startswith(paths.PARTNER_PROFILE)
)
APP_PAGES = [path for path in PAGES if "<client_id>" in path]
WISHES = ("change", "rotate", "remove", "prove", "test", "again")
"""Everything that a form of the console can ask for."""
SECRET_NAME = "An app that nobody else knows of"


@pytest.fixture
def provider(shared_provider: Provider) -> Provider:
    return shared_provider


@pytest.fixture
def ours(provider: Provider) -> Member:
    return Member.of(provider)


@pytest.fixture
def theirs(provider: Provider) -> Member:
    return Member.of(provider)


def filled(path: str, partner_id: str, client_id: str) -> str:
    return path.replace("<partner_id>", partner_id).replace("<client_id>", client_id)


def rows(provider: Provider) -> dict[str, list[object]]:
    """Everything that stands in the database, but for who is signed in."""
    found = contents(provider.services.database)
    return {table: held for table, held in found.items() if table not in ("sessions", "changes")}


def tried(member: Member, path: str) -> Iterator[object]:
    """Every answer that a page gives to somebody who asks for it and sends its forms."""
    browser = member.person.browser
    csrf = hidden(browser.get("/").text)["csrf"]
    yield browser.get(path)
    for wish in WISHES:
        yield browser.post(path, data={"csrf": csrf, "action": wish, "url": "https://tabi.example/", **APP})


@pytest.mark.parametrize("path", PAGES)
def test_another_partners_pages_are_not_there(provider: Provider, ours: Member, theirs: Member, path: str):
    """Not under their name, and nothing of theirs under ours; the answer is that of a page that never was."""
    client_id, _secret = register(theirs, name=SECRET_NAME)
    before = rows(provider)
    for partner_id in (theirs.partner_id, "nobody"):
        for answer in tried(ours, filled(path, partner_id, client_id)):
            assert answer.status_code in (404, 405)
            assert error_code(answer) in ("http_404", "http_405")
            assert SECRET_NAME not in answer.text
    if path in APP_PAGES:
        for answer in tried(ours, filled(path, ours.partner_id, client_id)):
            assert error_code(answer) in ("http_404", "http_405")
    assert rows(provider) == before


@pytest.mark.parametrize("path", PAGES)
def test_a_form_from_elsewhere_changes_nothing(provider: Provider, ours: Member, theirs: Member, path: str):
    """RFC 9700 4.7: without this browser's token, or with another one's, as if it had not been sent."""
    client_id, _secret = register(ours)
    here = filled(path, ours.partner_id, client_id)
    foreign = hidden(theirs.person.browser.get("/").text)["csrf"]
    before = rows(provider)
    for csrf in ("", "x" * 43, foreign):
        for wish in WISHES:
            answer = ours.person.browser.post(here, data={"csrf": csrf, "action": wish, **APP})
            assert error_code(answer) in ("page_expired", "http_405")
    assert rows(provider) == before


def test_no_name_opens_another_partners_door(provider: Provider, ours: Member, theirs: Member):
    """Whatever stands where a partner's and an app's names do: what is theirs is never on the page."""
    register(theirs, name=SECRET_NAME)
    mine, other = ours.partner_id, theirs.partner_id
    made = st.sampled_from([mine, other, other.upper(), f"{other}%20", f"{other}/", f"%00{other}", f"../{other}", "."])
    names = made | st.text(st.characters(exclude_categories=["Cs"]), max_size=30).map(quote)

    @settings(max_examples=60)
    @given(st.sampled_from(PAGES), names, names)
    def asked(path: str, partner_id: str, client_id: str) -> None:
        answer = ours.person.browser.get(filled(path, partner_id, client_id))
        assert answer.status_code < 500
        assert SECRET_NAME not in answer.text

    asked()
