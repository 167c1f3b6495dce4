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
from urllib.parse import parse_qs, urlsplit

from authlib.oauth2.rfc7636 import create_s256_code_challenge
from flask import Flask
from flask.testing import FlaskClient
from joserfc.jwk import ECKey
from sqlalchemy import text

from idp.admin.apply import Declarations, apply
from idp.app import create_app
from idp.login.password import Passwords
from idp.protocol.secrets import hash_secret
from idp.services import EXTENSION, Services
from idp.store import clients, codes, families, sessions
from idp.tokens.refresh import parse_refresh_token
from tests.fuzz.answer import Answer, call
from tests.fuzz.message import Message
from tests.provider.apps import PHONE, STOREFRONT, TABI, App
from tests.provider.jose import sign
from tests.provider.person import hidden
from tests.provider.provider import Clock, declare, prepare, testing_settings

HANA, KEN = "hana@example.jp", "ken@example.jp"
ISSUER = "http://127.0.0.1:8400"
VERIFIER = "v" * 43
CHALLENGE = create_s256_code_challenge(VERIFIER)
PURPOSE = "points.credit"
NOBODY_GUESSES = {
    "IDP_SIGN_IN__FAILURES_PER_ACCOUNT_AND_ADDRESS": "1000000000",
    "IDP_SIGN_IN__FAILURES_PER_ADDRESS": "1000000000",
    "IDP_SIGN_IN__FAILURES_PER_DEVICE": "1000000000",
    "IDP_TRUSTED_PROXIES": "127.0.0.0/8,10.0.0.0/8,fe80::/10",
}
"""Limits out of the way, so that every try reaches the password; and a trusted proxy, so that its header is read."""
KEPT_TABLES = ("accounts", "clients", "partners", "signing_keys", "root_secrets")


