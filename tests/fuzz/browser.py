"""One person's browser in front of the application, without a server in between."""

from collections.abc import Mapping
from typing import Any
from urllib.parse import parse_qs, urlsplit

from authlib.oauth2.rfc7636 import create_s256_code_challenge
from flask import Flask

from tests.provider.apps import App
from tests.provider.person import hidden

VERIFIER = "v" * 43
CHALLENGE = create_s256_code_challenge(VERIFIER)


class Browser:
    """Does what people and apps do when all goes well, and fails when it does not."""

    def __init__(self, app: Flask) -> None:
        self.tab = app.test_client()
        self._apps = app.test_client(use_cookies=False)

    @property
    def session(self) -> str:
        """The value of the session cookie."""
        cookie = self.tab.get_cookie("sekisho_session")
        assert cookie is not None
        return cookie.value

    def shows(self, path: str, text: str) -> bool:
        return text in self.tab.get(path).text

    def sign_in(self, username: str, password: str) -> "Browser":
        form = {**hidden(self.tab.get("/login").text), "username": username, "password": password}
        answer = self.tab.post("/login", data=form)
        assert answer.status_code == 303, answer.text
        return self

    def authorize(self, app: App, **extra: str) -> str:
        """Return where the browser is sent next."""
        answer = self.tab.get("/authorize", query_string={**request_of(app), **extra})
        assert answer.status_code == 303, answer.text
        return str(answer.headers["Location"])

    def code(self, app: App) -> str:
        return parse_qs(urlsplit(self.authorize(app)).query)["code"][0]

    def tokens(self, app: App, **headers: str) -> dict[str, Any]:
        """Have the app redeem a code, with these headers to prove itself."""
        form = {
            "grant_type": "authorization_code",
            "code": self.code(app),
            "redirect_uri": app.redirect_uri,
            "code_verifier": VERIFIER,
            **({} if headers else {"client_id": app.client_id}),
        }
        return self.as_app("/token", form, headers, 200)

    def as_app(self, path: str, form: Mapping[str, str], headers: Mapping[str, str], status: int) -> dict[str, Any]:
        answer = self._apps.post(path, data=form, headers=dict(headers))
        assert answer.status_code == status, answer.text
        body: dict[str, Any] = answer.json
        return body

    def open_sign_in(self, app: App) -> dict[str, str]:
        """Return the hidden values of the sign-in page."""
        return hidden(self.tab.get(self.authorize(app)).text)

    def open_consent(self, app: App) -> dict[str, str]:
        """Return the hidden values of the consent page."""
        return hidden(self.tab.get(self.authorize(app, prompt="consent")).text)

    def agree(self, app: App) -> str:
        """Agree on the consent page and return the request's flow; its code still waits."""
        values = self.open_consent(app)
        self.tab.post("/consent", data={**values, "decision": "allow", "fields": "prefecture"})
        return values["flow"]

    def open_sign_out(self, app: App) -> dict[str, str]:
        """Return the hidden values of the sign-out page."""
        return hidden(self.tab.get("/logout", query_string={"client_id": app.client_id}).text)


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
