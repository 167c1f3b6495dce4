"""What the user must be asked: prompt, max_age, id_token_hint, login_hint, acr_values (OIDC Core 3.1.2.1)."""

import pytest

from tests.provider.apps import STOREFRONT, TABI, App
from tests.provider.operator import declare_clients
from tests.provider.person import Person, hidden
from tests.provider.provider import Provider
from tests.web.pages import Page
from tests.web.visits import answer, claims_of, decide, error_code, follow, shows, sign_in, signed_in, visit

KEN = "ken@example.jp"


def id_token(person: Person, app: App, response) -> str:
    """The ID token for the code that a redirect carries."""
    tokens = person.exchange(app.client_id, app.redirect_uri, answer(response)["code"])
    return tokens.json()["id_token"]


def hint_for(person: Person, app: App) -> str:
    """An ID token that an app has about a person."""
    page = visit(person, app)
    return id_token(person, app, decide(person, page) if shows(page, "allow") else page)


def test_none_without_anybody_signed_in(visitor: Person):
    """OIDC Core 3.1.2.6: login_required, no page, and no session begins."""
    response = visit(visitor, STOREFRONT, prompt="none")
    assert answer(response)["error"] == "login_required"
    assert not visitor.browser.cookies


def test_none_with_somebody_signed_in_is_answered_silently(member: Person):
    """OIDC Core 3.1.2.1: prompt=none gets a code where nothing is left to ask."""
    assert "code" in answer(visit(member, STOREFRONT, prompt="none"))


def test_none_where_the_user_must_agree_first(shared_provider: Provider):
    """OIDC Core 3.1.2.6: consent_required for a third party that has no consent; afterwards a code."""
    ken = signed_in(Person(shared_provider, KEN))
    assert answer(visit(ken, TABI, prompt="none"))["error"] == "consent_required"
    decide(ken, visit(ken, TABI))
    assert "code" in answer(visit(ken, TABI, prompt="none"))


@pytest.mark.parametrize("prompt", ["login", "login consent", "login select_account consent"])
def test_who_is_signed_in_is_asked_again(member: Person, prompt: str):
    """OIDC Core 3.1.2.1: login shows the sign-in page, whoever is signed in and whoever they chose; once is enough."""
    page = visit(member, STOREFRONT, prompt=prompt)
    if "select_account" in prompt:
        member_id = Page(page.text).by_id("account-1").attributes["value"]
        form = {**hidden(page.text), "account": member_id}
        page = follow(member, member.browser.post("/login/accounts", data=form))
    assert shows(page, "sign-in")
    member.provider.clock.forward(10)
    after = sign_in(member, page)
    assert claims_of(id_token(member, STOREFRONT, after))["auth_time"] == member.provider.clock.now


def test_a_sign_in_for_one_request_does_not_count_for_the_next(member: Person):
    """OIDC Core 3.1.2.1: prompt=login asks each time; going straight to the end of the flow does not help."""
    first, second = visit(member, STOREFRONT, prompt="login"), visit(member, STOREFRONT, prompt="login")
    flow = str(second.url).partition("flow=")[2]
    assert answer(sign_in(member, first))["code"]
    assert member.browser.get(f"/authorize/continue?flow={flow}").headers["location"] == f"/login?flow={flow}"


def test_consent_is_asked_for_although_it_stands(shared_provider: Provider):
    """OIDC Core 3.1.2.1: prompt=consent shows the page to whoever agreed before, and a no counts for this request."""
    ken = signed_in(Person(shared_provider, KEN))
    response = visit(ken, TABI)
    if shows(response, "allow"):
        response = decide(ken, response)
    assert "code" in answer(response)
    page = visit(ken, TABI, prompt="consent")
    assert shows(page, "allow")
    assert answer(decide(ken, page, decision="deny"))["error"] == "access_denied"
    assert "code" in answer(visit(ken, TABI))


@pytest.mark.parametrize("prompt", [None, "consent"])
def test_within_the_group_nobody_is_asked_to_agree(member: Person, prompt: str | None):
    """Consent is skipped for first-party clients, also where a library adds prompt=consent of its own accord."""
    assert "code" in answer(visit(member, STOREFRONT, prompt=prompt))


@pytest.mark.parametrize(
    ("age", "max_age", "asked"), [(0, "0", True), (99, "100", False), (100, "100", True), (500, "9999999999", False)]
)
def test_max_age(member: Person, age: int, max_age: str, *, asked: bool):
    """OIDC Core 3.1.2.1: an older sign-in is asked again, `0` always; auth_time says when it was."""
    member.provider.clock.forward(age)
    response = visit(member, STOREFRONT, max_age=max_age)
    assert shows(response, "sign-in") if asked else "code" in answer(response)
    assert ("error" in answer(visit(member, STOREFRONT, max_age=max_age, prompt="none"))) == asked
    if asked:
        response = sign_in(member, response)
    signed_in_at = member.provider.clock.now - (0 if asked else age)
    assert claims_of(id_token(member, STOREFRONT, response))["auth_time"] == signed_in_at


