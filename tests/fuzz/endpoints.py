"""A valid request of every kind for every route; a route without one fails the tests."""

from collections.abc import Callable
from dataclasses import dataclass

from idp.protocol.names import JWT_BEARER_ASSERTION
from idp.store.mail_proofs import ProofKind
from tests.fuzz.browser import VERIFIER, request_of
from tests.fuzz.draft import Draft, cookie, form, header, json_body, query
from tests.fuzz.world import ASSERTOR, CONSOLE, HANA, ISSUER, PURPOSE, World
from tests.provider.apps import NO_PKCE, PAYMENTS_API, PHONE, STOREFRONT, TABI, TABI_PHONE
from tests.provider.authenticator import Authenticator

SESSION = "sekisho_session"
Drafts = Callable[[World], list[Draft]]


@dataclass(frozen=True)
class Endpoint:
    """A route, whether it asks the store, and where to begin.

    `share` is how many of the usual cases it takes: fewer where several routes are entered by one door, or
    hardly anything is read.
    """

    route: str
    touches_store: bool
    drafts: Drafts
    share: float = 1


def _authorize(world: World) -> list[Draft]:
    session = cookie(sekisho_session=world.hana.session)
    more = {
        "response_mode": "form_post",
        "prompt": "login",
        "max_age": "60",
        "login_hint": HANA,
        "ui_locales": "ja en",
        "acr_values": "urn:sekisho:acr:password",
        "resource": PAYMENTS_API,
        "id_token_hint": world.id_token,
    }
    amended = {"grant_management_action": "replace", "grant_id": world.leaver()["grant"], "prompt": "login"}
    return [
        Draft("GET", b"/authorize", (*query(**request_of(STOREFRONT)), *session)),
        Draft("GET", b"/authorize", (*query(**{**request_of(PHONE), **more, "resource": ISSUER}), *session)),
        Draft("GET", b"/authorize", query(**{**request_of(NO_PKCE), "response_mode": "fragment"})),
        Draft("GET", b"/authorize", query(**{**request_of(TABI), "response_mode": "form_post", "prompt": "none"})),
        Draft("GET", b"/authorize", (*query(client_id=STOREFRONT.client_id, request_uri=world.pushed()), *session)),
        Draft("GET", b"/authorize", (*query(**request_of(TABI), **amended), *session)),
        Draft("POST", b"/authorize", (*form(**{**request_of(STOREFRONT), **more}), *session)),
    ]


def _continue(world: World) -> list[Draft]:
    return [
        Draft("GET", b"/authorize/continue", (*query(flow=world.agreed()), *cookie(sekisho_session=world.hana.session)))
    ]


def _par(world: World) -> list[Draft]:
    storefront = header("Authorization", world.basic(STOREFRONT.client_id))
    proof = {"client_assertion_type": JWT_BEARER_ASSERTION, "client_assertion": world.assertion()}
    return [
        Draft("POST", b"/par", (*form(**request_of(STOREFRONT), resource=PAYMENTS_API), *storefront)),
        Draft("POST", b"/par", form(**request_of(PHONE), id_token_hint=world.id_token)),
        Draft("POST", b"/par", form(**request_of(ASSERTOR), **proof)),
    ]


def _token(world: World) -> list[Draft]:
    def token(*parts_: tuple) -> Draft:
        return Draft("POST", b"/token", tuple(part for group in parts_ for part in group))

    phone_code = {"code": world.code(PHONE), "redirect_uri": PHONE.redirect_uri, "code_verifier": VERIFIER}
    code = {"code": world.code(STOREFRONT), "redirect_uri": STOREFRONT.redirect_uri, "code_verifier": VERIFIER}
    assertion = {"client_assertion_type": JWT_BEARER_ASSERTION, "client_assertion": world.assertion()}
    ledger = {"client_id": "ledger", "client_secret": world.secrets["ledger"]}
    return [
        token(
            form(grant_type="authorization_code", resource=ISSUER, **code),
            header("Authorization", world.basic(STOREFRONT.client_id)),
        ),
        token(form(grant_type="authorization_code", client_id=PHONE.client_id, **phone_code)),
        token(form(grant_type="refresh_token", refresh_token=world.kept, client_id=PHONE.client_id, scope="openid")),
        token(form(grant_type="client_credentials", scope="payments:read", resource=PAYMENTS_API, **ledger)),
        token(form(grant_type="client_credentials", client_id="assertor", **assertion)),
    ]


