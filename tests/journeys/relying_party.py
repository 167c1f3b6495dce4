"""A small app of somebody else's, served on this machine: sends people to sign in, and shows what it got for them.

It is reached as `localhost` while the provider is `127.0.0.1`, so that for a browser the two are different sites.
"""

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from html import escape
from http import HTTPStatus
from urllib.parse import parse_qsl, urlencode

import httpx
from authlib.common.security import generate_token
from authlib.oauth2.rfc7636 import create_s256_code_challenge
from werkzeug import Request, Response
from werkzeug.serving import make_server

from idp.admin.apply import Declarations, apply
from tests.provider.person import NO_TLS
from tests.provider.provider import Provider, free_port

CLIENT_ID = "tabi-web"
SCOPE = "openid prefecture over_20"


@dataclass
class RelyingParty:
    """The app, as its developer would see it: what it asks for next, and what came back."""

    provider: Provider
    port: int
    secret: str = ""
    asks: dict[str, str] = field(default_factory=dict)
    """Parameters of the next request besides the usual ones."""
    answers: list[dict[str, str]] = field(default_factory=list)
    """What arrived at the redirect URI, one entry for each arrival."""
    id_token: str = ""
    verifiers: dict[str, str] = field(default_factory=dict)

    @property
    def url(self) -> str:
        return f"http://localhost:{self.port}"

    def request(self) -> dict[str, str]:
        """The parameters of a new authorization request."""
        verifier = generate_token(48)
        usual = {
            "response_type": "code",
            "client_id": CLIENT_ID,
            "redirect_uri": f"{self.url}/callback",
            "scope": SCOPE,
            "state": generate_token(16),
            "code_challenge": create_s256_code_challenge(verifier),
            "code_challenge_method": "S256",
        }
        parameters = {**usual, **self.asks}
        self.verifiers[parameters["state"]] = verifier
        return parameters

    def __call__(self, environ, start_response):
        """Answer one HTTP request."""
        request = Request(environ)
        answer = {
            "/": self._home,
            "/sign-in": lambda _request: _redirect(f"{self.provider.url}/authorize?{urlencode(self.request())}"),
            "/sign-in-by-post": self._form,
            "/callback": self._callback,
            "/lead-on": lambda request: _redirect(
                f"http://127.0.0.1:{self.port}/callback?{request.query_string.decode()}"
            ),
            "/sign-out": self._sign_out,
            "/signed-out": lambda request: _page(
                "Goodbye", f"<pre id=received>{escape(request.args.get('state', ''))}</pre>"
            ),
        }.get(request.path, lambda _request: Response("", HTTPStatus.NOT_FOUND))(request)
        return answer(environ, start_response)

    def _home(self, _request: Request) -> Response:
        return _page("Tabi", "<a id=sign-in-here href=/sign-in>Sign in</a>")

    def _form(self, _request: Request) -> Response:
        fields = "".join(
            f'<input type=hidden name="{escape(name)}" value="{escape(value)}">'
            for name, value in self.request().items()
        )
        form = f'<form method=post action="{self.provider.url}/authorize">{fields}<button id=go>Go</button></form>'
        return _page("Tabi", form)

    def _callback(self, request: Request) -> Response:
        pairs = parse_qsl(request.get_data(as_text=True) if request.method == "POST" else request.query_string.decode())
        received = dict(pairs)
        self.answers.append(received)
        shown = self._profile(received) if "code" in received else {}
        return _page("Tabi", f"<pre id=profile>{escape(json.dumps(shown))}</pre><a id=sign-out href=/sign-out>Bye</a>")

    def _profile(self, received: dict[str, str]) -> dict[str, object]:
        form = {
            "grant_type": "authorization_code",
            "code": received["code"],
            "redirect_uri": self.asks.get("redirect_uri", f"{self.url}/callback"),
            "code_verifier": self.verifiers[received["state"]],
        }
        with httpx.Client(base_url=self.provider.url, verify=NO_TLS) as http:
            tokens = http.post("/token", data=form, auth=(CLIENT_ID, self.secret)).raise_for_status().json()
            self.id_token = tokens["id_token"]
            bearer = {"authorization": f"Bearer {tokens['access_token']}"}
            profile: dict[str, object] = http.get("/userinfo", headers=bearer).raise_for_status().json()
        return profile

    def _sign_out(self, _request: Request) -> Response:
        usual = {"client_id": CLIENT_ID, "post_logout_redirect_uri": f"{self.url}/signed-out", "state": "ようこそ"}
        hint = {"id_token_hint": self.id_token} if self.id_token else {}
        return _redirect(f"{self.provider.url}/logout?{urlencode({**usual, **hint})}")


def _page(title: str, body: str) -> Response:
    return Response(f"<!doctype html><title>{title}</title><h1>{title}</h1>{body}", mimetype="text/html")


def _redirect(location: str) -> Response:
    return Response("", HTTPStatus.FOUND, headers={"location": location})


@contextmanager
def serve_relying_party(provider: Provider) -> Iterator[RelyingParty]:
    """Register the app with a provider in this process and serve it from a thread."""
    app = RelyingParty(provider, free_port())
    app.secret = _register(app)
    server = make_server("127.0.0.1", app.port, app, threaded=True)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield app
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def _register(app: RelyingParty) -> str:
    declared = {
        "client_id": CLIENT_ID,
        "kind": "third_party",
        "partner_id": "tabi-points",
        "name": "Tabi Points",
        "homepage": "https://tabi.example",
        "auth_method": "client_secret_basic",
        "grant_types": ["authorization_code"],
        "redirect_uris": [f"{app.url}/callback", f"{app.url}/lead-on", "http://[::1]/callback"],
        "post_logout_redirect_uris": [f"{app.url}/signed-out"],
        "scopes": ["openid", "prefecture", "over_20"],
    }
    assert app.provider.services is not None
    (change,) = apply(app.provider.services, Declarations([declared], [], []), str, dry_run=False)
    return change.secret
