"""The browser's session: its cookie, its rotation and its end (ASVS 7.2 to 7.4, RFC 6265bis 4.1.3, RFC 9700 4.7)."""

import httpx
import pytest

from tests.provider.apps import STOREFRONT, TABI
from tests.provider.person import Person, as_client, hidden
from tests.provider.provider import NO_TLS, Provider, serve_here
from tests.web.visits import answer, claims_of, decide, error_code, shows, sign_in, signed_in, visit

SESSION, DEVICE = "sekisho_session", "sekisho_device"
KEN = "ken@example.jp"
IDLE, ABSOLUTE = 8 * 3600, 14 * 86_400


def attributes(response: httpx.Response, name: str) -> set[str]:
    """The attributes of a cookie that a response sets, dates left out."""
    (found,) = [line for line in response.headers.get_list("set-cookie") if line.startswith(f"{name}=")]
    return {part.strip() for part in found.split(";")[1:] if not part.strip().startswith("Expires=")}


def is_signed_in(provider: Provider, session: str) -> bool:
    """Whether a browser with this session cookie is somebody here."""
    with httpx.Client(base_url=provider.url, cookies={SESSION: session}, verify=NO_TLS) as browser:
        return "Your account" in browser.get("/").text


def test_the_cookie_changes_when_somebody_signs_in(shared_provider: Provider):
    """ASVS 7.2.4: a session planted beforehand is worth nothing afterwards, and neither is its form token."""
    victim = Person(shared_provider)
    page = visit(victim, STOREFRONT)
    planted = victim.browser.cookies[SESSION]
    sign_in(victim, page)
    session = victim.browser.cookies[SESSION]
    assert session != planted
    assert len(session) == 43, "256 bits"
    assert is_signed_in(shared_provider, session)
    assert not is_signed_in(shared_provider, planted)
    old = victim.browser.post("/logout/confirm", data={**hidden(page.text), "decision": "confirm"})
    assert error_code(old) == "page_expired"


def test_the_cookie_changes_at_every_further_sign_in(shared_provider: Provider):
    """ASVS 7.2.4: signing in again, as oneself or as somebody else, leaves no older cookie behind."""
    person, cookies = signed_in(Person(shared_provider)), []
    for name in ("hana@example.jp", KEN):
        cookies.append(person.browser.cookies[SESSION])
        person.username = name
        signed_in(person)
    assert [is_signed_in(shared_provider, cookie) for cookie in cookies] == [False, False]
    assert KEN in person.browser.get("/").text


@pytest.mark.parametrize("made_up", ["x", "x" * 43, "x" * 5000, "\x01", "%00", "..", "é"])
def test_a_session_of_ones_own_making_is_none(shared_provider: Provider, made_up: str):
    """ASVS 7.2.3: sessions are made here alone; a page gives a cookie of its own in place of a made-up one."""
    headers = {"cookie": f"{SESSION}={made_up}".encode()}
    response = httpx.get(f"{shared_provider.url}/login", headers=headers, verify=NO_TLS)
    assert response.status_code == 200
    assert response.cookies[SESSION] not in ("", made_up)
    assert "Welcome" in httpx.get(shared_provider.url, headers=headers, verify=NO_TLS).text


def test_cookies_on_this_machine(shared_provider: Provider):
    """RFC 6265bis 5.8.3: no script reads them and no other site's form sends them; http is for loopback only."""
    person = Person(shared_provider)
    response = person.sign_in(person.browser.get("/login"))
    for name, age in ((SESSION, ABSOLUTE), (DEVICE, 31_536_000)):
        assert attributes(response, name) == {"HttpOnly", "SameSite=Lax", "Path=/", f"Max-Age={age}"}