def _userinfo(world: World) -> list[Draft]:
    return [
        Draft("GET", b"/userinfo", header("Authorization", f"Bearer {world.access}")),
        Draft("POST", b"/userinfo", form(access_token=world.access)),
    ]


def _data_me(world: World) -> list[Draft]:
    asked = query(fields="prefecture,over_20", purpose=PURPOSE)
    return [
        Draft("GET", b"/data/v1/me", header("Authorization", f"Bearer {world.partners}")),
        Draft("GET", b"/data/v1/me", (*asked, *header("Authorization", f"Bearer {world.partners}"))),
    ]


def _data_transactions(world: World) -> list[Draft]:
    token = header("Authorization", f"Bearer {world.partners}")
    window = query(**{"from": "1700000000", "to": "1795000000", "limit": "5", "purpose": PURPOSE})
    return [Draft("GET", b"/data/v1/transactions", (*window, *token))]


def _data_verify(world: World) -> list[Draft]:
    token = header("Authorization", f"Bearer {world.partners}")
    asked = {"ask": {"over_20": True, "kyc_level": 2}, "purpose": PURPOSE}
    return [Draft("POST", b"/data/v1/verify", (*json_body(asked), *token))]


def _decisions(path: bytes, *left_out: str) -> Drafts:
    def drafts(world: World) -> list[Draft]:
        token = (*header("Authorization", f"Bearer {world.decider}"), *header("X-Request-ID", "7"))
        body = {
            "subject": {"type": "partner_app", "id": TABI_PHONE.client_id},
            "action": {"name": "share"},
            "resource": {"type": "user_data", "id": world.hana_id, "properties": {"fields": ["prefecture", "over_20"]}},
            "context": {"purpose": PURPOSE, "time": "2026-11-29T12:00:00Z"},
            "page": {"limit": 1},
            "evaluations": [{}, {"action": {"name": "read"}}],
            "options": {"evaluations_semantic": "execute_all"},
        }
        asked = {name: value for name, value in body.items() if name not in left_out}
        of_a_thing = {**asked, "resource": {"type": "record", "id": "record-1"}}
        return [Draft("POST", path, (*json_body(each), *token)) for each in (asked, of_a_thing)]

    return drafts


def _data_audience(world: World) -> list[Draft]:
    token = header("Authorization", f"Bearer {world.server_token()}")
    world.servers_grant()
    asked = {"purpose": PURPOSE, "where": {"prefecture": "Osaka"}, "campaign": "autumn"}
    return [Draft("POST", b"/data/v1/audience", (*json_body(asked), *token))]


def _managed_grant(world: World) -> list[Draft]:
    token = header("Authorization", f"Bearer {world.server_token()}")
    path = f"/grants/{world.servers_grant()}".encode()
    return [Draft("GET", path, token), Draft("GET", path + b"/events", token), Draft("DELETE", path, token)]


def _introspect(world: World) -> list[Draft]:
    storefront = header("Authorization", world.basic(STOREFRONT.client_id))
    return [
        Draft("POST", b"/introspect", (*form(token=world.access, token_type_hint="access_token"), *storefront)),
        Draft("POST", b"/introspect", (*form(token=world.held, token_type_hint="refresh_token"), *storefront)),
    ]


def _revoke(world: World) -> list[Draft]:
    spare = world.spare()
    return [
        Draft("POST", b"/revoke", form(token=spare[kind], token_type_hint=kind, client_id=PHONE.client_id))
        for kind in ("access_token", "refresh_token")
    ]


def _login(world: World) -> list[Draft]:
    page = world.visitor()
    flow, csrf = page["flow"], page["csrf"]
    browser = cookie(sekisho_session=page["session"], sekisho_language="ja", sekisho_device="nonce.signature")
    credentials = form(flow=flow, csrf=csrf, username=HANA, password=world.secrets[HANA])
    return [
        Draft("GET", b"/login", (*query(flow=flow, lang="ja"), *browser)),
        Draft("POST", b"/login", (*credentials, *browser, *header("X-Forwarded-For", "10.0.0.1, 10.0.0.2"))),
    ]


