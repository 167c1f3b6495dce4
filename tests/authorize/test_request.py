"""The authorization request, parameter by parameter (RFC 6749 4.1.1, OIDC Core 3.1.2.1)."""

from urllib.parse import parse_qsl, urlencode, urlsplit

import pytest

from tests.provider.apps import LEDGER_API, NO_PKCE, PAYMENTS_API, STOREFRONT, TABI, App
from tests.provider.person import Person
from tests.web.visits import answer, claims_of, error_code, follow, request, shows, visit

LONG = "x" * 2049

# What is wrong, and the error that goes to the client (RFC 6749 4.1.2.1, OIDC Core 3.1.2.6).
REFUSED = [
    ({"response_type": None}, "invalid_request"),
    ({"response_type": ""}, "invalid_request"),
    ({"response_type": "token"}, "unsupported_response_type"),
    ({"response_type": "id_token"}, "unsupported_response_type"),
    ({"response_type": "code id_token"}, "unsupported_response_type"),
    ({"response_type": "CODE"}, "unsupported_response_type"),
    ({"response_mode": "web_message"}, "invalid_request"),
    ({"response_mode": "query.jwt"}, "invalid_request"),
    ({"request": "eyJhbGciOiJub25lIn0.e30."}, "invalid_request_object"),
    ({"request_uri": "https://app.example.test/request"}, "invalid_request_uri"),
    ({"registration": "{}"}, "registration_not_supported"),
    ({"nonce": LONG}, "invalid_request"),
    ({"scope": None}, "invalid_scope"),
    ({"scope": "  "}, "invalid_scope"),
    ({"scope": "nothing that:is known"}, "invalid_scope"),
    ({"scope": 'openid "email"'}, "invalid_scope"),
    ({"scope": "openid\temail"}, "invalid_scope"),
    ({"scope": "openid payments:settle"}, "invalid_scope"),
    ({"scope": "openid address"}, "invalid_scope"),
    ({"scope": "openid purpose:points.credit"}, "invalid_scope"),
    ({"resource": "https://elsewhere.example.test/"}, "invalid_target"),
    ({"resource": "not a uri"}, "invalid_target"),
    ({"resource": "http://127.0.0.1:8403#part"}, "invalid_target"),
    ({"resource": ["http://127.0.0.1:8403", "https://ledger.example.test/api"]}, "invalid_target"),
    ({"prompt": "none login"}, "invalid_request"),
    ({"prompt": "create"}, "invalid_request"),
    ({"max_age": "-1"}, "invalid_request"),
    ({"max_age": "1.5"}, "invalid_request"),
    ({"max_age": "soon"}, "invalid_request"),
    ({"max_age": "٣"}, "invalid_request"),
    ({"max_age": "1" * 11}, "invalid_request"),
    ({"id_token_hint": "not a token"}, "invalid_request"),
    ({"id_token_hint": LONG * 5}, "invalid_request"),
]

# What is wrong so early that nobody may be redirected (RFC 6749 4.1.2.1).
SHOWN = [
    {"client_id": None},
    {"client_id": ""},
    {"client_id": "nobody"},
    {"client_id": "Storefront"},
    {"client_id": "storefront "},
    {"client_id": "x" * 10_000},
    {"client_id": "<script>alert(1)</script>"},
    {"client_id": "payments"},
    {"redirect_uri": None},
    {"redirect_uri": ""},
    {"state": LONG},
    {"state": "two\nlines"},
    {"state": "\x00"},
]


@pytest.mark.parametrize(("changed", "error"), REFUSED, ids=str)
def test_an_error_goes_to_the_client_with_state_and_issuer(member: Person, changed: dict, error: str):
    """RFC 6749 4.1.2.1 and RFC 9207 2: the error, the state and who says so, and never a code beside it."""
    refused = answer(visit(member, STOREFRONT, **changed))
    description = refused.pop("error_description")
    assert refused == {"error": error, "state": "a state", "iss": member.provider.url}
    assert description.isascii()
    assert '"' not in description


@pytest.mark.parametrize("changed", SHOWN, ids=lambda changed: str(changed)[:40])
def test_an_unproven_request_is_shown_and_never_redirected(member: Person, changed: dict):
    """RFC 6749 4.1.2.1: without a known client and one of its redirect URIs, nobody is sent anywhere."""
    response = visit(member, STOREFRONT, **changed)
    assert response.status_code == 400
    assert error_code(response) == "invalid_request"
    assert "<script>alert" not in response.text


