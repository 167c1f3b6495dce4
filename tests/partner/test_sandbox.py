"""The sandbox: made-up people, a case each, met by the same code as people (data-sharing model 4.4)."""

import json
from typing import Any

import pytest
from click.testing import CliRunner

from idp.cli import main
from idp.partner.sandbox import Case, username_of
from tests.partner.console import Member, found, register, words
from tests.partner.inbox import Inbox
from tests.provider.outside import Site
from tests.provider.person import Person
from tests.provider.provider import CONFIG, HTTP, Provider, environment
from tests.web.pages import Page
from tests.web.visits import error_code, follow, shows

SCOPE = "openid prefecture over_20"
CALLBACK = "https://next.tabi.example/callback"


@pytest.fixture
def provider(shared_provider: Provider) -> Provider:
    return shared_provider


@pytest.fixture
def member(provider: Provider) -> Member:
    """Somebody who works for a partner that is approved for the sandbox, and not yet for more."""
    return Member.of(provider, found(provider, "sandbox"))


@pytest.fixture
def app(provider: Provider, member: Member) -> str:
    """An app of that sandbox."""
    client_id, secret = register(member, pushed="")
    provider.secrets[client_id] = secret
    return client_id


@pytest.fixture
def seeded(provider: Provider, member: Member, app: str) -> dict[Case, Person]:
    """The made-up people, each in front of a browser."""
    password = Page(member.send("/sandbox").text).by_id("password").text
    made = {case: Person(provider, username_of(member.partner_id, case)) for case in Case}
    provider.secrets.update({person.username: password for person in made.values()})
    return made


def asked(person: Person, app: str) -> Any:
    """Let the app ask somebody; the page that they meet, or what the app is given."""
    page = follow(person, person.browser.get(person.request(app, CALLBACK, SCOPE)))
    if shows(page, "sign-in"):
        page = follow(person, person.sign_in(page))
    return page


def tokens(person: Person, app: str, *ticks: str) -> dict[str, Any]:
    answer = person.go_on(asked(person, app), ticks=ticks)
    given: dict[str, Any] = person.exchange(app, CALLBACK, answer.parameters["code"]).json()
    return given


def userinfo(person: Person, access_token: str) -> dict[str, Any]:
    url = f"{person.provider.url}/userinfo"
    told: dict[str, Any] = HTTP.get(url, headers={"Authorization": f"Bearer {access_token}"}).json()
    return told


def test_every_case_is_made_by_one_click(provider: Provider, member: Member, app: str):
    """And is listed with what an app meets there; a second click makes them anew with another password."""
    assert "not there yet" in words(member.see("/sandbox"))
    first = Page(member.send("/sandbox").text).by_id("password").text
    text = words(member.see("/sandbox"))
    assert "not there yet" not in text
    assert first not in text
    assert all(username_of(member.partner_id, case) in text for case in Case)
    assert Page(member.send("/sandbox").text).by_id("password").text != first
    assert "Cases of the sandbox made anew" in words(member.see())


def test_an_adult_is_asked_and_shares(app: str, seeded: dict[Case, Person]):
    """By the page, the code, the tokens and the answers that people's data goes through."""
    adult = seeded[Case.ADULT]
    given = tokens(adult, app, "prefecture", "over_20")
    told = userinfo(adult, given["access_token"])
    assert (told["prefecture"], told["over_20"]) == ("Tokyo", True)


def test_who_ended_it_or_whose_time_is_over_is_asked_anew(app: str, seeded: dict[Case, Person]):
    """Nothing stands any more: nothing is remembered, and a new yes counts."""
    for case in (Case.REVOKED, Case.EXPIRED):
        assert shows(asked(seeded[case], app), "allow")
        assert "prefecture" in userinfo(seeded[case], tokens(seeded[case], app, "prefecture")["access_token"])


def test_a_minor_is_met_as_a_minor(app: str, seeded: dict[Case, Person]):
    """Answers about age say no; what the policy holds back from minors is held back by the policy, not by us here."""
    told = userinfo(seeded[Case.MINOR], tokens(seeded[Case.MINOR], app, "prefecture", "over_20")["access_token"])
    assert told["over_20"] is False


