"""A provider with people, sessions, requests on their way and tokens that live, for requests to begin from.

What a valid request uses up (a code, a sign-out) is made anew before it is needed again. What no request may end is
kept account of: `losses` names whatever of it is gone.
"""

import json
import logging
from base64 import b64encode
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from flask import Flask
from joserfc.jwk import ECKey

from idp.admin.apply import Declarations, apply
from idp.admin.partner_document import PartnerDeclaration
from idp.app import create_app
from idp.passwords.hashing import Passwords
from idp.protocol.authentication import ACR_MAIL_CODE
from idp.protocol.names import JWT_BEARER_ASSERTION
from idp.protocol.secrets import hash_secret
from idp.services import EXTENSION, Services
from idp.store import partner_members, partners, sessions
from idp.store.mail_proofs import Issued, ProofKind
from tests.fuzz.answer import Answer, call
from tests.fuzz.browser import Browser, request_of
from tests.fuzz.message import FORM, Message
from tests.fuzz.store import CONSOLE, IDLE, Store
from tests.provider.apps import PHONE, STOREFRONT, TABI, TABI_PHONE, App
from tests.provider.jose import sign
from tests.provider.person import hidden
from tests.provider.provider import Clock, declare, prepare, testing_settings

HANA, KEN = "hana@example.jp", "ken@example.jp"
ISSUER = "http://127.0.0.1:8400"
PURPOSE = "points.credit"
ASSERTOR = App("assertor", "https://assertor.example.test/callback", "openid")
TABI_SERVER = "tabi-server"
SERVERS_APP = App(TABI_SERVER, "https://tabi-server.example.test/callback", "openid prefecture")
OUT_OF_THE_WAY = {
    "IDP_SIGN_IN__FAILURES_PER_ACCOUNT_AND_ADDRESS": "1000000000",
    "IDP_SIGN_IN__FAILURES_PER_ADDRESS": "1000000000",
    "IDP_SIGN_IN__FAILURES_PER_DEVICE": "1000000000",
    "IDP_SIGN_IN__FAILURES_EVERYWHERE": "1000000000",
    "IDP_DATA_API__AUDIENCE_LEAST": "1",
    "IDP_DATA_API__AUDIENCE_SPREAD": "0",
    "IDP_EXPERIMENTAL": "grant-management-03",
    "IDP_TRUSTED_PROXIES": "127.0.0.0/8,10.0.0.0/8,fe80::/10",
    "IDP_RISK__COUNTRY_HEADER": "X-Country",
    "IDP_RISK__LATITUDE_HEADER": "X-Latitude",
    "IDP_RISK__LONGITUDE_HEADER": "X-Longitude",
    "IDP_UPSTREAM__AWAY__ISSUER": "https://127.0.0.1:9",
    "IDP_UPSTREAM__AWAY__CLIENT_ID": "sekisho",
    "IDP_UPSTREAM__AWAY__CLIENT_SECRET": "a secret",
    "IDP_UPSTREAM__AWAY__EN": "Away",
    "IDP_UPSTREAM__AWAY__JA": "不在",
}
"""Every try reaches the password, X-Forwarded-For is read, there is every endpoint, and a provider that is away."""


class LogLines(logging.Handler):
    """Keeps the lines of the log and the bugs among them."""

    def __init__(self) -> None:
        super().__init__()
        self.lines: list[str] = []
        self.bugs: list[BaseException] = []

    @contextmanager
    def listening(self) -> Iterator[None]:
        """Listen to what the provider logs, in place of those who listen usually: a batch fills hundreds of pages."""
        logger = logging.getLogger("idp")
        logger.addHandler(self)
        logger.setLevel(logging.INFO)
        logger.propagate = False
        try:
            yield
        finally:
            logger.removeHandler(self)
            logger.setLevel(logging.NOTSET)
            logger.propagate = True

    def emit(self, record: logging.LogRecord) -> None:
        self.lines.append(record.getMessage())
        if record.exc_info and record.exc_info[1] is not None:
            self.bugs.append(record.exc_info[1])


