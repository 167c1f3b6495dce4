"""Keys, messages and the self-check of an app, as its partner sees them in the console."""

import json
import threading

import pytest
from click.testing import CliRunner
from joserfc.jwk import ECKey

from idp.cli import main
from idp.data_sharing.messages import TRY_SECONDS
from idp.delivery import deliver_due
from idp.store import partner_messages
from tests.partner.console import Member, found, register, words
from tests.partner.inbox import Inbox
from tests.provider.operator import declare_clients
from tests.provider.outside import Site
from tests.provider.provider import CONFIG, HTTP, Provider, environment
from tests.web.pages import Page
from tests.web.visits import signed_in

WEEK = 7 * 86_400


@pytest.fixture
def provider(shared_provider: Provider) -> Provider:
    return shared_provider


@pytest.fixture
def member(provider: Provider) -> Member:
    return Member.of(provider)


def outcomes(member: Member, client_id: str) -> dict[str, str]:
    """What the self-check says, by the name of each check."""
    page = member.see(f"/apps/{client_id}/check")
    names = [element for element in page.all("h3") if element.attributes["id"].startswith("check-")]
    ends = ("not needed", "passed", "failed")
    return {
        each.attributes["id"].removeprefix("check-"): next(end for end in ends if each.text.strip().endswith(end))
        for each in names
    }


# ---- keys ------------------------------------------------------------------------------------------------------------


def test_keys_are_shown_as_the_server_sees_them(member: Member, outside: Site):
    """RFC 7517: fetched when the page is opened, and anew when asked; what went wrong is said in words."""
    key = ECKey.generate_key("P-256", {"kid": "tabi-1"}).as_dict(private=False)
    outside.pages["/jwks"] = json.dumps({"keys": [key, {"kty": "oct", "k": "AAAA"}]}).encode()
    client_id, _none = register(member, auth_method="private_key_jwt", jwks_uri=outside.url("/jwks"))
    page = member.see(f"/apps/{client_id}/keys")
    assert "tabi-1 EC" in words(page)
    assert "oct" not in words(page)
    assert "UTC" in page.by_id("fetched").text
    assert outside.asked("/jwks") == 1
    outside.pages["/jwks"] = b"[]"
    page = Page(member.send(f"/apps/{client_id}/keys").text)
    assert "no key set" in page.by_id("failure").text
    assert outside.asked("/jwks") == 2
    assert "tabi-1" in page.html, "the last good set serves on for a while"


def test_a_key_set_that_is_not_there_fails_the_check(member: Member, outside: Site):
    client_id, _none = register(member, auth_method="private_key_jwt", jwks_uri=outside.url("/nowhere"))
    page = member.see(f"/apps/{client_id}/keys")
    assert "another status than 200" in page.by_id("failure").text
    assert "None that could be used." in words(page)
    assert outcomes(member, client_id)["keys"] == "failed"


def test_the_keys_that_sign_messages_are_named(provider: Provider, member: Member):
    """With issuer and audience, so that a message can be checked in full (RFC 8417 4)."""
    client_id, _secret = register(member)
    text = words(member.see(f"/apps/{client_id}/keys"))
    kids = [key["kid"] for key in HTTP.get(f"{provider.url}/jwks").json()["keys"] if key.get("alg") == "ES256"]
    assert any(kid in text for kid in kids)
    assert f"{provider.url}/jwks" in text
    assert "This app proves itself without keys." in text


# ---- messages --------------------------------------------------------------------------------------------------------


@pytest.fixture
def app(provider: Provider, member: Member, outside: Site) -> tuple[str, str, Inbox]:
    """An app of the sandbox that reads its messages; its client_id and its secret."""
    client_id, secret = register(member)
    return client_id, secret, Inbox(provider, outside, client_id).open()


def page_of(client_id: str) -> str:
    return f"/apps/{client_id}/webhook"