@pytest.mark.parametrize("name", ["client_id", "redirect_uri", "state", "scope", "prompt", "never_heard_of"])
def test_a_parameter_that_comes_twice_is_refused(member: Person, name: str):
    """RFC 6749 3.1: request parameters must not be included more than once, whatever they are."""
    response = member.browser.get(f"{request(member, STOREFRONT, prompt='consent', never_heard_of='1')}&{name}=openid")
    assert response.status_code == 400
    assert error_code(response) == "invalid_request"


def test_what_is_unknown_is_ignored(member: Person):
    """RFC 6749 3.1: unrecognised parameters must be ignored, and those without a value count as omitted."""
    got = answer(visit(member, STOREFRONT, never_heard_of="1", prompt="", max_age="", display="touch", resource=""))
    assert set(got) == {"code", "session_state", "state", "iss"}


def test_an_unknown_scope_is_ignored(member: Person):
    """OIDC Core 3.1.2.1: scope values that are not understood should be ignored; what is granted is told."""
    got = answer(visit(member, STOREFRONT, scope="openid email never:heard_of"))
    tokens = member.exchange(STOREFRONT.client_id, STOREFRONT.redirect_uri, got["code"]).json()
    assert tokens["scope"] == "openid email"


@pytest.mark.parametrize("state", ["", "a b+&\"'<x>=;%41#?/\\", "関所 👩🏽‍🌾", "x" * 2048, "%", "a=1&iss=https://evil"])
def test_the_state_arrives_as_it_was_sent(member: Person, state: str):
    """RFC 6749 4.1.2: the exact value received from the client; none where none was sent."""
    got = answer(visit(member, STOREFRONT, state=state))
    assert got.get("state", "") == state
    assert got["iss"] == member.provider.url


@pytest.mark.parametrize("app", [STOREFRONT, TABI, NO_PKCE], ids=lambda app: app.client_id)
def test_a_form_is_as_good_as_a_query(visitor: Person, app: App):
    """OIDC Core 3.1.2.1: the authorization endpoint takes GET and POST alike."""
    sent = dict(parse_qsl(urlsplit(request(visitor, app, login_hint="hana@example.jp")).query))
    page = follow(visitor, visitor.browser.post("/authorize", data=sent))
    assert shows(page, "sign-in")
    assert 'value="hana@example.jp"' in page.text
    got = visitor.go_on(page).parameters
    assert (got["state"], got["iss"]) == ("a state", visitor.provider.url)
    assert visitor.exchange(app.client_id, app.redirect_uri, got["code"]).status_code == 200


def test_a_form_may_name_several_resources_and_errs_like_a_query(member: Person):
    """RFC 8707 2 and RFC 6749 3.1, for a request that comes by POST."""
    sent = parse_qsl(urlsplit(request(member, STOREFRONT)).query)
    both = [*sent, ("resource", PAYMENTS_API), ("resource", member.provider.url)]
    form = {"content-type": "application/x-www-form-urlencoded"}
    response = follow(member, member.browser.post("/authorize", content=urlencode(both), headers=form))
    tokens = member.exchange(STOREFRONT.client_id, STOREFRONT.redirect_uri, answer(response)["code"]).json()
    assert claims_of(tokens["access_token"])["aud"] == [PAYMENTS_API, member.provider.url]
    twice = member.browser.post("/authorize", content=urlencode([*sent, ("state", "2")]), headers=form)
    assert error_code(twice) == "invalid_request"
    as_json = member.browser.post("/authorize", json=dict(sent))
    assert (as_json.status_code, error_code(as_json)) == (400, "invalid_request")


@pytest.mark.parametrize(
    ("resource", "audience"),
    [
        (None, None),
        (PAYMENTS_API, PAYMENTS_API),
        ([PAYMENTS_API, PAYMENTS_API], PAYMENTS_API),
    ],
    ids=str,
)
def test_the_token_is_for_the_resources_that_were_named(member: Person, resource, audience):
    """RFC 8707 2: the audience is what was named, each once; without a name it is this server and its userinfo."""
    code = answer(visit(member, STOREFRONT, resource=resource))["code"]
    tokens = member.exchange(STOREFRONT.client_id, STOREFRONT.redirect_uri, code).json()
    assert claims_of(tokens["access_token"])["aud"] == (audience or member.provider.url)


@pytest.mark.parametrize("resource", [PAYMENTS_API, LEDGER_API])
def test_a_resource_of_another_app_is_refused(member: Person, resource: str):
    """RFC 8707 2: invalid_target for a resource that exists, but is not for this client."""
    assert answer(visit(member, TABI, resource=resource))["error"] == "invalid_target"
