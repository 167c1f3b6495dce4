"""The partner console: who gets in, what stands there, and the life of an app of the sandbox."""

import pytest

from idp.data_sharing.partner_life import Action
from idp.store import clients, partner_members, partners
from tests.partner.console import AGREEMENT, APP, KAZE, TABI, Member, agree_on, found, let_in, register, step, words
from tests.provider.operator import declare_clients
from tests.provider.person import Person
from tests.provider.provider import HTTP, Provider
from tests.web.pages import Page
from tests.web.visits import error_code, signed_in


@pytest.fixture
def provider(shared_provider: Provider) -> Provider:
    """One for all tests here: each has a partner of its own in it."""
    return shared_provider


@pytest.fixture
def member(provider: Provider) -> Member:
    """Somebody who works for a partner in production."""
    return Member.of(provider)


def client(provider: Provider, client_id: str) -> clients.Client:
    """An app as it stands in the store."""
    with provider.services.database.autocommit() as connection:
        found = clients.find(connection, client_id)
    assert found is not None
    return found


def test_whoever_is_not_signed_in_signs_in_first(provider: Provider):
    """Whatever the page; a form from nobody changes nothing."""
    visitor = Person(provider).browser
    for path in ("/partner", "/partner/tabi-points", "/partner/tabi-points/apps"):
        answer = visitor.get(path)
        assert (answer.status_code, answer.headers["location"]) == (303, "/login")
    assert error_code(visitor.post("/partner/tabi-points", data={"csrf": "x"})) == "page_expired"


def test_the_console_is_found_from_home_by_those_who_have_one(provider: Provider, member: Member):
    """And only by them; with one partner it opens at once, with two it asks which."""
    browser = member.person.browser
    assert 'id="partner"' in browser.get("/").text
    assert browser.get("/partner").headers["location"] == member.path()
    ken = signed_in(Person(provider, "ken@example.jp")).browser
    assert 'id="partner"' not in ken.get("/").text
    assert "None at present" in ken.get("/partner").text
    let_in(provider, member.person.username, KAZE)
    page = Page(browser.get("/partner").text)
    assert [link.text for link in page.all("a") if "/partner/" in link.attributes["href"]] == [
        "Kaze Ads",
        "Tabi Points",
    ]


def test_who_no_longer_works_there_is_out_at_once(provider: Provider, member: Member):
    """With the next request, whatever is open in the browser."""
    services = provider.services
    with services.database.transaction() as connection:
        account = services.accounts.find_by_username(connection, member.person.username)
        partner_members.remove(connection, account.id, member.partner_id)
    assert (member.get().status_code, member.send().status_code) == (404, 404)


def test_the_profile_says_who_one_is_and_what_comes_next(provider: Provider, member: Member):
    """The words of the contract; why a partner was suspended is not among them."""
    text = words(member.see())
    for part in ("Tabi Points K.K.", "JP", "Third party", "Plain data", "privacy@tabi.example", "Production"):
        assert part in text
    assert "Your apps meet people, within the agreement." in text
    step(provider, Action.SUSPEND, member.partner_id)
    text = words(member.see())
    assert "our turn We lift the suspension." in text
    assert "a reason" not in text


def test_a_draft_is_handed_in_by_its_partner_and_approved_by_us(provider: Provider):
    """Draft, submitted, handed back with a reason that the partner reads, submitted, sandbox: each told in words."""
    member = Member.of(provider, found(provider, "draft", agreed=False))
    assert member.see().by_id("status").text == "Draft"
    assert member.send().status_code == 303
    assert member.see().by_id("status").text == "In review"
    assert "handed in already" in member.send().text
    step(provider, Action.RETURN, member.partner_id, reason="the legal entity is missing")
    assert "Handed back for changes: the legal entity is missing" in words(member.see())
    member.send()
    step(provider, Action.APPROVE, member.partner_id)
    text = words(member.see())
    assert "missing An agreement, proposed by one person and approved by another" in text
    assert "Handed in for review In review You" in text
    assert "Approved Sandbox Sekisho" in text


def test_the_agreement_is_shown_with_what_waits(provider: Provider, member: Member):
    """Purposes, fields and limits of the one in force; of a draft what it would change, and whether that is wider."""
    terms = AGREEMENT["purposes"]["points.credit"]
    more = {**terms["fields"], "over_18": {"required": True}}
    wider = {**terms, "rate": {"requests": 1000, "seconds": 60}, "lookback_days": 30, "fields": more}
    agree_on(provider, member.partner_id, {"points.credit": wider}, version=2, state="draft")
    text = words(member.see("/agreement"))
    assert "In force: version 1" in text
    assert "purpose:points.credit" in text
    assert "A person's yes lasts at most 90 days" in text
    assert "Version 2 Waits for approval" in text
    assert "points.credit · over_18 field none yes wider" in text
    text = words(member.see("/agreement", lang="ja"))
    assert "第2版" in text
    assert "承認待ち" in text


def test_what_can_no_longer_be_read_is_said_so(provider: Provider, member: Member):
    """An agreement on a field that left the catalogue since; nothing goes out under it either."""
    services = provider.services
    with services.database.transaction() as connection:
        partners.save_agreement(connection, member.partner_id, '{"id": "gone"}', services.now)
    assert "cannot be read any more" in words(member.see("/agreement"))
    register(member)


# ---- apps ------------------------------------------------------------------------------------------------------------


