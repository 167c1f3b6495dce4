"""Going to another provider and coming back: the request, whose answer counts, and where everybody else is led.

OIDC Core 3.1.2, RFC 6749 10.12, RFC 7636, RFC 9207, RFC 9700 2.1, 4.4 and 4.7.
"""

import base64
import json
from urllib.parse import parse_qs, parse_qsl, urlsplit

import httpx
import jwt
import pytest
from authlib.oauth2.rfc7636 import create_s256_code_challenge

from tests.provider.apps import STOREFRONT
from tests.provider.person import Person, hidden
from tests.provider.provider import HTTP
from tests.upstream.conftest import World
from tests.upstream.scripted import CLIENT, SECRET, Upstream, come_back, go_by, set_out
from tests.web.pages import Page
from tests.web.visits import error_code, follow, visit

NEW_HERE = "/login/new-here"


def flow_of(page: httpx.Response) -> str:
    return hidden(page.text)["flow"]


def token_request(upstream: Upstream) -> tuple[dict[str, str], str]:
    """The last request that the token endpoint got, and its Authorization."""
    asked = [each for each in upstream.site.requests if each.path == f"/{upstream.name}/token"][-1]
    return dict(parse_qsl(asked.body.decode())), asked.headers.get("Authorization", "")


# ---- going there -----------------------------------------------------------------------------------------------------


def test_the_request_is_bound_to_the_browser_in_three_ways(world: World, person: Person):
    """State, nonce and S256 challenge, each new and of 256 bits (RFC 9700 2.1.1); nothing of the person goes along."""
    first, second = set_out(person, world.plain), set_out(person, world.plain)
    fixed = {
        "response_type": "code",
        "client_id": CLIENT,
        "redirect_uri": f"{world.provider.url}/login/with/plain/callback",
        "scope": "openid email",
        "code_challenge_method": "S256",
    }
    for name in ("state", "nonce", "code_challenge"):
        assert len(first[name]) == 43
        assert first[name] != second[name]
    assert {name: first[name] for name in first if first[name] == second.get(name)} == fixed
    world.plain.knows(world.provider)
    come_back(person, world.plain, state=second["state"], code="the code")
    sent, _ = token_request(world.plain)
    assert create_s256_code_challenge(sent.pop("code_verifier")) == second["code_challenge"]
    assert sent == {
        "grant_type": "authorization_code",
        "code": "the code",
        "redirect_uri": fixed["redirect_uri"],
        "client_id": CLIENT,
        "client_secret": SECRET,
    }


def test_a_secret_goes_by_the_authorization_header_where_nothing_else_is_said(world: World, person: Person):
    """RFC 6749 2.3.1: form-encoded first, then Basic."""
    go_by(person, world.line)
    sent, authorization = token_request(world.line)
    assert "client_secret" not in sent
    assert base64.b64decode(authorization.removeprefix("Basic ")).decode() == f"{CLIENT}:{SECRET.replace(' ', '+')}"


def test_apple_is_shown_a_secret_signed_by_the_teams_key(world: World, person: Person):
    """ES256 with the key's id, from the team, about us, for Apple, short-lived; Apple's `user` is left out."""
    sent = set_out(person, world.apple)
    assert (sent["response_mode"], sent["scope"]) == ("form_post", "openid name email")
    world.apple.knows(world.provider)
    posted = {"state": sent["state"], "code": "a code", "user": json.dumps({"name": {"firstName": "Hana"}})}
    answer = HTTP.post(f"{world.provider.url}/login/with/apple/callback", data=posted)  # without our Lax cookie
    assert (answer.status_code, "set-cookie" in answer.headers) == (303, False)
    location = answer.headers["location"]
    assert sorted(parse_qs(urlsplit(location).query)) == ["code", "state"]
    assert person.browser.get(location).headers["location"] == NEW_HERE
    form, _ = token_request(world.apple)
    header = jwt.get_unverified_header(form["client_secret"])
    claims = jwt.decode(
        form["client_secret"],
        world.apple_key.public_key(),
        ["ES256"],
        options={"verify_aud": False, "verify_exp": False, "verify_iat": False},
    )
    now = int(world.provider.clock())
    assert (header["alg"], header["kid"]) == ("ES256", "KEY1234567")
    assert claims == {"iss": "TEAM123456", "sub": CLIENT, "aud": world.apple.issuer, "iat": now, "exp": now + 300}


@pytest.mark.parametrize("posted", [{}, {"code": "a code"}, {"state": "x", "code": "x" * 5000}])
def test_what_is_posted_and_is_no_answer_is_refused(world: World, posted: dict[str, str]):
    """Form Post Response Mode 2: an answer names its request."""
    refused = HTTP.post(f"{world.provider.url}/login/with/apple/callback", data=posted)
    assert (refused.status_code, error_code(refused)) == (400, "invalid_request")


def test_nobody_is_sent_away_by_another_site(world: World, person: Person):
    """RFC 9700 4.7: a form without this browser's token goes nowhere, and a link not at all."""
    person.browser.get("/login")
    refused = person.browser.post("/login/with/plain", data={"csrf": "x" * 43})
    assert (refused.status_code, error_code(refused)) == (403, "page_expired")
    assert person.browser.get("/login/with/plain").status_code == 405