class LogLines(logging.Handler):
    """Keeps the lines of the log and the bugs among them."""

    def __init__(self) -> None:
        super().__init__()
        self.lines: list[str] = []
        self.bugs: list[BaseException] = []

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
        self._serial = 0
        self._declare_assertor()
        self.hana = self._signed_in(HANA)
        tokens = self._tokens(self.hana, PHONE)
        self.kept: str = tokens["refresh_token"]
        self.id_token: str = tokens["id_token"]
        tokens = self._tokens(self.hana, STOREFRONT)
        self.access: str = tokens["access_token"]
        self.held: str = tokens["refresh_token"]
        self._agree(self.hana)
        self._made: dict[str, Any] = {}
        self.codes_redeemed: set[str] = set()
        self.codes_given: set[str] = set()
        self.asked_so_far = 0
        self.redirect_uris = self._redirect_uris()
        self._before = self._rows()

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
        self.codes_redeemed |= {code for code in self.codes_given if code.encode() in message.body}

    @property
    def never_logged(self) -> list[str]:
        """What no line of the log may hold."""
        return [
            *self.secrets.values(),
            self.kept,
            self.held,
            self.access,
            self.id_token,
            self.hana_session,
            *self.codes_given,
        ]

    # ---- what lives ----------------------------------------------------------------------------------------------

    @property
    def hana_session(self) -> str:
        return session_of(self.hana)

    def basic(self, client_id: str) -> str:
        pair = f"{client_id}:{self.secrets[client_id]}"
        return f"Basic {b64encode(pair.encode()).decode()}"

    def code(self, app: App = STOREFRONT) -> str:
        """Return a code of an app that nobody has redeemed."""
        code: str = self._living(app.client_id, lambda: self._code(self.hana, app), self._is_unspent)
        self.codes_given.add(code)
        return code

    def spare(self) -> str:
        """Return a refresh token that may be revoked."""
        return str(self._living("spare", lambda: self._tokens(self.hana, PHONE)["refresh_token"], self._is_newest))

    def visitor(self) -> tuple[str, str, str]:
        """Return session, flow and CSRF token of somebody who has the sign-in page open."""
        made: tuple[str, str, str] = self._living(
            "visitor", self._open_sign_in, lambda made: self._has_session(made[0])
        )
        return made

    def asked(self) -> tuple[str, str]:
        """Return flow and CSRF token of Hana, who has the consent page open."""
        made: tuple[str, str] = self._living("asked", self._open_consent, lambda made: self._waits(made[0]))
        return made

    def agreed(self) -> str:
        """Return the flow of Hana, who agreed and is on her way back."""
        return str(self._living("agreed", self._agree_and_wait, self._waits))

    def leaver(self) -> dict[str, str]:
        """Return session, CSRF token, sealed request and ID token of Ken, who may be signed out."""
        made: dict[str, str] = self._living(
            "leaver", self._open_sign_out, lambda made: self._has_session(made["session"])
        )
        return made

    def assertion(self, **changes: Any) -> str:
        """Return an assertion of a client, signed by its key; unused, unless told otherwise."""
        self._serial += 1
        now = int(self.clock())
        claims = {
            "iss": "assertor",
            "sub": "assertor",
            "aud": ISSUER,
            "iat": now,
            "exp": now + 60,
            "jti": str(self._serial),
        }
        return sign(self.assertion_key, {**claims, **changes}, alg="ES256", kid="assertor")

    # ---- what must not be lost -----------------------------------------------------------------------------------

    def losses(self) -> list[str]:
        """Name what is gone though no request may end it; looked at after every case."""
        gone = []
        if not self._has_session(self.hana_session):
            gone.append("a live session")
        if not self._is_newest(self.kept) or not self._is_newest(self.held):
            gone.append("a live refresh token")
        gone += [f"code {code}" for code in self.codes_given - self.codes_redeemed if not self._is_unspent(code)]
        self.codes_given -= self.codes_redeemed
        return gone

    def losses_at_the_end(self) -> list[str]:
        """Name what is gone, by asking as people and apps do; looked at after every batch."""
        gone = [f"rows of {table}" for table, rows in self._rows().items() if rows != self._before[table]]
        if HANA not in self.hana.get("/").text:
            gone.append("Hana's sign-in")
        if "Tabi Points" not in self.hana.get("/account/apps").text:
            gone.append("Hana's consent")
        if HANA not in self._signed_in(HANA).get("/").text:
            gone.append("Hana's password")
        if self.refresh().status != 200:
            gone.append("a live refresh token")
        return gone

    def refresh(self) -> Answer:
        """Refresh the token that lives."""
        body = f"grant_type=refresh_token&client_id={PHONE.client_id}&refresh_token={self.kept}".encode()
        return self.send(
            Message("POST", b"/token", headers=(("Content-Type", b"application/x-www-form-urlencoded"),), body=body)
        )

    # ---- making it -----------------------------------------------------------------------------------------------

    def _living(self, name: str, make: Callable[[], Any], is_alive: Callable[[Any], bool]) -> Any:
        if name not in self._made or not is_alive(self._made[name]):
            self._made[name] = make()
        return self._made[name]

    def _declare_assertor(self) -> None:
        document = {
            "client_id": "assertor",
            "kind": "service",
            "name": "Assertor",
            "auth_method": "private_key_jwt",
            "jwks": {"keys": [self.assertion_key.as_dict(private=False)]},
            "grant_types": ["client_credentials"],
            "scopes": ["payments:read"],
        }
        hasher = Passwords(self.services.settings.sign_in).hash
        apply(self.services, Declarations([document], [], []), hasher, dry_run=False)

    def _signed_in(self, username: str) -> FlaskClient:
        browser = self.app.test_client()
        page = browser.get("/login")
        form = {**hidden(page.text), "username": username, "password": self.secrets[username]}
        answer = browser.post("/login", data=form)
        assert answer.status_code == 303, answer.text
        return browser

    def _authorize(self, browser: FlaskClient, app: App, **extra: str) -> str:
        return location_of(browser.get("/authorize", query_string={**request_of(app), **extra}))

    def _code(self, browser: FlaskClient, app: App) -> str:
        return parse_qs(urlsplit(self._authorize(browser, app)).query)["code"][0]

    def _tokens(self, browser: FlaskClient, app: App) -> dict[str, Any]:
        form = {
            "grant_type": "authorization_code",
            "code": self._code(browser, app),
            "redirect_uri": app.redirect_uri,
            "code_verifier": VERIFIER,
        }
        headers = {}
        if app.client_id in self.secrets:
            headers["Authorization"] = self.basic(app.client_id)
        else:
            form["client_id"] = app.client_id
        answer = self.app.test_client().post("/token", data=form, headers=headers)
        assert answer.status_code == 200, answer.text
        tokens: dict[str, Any] = answer.json
        return tokens

    def _open_sign_in(self) -> tuple[str, str, str]:
        browser = self.app.test_client()
        page = browser.get(self._authorize(browser, TABI))
        values = hidden(page.text)
        return session_of(browser), values["flow"], values["csrf"]

    def _open_consent(self) -> tuple[str, str]:
        page = self.hana.get(self._authorize(self.hana, TABI, prompt="consent"))
        values = hidden(page.text)
        return values["flow"], values["csrf"]

    def _agree_and_wait(self) -> str:
        flow, csrf = self._open_consent()
        self.hana.post("/consent", data={"flow": flow, "csrf": csrf, "decision": "allow", "fields": "prefecture"})
        return flow

    def _agree(self, browser: FlaskClient) -> None:
        values = hidden(browser.get(self._authorize(browser, TABI, prompt="consent")).text)
        browser.post("/consent", data={**values, "decision": "allow", "fields": "prefecture"})
        browser.get("/authorize/continue", query_string={"flow": values["flow"]})

    def _open_sign_out(self) -> dict[str, str]:
        browser = self._signed_in(KEN)
        id_token = self._tokens(browser, STOREFRONT)["id_token"]
        self._agree(browser)
        values = hidden(browser.get("/logout", query_string={"client_id": STOREFRONT.client_id}).text)
        return {"session": session_of(browser), "id_token": id_token, **values}

    # ---- looking at the store ------------------------------------------------------------------------------------

    def _has_session(self, secret: str) -> bool:
        with self.services.database.autocommit() as connection:
            return sessions.find(connection, hash_secret(secret), self.services.now, 8 * 3600) is not None

    def _is_newest(self, refresh_token: str) -> bool:
        token = parse_refresh_token(refresh_token)
        assert token is not None
        with self.services.database.autocommit() as connection:
            found = families.find_by_handle(connection, token.handle_hash)
        return found is not None and found[0].ended_at is None and found[1].is_newest(token.secret_hash)

    def _is_unspent(self, code: str) -> bool:
        with self.services.database.autocommit() as connection:
            found = codes.find(connection, hash_secret(code))
        return found is not None and found.used_at is None

    def _waits(self, flow: str) -> bool:
        with self.services.database.autocommit() as connection:
            session = sessions.find(connection, hash_secret(self.hana_session), self.services.now, 8 * 3600)
            assert session is not None
            found = self.services.interactions.find(connection, flow, session.id, self.services.now)
        return found is not None and found.finished_at is None

    def _redirect_uris(self) -> frozenset[str]:
        with self.services.database.autocommit() as connection:
            known = clients.all_clients(connection)
        return frozenset(uri for each in known for uri in (*each.redirect_uris, *each.post_logout_redirect_uris))

    def _rows(self) -> dict[str, list[tuple[Any, ...]]]:
        with self.services.database.autocommit() as connection:
            return {
                table: sorted((tuple(row) for row in connection.execute(text(f"SELECT * FROM {table}"))), key=repr)  # noqa: S608 - our own names
                for table in KEPT_TABLES
            }