def test_who_is_restricted_gives_nothing_although_they_agreed(app: str, seeded: dict[Case, Person]):
    """The grant stands and lets nothing out."""
    restricted = seeded[Case.RESTRICTED]
    given = tokens(restricted, app)
    assert set(userinfo(restricted, given["access_token"])) <= {"sub", "withheld"}


def test_who_left_all_sharing_is_not_asked(app: str, seeded: dict[Case, Person]):
    """Their app is answered without a page to say yes on."""
    page = asked(seeded[Case.OPTED_OUT], app)
    assert not (page.status_code == 200 and shows(page, "allow"))


def test_an_end_is_told_to_the_app_like_any_other(provider: Provider, member: Member, app: str, outside: Site):
    """So that a partner sees its messages work before it meets anybody: revoked, expired, held, each in order."""
    inbox = Inbox(provider, outside, app).open()
    member.send(f"/apps/{app}/webhook", action="prove", url=inbox.url)
    member.send("/sandbox")
    told = [name for name, _payload in inbox.events()]
    assert {"grant-revoked", "grant-expired", "deletion-duty", "grant-suspended"} <= set(told)


def test_made_up_people_meet_their_own_partners_sandbox_only(provider: Provider, seeded: dict[Case, Person]):
    """Neither another partner's sandbox nor an app that meets people."""
    other = Member.of(provider, found(provider, "sandbox"))
    foreign, _secret = register(other, pushed="")
    for client_id, callback in ((foreign, CALLBACK), ("storefront", "http://127.0.0.1:8401/callback")):
        adult = seeded[Case.ADULT]
        page = follow(adult, adult.browser.get(adult.request(client_id, callback, "openid")))
        if shows(page, "sign-in"):
            page = follow(adult, adult.sign_in(page))
        assert "code=" not in page.headers.get("location", "")


def test_there_is_no_sandbox_before_an_approval(provider: Provider):
    """Data-sharing model 4.4: draft, submitted, sandbox."""
    member = Member.of(provider, found(provider, "draft", agreed=False))
    assert "There is a sandbox once you are approved" in words(member.see("/sandbox"))
    assert member.send("/sandbox").status_code == 400


def test_a_name_that_somebody_has_is_not_taken_from_them(provider: Provider, member: Member):
    """However they came by it."""
    services, taken = provider.services, username_of(member.partner_id, Case.ADULT)
    with services.database.transaction() as connection:
        services.accounts.create(connection, taken, "no password", {"name": "Somebody"}, services.now)
    assert member.send("/sandbox").status_code == 400
    with services.database.autocommit() as connection:
        assert services.accounts.find_by_username(connection, taken).profile == {"name": "Somebody"}


def test_it_is_not_done_more_often_than_a_person_presses(member: Member):
    """Each time costs a password's hash and a handful of transactions."""
    answers = [member.send("/sandbox").status_code for _ in range(4)]
    assert answers == [200, 200, 200, 400]


def test_the_operator_fills_it_by_one_command(provider: Provider, member: Member, monkeypatch: pytest.MonkeyPatch):
    """`idp partner sandbox`: the same people, and the password once."""
    monkeypatch.setenv("IDP_CONFIG", "")
    command = ["--config", str(CONFIG), "partner", "sandbox", member.partner_id, "--json"]
    answer = CliRunner().invoke(main, command, env=environment(provider.database_url, provider.url))
    told = json.loads(answer.stdout)
    adult = Person(provider, told["usernames"][0])
    provider.secrets[adult.username] = told["password"]
    assert adult.sign_in(adult.browser.get("/login")).status_code == 303
    refused = CliRunner().invoke(main, [*command[:-2], "nobody"], env=environment(provider.database_url, provider.url))
    assert "there is no partner nobody" in refused.output
    assert error_code(adult.browser.get("/partner/nobody")) == "http_404"
