"""A person with a browser, as far as HTTP goes: follows redirects by hand, fills in the forms of our pages."""

import re
from dataclasses import dataclass, field
from html import unescape
from urllib.parse import parse_qs, urlencode, urlsplit

import httpx
from authlib.common.security import generate_token
from authlib.oauth2.rfc7636 import create_s256_code_challenge

from tests.provider.provider import HTTP, NO_TLS, Provider

_HIDDEN = re.compile(r'<input type="hidden" name="([^"]*)" value="([^"]*)">')
_ANSWER = re.compile(r'id="response" method="post" action="([^"]*)"')
_BOX = re.compile(r'name="fields" value="([^"]*)"')


@dataclass
class Answer:
    """What came back at the client's redirect URI."""

    url: str

    @property
    def parameters(self) -> dict[str, str]:
        parts = urlsplit(self.url)
        return {name: values[0] for name, values in parse_qs(parts.query or parts.fragment).items()}


@dataclass
class Person:
    """One person in front of one browser (one cookie jar)."""

    provider: Provider
    username: str = "hana@example.jp"
    browser: httpx.Client = field(init=False)
    verifier: str = field(default_factory=lambda: generate_token(48))

    def __post_init__(self) -> None:
        self.browser = httpx.Client(base_url=self.provider.url, verify=NO_TLS)

    def request(self, client_id: str, redirect_uri: str, scope: str, **extra: str | list[str] | None) -> str:
        """An authorization request with PKCE; a value of None leaves a parameter out."""
        parameters: dict[str, str | list[str] | None] = {
            "response_type": "code",
            "client_id": client_id,
            "redirect_uri": redirect_uri,
            "scope": scope,
            "state": "a state",
            "nonce": "a nonce",
            "code_challenge": create_s256_code_challenge(self.verifier),
            "code_challenge_method": "S256",
            **extra,
        }
        sent = {name: value for name, value in parameters.items() if value is not None}
        return f"/authorize?{urlencode(sent, doseq=True)}"

    def authorize(
        self,
        client_id: str,
        redirect_uri: str,
        scope: str,
        *,
        ticks: tuple[str, ...] = (),
        decision: str = "allow",
        **extra: str | list[str] | None,
    ) -> Answer:
        """Go through whatever pages come, until the browser is sent to the client."""
        response = self.browser.get(self.request(client_id, redirect_uri, scope, **extra))
        return self.go_on(response, ticks=ticks, decision=decision)

    def go_on(self, response: httpx.Response, *, ticks: tuple[str, ...] = (), decision: str = "allow") -> Answer:
        """Follow redirects and fill in pages until the browser leaves the provider; a form's fields as a fragment."""
        for _step in range(12):
            location = response.headers.get("location")
            if location is None and (form := _ANSWER.search(response.text)):
                return Answer(f"{unescape(form[1])}#{urlencode(hidden(response.text))}")
            if location is None:
                response = self._fill_in(response, ticks, decision)
            elif location.startswith(("/", self.provider.url)):
                response = self.browser.get(location)
            else:
                return Answer(location)
        message = f"no way out of {response.request.url}: {response.status_code}"
        raise AssertionError(message)

    def sign_in(self, response: httpx.Response, password: str | None = None) -> httpx.Response:
        """Fill in the sign-in page."""
        return self.browser.post(
            "/login",
            data={
                **hidden(response.text),
                "username": self.username,
                "password": self.provider.secrets[self.username] if password is None else password,
            },
        )

    def exchange(self, client_id: str, redirect_uri: str, code: str, **extra: str) -> httpx.Response:
        """Redeem a code as the client."""
        return redeem(self.provider, client_id, redirect_uri, code, self.verifier, **extra)

    def _fill_in(self, response: httpx.Response, ticks: tuple[str, ...], decision: str) -> httpx.Response:
        assert response.status_code == 200, f"{response.request.url}: {response.status_code} {response.text}"
        if 'id="sign-in"' in response.text:
            return self.sign_in(response)
        assert 'id="allow"' in response.text, response.text
        form = {**hidden(response.text), "decision": decision, "fields": list(ticks)}
        return self.browser.post("/consent", data=form)


def hidden(page: str) -> dict[str, str]:
    """The hidden values of a page's form."""
    return {name: unescape(value) for name, value in _HIDDEN.findall(page)}


def boxes(page: str) -> list[str]:
    """The fields that a consent page offers."""
    return _BOX.findall(page)


def redeem(
    provider: Provider, client_id: str, redirect_uri: str, code: str, verifier: str, **extra: str
) -> httpx.Response:
    """Redeem a code as the client, by the method that it is registered for."""
    parameters = {
        "grant_type": "authorization_code",
        "code": code,
        "redirect_uri": redirect_uri,
        "code_verifier": verifier,
        **extra,
    }
    return as_client(provider, client_id, "/token", parameters)


def as_client(provider: Provider, client_id: str, path: str, parameters: dict[str, str]) -> httpx.Response:
    """POST a form as a client of the declarations, by the method that it is registered for."""
    if client_id not in provider.secrets:
        return HTTP.post(provider.url + path, data={**parameters, "client_id": client_id})
    if client_id in ("tabi-points", "ledger"):
        credentials = {"client_id": client_id, "client_secret": provider.secrets[client_id]}
        return HTTP.post(provider.url + path, data={**parameters, **credentials})
    return HTTP.post(provider.url + path, data=parameters, auth=provider.basic(client_id))