def session_of(browser: FlaskClient) -> str:
    """Return the value of a browser's session cookie."""
    cookie = browser.get_cookie("sekisho_session")
    assert cookie is not None
    return cookie.value


def location_of(answer: Any) -> str:
    assert answer.status_code == 303, answer.text
    return str(answer.headers["Location"])


def request_of(app: App) -> dict[str, str]:
    """Return the parameters of an authorization request that is right in every way."""
    return {
        "response_type": "code",
        "client_id": app.client_id,
        "redirect_uri": app.redirect_uri,
        "scope": app.scope,
        "state": "a state",
        "nonce": "a nonce",
        "code_challenge": CHALLENGE,
        "code_challenge_method": "S256",
    }


@contextmanager
def open_world(database_url: str) -> Iterator[World]:
    """Build a provider in this process, without a server in front of it."""
    settings = testing_settings(database_url, ISSUER, **NOBODY_GUESSES)
    prepare(settings)
    clock, log = Clock(), LogLines()
    app = create_app(settings, clock)
    app.config["SERVER_NAME"] = None
    logger = logging.getLogger("idp")
    logger.addHandler(log)
    logger.setLevel(logging.INFO)
    try:
        yield World(app, declare(app), clock, log)
    finally:
        logger.removeHandler(log)
        logger.setLevel(logging.NOTSET)
        app.extensions[EXTENSION].database.engine.dispose()