def _passkey_sign_in(world: World) -> list[Draft]:
    page = world.visitor()
    answer = Authenticator(ISSUER).get('{"challenge": "eHg"}')
    sent = form(flow=page["flow"], csrf=page["csrf"], next="/account/passkeys", answer=answer)
    return [Draft("POST", b"/login/passkey", (*sent, *cookie(sekisho_session=page["session"])))]


def _recovery(world: World) -> list[Draft]:
    page = world.visitor()
    session = cookie(sekisho_session=page["session"])
    sent = form(flow=page["flow"], csrf=page["csrf"], username=HANA, code="0123-4567")
    return [
        Draft("GET", b"/login/recovery", (*query(flow=page["flow"], lang="ja"), *session)),
        Draft("POST", b"/login/recovery", (*sent, *session)),
    ]


def _recovery_link(world: World) -> list[Draft]:
    session = cookie(sekisho_session=world.hana.session)
    sent = form(csrf=world.csrf, action="add", name="Phone", answer="{}")
    return [
        Draft("GET", b"/account/recovery/none", (*query(lang="ja"), *session)),
        Draft("POST", b"/account/recovery/none", (*sent, *session)),
    ]


def _undo_link(world: World) -> list[Draft]:
    session = cookie(sekisho_session=world.hana.session)
    return [
        Draft("GET", b"/account/email/undo/none", (*query(lang="ja"), *session)),
        Draft("POST", b"/account/email/undo/none", (*form(csrf=world.csrf), *session)),
    ]


def _passkeys_only(world: World) -> list[Draft]:
    session = cookie(sekisho_session=world.hana.session)
    return [Draft("POST", b"/account/passkeys/only", (*form(csrf=world.csrf, action="on"), *session))]


def _passkeys(world: World) -> list[Draft]:
    session = cookie(sekisho_session=world.hana.session)
    answer = Authenticator(ISSUER).create('{"challenge": "eHg", "user": {"id": "eHg"}}')
    sent = form(csrf=world.csrf, action="add", name="Phone", passkey="0a1b", answer=answer)
    return [
        Draft("GET", b"/account/passkeys", (*query(lang="ja"), *session)),
        Draft("POST", b"/account/passkeys", (*sent, *session)),
    ]


def _letters(start: bytes) -> Drafts:
    """Asking for a letter."""

    def drafts(world: World) -> list[Draft]:
        page = world.visitor()
        browser = cookie(sekisho_session=page["session"])
        asked = form(flow=page["flow"], csrf=page["csrf"], email="new.person@example.jp")
        return [
            Draft("GET", start, (*query(flow=page["flow"], lang="ja"), *browser)),
            Draft("POST", start, (*asked, *browser)),
        ]

    return drafts


def _code(path: bytes, kind: ProofKind) -> Drafts:
    def drafts(world: World) -> list[Draft]:
        page = world.visitor()
        proof, browser = world.proof(kind, page["session"]), cookie(sekisho_session=page["session"])
        typed = form(flow=page["flow"], csrf=page["csrf"], proof=proof.id, code=proof.code)
        return [
            Draft("GET", path, (*query(proof=proof.id, flow=page["flow"]), *browser)),
            Draft("POST", path, (*typed, *browser)),
        ]

    return drafts


def _finish(path: bytes, kind: ProofKind) -> Drafts:
    """The page that a link leads to; its form is not sent, for nobody comes to this world and no password changes."""

    def drafts(world: World) -> list[Draft]:
        page = world.visitor()
        proof, browser = world.proof(kind, page["session"]), cookie(sekisho_session=page["session"])
        return [Draft("GET", path, (*query(token=proof.secret), *browser))]

    return drafts


def _own_address(world: World) -> list[Draft]:
    proof = world.proof(ProofKind.NEW_ADDRESS, world.hana.session, account_id=world.hana_id)
    return [
        Draft(
            "GET", b"/account/email/finish", (*query(token=proof.secret), *cookie(sekisho_session=world.hana.session))
        )
    ]


