"""A stand-in for Sekisho that serves metadata and keys over real HTTP, and the keys that sign its access tokens."""

import json
import threading
from base64 import urlsafe_b64encode
from collections import Counter
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import jwt
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa

from sekisho_guard import Guard, Limits

METADATA = "/.well-known/oauth-authorization-server"
OPENID = "/.well-known/openid-configuration"
JWKS = "/jwks"
AUDIENCE = "https://payments.example"
NOW = 1_800_000_000


class Clock:
    """A clock that stands still until a test moves it."""

    def __init__(self):
        self.now = float(NOW)

    def __call__(self):
        return self.now

    def advance(self, seconds):
        self.now += seconds


class SigningKey:
    """A key pair for one algorithm, as the issuer publishes it and signs with it."""

    MAKERS = {  # noqa: RUF012 - never changed
        "ES256": lambda: ec.generate_private_key(ec.SECP256R1()),
        "EdDSA": ed25519.Ed25519PrivateKey.generate,
        "RS256": lambda: rsa.generate_private_key(65537, 2048),
        "PS256": lambda: rsa.generate_private_key(65537, 2048),
    }

    def __init__(self, kid, algorithm="ES256", private=None):
        self.kid, self.algorithm = kid, algorithm
        self.private = private or self.MAKERS[algorithm]()

    def jwk(self, **changes):
        public = jwt.get_algorithm_by_name(self.algorithm).to_jwk(self.private.public_key(), as_dict=True)
        return without_none({**public, "kid": self.kid, "use": "sig", "alg": self.algorithm} | changes)

    def sign(self, payload, **header):
        """A compact JWS over whatever payload and header a test wants; a header parameter of None is left out."""
        header = without_none({"typ": "at+jwt", "alg": self.algorithm, "kid": self.kid} | header)
        body = payload if isinstance(payload, bytes) else json.dumps(payload).encode()
        return self.sign_bytes(json.dumps(header).encode(), body)

    def sign_bytes(self, header, body):
        signing_input = b64(header) + "." + b64(body)
        signature = jwt.get_algorithm_by_name(self.algorithm).sign(signing_input.encode(), self.private)
        return signing_input + "." + b64(signature)


def b64(data):
    return urlsafe_b64encode(data).rstrip(b"=").decode()


def without_none(values):
    return {name: value for name, value in values.items() if value is not None}


class LocalIssuer:
    """Serves `documents` (path -> body, or status and headers); counts the requests; can hold its answers back."""

    def __init__(self, ssl_context=None):
        self.documents, self.hits = {}, Counter()
        self.arrived, self.open = threading.Event(), threading.Event()
        self.open.set()
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), self._handler())
        self._server.daemon_threads = False  # so that closing waits for every answer
        scheme = "http"
        if ssl_context is not None:
            scheme = "https"
            self._server.socket = ssl_context.wrap_socket(self._server.socket, server_side=True)
        self.identifier = f"{scheme}://127.0.0.1:{self._server.server_port}"
        self._thread = threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.01})
        self._thread.start()
        self.documents[METADATA] = {"issuer": self.identifier, "jwks_uri": self.identifier + JWKS}
        self.publish()

    def publish(self, *keys):
        self.documents[JWKS] = {"keys": [key.jwk() if isinstance(key, SigningKey) else key for key in keys]}

    def break_down(self):
        self.documents = dict.fromkeys(self.documents, 503)

    def claims(self, **changes):
        """The payload of a good access token (RFC 9068 section 2.2); a claim of None is left out."""
        claims = {
            "iss": self.identifier,
            "aud": [AUDIENCE],
            "sub": "u_8Zr2Qw13Xk9v",
            "client_id": "storefront",
            "exp": NOW + 600,
            "iat": NOW,
            "jti": "b7a1c0de",
            "scope": "payments:read payments:write",
            "auth_time": NOW - 30,
            "acr": "urn:sekisho:acr:passkey",
        }
        return without_none(claims | changes)

    def close(self):
        self.open.set()
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()

    def _handler(issuer):  # noqa: N805 - `self` is the handler below
        class Handler(BaseHTTPRequestHandler):
            def do_GET(self):
                issuer.hits[self.path] += 1
                issuer.arrived.set()
                issuer.open.wait(30)
                document = issuer.documents.get(self.path, 404)
                status, headers, body = 200, {}, b""
                if isinstance(document, int):
                    status = document
                elif isinstance(document, tuple):
                    status, headers = document
                else:
                    body = document if isinstance(document, bytes) else json.dumps(document).encode()
                self.send_response(status)
                for name, value in {"Content-Length": len(body), **headers}.items():
                    self.send_header(name, str(value))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *args):
                """Keep the test output clean."""

        return Handler


def make_guard(issuer, clock, *, algorithms=("ES256", "RS256", "PS256", "EdDSA"), fetch=None, **limits):
    return Guard(
        issuer=issuer.identifier,
        audience=AUDIENCE,
        algorithms=algorithms,
        limits=Limits(**limits),
        clock=clock,
        fetch=fetch,
    )


def settle():
    """Wait until no refresh is under way any more."""
    for thread in threading.enumerate():
        if thread.name == "sekisho-guard-refresh":
            thread.join(30)