class World:
    """The provider and everything that lives in it."""

    def __init__(self, app: Flask, secrets: dict[str, str], clock: Clock, log: LogLines) -> None:
        self.app, self.secrets, self.clock, self.log = app, secrets, clock, log
        self.services: Services = app.extensions[EXTENSION]
        self.assertion_key = ECKey.generate_key("P-256", {"kid": "assertor"})
        self._declare_clients()
        self._open_console()
        self._serial = 0
        self._store = Store(self.services)
        with self.services.database.autocommit() as connection:
            self.hana_id = self.services.accounts.find_by_username(connection, HANA).id
        self.decider = self._deciders_token()
        self.hana = self._browser_of(HANA)
        self.hana.tab.get("/authorize/continue", query_string={"flow": self.hana.agree(TABI)})
        self.csrf: str = hidden(self.hana.tab.get("/").text)["csrf"]
        for_phone, for_storefront = self.hana.tokens(PHONE), self._storefront_tokens(self.hana)
        self.kept: str = for_phone["refresh_token"]
        self.held: str = for_storefront["refresh_token"]
        self.access: str = for_storefront["access_token"]
        self.id_token: str = for_phone["id_token"]
        self.hana.tab.get("/authorize/continue", query_string={"flow": self.hana.agree(TABI_PHONE)})
        self.partners: str = self.hana.tokens(TABI_PHONE)["access_token"]
        self._made: dict[str, Any] = {}
        self._codes_given: set[str] = set()
        self.redirect_uris = self._store.redirect_uris()
        self._rows_before = self._store.rows()

    # ---- asking --------------------------------------------------------------------------------------------------

    def send(self, message: Message) -> Answer:
        """Hand a request to the application and take account of what it rightly used up."""
        self.log.lines.clear()
        self.log.bugs.clear()
        answer = call(self.app, message)
        if message.path == b"/token" and message.method == "POST" and answer.status == 200:
            self._note_tokens(json.loads(answer.body), message)
        return answer

    def _note_tokens(self, body: dict[str, Any], message: Message) -> None:
        refreshed = body.get("refresh_token", "")
        if refreshed.partition(".")[0] == self.kept.partition(".")[0]:
            self.kept = refreshed
        self._codes_given -= {code for code in self._codes_given if code.encode() in message.body}

    # ---- what lives ----------------------------------------------------------------------------------------------

    @property
    def never_logged(self) -> list[str]:
        """What no line of the log may hold."""
        tokens = [self.kept, self.held, self.access, self.id_token, self.partners, self.decider]
        return [*self.secrets.values(), *tokens, self.hana.session, *self._codes_given]

    def basic(self, client_id: str) -> str:
        pair = f"{client_id}:{self.secrets[client_id]}"
        return f"Basic {b64encode(pair.encode()).decode()}"

    def code(self, app: App) -> str:
        """Return a code of an app that nobody has redeemed."""
        code: str = self._living(app.client_id, lambda: self.hana.code(app), self._store.is_unspent)
        self._codes_given.add(code)
        return code

    def spare(self) -> dict[str, Any]:
        """Return tokens that may be revoked."""
        return dict(self._living("spare", lambda: self.hana.tokens(PHONE), self._has_family))

    def pushed(self) -> str:
        """Return the reference of a request that was pushed just now."""
        proof = {"Authorization": self.basic(STOREFRONT.client_id)}
        return str(self.hana.as_app("/par", request_of(STOREFRONT), proof, 201)["request_uri"])

    def visitor(self) -> dict[str, str]:
        """Return session, flow and CSRF token of somebody who has the sign-in page open."""

        def open_page() -> dict[str, str]:
            browser = Browser(self.app)
            return {**browser.open_sign_in(TABI), "session": browser.session}

        return dict(self._living("visitor", open_page, self._has_session))

    def proof(self, kind: ProofKind, session: str, account_id: str = "") -> Issued:
        """Return a letter that was sent to somebody in a browser session."""
        services = self.services
        with services.database.transaction() as connection:
            found = sessions.find(connection, hash_secret(session), services.now, IDLE)
            assert found is not None
            expires_at = services.now + 3600
            return services.mail_proofs.add(
                connection, kind, found.id, expires_at, account_id=account_id, address="new@example.jp"
            )

    def half_in(self) -> dict[str, str]:
        """Return session, flow and CSRF token of Hana in a browser that is asked for a second factor."""

        def sign_in() -> dict[str, str]:
            browser = Browser(self.app)
            page = hidden(browser.tab.get(browser.authorize(STOREFRONT, acr_values=ACR_MAIL_CODE)).text)
            form = {**page, "username": HANA, "password": self.secrets[HANA]}
            location = browser.tab.post("/login", data=form).headers["Location"]
            return {**hidden(browser.tab.get(location).text), "session": browser.session}

        return dict(self._living("half in", sign_in, self._has_session))

    def asked(self) -> dict[str, str]:
        """Return flow and CSRF token of Hana, who has the consent page open."""
        return dict(self._living("asked", lambda: self.hana.open_consent(TABI), lambda page: self._waits(page["flow"])))

    def agreed(self) -> str:
        """Return the flow of Hana, who agreed and is on her way back."""
        return str(self._living("agreed", lambda: self.hana.agree(TABI), self._waits))

    def leaver(self) -> dict[str, str]:
        """Return session, CSRF token, sealed request, ID token and grant of Ken, who may be signed out."""

        def open_page() -> dict[str, str]:
            browser = self._browser_of(KEN)
            browser.tab.get("/authorize/continue", query_string={"flow": browser.agree(TABI)})
            id_token = self._storefront_tokens(browser)["id_token"]
            grant = self._store.grant_of(KEN, TABI.client_id, PURPOSE)
            known = {"id_token": id_token, "session": browser.session, "grant": grant}
            return {**browser.open_sign_out(STOREFRONT), **known, "entry": self._store.entry_of(grant)}

        return dict(self._living("leaver", open_page, self._has_session))

    def registered(self) -> dict[str, Any]:
        """Return what a client was told that registered itself, and that may go."""

        def register() -> dict[str, Any]:
            answer = self.hana.tab.post("/register", json={"redirect_uris": ["https://rp.example.test/callback"]})
            return dict(answer.json)

        return dict(self._living("registered", register, lambda client: self._store.knows(client["client_id"])))

    def server_token(self) -> str:
        """Return an access token of a partner's server, of its own."""

        def ask() -> str:
            request = {
                "grant_type": "client_credentials",
                "scope": "partner_messages audience grant_management_query grant_management_revoke",
                "client_assertion_type": JWT_BEARER_ASSERTION,
                "client_assertion": self.assertion(TABI_SERVER),
            }
            return str(self.hana.as_app("/token", request, {}, 200)["access_token"])

        return str(self._living("server token", ask, bool))

    def servers_grant(self) -> str:
        """Return a grant of Ken's to that server's app, which may be ended."""

        def agree() -> str:
            browser = self._browser_of(KEN)
            browser.tab.get("/authorize/continue", query_string={"flow": browser.agree(SERVERS_APP)})
            return self._store.grant_of(KEN, TABI_SERVER, PURPOSE)

        return str(self._living("server's grant", agree, self._store.stands))

    def log_size(self) -> int:
        """Return how many entries the log has, those included that waited for their place."""
        self.services.audit_tree.sequence()
        return self.services.audit_tree.frontier().size

    def assertion(self, client_id: str = ASSERTOR.client_id, **changes: Any) -> str:
        """Return an assertion of a client, signed by its key; unused, unless told otherwise."""
        self._serial += 1
        now = int(self.clock())
        claims = {"iss": client_id, "sub": client_id, "aud": ISSUER, "iat": now, "exp": now + 60}
        return sign(self.assertion_key, {**claims, "jti": str(self._serial), **changes}, alg="ES256", kid="assertor")

    # ---- what must not be lost -----------------------------------------------------------------------------------

    def losses(self) -> list[str]:
        """Name what is gone though no request may end it; looked at after every case."""
        held = ([self.hana.session], [self.kept, self.held], list(self._codes_given))
        alive = self._store.alive(*held)
        names = ("a session", "a refresh token", "a code")
        return [name for name, count, all_ in zip(names, alive, held, strict=True) if count < len(all_)]

    def losses_at_the_end(self) -> list[str]:
        """Name what is gone, by asking as people and apps do; looked at after every batch."""
        rows = self._store.rows()
        holds = {
            **{f"rows of {table}": before <= rows[table] for table, before in self._rows_before.items()},
            "the number of people": len(self._rows_before["accounts"]) == len(rows["accounts"]),
            "Hana's sign-in": self.hana.shows("/", HANA),
            "Hana's consent": self.hana.shows("/account/sharing", "Tabi Points"),
            "Hana's password": self._browser_of(HANA).shows("/", HANA),
            "a refresh token": self._refresh().status == 200,
        }
        return [name for name, still in holds.items() if not still]

    def _refresh(self) -> Answer:
        body = f"grant_type=refresh_token&client_id={PHONE.client_id}&refresh_token={self.kept}"
        return self.send(Message("POST", b"/token", headers=(("Content-Type", FORM),), body=body.encode()))

    # ---- making it -----------------------------------------------------------------------------------------------

    def _living(self, name: str, make: Callable[[], Any], lives: Callable[[Any], bool]) -> Any:
        if name not in self._made or not lives(self._made[name]):
            self._made[name] = make()
        return self._made[name]

    def _has_family(self, tokens: dict[str, Any]) -> bool:
        return self._store.is_newest(tokens["refresh_token"])

    def _has_session(self, page: dict[str, str]) -> bool:
        return self._store.has_session(page["session"])

    def _waits(self, flow: str) -> bool:
        return self._store.waits(flow, self.hana.session)

    def _browser_of(self, username: str) -> Browser:
        return Browser(self.app).sign_in(username, self.secrets[username])

    def _storefront_tokens(self, browser: Browser) -> dict[str, Any]:
        return browser.tokens(STOREFRONT, Authorization=self.basic(STOREFRONT.client_id))

    def _deciders_token(self) -> str:
        """Return a token of a service that may ask for decisions."""
        mint, client = self.services.server.parts.mint, self.services.find_client("gate")
        token: str = mint.client_response(client, ("access_decisions",), (ISSUER,), self.services.now)["access_token"]
        return token

    def _declare_clients(self) -> None:
        by_key = {
            "auth_method": "private_key_jwt",
            "jwks": {"keys": [self.assertion_key.as_dict(private=False)]},
            "grant_types": ["authorization_code", "client_credentials"],
        }
        documents = [
            {
                "client_id": ASSERTOR.client_id,
                "kind": "first_party",
                "name": "Assertor",
                "redirect_uris": [ASSERTOR.redirect_uri],
                "scopes": ["openid", "payments:read"],
                **by_key,
            },
            {
                "client_id": TABI_SERVER,
                "kind": "third_party",
                "partner_id": "tabi-points",
                "name": "Tabi Points",
                "redirect_uris": [SERVERS_APP.redirect_uri],
                "scopes": [
                    "openid",
                    "prefecture",
                    "partner_messages",
                    "audience",
                    "grant_management_query",
                    "grant_management_revoke",
                ],
                **by_key,
            },
            {
                "client_id": "gate",
                "kind": "service",
                "name": "Gate",
                "scopes": ["access_decisions"],
                **by_key,
                "grant_types": ["client_credentials"],
            },
        ]
        hasher = Passwords(self.services.settings.sign_in).hash
        apply(self.services, Declarations(documents, [], []), hasher, dry_run=False)

    def _open_console(self) -> None:
        """Let Hana look after a partner of the sandbox, which has an app."""
        app = {"client_id": CONSOLE, "kind": "third_party", "partner_id": CONSOLE, "environment": "sandbox"}
        app |= {"name": "An app", "auth_method": "client_secret_basic"}
        declared = Declarations([app], [PartnerDeclaration(_CONSOLE_PARTNER, None, None)], [])
        hasher = Passwords(self.services.settings.sign_in).hash
        changes = apply(self.services, declared, hasher, dry_run=False)
        self.secrets.update({change.id: change.secret for change in changes if change.secret})
        with self.services.database.transaction() as connection:
            hana = self.services.accounts.find_by_username(connection, HANA)
            assert hana is not None
            partner_members.add(connection, hana.id, CONSOLE, "Aiko", self.services.now)
            partners.move(connection, CONSOLE, "submitted", "sandbox", self.services.now)


_CONSOLE_PARTNER = {"id": CONSOLE, "name": "Console", "status": "submitted"}


@contextmanager
def open_world(database_url: str) -> Iterator[World]:
    """Build a provider in this process, without a server in front of it."""
    settings = testing_settings(database_url, ISSUER, **OUT_OF_THE_WAY)
    prepare(settings)
    clock, log = Clock(), LogLines()
    app = create_app(settings, clock)
    try:
        with log.listening():
            yield World(app, declare(app), clock, log)
    finally:
        app.extensions[EXTENSION].database.engine.dispose()