def test_registration_2_an_app_may_register_how_old_a_sign_in_may_be(visitor: Person):
    """OIDC Registration 2: default_max_age holds for every request of its, unless that says something else."""
    app = App("careful", "https://careful.example.test/callback", "openid")
    document = {
        "client_id": app.client_id,
        "kind": "first_party",
        "name": "Careful",
        "auth_method": "none",
        "grant_types": ["authorization_code"],
        "redirect_uris": [app.redirect_uri],
        "scopes": ["openid"],
        "default_max_age": 100,
    }
    declare_clients(visitor.provider, document)
    member = signed_in(visitor)
    member.provider.clock.forward(99)
    assert "code" in answer(visit(member, app))
    member.provider.clock.forward(1)
    assert shows(visit(member, app), "sign-in")
    assert "code" in answer(visit(member, app, max_age="1000"))


def test_max_age_is_measured_from_the_request_and_not_from_the_answer(visitor: Person):
    """Whoever has just signed in for a request is not asked again because the pages took long."""
    page = visit(visitor, TABI, max_age="30", prompt="consent")
    consent = sign_in(visitor, page)
    visitor.provider.clock.forward(60)
    assert "code" in answer(decide(visitor, consent))


def test_login_hint_fills_in_the_name(visitor: Person):
    """OIDC Core 3.1.2.1: a hint about the identifier the user might use, shown and not trusted."""
    hint = '"><b>hana@example.jp'
    page = Page(visit(visitor, STOREFRONT, login_hint=hint).text)
    assert page.by_id("username").attributes["value"] == hint
    assert page.all("b") == []


@pytest.mark.parametrize("app", [STOREFRONT, TABI], ids=lambda app: app.client_id)
def test_a_hint_at_the_user_who_is_signed_in(member: Person, app: App):
    """OIDC Core 3.1.2.1: a positive response, pairwise subjects and expired hints included."""
    hint = hint_for(member, app)
    member.provider.clock.forward(3600)
    assert "code" in answer(visit(member, app, id_token_hint=hint, prompt="none"))


def test_a_hint_at_somebody_else_asks_for_a_sign_in(member: Person, shared_provider: Provider):
    """OIDC Core 3.1.2.1: never a code for another user: sign-in, or login_required where no page may be shown."""
    ken = signed_in(Person(shared_provider, KEN))
    hint = hint_for(ken, STOREFRONT)
    assert answer(visit(member, STOREFRONT, id_token_hint=hint, prompt="none"))["error"] == "login_required"
    page = visit(member, STOREFRONT, id_token_hint=hint)
    assert shows(page, "sign-in")
    member.username = KEN
    assert claims_of(id_token(member, STOREFRONT, sign_in(member, page)))["sub"] == claims_of(hint)["sub"]


def test_whoever_signs_in_as_somebody_else_than_hinted_is_not_asked_for_ever(visitor: Person):
    """OIDC Core 3.1.2.1: otherwise it MUST return an error, such as login_required, and not ask for the same again."""
    hint = hint_for(signed_in(Person(visitor.provider, KEN)), STOREFRONT)
    response = sign_in(visitor, visit(visitor, STOREFRONT, id_token_hint=hint))
    refused = answer(response)
    assert refused["error"] == "login_required"
    assert refused["state"] == "a state"


def test_a_hint_of_another_app_is_refused(member: Person):
    """OIDC Core 3.1.2.1: the token must be one that this server issued, and to the app that hands it back."""
    hint = hint_for(member, STOREFRONT)
    assert answer(visit(member, TABI, id_token_hint=hint))["error"] == "invalid_request"


def test_a_forged_hint_and_an_access_token_are_refused(member: Person):
    """A hint with a changed signature, and a token that is no ID token, say nothing."""
    response = visit(member, STOREFRONT)
    tokens = member.exchange(STOREFRONT.client_id, STOREFRONT.redirect_uri, answer(response)["code"]).json()
    head, claims, signature = tokens["id_token"].split(".")
    forged = f"{head}.{claims}.{signature[::-1]}"
    for hint in (forged, f"{head}.{claims}.", tokens["access_token"]):
        assert answer(visit(member, STOREFRONT, id_token_hint=hint))["error"] == "invalid_request"


@pytest.mark.parametrize("acr_values", ["urn:sekisho:acr:password", "urn:example:gold urn:example:silver", "x" * 5000])
def test_acr_values_are_a_wish(member: Person, acr_values: str):
    """OIDC Core 3.1.2.1: requested as a voluntary claim; the token says which one it really was."""
    response = visit(member, STOREFRONT, acr_values=acr_values)
    assert claims_of(id_token(member, STOREFRONT, response))["acr"] == "urn:sekisho:acr:password"


@pytest.mark.parametrize(("nonce", "carried"), [('a b+&"<x', True), ("x" * 2048, True), (None, False)])
def test_the_nonce_comes_back_in_the_id_token(member: Person, nonce: str | None, *, carried: bool):
    """OIDC Core 2 and 3.1.2.1: the value passes through unmodified; none where none was sent."""
    claims = claims_of(id_token(member, STOREFRONT, visit(member, STOREFRONT, nonce=nonce)))
    assert claims.get("nonce") == nonce
    assert ("nonce" in claims) == carried


def test_a_hint_twice_is_refused_on_a_page(member: Person):
    """RFC 6749 3.1: which of two hints would count is nobody's guess."""
    hint = hint_for(member, STOREFRONT)
    assert error_code(member.browser.get(f"/authorize?id_token_hint={hint}&id_token_hint={hint}")) == "invalid_request"