def _own_phone(world: World) -> list[Draft]:
    """The page after the code; its form is not sent, for hana's account stays as it is."""
    proof = world.proof(ProofKind.NEW_PHONE, world.hana.session, account_id=world.hana_id)
    session = cookie(sekisho_session=world.hana.session)
    return [Draft("GET", b"/account/phone/finish", (*query(token=proof.secret), *session))]


def _upstream(world: World) -> list[Draft]:
    page = world.visitor()
    browser = cookie(sekisho_session=page["session"])
    return [
        Draft("POST", b"/login/with/away", (*form(flow=page["flow"], csrf=page["csrf"], next="/account"), *browser)),
        Draft("POST", b"/login/with/away", (*form(csrf=page["csrf"], purpose="connect"), *browser)),
    ]


def _upstream_callback(world: World) -> list[Draft]:
    answer = {"state": "x" * 43, "code": "a code", "iss": "https://127.0.0.1:9"}
    browser = cookie(sekisho_session=world.visitor()["session"])
    return [
        Draft("GET", b"/login/with/away/callback", (*query(**answer), *browser)),
        Draft("POST", b"/login/with/away/callback", form(**answer, user="{}")),
    ]


def _connections(world: World) -> list[Draft]:
    ken = world.leaver()
    session = cookie(sekisho_session=ken["session"])
    return [
        Draft("GET", b"/account/connections", (*query(problem="cancelled", **{"with": "away"}), *session)),
        Draft("POST", b"/account/connections", (*form(csrf=ken["csrf"], link="nothing"), *session)),
        Draft("POST", b"/account/connections/new", (*form(csrf=ken["csrf"], decision="connect"), *session)),
    ]


def _second_factor(world: World) -> list[Draft]:
    page = world.half_in()
    fields, browser = {name: page[name] for name in ("flow", "csrf", "factor")}, cookie(sekisho_session=page["session"])
    return [
        Draft("GET", b"/login/second-factor", (*query(flow=page["flow"], factor="mail", lang="ja"), *browser)),
        Draft("POST", b"/login/second-factor", (*form(**fields, code="123456", action="send"), *browser)),
    ]


def _authenticator(world: World) -> list[Draft]:
    browser = cookie(sekisho_session=world.hana.session)
    fields = form(csrf=world.csrf, code="123456", action="begin")
    return [
        Draft("GET", b"/account/authenticator", browser),
        Draft("POST", b"/account/authenticator", (*fields, *browser)),
    ]


def _recovery_codes(world: World) -> list[Draft]:
    browser = cookie(sekisho_session=world.hana.session)
    return [
        Draft("GET", b"/account/recovery-codes", browser),
        Draft("POST", b"/account/recovery-codes", (*form(csrf=world.csrf), *browser)),
    ]


def _consent(world: World) -> list[Draft]:
    page = world.asked()
    flow, csrf = page["flow"], page["csrf"]
    session = cookie(sekisho_session=world.hana.session)
    answers = (*form(flow=flow, csrf=csrf, decision="allow", fields="prefecture"), *form(fields="over_20"))
    return [
        Draft("GET", b"/consent", (*query(flow=flow, lang="en"), *session)),
        Draft("POST", b"/consent", (*answers, *session)),
    ]


def _home(world: World) -> list[Draft]:
    return [Draft("GET", b"/", (*query(lang="ja"), *cookie(sekisho_session=world.hana.session)))]


def _own_page(path: str, **values: str) -> Drafts:
    """A page of Hana's own, and its form where values for it are given: such as leave her as she is."""

    def drafts(world: World) -> list[Draft]:
        session = cookie(sekisho_session=world.hana.session)
        shown = Draft("GET", path.encode(), (*query(lang="ja"), *session))
        sent = Draft("POST", path.encode(), (*form(csrf=world.csrf, **values), *session))
        return [shown, sent] if values else [shown]

    return drafts


def _own_form(path: str, **sent: str) -> Drafts:
    """Return a page of Hana's, and its form as Ken sends it: only such as leaves his account as it is."""

    def drafts(world: World) -> list[Draft]:
        ken = world.leaver()
        sending = (*form(csrf=ken["csrf"], **sent), *cookie(sekisho_session=ken["session"]))
        return [*_own_page(path)(world), Draft("POST", path.encode(), sending)]

    return drafts


def _partner(world: World) -> list[Draft]:
    return [Draft("GET", b"/partner", (*query(lang="ja"), *cookie(sekisho_session=world.hana.session)))]


