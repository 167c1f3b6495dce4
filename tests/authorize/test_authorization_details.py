"""Rich authorization requests (RFC 9396): partner data asked for by `authorization_details`, no more and no less."""

import json
import re
from typing import Any

import httpx
import pytest

from idp.admin.client_document import DocumentError
from tests.authorize.test_pushed import arrive, push, pushed
from tests.provider.apps import KAZE, STOREFRONT, TABI, TABI_PHONE, App
from tests.provider.jose import read
from tests.provider.operator import declare_clients
from tests.provider.person import Person, as_client, boxes
from tests.provider.provider import HTTP, Provider
from tests.web.visits import answer, decide, end_sharing, follow, shows, signed_in, visit

DAY = 86_400
DETAIL: dict[str, Any] = {"type": "partner_data", "purpose": "points.credit", "fields": ["prefecture", "over_20"]}
BY_SCOPE: dict[str, Any] = {"scope": "openid prefecture over_20"}
BY_DETAILS: dict[str, Any] = {"scope": "openid", "authorization_details": json.dumps([DETAIL])}
BOTH_WAYS = pytest.mark.parametrize("way", [BY_SCOPE, BY_DETAILS], ids=["by_scope", "by_details"])


def details(**changed: Any) -> dict[str, Any]:
    """A request by details, with some members changed."""
    return {"scope": "openid offline_access", "authorization_details": json.dumps([{**DETAIL, **changed}])}


def redeemed(person: Person, app: App, response: httpx.Response) -> dict[str, Any]:
    """The tokens for the code that a redirect carries."""
    tokens: dict[str, Any] = person.exchange(app.client_id, app.redirect_uri, answer(response)["code"]).json()
    assert "access_token" in tokens, tokens
    return tokens


def userinfo(person: Person, tokens: dict[str, Any]) -> dict[str, Any]:
    """What the data is, to whoever holds the access token."""
    bearer = {"authorization": f"Bearer {tokens['access_token']}"}
    claims: dict[str, Any] = HTTP.get(f"{person.provider.url}/userinfo", headers=bearer).json()
    return claims


def introspected(person: Person, token: str) -> dict[str, Any]:
    """What introspection says of a token to its client."""
    body: dict[str, Any] = as_client(person.provider, TABI.client_id, "/introspect", {"token": token}).json()
    return body


def granted(fields: list[str], until: float, withheld: dict[str, str] | None = None) -> list[dict[str, Any]]:
    """The member of a response."""
    detail = {"type": "partner_data", "purpose": "points.credit", "fields": fields, "expires_at": int(until)}
    return [{**detail, **({"withheld": withheld} if withheld else {})}]


# ---- it is the same as asking by scope -------------------------------------------------------------------------------


def test_the_person_is_asked_the_same(member: Person):
    """Not a letter of the page tells by which way the app asked."""
    pages = {
        re.sub(r'name="(flow|csrf)" value="[^"]*"|flow=[^"&]*', "", visit(member, TABI, prompt="consent", **way).text)
        for way in (BY_SCOPE, BY_DETAILS)
    }
    assert len(pages) == 1
    assert boxes(pages.pop()) == ["prefecture", "over_20"]


@BOTH_WAYS
@pytest.mark.parametrize("ticks", [(), ("prefecture",), ("over_20", "prefecture")])
def test_g1_what_goes_out_is_the_same(member: Person, way: dict[str, Any], ticks: tuple[str, ...]):
    """Request ∧ agreement ∧ consent, in userinfo and in the ID token."""
    tokens = redeemed(member, TABI, decide(member, visit(member, TABI, prompt="consent", **way), *ticks))
    values = {"prefecture": "Tokyo", "over_20": True}
    expected = {field: values[field] for field in ticks}
    claims = userinfo(member, tokens)
    assert {name: claims[name] for name in values if name in claims} == expected
    assert claims.get("withheld", {}) == {field: "FIELD_NOT_CONSENTED" for field in values if field not in ticks}
    in_token = read(member.provider, tokens["id_token"]).claims
    assert {name: in_token[name] for name in values if name in in_token} == expected


@pytest.mark.parametrize(("first", "then"), [(BY_SCOPE, BY_DETAILS), (BY_DETAILS, BY_SCOPE)])
def test_a_consent_is_one_consent(member: Person, first: dict[str, Any], then: dict[str, Any]):
    """What was answered by one way is not asked again by the other."""
    decide(member, visit(member, TABI, prompt="consent", **first), "over_20")
    tokens = redeemed(member, TABI, visit(member, TABI, **then))
    assert "over_20" in userinfo(member, tokens)
    assert "prefecture" not in userinfo(member, tokens)


