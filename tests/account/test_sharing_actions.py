"""What a person does about what they share: pause, take something out, end it, leave all sharing; and who saw what."""

import re
from datetime import UTC, datetime

import httpx
import pytest

from idp.protocol.grants import Initiator, Why
from idp.store import grants, partners
from idp.store.grants import Grant
from tests.provider.apps import KAZE, TABI, TABI_PHONE, App, tokens_for
from tests.provider.person import Person, as_client, hidden
from tests.provider.provider import HTTP, Provider
from tests.web.pages import Page
from tests.web.visits import answer, error_code, shows, signed_in, visit

LIST = "/account/sharing"
BOTH = ("prefecture", "over_20")
NEWS = App("kaze-ads", KAZE.redirect_uri, "openid email purpose:marketing.news")


@pytest.fixture
def hana(shared_provider: Provider) -> Person:
    """Hana, signed in, who shares nothing and may be asked for everything."""
    hana = signed_in(Person(shared_provider))
    press(hana, LIST, action="opt_in")
    press(hana, LIST, action="end_all")
    hana.provider.clock.forward(1)
    return hana


def press(person: Person, path: str, **form: str | list[str]) -> httpx.Response:
    """Send a form of the person's pages, as it stands on any page of theirs."""
    response = person.browser.post(path, data={**hidden(person.browser.get("/").text), **form})
    person.provider.services.feed.read_now()
    return response


def own_grants(person: Person) -> tuple[Grant, ...]:
    """All that a person ever gave, the newest first."""
    services = person.provider.services
    with services.database.autocommit() as connection:
        account = services.accounts.find_by_username(connection, person.username)
        return grants.all_of_account(connection, account.id)


def page_of(grant: Grant) -> str:
    return f"{LIST}/{grant.id}"


def text_of(response: httpx.Response) -> str:
    assert response.status_code == 200, response.text
    return " ".join(Page(response.text).all("main")[0].text.split())


def shared(person: Person, tokens: dict[str, str]) -> set[str]:
    """What the partner still gets."""
    response = HTTP.get(
        f"{person.provider.url}/userinfo", headers={"authorization": f"Bearer {tokens['access_token']}"}
    )
    return set(response.json()) & {*BOTH, "email"} if response.status_code == 200 else set()


def test_pause_and_resume_from_the_list_and_from_its_page(hana: Person):
    """At once, and the page says how it stands; the list leads back to the list."""
    tokens = tokens_for(hana, TABI, ticks=BOTH)
    (grant, *_) = own_grants(hana)
    assert press(hana, page_of(grant), action="pause", back="list").headers["location"] == f"{LIST}?done=pause"
    assert shared(hana, tokens) == set()
    assert "Paused" in text_of(hana.browser.get(LIST))
    assert press(hana, page_of(grant), action="resume").headers["location"] == f"{page_of(grant)}?done=resume"
    assert shared(hana, tokens) == set(BOTH)
    page = text_of(hana.browser.get(f"{page_of(grant)}?done=resume"))
    assert "Resumed. It goes on as before." in page
    assert "You resumed it" in page
    assert "You paused it" in page


def test_taking_something_out_only_ever_narrows(hana: Person):
    """What is unticked goes out no more; a form that ticks what was not shared adds nothing."""
    tokens = tokens_for(hana, TABI, ticks=("prefecture",))
    (grant, *_) = own_grants(hana)
    shown = hidden(hana.browser.get(page_of(grant)).text)["shown"]
    assert shown == "prefecture"
    press(hana, page_of(grant), action="narrow", shown="prefecture over_20", fields=[*BOTH, "email"])
    assert shared(hana, tokens) == {"prefecture"}
    done = press(hana, page_of(grant), action="narrow", shown=shown, fields=[])
    assert done.headers["location"].endswith("?done=narrow")
    assert shared(hana, tokens) == set()
    assert "Not shared: Prefecture" in text_of(hana.browser.get(page_of(grant)))


def test_two_windows_do_each_other_no_harm(hana: Person):
    """A form of an old page takes out what it showed and no more, and takes nothing up again."""
    tokens_for(hana, TABI, ticks=("prefecture",))
    (grant, *_) = own_grants(hana)
    old = hidden(hana.browser.get(page_of(grant)).text)
    tokens = tokens_for(hana, TABI, ticks=BOTH, prompt="consent")
    press(hana, page_of(grant), action="narrow", shown=old["shown"], fields=["prefecture"])
    assert shared(hana, tokens) == set(BOTH), "what the old page did not show stays as it was answered since"
    press(hana, page_of(grant), action="narrow", shown=" ".join(BOTH), fields=["prefecture"])
    press(hana, page_of(grant), action="narrow", shown=" ".join(BOTH), fields=["over_20"])
    assert shared(hana, tokens) == set(), "each window took its own out"
    press(hana, page_of(grant), action="end")
    for action in ("pause", "resume", "narrow", "end", "opt_in", ""):
        response = press(hana, page_of(grant), action=action, shown="over_20")
        assert response.headers["location"].endswith("?done=unchanged"), action
    assert "This is how it is now." in text_of(hana.browser.get(f"{page_of(grant)}?done=unchanged"))
    assert [each.id for each in own_grants(hana) if each.ended_at is None] == []