def _apps(world: World) -> list[Draft]:
    ken = world.leaver()
    session = cookie(sekisho_session=ken["session"])
    return [
        Draft("GET", b"/account/sharing", (*query(lang="ja"), *cookie(sekisho_session=world.hana.session))),
        Draft(
            "POST", b"/account/sharing", (*form(csrf=ken["csrf"], client_id=TABI.client_id, purpose=PURPOSE), *session)
        ),
    ]


def _grant(world: World) -> list[Draft]:
    ken = world.leaver()
    path, session = f"/account/sharing/{ken['grant']}".encode(), cookie(sekisho_session=ken["session"])
    narrowed = form(csrf=ken["csrf"], action="narrow", shown="prefecture over_20", back="list", fields="over_20")
    return [
        Draft("GET", path, (*query(lang="ja", before="1795000000.1", done="narrow"), *session)),
        Draft("POST", path, (*narrowed, *session)),
    ]


def _of_grant(suffix: str) -> Drafts:
    def drafts(world: World) -> list[Draft]:
        ken = world.leaver()
        path = f"/account/sharing/{ken['grant']}/{suffix.format(**ken)}"
        return [Draft("GET", path.encode(), (*query(lang="ja"), *cookie(sekisho_session=ken["session"])))]

    return drafts


def _export(world: World) -> list[Draft]:
    return [Draft("GET", b"/account/sharing/export", cookie(sekisho_session=world.hana.session))]


def _earlier(world: World) -> list[Draft]:
    session = cookie(sekisho_session=world.hana.session)
    return [Draft("GET", b"/account/sharing/earlier", (*query(lang="ja"), *session))]


def _console(page: str, **sent: str) -> Drafts:
    """Return a page of the partner console, and its form with these values."""

    def drafts(world: World) -> list[Draft]:
        session = cookie(sekisho_session=world.hana.session)
        path = f"/partner/{CONSOLE}{page.replace('<client_id>', CONSOLE)}".encode("ascii")
        shown = Draft("GET", path, (*query(lang="ja"), *session))
        return [shown, Draft("POST", path, (*form(csrf=world.csrf, **sent), *session))] if sent else [shown]

    return drafts


_APP = {
    "name": "An app",
    "homepage": "https://app.example.test",
    "redirect_uris": "https://app.example.test/callback",
    "auth_method": "private_key_jwt",
    "jwks_uri": "https://app.example.test/jwks",
    "pushed": "yes",
}


def _logout(world: World) -> list[Draft]:
    ken = world.leaver()
    session = cookie(sekisho_session=ken["session"])
    back = {"post_logout_redirect_uri": "http://127.0.0.1:8401/signed-out", "state": "a state", "ui_locales": "ja"}
    return [
        Draft("GET", b"/logout", (*query(client_id=STOREFRONT.client_id, **back), *session)),
        Draft("POST", b"/logout", (*form(id_token_hint=ken["id_token"], **back), *session)),
        Draft("GET", b"/logout", (*query(id_token_hint=ken["id_token"], **back), *session)),
    ]


def _confirm(world: World) -> list[Draft]:
    ken = world.leaver()
    answers = form(csrf=ken["csrf"], flow=ken["flow"], decision="confirm")
    return [Draft("POST", b"/logout/confirm", (*answers, *cookie(sekisho_session=ken["session"])))]


def _register(_world: World) -> list[Draft]:
    metadata = {
        "redirect_uris": ["https://new.example.test/callback"],
        "client_name": "New",
        "client_name#ja": "新しい店",
        "scope": "openid email",
        "contacts": ["new@example.test"],
        "token_endpoint_auth_method": "private_key_jwt",
        "jwks_uri": "https://new.example.test/jwks",
    }
    return [Draft("POST", b"/register", json_body(metadata))]


def _registration(world: World) -> list[Draft]:
    client = world.registered()
    path = b"/register/" + client["client_id"].encode()
    token = header("Authorization", f"Bearer {client['registration_access_token']}")
    metadata = {"client_id": client["client_id"], "redirect_uris": client["redirect_uris"], "client_name": "Renamed"}
    return [
        Draft("GET", path, token),
        Draft("PUT", path, (*json_body(metadata), *token)),
        Draft("DELETE", path, token),
    ]