def acknowledge(provider: Provider, client_id: str, secret: str, jti: str) -> None:
    asked = {"grant_type": "client_credentials", "scope": "partner_messages"}
    token = HTTP.post(f"{provider.url}/token", data=asked, auth=(client_id, secret)).json()["access_token"]
    answer = HTTP.post(
        f"{provider.url}/partner/v1/acknowledgements",
        json={"acknowledged": [jti]},
        headers={"Authorization": f"Bearer {token}"},
    )
    assert answer.json()["acknowledged"] == [jti]


def test_an_address_is_proved_tested_and_its_messages_followed(
    provider: Provider, member: Member, app: tuple[str, str, Inbox]
):
    """From the form to the acknowledgement: on its way, delivered, acknowledged."""
    client_id, secret, inbox = app
    assert "Set the address first" in member.send(page_of(client_id), action="test").text
    assert member.send(page_of(client_id), action="prove", url=inbox.url).status_code == 303
    page = member.see(page_of(client_id))
    assert page.by_id("url").attributes["value"] == inbox.url
    assert "not proved" not in words(page)
    member.send(page_of(client_id), action="test")
    assert "on its way" in words(member.see(page_of(client_id)))
    assert [name for name, _payload in inbox.events()] == ["verification"]
    assert "delivered" in words(member.see(page_of(client_id)))
    acknowledge(provider, client_id, secret, inbox.told[-1]["jti"])
    assert "acknowledged" in words(member.see(page_of(client_id)))
    assert "Address for messages proved" in words(member.see())


@pytest.mark.parametrize(
    ("url", "told"),
    [
        ("http://tabi.example/", "it takes https"),
        ("https://10.0.0.1/", "does not lead to the public internet"),
        ("nonsense", "it takes https"),
        ("", "it takes https"),
    ],
)
def test_an_address_that_is_not_proved_is_said_so(member: Member, url: str, told: str):
    client_id, _secret = register(member)
    answer = member.send(page_of(client_id), action="prove", url=url)
    assert answer.status_code == 400
    assert told in Page(answer.text).by_id("problems").text


def test_an_address_where_nobody_reads_is_not_proved(member: Member, app: tuple[str, str, Inbox]):
    """It answers, but not with what stood in the message."""
    client_id, _secret, inbox = app
    inbox.states = False
    assert "did not answer the challenge" in member.send(page_of(client_id), action="prove", url=inbox.url).text
    assert "not proved" in words(member.see(page_of(client_id)))


def test_a_message_that_was_given_up_is_sent_again_under_its_name(
    provider: Provider, member: Member, app: tuple[str, str, Inbox]
):
    """RFC 8417 2.2: the same `jti` and the same claims, so that who got it after all knows it."""
    client_id, _secret, inbox = app
    member.send(page_of(client_id), action="prove", url=inbox.url)
    member.send(page_of(client_id), action="test")
    inbox.site.pages[inbox.path] = (503, {}, b"")
    deliver_due(provider.services)
    provider.clock.forward(TRY_SECONDS)
    deliver_due(provider.services)
    signed_in(member.person)
    page = member.see(page_of(client_id))
    assert "given up" in words(page)
    inbox.open()
    jti = next(each.attributes["value"] for each in page.all("input", name="message"))
    assert member.send(page_of(client_id), action="again", message=jti).status_code == 303
    assert [name for name, _payload in inbox.events()] == ["verification"]
    assert inbox.told[-1]["jti"] == jti
    assert "cannot be sent again" in member.send(page_of(client_id), action="again", message="unknown").text


def test_a_message_that_waits_is_tried_at_once(provider: Provider, member: Member, app: tuple[str, str, Inbox]):
    """Whoever has mended their server need not wait for the next try."""
    client_id, _secret, inbox = app
    member.send(page_of(client_id), action="prove", url=inbox.url)
    member.send(page_of(client_id), action="test")
    inbox.site.pages[inbox.path] = (503, {}, b"")
    deliver_due(provider.services)
    inbox.open()
    assert inbox.events() == []
    with provider.services.database.autocommit() as connection:
        (sent,) = partner_messages.newest(connection, (client_id,), 10)
    member.send(page_of(client_id), action="again", message=sent.message.id)
    assert [name for name, _payload in inbox.events()] == ["verification"]