@pytest.mark.parametrize("path", ["/login/with/nobody", "/login/with/PLAIN", "/login/with/plain%00"])
def test_who_is_not_configured_is_no_way(world: World, person: Person, path: str):
    form = hidden(person.browser.get("/login").text)
    assert person.browser.post(path, data=form).status_code == 404
    assert person.browser.get(f"{path}/callback?state=x&code=y").status_code == 404


def test_the_page_says_in_its_language_with_whom(world: World, person: Person):
    """A button each, of the page's own form, and the page may send its forms there (CSP)."""
    japanese = person.browser.get("/login?lang=ja")
    assert Page(japanese.text).by_id("with-plain").text.strip() == "plainですで続ける"
    page = person.browser.get("/login?lang=en")
    assert Page(page.text).by_id("with-plain").text.strip() == "Continue with Plain"
    assert "form-action 'self' https:;" in page.headers["content-security-policy"]


# ---- whose answer counts ---------------------------------------------------------------------------------------------


def test_an_answer_counts_once(world: World, person: Person):
    """A repetition redeems nothing, and leads to where the person was going."""
    page = visit(person, STOREFRONT)
    sent = set_out(person, world.plain, f"/login?flow={flow_of(page)}")
    world.plain.knows(world.provider)
    answer = {"state": sent["state"], "code": "a code"}
    assert come_back(person, world.plain, **answer) == NEW_HERE
    asked = world.plain.site.asked("/plain/token")
    assert come_back(person, world.plain, **answer) == f"/authorize/continue?flow={flow_of(page)}"
    assert world.plain.site.asked("/plain/token") == asked


def test_an_answer_counts_in_the_browser_that_asked_alone(world: World, person: Person):
    """CSRF on signing in (RFC 6749 10.12): a stranger's answer signs nobody in as the stranger, nor is it used up."""
    stranger = Person(world.provider)
    sent = set_out(stranger, world.plain)
    world.plain.knows(world.provider)
    answer = {"state": sent["state"], "code": "a code"}
    person.browser.get("/login")
    for victim in (person, Person(world.provider)):
        assert come_back(victim, world.plain, **answer) == "/login?with=plain&problem=over"
    assert come_back(stranger, world.plain, **answer) == NEW_HERE


def test_an_answer_comes_in_time(world: World, person: Person):
    sent = set_out(person, world.plain)
    world.plain.knows(world.provider)
    world.provider.clock.forward(3601)
    assert "problem=over" in come_back(person, world.plain, state=sent["state"], code="a code")


@pytest.mark.parametrize("state", ["", "x" * 43, "関所", "x" * 4000])
def test_an_answer_to_nothing_counts_for_nothing(world: World, person: Person, state: str):
    set_out(person, world.plain)
    assert "problem=over" in come_back(person, world.plain, state=state, code="a code")


def test_an_answer_belongs_to_the_provider_that_was_asked(world: World, person: Person):
    """Mix-up (RFC 9700 4.4): an answer to the request to one, at the address of another, redeems nothing anywhere."""
    sent = set_out(person, world.plain)
    asked = [world.plain.site.asked(f"/{name}/token") for name in ("plain", "line")]
    assert "problem=refused" in come_back(person, world.line, state=sent["state"], code="a code")
    assert [world.plain.site.asked(f"/{name}/token") for name in ("plain", "line")] == asked


@pytest.mark.parametrize("iss", [None, "", "https://accounts.example", "SLASH"])
def test_an_answer_names_who_gives_it_where_that_was_promised(world: World, person: Person, iss: str | None):
    """RFC 9207 2.4: missing or another's, the code is not redeemed."""
    sent = set_out(person, world.corp)
    world.corp.knows(world.provider)
    said = {} if iss is None else {"iss": f"{world.corp.issuer}/" if iss == "SLASH" else iss}
    asked = world.corp.site.asked("/corp/token")
    assert "problem=refused" in come_back(person, world.corp, state=sent["state"], code="a code", **said)
    assert world.corp.site.asked("/corp/token") == asked


def test_a_wrong_name_is_refused_where_none_was_promised(world: World, person: Person):
    sent = set_out(person, world.plain)
    answer = {"state": sent["state"], "code": "a code", "iss": world.corp.issuer}
    assert "problem=refused" in come_back(person, world.plain, **answer)


def test_the_right_name_is_taken(world: World, person: Person):
    sent = set_out(person, world.corp)
    world.corp.knows(world.provider)
    assert come_back(person, world.corp, state=sent["state"], code="a code", iss=world.corp.issuer) == NEW_HERE