def _acknowledgements(world: World) -> list[Draft]:
    token = header("Authorization", f"Bearer {world.server_token()}")
    return [Draft("POST", b"/partner/v1/acknowledgements", (*json_body({"acknowledged": ["never-sent"]}), *token))]


def _session_check(world: World) -> list[Draft]:
    return [Draft("GET", b"/session/check", cookie(sekisho_session=world.hana.session))]


def _tile(world: World) -> list[Draft]:
    width = world.log_size() % 256
    return [Draft("GET", f"/log/tile/0/000.p/{width}".encode())]


def _plain(path: bytes) -> Drafts:
    return lambda _world: [Draft("GET", path)]


def _static(_world: World) -> list[Draft]:
    conditions = (*header("If-None-Match", '"x"'), *header("Range", "bytes=0-9"), *header("If-Range", '"x"'))
    return [
        Draft(
            "GET",
            b"/static/sekisho.css",
            (*query(v="1"), *header("If-Modified-Since", "Sun, 06 Nov 1994 08:49:37 GMT")),
        ),
        Draft("GET", b"/static/gate.svg", conditions),
        Draft("GET", b"/static/none"),
    ]


def _published(path: bytes) -> Drafts:
    return lambda _world: [Draft("GET", path, header("If-None-Match", '"x"'))]