def test_of_ten_who_send_a_message_again_at_once_one_does(
    provider: Provider, member: Member, app: tuple[str, str, Inbox]
):
    """The others find it on its way."""
    client_id, _secret, inbox = app
    member.send(page_of(client_id), action="prove", url=inbox.url)
    member.send(page_of(client_id), action="test")
    inbox.events()
    services, jti, ready = provider.services, inbox.told[-1]["jti"], threading.Barrier(10)

    def again() -> None:
        ready.wait()
        with services.database.transaction() as connection:
            assert services.messages.again(connection, client_id, jti, services.now)

    threads = [threading.Thread(target=again) for _ in range(10)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    inbox.told.clear()
    inbox.events()
    assert [message["jti"] for message in inbox.told] == [jti]


def test_nobody_is_asked_more_often_than_a_person_presses(member: Member):
    client_id, _secret = register(member)
    for _ in range(10):
        member.send(page_of(client_id), action="test")
    assert "often within a minute" in member.send(page_of(client_id), action="test").text


# ---- the self-check --------------------------------------------------------------------------------------------------


def test_an_app_that_does_everything_passes_every_check(
    provider: Provider, member: Member, app: tuple[str, str, Inbox]
):
    """And one that has only just been registered is told what to do."""
    client_id, secret, inbox = app
    before = outcomes(member, client_id)
    assert {name for name, outcome in before.items() if outcome == "failed"} == {"webhook", "acknowledgements"}
    assert before["keys"] == "not needed"
    member.send(page_of(client_id), action="prove", url=inbox.url)
    member.send(page_of(client_id), action="test")
    inbox.events()
    acknowledge(provider, client_id, secret, inbox.told[-1]["jti"])
    assert "failed" not in outcomes(member, client_id).values()
    assert "Every check passed" in words(member.see(f"/apps/{client_id}/check"))
    member.send(page_of(client_id), action="test")
    inbox.events()
    provider.clock.forward(WEEK)
    signed_in(member.person)
    assert outcomes(member, client_id)["acknowledgements"] == "failed"


def test_each_check_fails_on_what_it_is_about(provider: Provider):
    """RFC 9700 2.1, RFC 7636, RFC 9126, and what is agreed: each by itself."""
    partner_id = found(provider)
    member = Member.of(provider, partner_id)
    app = {
        "client_id": f"careless-{partner_id}",
        "kind": "third_party",
        "partner_id": partner_id,
        "name": "Careless",
        "auth_method": "client_secret_basic",
        "require_pkce": False,
        "grant_types": ["authorization_code"],
        "redirect_uris": ["http://127.0.0.1:8402/callback"],
        "scopes": ["openid", "email", "prefecture"],
        "access_token_fields": ["gender"],
    }
    declare_clients(provider, app)
    found_out = outcomes(member, app["client_id"])
    failed = {"pkce", "redirect_uris", "webhook", "acknowledgements", "agreed_fields", "pushed_requests"}
    assert {name for name, outcome in found_out.items() if outcome == "failed"} == failed
    text = words(member.see(f"/apps/{app['client_id']}/check"))
    assert "email gender" in text
    assert "http://127.0.0.1:8402/callback" in text


def test_the_operator_runs_the_same_checks(provider: Provider, monkeypatch: pytest.MonkeyPatch):
    """`idp partner check`: a row for each check, and an exit status for scripts."""
    monkeypatch.setenv("IDP_CONFIG", "")
    words_ = ["--config", str(CONFIG), "partner", "check", "tabi-points", "--json"]
    answer = CliRunner().invoke(main, words_, env=environment(provider.database_url, provider.url))
    rows = json.loads(answer.stdout)
    assert answer.exit_code == 1
    assert {"client_id": "tabi-points", "name": "pairwise", "outcome": "passed", "found": ""} in rows
    assert {"client_id": "tabi-points", "name": "agreed_fields", "outcome": "failed", "found": "email profile"} in rows