def test_cookies_on_https(tmp_path):
    """RFC 6265bis 4.1.3.2: with an https issuer every cookie is `__Host-`, Secure and without a domain."""
    with serve_here(f"sqlite:///{tmp_path / 'https.db'}", IDP_ISSUER="https://id.example.test") as provider:
        person = Person(provider)
        page = person.browser.get("/login?lang=ja")
        jar = {line.partition("=")[0]: line.partition("=")[2].partition(";")[0] for line in cookie_lines(page)}
        cookie = "; ".join(f"{name}={value}" for name, value in jar.items())
        form = {**hidden(page.text), "username": person.username, "password": provider.secrets[person.username]}
        plain = person.browser.post("/login", data=form, headers={"cookie": cookie.replace("__Host-", "")})
        response = person.browser.post("/login", data=form, headers={"cookie": cookie})
    assert error_code(plain) == "page_expired", "a cookie that any site could plant is not read"
    assert response.status_code == 303
    common = {"Secure", "HttpOnly", "SameSite=Lax", "Path=/"}
    assert attributes(page, "__Host-sekisho_language") == {*common, "Max-Age=31536000"}
    assert attributes(response, f"__Host-{SESSION}") == {*common, f"Max-Age={ABSOLUTE}"}
    assert attributes(response, f"__Host-{DEVICE}") == {*common, "Max-Age=31536000"}


def cookie_lines(response: httpx.Response) -> list[str]:
    return response.headers.get_list("set-cookie")


def test_a_session_that_nobody_uses_ends(shared_provider: Provider):
    """ASVS 7.3.1: eight hours without a visit; each visit begins them anew."""
    hana = signed_in(Person(shared_provider))
    for _ in range(3):
        shared_provider.clock.forward(IDLE - 60)
        assert "code" in answer(visit(hana, STOREFRONT, prompt="none"))
    shared_provider.clock.forward(IDLE)
    assert answer(visit(hana, STOREFRONT, prompt="none"))["error"] == "login_required"
    assert shows(visit(hana, STOREFRONT), "sign-in")


def test_a_session_ends_however_much_it_is_used(shared_provider: Provider):
    """ASVS 7.3.2: after fourteen days the password is asked for again, which begins a new session."""
    hana = signed_in(Person(shared_provider))
    began = shared_provider.clock.now
    for passed in range(IDLE - 3600, ABSOLUTE, IDLE - 3600):
        shared_provider.clock.now = began + passed
        assert "code" in answer(visit(hana, STOREFRONT, prompt="none"))
    shared_provider.clock.now = began + ABSOLUTE
    assert answer(visit(hana, STOREFRONT, prompt="none"))["error"] == "login_required"
    assert "code" in answer(sign_in(hana, visit(hana, STOREFRONT)))


def test_a_session_of_nobody_lasts_as_long_as_a_request(shared_provider: Provider):
    """A visitor's row is forgotten after an hour, so that passers-by fill no table."""
    visitor = Person(shared_provider)
    first = visitor.browser.get("/login").cookies[SESSION]
    shared_provider.clock.forward(3599)
    assert SESSION not in visitor.browser.get("/login").cookies, "still the same"
    shared_provider.clock.forward(1)
    assert visitor.browser.get("/login").cookies[SESSION] != first


def test_one_session_serves_every_app_and_keeps_its_name(shared_provider: Provider):
    """OIDC Core 2 `sid` and 3.1.2.3: signing in once is enough for both apps; signing in again keeps the session."""
    hana = Person(shared_provider)
    tokens = [
        hana.exchange(app.client_id, app.redirect_uri, answer(response)["code"]).json()["id_token"]
        for app, response in (
            (STOREFRONT, sign_in(hana, visit(hana, STOREFRONT))),
            (TABI, decide(hana, visit(hana, TABI, prompt="consent"))),
            (STOREFRONT, sign_in(hana, visit(hana, STOREFRONT, prompt="login"))),
        )
    ]
    sids = [claims_of(token)["sid"] for token in tokens]
    assert sids[0] == sids[2] != sids[1], "a partner knows the session by a name of its own"


def test_when_somebody_else_signs_in_the_first_ones_session_tokens_end(shared_provider: Provider):
    """Handing the browser over is signing out: what was granted for the session's time ends, and `sid` changes."""
    person = signed_in(Person(shared_provider))
    code = answer(visit(person, STOREFRONT))["code"]
    first = person.exchange(STOREFRONT.client_id, STOREFRONT.redirect_uri, code).json()
    person.username = KEN
    signed_in(person)
    refresh = {"grant_type": "refresh_token", "refresh_token": first["refresh_token"]}
    assert as_client(shared_provider, STOREFRONT.client_id, "/token", refresh).json()["error"] == "invalid_grant"
    code = answer(visit(person, STOREFRONT))["code"]
    second = person.exchange(STOREFRONT.client_id, STOREFRONT.redirect_uri, code).json()
    assert claims_of(first["id_token"])["sid"] != claims_of(second["id_token"])["sid"]