# ---- coming back without an answer -----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("error", "sentence"),
    [
        ("access_denied", "You came back from Plain without signing in."),
        ("user_cancelled_authorize", "You came back from Plain without signing in."),
        ("server_error", "Plain sent an answer that we cannot accept."),
        ("<script>", "Plain sent an answer that we cannot accept."),
    ],
)
def test_a_no_leads_back_to_the_sign_in_page(world: World, person: Person, error: str, sentence: str):
    """With a plain sentence, nothing that came from there, and the app's request still waiting."""
    page = visit(person, STOREFRONT)
    sent = set_out(person, world.plain, f"/login?flow={flow_of(page)}")
    told = {"state": sent["state"], "error": error, "error_description": "<b>come to evil.example</b>"}
    back = person.browser.get(come_back(person, world.plain, **told))
    assert Page(back.text).by_id("problem").text.startswith(sentence)
    assert "evil.example" not in back.text
    assert "<script>" not in Page(back.text).by_id("problem").text
    assert person.go_on(person.sign_in(back)).parameters["code"]


def test_a_page_of_ones_own_waits_too(world: World, person: Person):
    page = follow(person, person.browser.get("/account/sharing"))
    assert page.url.path == "/login"
    sent = set_out(person, world.plain, "/login?next=/account/sharing")
    back = person.browser.get(come_back(person, world.plain, state=sent["state"], error="access_denied"))
    assert hidden(back.text)["next"] == "/account/sharing"
    assert person.sign_in(back).headers["location"] == "/account/sharing"


@pytest.mark.parametrize(
    "next_", ["https://evil.example/", "//evil.example", "/\\evil.example", "/account//evil.example", "/logout"]
)
def test_nobody_is_led_away(world: World, person: Person, next_: str):
    """Open redirect: only pages of one's own account are led to, whatever a form or an answer says (RFC 9700 4.11)."""
    sent = set_out(person, world.plain, next=next_)
    told = {
        "state": sent["state"],
        "error": "access_denied",
        "next": next_,
        "redirect_uri": next_,
        "target_link_uri": next_,
    }
    assert come_back(person, world.plain, **told) == "/login?with=plain&problem=cancelled"


def test_a_sentence_is_shown_for_configured_providers_and_known_reasons_alone(world: World, person: Person):
    for query in ("with=evil&problem=refused", "with=plain&problem=evil", "with=plain", "problem=refused"):
        page = person.browser.get(f"/login?{query}")
        assert not [each for each in Page(page.text).elements if each.attributes.get("id") == "problem"]


def test_a_provider_that_is_away_is_told_of(world: World, person: Person):
    """At the start, and at the end: the request still waits."""
    upstream = world.corp
    page = visit(person, STOREFRONT)
    sent = set_out(person, upstream, f"/login?flow={flow_of(page)}")
    upstream.site.pages["/corp/token"] = (503, {}, b"")
    refused = come_back(person, upstream, state=sent["state"], code="a code", iss=upstream.issuer)
    assert refused == f"/login?flow={flow_of(page)}&with=corp&problem=refused"
    document = upstream.site.pages.pop("/corp/.well-known/openid-configuration")
    world.provider.clock.forward(3600)
    again = set_out(person, upstream)  # an hour old: the last document serves on
    assert again["state"]
    world.provider.clock.forward(86_400)
    form = hidden(person.browser.get("/login").text)
    away = person.browser.post("/login/with/corp", data=form)
    assert away.headers["location"] == "/login?with=corp&problem=unavailable"
    assert "Corp does not answer at the moment" in person.browser.get(away.headers["location"]).text
    upstream.site.pages["/corp/.well-known/openid-configuration"] = document
    world.provider.clock.forward(10)
    assert set_out(person, upstream)["state"]


@pytest.mark.parametrize(
    "changed",
    [
        {"issuer": "https://accounts.example"},
        {"authorization_endpoint": "http://plain.example/authorize"},
        {"authorization_endpoint": "javascript:alert(1)"},
        {"token_endpoint": None},
        {"jwks_uri": "file:///etc/passwd"},
    ],
)
def test_a_document_that_is_not_the_issuers_own_is_not_believed(
    world: World, person: Person, changed: dict[str, object]
):
    """OpenID Connect Discovery 1.0, 4.3: the same issuer to the letter, and https addresses."""
    world.plain.publish(**changed)
    world.provider.clock.forward(90_000)
    form = hidden(person.browser.get("/login").text)
    assert "problem=unavailable" in person.browser.post("/login/with/plain", data=form).headers["location"]
    world.plain.publish()


@pytest.mark.parametrize(
    "answer",
    [b"", b"[]", b"{", b'{"id_token": 7}', b'{"id_token": null}', b'{"access_token": "x"}', b"x" * 70_000, b"\xff"],
)
def test_a_token_answer_without_an_id_token_is_refused(world: World, person: Person, answer: bytes):
    sent = set_out(person, world.plain)
    world.plain.site.pages["/plain/token"] = answer
    told = come_back(person, world.plain, state=sent["state"], code="a code")
    assert told in ("/login?with=plain&problem=refused", "/login?with=plain&problem=unavailable")


def test_a_token_endpoint_that_sends_us_elsewhere_is_not_followed(world: World, person: Person):
    """Our secret goes to the configured provider alone."""
    sent = set_out(person, world.plain)
    world.plain.site.pages["/plain/token"] = (307, {"Location": world.plain.site.url("/evil/token")}, b"")
    assert "problem=unavailable" in come_back(person, world.plain, state=sent["state"], code="a code")
    assert world.plain.site.asked("/evil/token") == 0