def test_a_field_that_was_never_asked_for_is_asked(member: Person):
    """A standing consent about one field says nothing about another."""
    end_sharing(member, TABI, "points.credit")
    decide(member, visit(member, TABI, prompt="consent", **details(fields=["over_20"])), "over_20")
    page = visit(member, TABI, **details())
    assert boxes(page.text) == ["prefecture", "over_20"]


def test_both_ways_in_one_request(member: Person):
    """Scope and details add up; a scope that names another purpose contradicts them."""
    way = {**details(fields=["over_20"]), "scope": "openid prefecture purpose:points.credit"}
    assert boxes(visit(member, TABI, prompt="consent", **way).text) == ["prefecture", "over_20"]
    contradiction = {**details(purpose="marketing.news", fields=["email"]), "scope": "openid purpose:marketing.offers"}
    assert answer(visit(member, KAZE, **contradiction))["error"] == "invalid_authorization_details"


# ---- what the app is told --------------------------------------------------------------------------------------------


def test_7_tokens_say_what_was_granted(member: Person):
    """In the response, in the access token, in introspection of either token, and again at a refresh."""
    tokens = redeemed(member, TABI, decide(member, visit(member, TABI, prompt="consent", **details()), "over_20"))
    until = member.provider.clock.now + 90 * DAY
    expected = granted(["over_20"], until, {"prefecture": "FIELD_NOT_CONSENTED"})
    assert tokens["authorization_details"] == expected
    assert read(member.provider, tokens["access_token"]).claims["authorization_details"] == expected
    for name in ("access_token", "refresh_token"):
        assert introspected(member, tokens[name])["authorization_details"] == expected
    form = {"grant_type": "refresh_token", "refresh_token": tokens["refresh_token"]}
    refreshed = as_client(member.provider, TABI.client_id, "/token", form).json()
    assert refreshed["authorization_details"] == expected


def test_7_whoever_asked_by_scope_is_told_nothing_new(member: Person):
    """RFC 9396 7: the member answers the parameter."""
    tokens = redeemed(member, TABI, decide(member, visit(member, TABI, prompt="consent", **BY_SCOPE), "over_20"))
    assert "authorization_details" not in tokens
    assert "authorization_details" not in introspected(member, tokens["access_token"])


def test_introspection_tells_how_it_stands_now(provider: Provider):
    """A person who answers again, with less, is obeyed at once by tokens that are out already."""
    hana = signed_in(Person(provider))
    tokens = redeemed(hana, TABI, decide(hana, visit(hana, TABI, **details()), "over_20", "prefecture"))
    assert introspected(hana, tokens["access_token"])["authorization_details"][0]["fields"] == ["prefecture", "over_20"]
    decide(hana, visit(hana, TABI, prompt="consent", **details()), "prefecture")
    provider.clock.forward(2)
    assert introspected(hana, tokens["access_token"])["authorization_details"][0]["fields"] == ["prefecture"]
    assert "over_20" not in userinfo(hana, tokens)


def test_what_the_agreement_does_not_hold_is_told_and_not_asked(member: Person):
    """As by scope: the field is no line of the page, and its reason is given."""
    page = visit(member, TABI, prompt="consent", **details(fields=["email", "over_20"]))
    assert boxes(page.text) == ["over_20"]
    tokens = redeemed(member, TABI, decide(member, page, "email", "over_20"))
    (detail,) = tokens["authorization_details"]
    assert detail["fields"] == ["over_20"]
    assert detail["withheld"] == {"email": "FIELD_NOT_IN_AGREEMENT"}
    assert "email" not in userinfo(member, tokens)


def test_3_a_scope_is_not_needed(member: Person):
    """Details alone are a request; without openid it is one of OAuth, and no scope is granted."""
    page = visit(member, TABI, prompt="consent", **{**details(), "scope": None})
    tokens = redeemed(member, TABI, decide(member, page, "over_20"))
    assert tokens["authorization_details"][0]["fields"] == ["over_20"]
    assert not {"scope", "id_token"} & set(tokens)
    assert introspected(member, tokens["access_token"])["active"] is True


# ---- for how long ----------------------------------------------------------------------------------------------------


def test_for_as_long_as_was_asked(provider: Provider):
    """The page says it, the consent ends with it, and so does the access."""
    hana = signed_in(Person(provider))
    page = visit(hana, TABI, **details(duration_days=7))
    assert "7 days, until" in page.text
    tokens = redeemed(hana, TABI, decide(hana, page, "over_20"))
    assert tokens["authorization_details"] == granted(
        ["over_20"], provider.clock.now + 7 * DAY, {"prefecture": "FIELD_NOT_CONSENTED"}
    )
    provider.clock.forward(7 * DAY)
    assert introspected(hana, tokens["refresh_token"]) == {"active": False}
    form = {"grant_type": "refresh_token", "refresh_token": tokens["refresh_token"]}
    assert as_client(provider, TABI.client_id, "/token", form).json()["error"] == "invalid_grant"