def test_ending_shows_at_once_and_stays_to_be_read(hana: Person):
    """CDR 1.15(3): when it ended and by whom, what it held, and what was actually disclosed."""
    tokens = tokens_for(hana, TABI, ticks=("prefecture",))
    shared(hana, tokens)
    (grant, *_) = own_grants(hana)
    press(hana, page_of(grant), action="end")
    assert "You share nothing with anybody at present" in text_of(hana.browser.get(LIST))
    response = hana.browser.get(page_of(grant))
    page = text_of(response)
    for part in ("You ended it", "What was shared Prefecture", "They received: Prefecture", "You agreed to share"):
        assert part in page
    assert not {"narrow", "pause", "end"} & {e.attributes.get("id") for e in Page(response.text).elements}
    earlier = Page(hana.browser.get(f"{LIST}/earlier").text)
    assert earlier.all("a", href=page_of(grant))[0].text == "Tabi Points"


def test_everything_with_one_partner_ends_and_the_others_stand(hana: Person):
    """Two apps of one partner and one of another."""
    tokens = tokens_for(hana, TABI, ticks=("prefecture",))
    hana.authorize(TABI_PHONE.client_id, TABI_PHONE.redirect_uri, TABI_PHONE.scope, ticks=("prefecture",))
    hana.authorize(NEWS.client_id, NEWS.redirect_uri, NEWS.scope)
    assert "Stop everything with Tabi Points K.K." in text_of(hana.browser.get(LIST))
    assert press(hana, LIST, action="end_partner", partner_id="tabi-points").headers["location"].endswith("end_all")
    assert [each.client_id for each in own_grants(hana) if each.ended_at is None] == ["kaze-ads"]
    assert shared(hana, tokens) == set()
    assert press(hana, LIST, action="end_partner", partner_id="").headers["location"].endswith("unchanged")
    assert press(hana, LIST, action="end_all").headers["location"].endswith("done=end")
    assert [each.client_id for each in own_grants(hana) if each.ended_at is None] == []


def test_leaving_all_sharing_and_coming_back(hana: Person):
    """Everything rests, nobody may ask; afterwards it goes on as it was."""
    tokens = tokens_for(hana, TABI, ticks=BOTH)
    press(hana, LIST, action="opt_out")
    page = text_of(hana.browser.get(LIST))
    assert "You share nothing with anybody Nobody gets any of your data" in page
    assert "Share again" in page
    assert shared(hana, tokens) == set()
    assert answer(visit(hana, NEWS))["error"] == "access_denied"
    press(hana, LIST, action="opt_in")
    assert shared(hana, tokens) == set(BOTH)
    assert shows(visit(hana, NEWS), "allow")


def test_who_ended_or_held_it_is_said(hana: Person):
    """By the partner, by us: never why."""
    tokens_for(hana, TABI, ticks=BOTH)
    (grant, *_) = own_grants(hana)
    services = hana.provider.services
    with services.database.transaction() as connection:
        services.sharing.suspend(connection, grant, "a case", Initiator.PLATFORM, Why.SECURITY, services.now)
    page = text_of(hana.browser.get(page_of(grant)))
    assert "Held" in page
    assert "We are holding this back for now." in page
    assert "SECURITY" not in page
    with services.database.transaction() as connection:
        services.sharing.end(connection, grant, Initiator.PARTNER, Why.USER_REVOKED, services.now)
    assert "They ended it" in text_of(hana.browser.get(page_of(grant)))


def test_the_page_of_a_sharing_answers_who_why_what_how_long_and_how_often(hana: Person):
    """CDR 1.15(3) and APPI 29: recipient, purpose, items with one's own values, dates, uses, contract."""
    tokens = tokens_for(hana, TABI, ticks=BOTH)
    hana.provider.clock.forward(60)
    shared(hana, tokens)
    (grant, *_) = own_grants(hana)
    page = text_of(hana.browser.get(page_of(grant)))
    for part in (
        "Tabi Points Sharing to credit points for what you buy",
        "Prefecture Tokyo. Not your street or postcode",
        "Whether you are 20 or over Yes. Not your date of birth",
        "Shows as well: Whether you live in the prefecture that they name",
        "With whom Tabi Points K.K. (Japan)",
        "Agreed on",
        "Until",
        "Contract tabi-points-2026 · 1",
        grant.id,
    ):
        assert part in page
    used = datetime.fromtimestamp(hana.provider.clock.now + 9 * 3600, UTC)
    assert f"Last used {used:%-d %b %Y, %H:%M} (" in page, "in the time of where she lives"