ENDPOINTS = (
    Endpoint("/authorize", touches_store=True, drafts=_authorize),
    Endpoint("/authorize/continue", touches_store=True, drafts=_continue),
    Endpoint("/par", touches_store=True, drafts=_par),
    Endpoint("/token", touches_store=True, drafts=_token),
    Endpoint("/userinfo", touches_store=True, drafts=_userinfo),
    Endpoint("/data/v1/me", touches_store=True, drafts=_data_me),
    Endpoint("/data/v1/transactions", touches_store=True, drafts=_data_transactions),
    Endpoint("/data/v1/verify", touches_store=True, drafts=_data_verify),
    Endpoint("/data/v1/audience", touches_store=True, drafts=_data_audience),
    Endpoint("/grants/<grant_id>", touches_store=True, drafts=_managed_grant, share=0.3),
    Endpoint("/grants/<grant_id>/events", touches_store=True, drafts=_managed_grant, share=0.1),
    Endpoint("/data/v1/reasons", touches_store=False, drafts=_plain(b"/data/v1/reasons"), share=0.1),
    Endpoint(
        "/access/v1/evaluation",
        touches_store=True,
        drafts=_decisions(b"/access/v1/evaluation", "evaluations"),
        share=0.3,
    ),
    Endpoint("/access/v1/evaluations", touches_store=True, drafts=_decisions(b"/access/v1/evaluations"), share=0.2),
    Endpoint(
        "/access/v1/search/subject", touches_store=True, drafts=_decisions(b"/access/v1/search/subject"), share=0.1
    ),
    Endpoint(
        "/access/v1/search/resource", touches_store=True, drafts=_decisions(b"/access/v1/search/resource"), share=0.1
    ),
    Endpoint(
        "/access/v1/search/action",
        touches_store=True,
        drafts=_decisions(b"/access/v1/search/action", "action"),
        share=0.1,
    ),
    Endpoint("/introspect", touches_store=True, drafts=_introspect),
    Endpoint("/revoke", touches_store=True, drafts=_revoke),
    Endpoint("/login", touches_store=True, drafts=_login),
    Endpoint("/sign-up", touches_store=True, drafts=_letters(b"/sign-up"), share=0.3),
    Endpoint("/sign-up/code", touches_store=True, drafts=_code(b"/sign-up/code", ProofKind.SIGN_UP), share=0.2),
    Endpoint("/sign-up/finish", touches_store=True, drafts=_finish(b"/sign-up/finish", ProofKind.SIGN_UP), share=0.2),
    Endpoint("/login/forgotten", touches_store=True, drafts=_letters(b"/login/forgotten"), share=0.1),
    Endpoint(
        "/login/forgotten/code",
        touches_store=True,
        drafts=_code(b"/login/forgotten/code", ProofKind.NEW_PASSWORD),
        share=0.1,
    ),
    Endpoint(
        "/login/forgotten/finish",
        touches_store=True,
        drafts=_finish(b"/login/forgotten/finish", ProofKind.NEW_PASSWORD),
        share=0.1,
    ),
    Endpoint("/account/password", touches_store=True, drafts=_own_page("/account/password"), share=0.2),
    Endpoint("/account/email", touches_store=True, drafts=_own_page("/account/email", email="x@example.jp"), share=0.2),
    Endpoint("/account/email/finish", touches_store=True, drafts=_own_address, share=0.2),
    Endpoint(
        "/account/email/code",
        touches_store=True,
        drafts=_code(b"/account/email/code", ProofKind.NEW_ADDRESS),
        share=0.1,
    ),
    Endpoint(
        "/account/phone", touches_store=True, drafts=_own_page("/account/phone", phone="+819012345678"), share=0.2
    ),
    Endpoint("/account/phone/finish", touches_store=True, drafts=_own_phone, share=0.1),
    Endpoint(
        "/account/phone/code", touches_store=True, drafts=_code(b"/account/phone/code", ProofKind.NEW_PHONE), share=0.1
    ),
    Endpoint("/login/second-factor", touches_store=True, drafts=_second_factor, share=0.3),
    Endpoint("/account/authenticator", touches_store=True, drafts=_authenticator, share=0.2),
    Endpoint("/account/recovery-codes", touches_store=True, drafts=_recovery_codes, share=0.1),
    Endpoint("/consent", touches_store=True, drafts=_consent),
    Endpoint("/", touches_store=True, drafts=_home),
    Endpoint("/account", touches_store=True, drafts=_own_page("/account"), share=0.1),
    Endpoint("/login/passkey", touches_store=True, drafts=_passkey_sign_in, share=0.3),
    Endpoint("/login/recovery", touches_store=True, drafts=_recovery, share=0.2),
    Endpoint("/account/email/undo/<secret>", touches_store=True, drafts=_undo_link, share=0.2),
    Endpoint("/account/recovery", touches_store=True, drafts=_own_form("/account/recovery", x="x"), share=0.1),
    Endpoint("/account/recovery/<secret>", touches_store=True, drafts=_recovery_link, share=0.2),
    Endpoint("/account/passkeys/only", touches_store=True, drafts=_passkeys_only, share=0.1),
    Endpoint("/account/passkeys", touches_store=True, drafts=_passkeys, share=0.3),
    Endpoint("/account/sign-in", touches_store=True, drafts=_own_page("/account/sign-in"), share=0.1),
    Endpoint("/login/with/<provider>", touches_store=True, drafts=_upstream, share=0.3),
    Endpoint("/login/with/<provider>/callback", touches_store=True, drafts=_upstream_callback, share=0.3),
    Endpoint("/login/new-here", touches_store=True, drafts=_own_page("/login/new-here"), share=0.1),
    Endpoint("/account/connections", touches_store=True, drafts=_connections, share=0.3),
    Endpoint("/account/connections/new", touches_store=True, drafts=_own_page("/account/connections/new"), share=0.1),
    Endpoint("/login/accounts", touches_store=True, drafts=_own_page("/login/accounts", account="new"), share=0.3),
    Endpoint("/account/profile", touches_store=True, drafts=_own_page("/account/profile"), share=0.1),
    Endpoint("/account/devices", touches_store=True, drafts=_own_form("/account/devices", session="x"), share=0.3),
    Endpoint("/account/activity", touches_store=True, drafts=_own_page("/account/activity"), share=0.1),
    Endpoint("/account/data", touches_store=True, drafts=_own_page("/account/data"), share=0.1),
    Endpoint("/account/download", touches_store=True, drafts=_own_page("/account/download"), share=0.1),
    Endpoint("/account/close", touches_store=True, drafts=_own_page("/account/close"), share=0.1),
    Endpoint("/account/come-back", touches_store=True, drafts=_own_form("/account/come-back", flow="x"), share=0.2),
    Endpoint("/account/sharing", touches_store=True, drafts=_apps),
    Endpoint("/account/sharing/earlier", touches_store=True, drafts=_earlier, share=0.1),
    Endpoint("/account/sharing/<grant_id>", touches_store=True, drafts=_grant, share=0.3),
    Endpoint("/account/sharing/export", touches_store=True, drafts=_export, share=0.1),
    Endpoint(
        "/account/sharing/<grant_id>/receipts/<version>", touches_store=True, drafts=_of_grant("receipts/1"), share=0.1
    ),
    Endpoint(
        "/account/sharing/<grant_id>/receipts/<version>/signed",
        touches_store=True,
        drafts=_of_grant("receipts/1/signed"),
        share=0.1,
    ),
    Endpoint(
        "/account/sharing/<grant_id>/entries/<number>",
        touches_store=True,
        drafts=_of_grant("entries/{entry}"),
        share=0.1,
    ),
    Endpoint("/partner", touches_store=True, drafts=_partner, share=0.1),
    Endpoint("/partner/<partner_id>", touches_store=True, drafts=_console("", action="submit"), share=0.1),
    Endpoint("/partner/<partner_id>/agreement", touches_store=True, drafts=_console("/agreement"), share=0.1),
    Endpoint("/partner/<partner_id>/usage", touches_store=True, drafts=_console("/usage"), share=0.1),
    Endpoint("/partner/<partner_id>/sandbox", touches_store=True, drafts=_console("/sandbox"), share=0.1),
    Endpoint("/partner/<partner_id>/apps", touches_store=True, drafts=_console("/apps", **_APP), share=0.1),
    Endpoint(
        "/partner/<partner_id>/apps/<client_id>",
        touches_store=True,
        drafts=_console("/apps/<client_id>", action="change", **_APP),
        share=0.1,
    ),
    Endpoint(
        "/partner/<partner_id>/apps/<client_id>/keys",
        touches_store=True,
        drafts=_console("/apps/<client_id>/keys", action="fetch"),
        share=0.1,
    ),
    Endpoint(
        "/partner/<partner_id>/apps/<client_id>/webhook",
        touches_store=True,
        drafts=_console("/apps/<client_id>/webhook"),
        share=0.1,
    ),
    Endpoint(
        "/partner/<partner_id>/apps/<client_id>/check",
        touches_store=True,
        drafts=_console("/apps/<client_id>/check"),
        share=0.1,
    ),
    Endpoint("/logout", touches_store=True, drafts=_logout),
    Endpoint("/logout/confirm", touches_store=True, drafts=_confirm),
    Endpoint("/apps/<client_id>/logo/<language>", touches_store=True, drafts=_plain(b"/apps/storefront/logo/ja")),
    Endpoint("/account/apps", touches_store=False, drafts=_plain(b"/account/apps"), share=0.1),
    Endpoint("/register", touches_store=True, drafts=_register),
    Endpoint("/register/<client_id>", touches_store=True, drafts=_registration, share=0.3),
    Endpoint("/partner/v1/acknowledgements", touches_store=True, drafts=_acknowledgements),
    Endpoint("/session/check", touches_store=False, drafts=_session_check, share=0.1),
    Endpoint("/log/checkpoint", touches_store=True, drafts=_plain(b"/log/checkpoint"), share=0.1),
    Endpoint("/log/key", touches_store=False, drafts=_plain(b"/log/key"), share=0.1),
    Endpoint("/log/tile/<path:place>", touches_store=True, drafts=_tile, share=0.2),
    Endpoint("/mailbox", touches_store=True, drafts=_plain(b"/mailbox"), share=0.1),
    Endpoint("/health/live", touches_store=False, drafts=_plain(b"/health/live"), share=0.1),
    Endpoint("/health/ready", touches_store=True, drafts=_plain(b"/health/ready"), share=0.1),
    Endpoint("/static/<path:filename>", touches_store=False, drafts=_static),
    Endpoint("/jwks", touches_store=False, drafts=_published(b"/jwks")),
    Endpoint(
        "/.well-known/openid-configuration",
        touches_store=False,
        drafts=_published(b"/.well-known/openid-configuration"),
    ),
    Endpoint(
        "/.well-known/oauth-authorization-server",
        touches_store=False,
        drafts=_published(b"/.well-known/oauth-authorization-server"),
        share=0.3,
    ),
    Endpoint(
        "/.well-known/authzen-configuration",
        touches_store=False,
        drafts=_published(b"/.well-known/authzen-configuration"),
        share=0.1,
    ),
)