def test_a_longer_time_is_asked_for_anew(member: Person):
    """And a shorter one, or none that is said, rests on what was agreed to."""
    decide(member, visit(member, TABI, prompt="consent", **details(duration_days=30)), "over_20")
    for days in ({"duration_days": 30}, {"duration_days": 1}, {}):
        assert "code" in answer(visit(member, TABI, **details(**days)))
    assert shows(visit(member, TABI, **details(duration_days=31)), "allow")


def test_a_grant_for_a_day_ends_after_a_day_although_the_consent_is_longer(provider: Provider):
    """The request is one of the limits, whatever the person agreed to before."""
    hana = signed_in(Person(provider))
    decide(hana, visit(hana, TABI, **details()), "over_20")
    tokens = redeemed(hana, TABI, visit(hana, TABI, **details(duration_days=1)))
    provider.clock.forward(DAY)
    assert introspected(hana, tokens["refresh_token"]) == {"active": False}


# ---- what is refused -------------------------------------------------------------------------------------------------

REFUSED = [
    {"type": "payment_initiation"},
    {"purpose": "marketing.news"},
    {"purpose": "no such purpose"},
    {"fields": ["shoe_size"]},
    {"fields": ["over_20", "shoe_size"]},
    {"fields": []},
    {"duration_days": 91},
    {"duration_days": 0},
    {"duration_days": 10**400},
    {"locations": ["https://elsewhere.example.test"]},
    {"amount": 5},
]


@pytest.mark.parametrize("changed", REFUSED, ids=str)
def test_5_invalid_authorization_details(member: Person, changed: dict[str, Any]):
    """Sent back to the app by /authorize, and told at the push."""
    refused = answer(visit(member, TABI, **details(**changed)))
    assert refused["error"] == "invalid_authorization_details"
    assert "code" not in refused
    told = push(member, TABI, **details(**changed))
    assert (told.status_code, told.json()["error"]) == (400, "invalid_authorization_details")


@pytest.mark.parametrize("app", [STOREFRONT, TABI_PHONE], ids=lambda app: app.client_id)
def test_10_only_who_is_registered_for_the_type_may_use_it(member: Person, app: App):
    """Client metadata `authorization_details_types`; apps of the group ask by scope."""
    refused = answer(visit(member, app, **{**details(), "scope": "openid"}))
    assert refused["error"] == "invalid_authorization_details"


def test_10_the_registration_is_checked(member: Person):
    """An unknown type, or one for an app that is no partner's."""
    app = {"client_id": "x", "name": "X", "auth_method": "none", "grant_types": [], "redirect_uris": []}
    for kind, types in (("third_party", ["payment"]), ("first_party", ["partner_data"])):
        with pytest.raises(DocumentError, match="authorization_details_types"):
            declare_clients(member.provider, {**app, "kind": kind, "authorization_details_types": types})


def test_6_the_token_endpoint_takes_none(member: Person):
    """What a token is for was settled with the person; asking for something else there is refused, not ignored."""
    form = {"grant_type": "client_credentials", "authorization_details": json.dumps([DETAIL])}
    response = as_client(member.provider, KAZE.client_id, "/token", form)
    assert (response.status_code, response.json()["error"]) == (400, "invalid_authorization_details")


# ---- together with the rest ------------------------------------------------------------------------------------------


def test_it_is_pushed(member: Person):
    """The way for partners: PAR with details, then the person with a reference."""
    way = details(locations=[member.provider.url], duration_days=30)
    page = arrive(member, pushed(member, TABI, prompt="consent", **way), TABI.client_id)
    assert "30 days, until" in page.text
    assert boxes(page.text) == ["prefecture", "over_20"]
    tokens = redeemed(member, TABI, decide(member, page, "prefecture"))
    assert tokens["authorization_details"][0]["fields"] == ["prefecture"]
    assert userinfo(member, tokens)["prefecture"] == "Tokyo"


def test_it_comes_in_a_form_too(member: Person):
    """POST /authorize."""
    sent = httpx.URL(member.request(TABI.client_id, TABI.redirect_uri, prompt="consent", **details())).params
    page = follow(member, member.browser.post("/authorize", data=dict(sent)))
    assert boxes(page.text) == ["prefecture", "over_20"]


def test_10_the_metadata_names_the_types(member: Person):
    """`authorization_details_types_supported`."""
    metadata = HTTP.get(f"{member.provider.url}/.well-known/oauth-authorization-server").json()
    assert metadata["authorization_details_types_supported"] == ["partner_data"]