def test_who_saw_what_is_told_page_by_page_without_a_gap(hana: Person):
    """Every disclosure and every event once, the newest first, also within one second."""
    tokens = tokens_for(hana, TABI, ticks=("prefecture",))
    (grant, *_) = own_grants(hana)
    for _ in range(22):
        shared(hana, tokens)
    press(hana, page_of(grant), action="pause")
    press(hana, page_of(grant), action="resume")
    shared(hana, tokens)
    told: list[str] = []
    path: str | None = page_of(grant)
    while path is not None:
        page = Page(hana.browser.get(path).text)
        told += [" ".join(each.text.split()) for each in page.all("li") if each.attributes.get("class") != "row"]
        path = next((e.attributes["href"] for e in page.all("a", id="older")), None)
    lines = [re.sub(r"( (Proof|Receipt))? ?\d+ \w+ \d{4}, \d\d:\d\d ?", "", line) for line in told]
    services = hana.provider.services
    with services.database.autocommit() as connection:
        events = len(grants.events(connection, grant.id))
    assert lines.count("They received: Prefecture") == len(lines) - events
    assert lines.count("They received: Prefecture") >= 23
    assert lines[-1] == "You agreed to share: Prefecture"
    assert "You paused it" in lines


def test_a_place_in_the_history_that_is_none_is_its_beginning(hana: Person):
    tokens_for(hana, TABI, ticks=("prefecture",))
    (grant, *_) = own_grants(hana)
    for before in ("", "x", "1", "1.", "-1.2", "9" * 30 + ".1", "٣.٣", "1.2.3"):
        response = hana.browser.get(page_of(grant), params={"before": before})
        assert "You agreed to share" in text_of(response), before


def test_what_is_not_ones_own_is_not_there(hana: Person):
    """Somebody else's sharing and none at all answer alike, to be read and to be changed."""
    ken = signed_in(Person(hana.provider, "ken@example.jp"))
    tokens_for(hana, TABI, ticks=("prefecture",))
    (grant, *_) = own_grants(hana)
    answers = [(each.status_code, error_code(each)) for each in (press(ken, page_of(grant), action="end"),)]
    names = ("nothing", "x" * 200, "%00", "%E3%81%82", "a b")
    for path in (page_of(grant), *(f"{LIST}/{name}" for name in names)):
        response = ken.browser.get(path)
        answers.append((response.status_code, error_code(response)))
    assert set(answers) == {(404, "http_404")}
    assert own_grants(hana)[0].ended_at is None


def test_strangers_and_old_pages_change_nothing(hana: Person):
    """CSRF, and no session at all."""
    tokens_for(hana, TABI, ticks=("prefecture",))
    (grant, *_) = own_grants(hana)
    for person in (hana, Person(hana.provider)):
        response = person.browser.post(page_of(grant), data={"csrf": "x", "action": "end"})
        assert (response.status_code, error_code(response)) == (403, "page_expired")
    for path in (page_of(grant), f"{LIST}/earlier"):
        assert Person(hana.provider).browser.get(path).headers["location"].startswith("/login?next=")
    assert own_grants(hana)[0].ended_at is None


def test_while_a_partner_is_suspended_its_sharings_are_held(hana: Person):
    """Nothing goes out, and the page says so; it can be ended all the same."""
    tokens_for(hana, TABI, ticks=("prefecture",))
    (grant, *_) = own_grants(hana)
    services = hana.provider.services
    for before, after, wanted in (("production", "suspended", "Held"), ("suspended", "production", "Sharing")):
        with services.database.transaction() as connection:
            assert partners.move(connection, "tabi-points", before, after, services.now)
        services.feed.read_now()
        assert wanted in text_of(hana.browser.get(page_of(grant)))


def test_in_japanese(hana: Person):
    """Page, states and history."""
    tokens_for(hana, TABI, ticks=("prefecture",))
    (grant, *_) = own_grants(hana)
    press(hana, page_of(grant), action="pause")
    text = hana.browser.get(page_of(grant), headers={"accept-language": "ja"}).text
    for words in ("一時停止中", "あなたが共有に同意しました", "だれが、いつ、何を見たか", "日本", "都道府県"):
        assert words in text


def test_the_app_is_told_by_its_next_refresh(hana: Person):
    """RFC 6749 5.2: what ended is `invalid_grant`."""
    tokens = tokens_for(hana, TABI, ticks=("prefecture",))
    (grant, *_) = own_grants(hana)
    press(hana, page_of(grant), action="end")
    refresh = {"grant_type": "refresh_token", "refresh_token": tokens["refresh_token"]}
    refused = as_client(hana.provider, TABI.client_id, "/token", refresh)
    assert refused.json()["error"] == "invalid_grant"