def test_an_app_of_the_sandbox_is_registered_and_works(provider: Provider, member: Member):
    """Its secret is shown once, it asks for what is agreed, and it proves itself at the token endpoint."""
    client_id, secret = register(member)
    app = provider.services.find_client(client_id)
    assert (app.environment, app.partner_id, app.require_pkce) == ("sandbox", member.partner_id, True)
    assert app.redirect_uris == ("https://next.tabi.example/callback", "http://127.0.0.1:8402/callback")
    data = {"prefecture", "same_prefecture", "over_20"}
    assert set(app.scopes) == {"openid", "offline_access", "partner_messages", *data}
    asked = {"grant_type": "client_credentials", "scope": "partner_messages"}
    assert HTTP.post(f"{provider.url}/token", data=asked, auth=(client_id, secret)).status_code == 200
    assert secret not in member.get(f"/apps/{client_id}").text
    assert client_id in member.get("/apps").text
    assert "App registered" in words(member.see())


def test_a_new_secret_ends_the_old_one(provider: Provider, member: Member):
    """Within a second, and it is shown once as well."""
    client_id, first = register(member)
    page = Page(member.send(f"/apps/{client_id}", action="rotate").text)
    second = page.by_id("secret").text
    asked = {"grant_type": "client_credentials", "scope": "partner_messages"}
    provider.clock.forward(2)
    tried = [HTTP.post(f"{provider.url}/token", data=asked, auth=(client_id, each)) for each in (first, second)]
    assert [answer.status_code for answer in tried] == [401, 200]


def test_an_app_of_the_sandbox_is_changed_and_removed(provider: Provider, member: Member):
    """At once, and without losing its secret."""
    client_id, _secret = register(member)
    here = f"/apps/{client_id}"
    changed = {**APP, "action": "change", "name": "Tabi", "redirect_uris": "https://tabi.example/back"}
    assert member.send(here, **changed).status_code == 303
    app = client(provider, client_id)
    assert (app.name, app.redirect_uris, app.secret_hash is None) == ("Tabi", ("https://tabi.example/back",), False)
    assert member.send(here, action="remove").headers["location"] == member.path("/apps")
    assert member.get(here).status_code == 404
    assert client_id not in member.get("/apps").text


def test_a_public_app_and_one_with_keys_have_no_secret(provider: Provider, member: Member):
    """RFC 8252 8.5, RFC 7523: nothing to show once, and nothing to rotate."""
    client_id, secret = register(member, auth_method="none", redirect_uris="jp.example.tabi:/callback")
    assert secret == ""
    assert provider.services.find_client(client_id).is_public
    keys = {"auth_method": "private_key_jwt", "jwks_uri": "https://tabi.example/jwks"}
    client_id, secret = register(member, **keys)
    assert (secret, provider.services.find_client(client_id).jwks_uri) == ("", "https://tabi.example/jwks")
    assert member.send(f"/apps/{client_id}", action="rotate").status_code == 400


@pytest.mark.parametrize(
    ("changed", "told"),
    [
        ({"redirect_uris": "http://tabi.example/callback"}, "is http beyond this machine"),
        ({"redirect_uris": "https://*.tabi.example/"}, "has a wildcard"),
        ({"redirect_uris": ""}, "need redirect_uris"),
        ({"name": "  "}, "one line of 1 to 100 characters"),
        ({"auth_method": "client_secret_jwt"}, "auth_method must be one of"),
        ({"auth_method": "private_key_jwt"}, "private_key_jwt needs jwks"),
        ({"auth_method": "private_key_jwt", "jwks": "{"}, "jwks takes a key set in JSON"),
        ({"auth_method": "private_key_jwt", "jwks": '{"keys": [{"kty": "oct", "k": "AAAA"}]}'}, "public keys only"),
        ({"auth_method": "private_key_jwt", "jwks_uri": "http://10.0.0.1/"}, "is not an https URL"),
        ({"homepage": "javascript:alert(1)"}, "homepage must be a web address"),
    ],
)
def test_what_is_wrong_with_an_app_is_told_beside_what_was_sent(member: Member, changed: dict[str, str], told: str):
    """By the same checks as every client's (RFC 7591 2); nothing is written."""
    answer = member.send("/apps", **{**APP, **changed})
    assert answer.status_code == 400
    page = Page(answer.text)
    assert told in " ".join(page.by_id("problems").text.split())
    sent = {**APP, **changed}
    assert page.by_id("name").attributes["value"] == sent["name"]
    assert "next.tabi" not in member.get("/apps").text


def test_an_app_that_meets_people_is_shown_and_not_changed_at_once(provider: Provider):
    """What people are asked by is not changed behind our back."""
    member = Member.of(provider, TABI)
    before = client(provider, TABI)
    for action in ("change", "remove"):
        assert member.send("/apps/tabi-points", **APP, action=action).status_code == 400
    assert client(provider, TABI) == before


def test_a_sandbox_does_not_grow_without_end(provider: Provider, member: Member):
    """A handful of apps is enough; removing one makes room."""
    ids = [register(member)[0] for _ in range(20)]
    assert member.send("/apps", **APP).status_code == 400
    member.send(f"/apps/{ids[0]}", action="remove")
    register(member)


def test_an_app_that_was_suspended_is_still_seen(provider: Provider, member: Member):
    """It is the partner's all the same."""
    app = {"client_id": f"app-of-{member.partner_id}", "kind": "third_party", "partner_id": member.partner_id}
    app |= {"name": "Another", "auth_method": "client_secret_basic", "status": "suspended"}
    declare_clients(provider, app)
    assert "Another Suspended" in words(member.see("/apps"))
