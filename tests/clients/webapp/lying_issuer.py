"""An issuer that answers what a test tells it to, for a relying party must bear a provider that lies or is broken."""

import time
from dataclasses import dataclass, field
from typing import Any

import jwt
from cryptography.hazmat.primitives.asymmetric.ec import SECP256R1, generate_private_key
from flask import Flask, Response, jsonify, redirect, request
from jwt.algorithms import ECAlgorithm
from werkzeug.wrappers import Response as AnyResponse


@dataclass
class LyingIssuer:
    """Answers like a provider, apart from what is changed. A value of None leaves a member out."""

    url: str
    metadata: dict[str, Any] = field(default_factory=dict)
    id_token: dict[str, Any] = field(default_factory=dict)
    token: dict[str, Any] = field(default_factory=dict)
    token_status: int = 200
    userinfo: dict[str, Any] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self._key = generate_private_key(SECP256R1())
        self._nonce = ""
        self.app = Flask("lying issuer")
        self.app.get("/.well-known/openid-configuration")(self._discovery)
        self.app.get("/jwks")(self._jwks)
        self.app.get("/authorize")(self._authorize)
        self.app.post("/token")(self._token)
        self.app.get("/userinfo")(self._userinfo)

    def _discovery(self) -> Response:
        names = {"authorization_endpoint": "authorize", "token_endpoint": "token", "userinfo_endpoint": "userinfo"}
        endpoints = {member: f"{self.url}/{name}" for member, name in names.items()}
        algorithms = {"id_token_signing_alg_values_supported": ["ES256"]}
        return jsonify({"issuer": self.url, "jwks_uri": f"{self.url}/jwks"} | endpoints | algorithms | self.metadata)

    def _jwks(self) -> Response:
        key = ECAlgorithm.to_jwk(self._key.public_key(), as_dict=True)
        return jsonify(keys=[{**key, "kid": "1", "alg": "ES256", "use": "sig"}])

    def _authorize(self) -> AnyResponse:
        self._nonce = request.args["nonce"]
        return redirect(f"{request.args['redirect_uri']}?code=c&state={request.args['state']}&iss={self.url}", 303)

    def _token(self) -> tuple[Response, int]:
        now = int(time.time())
        claims = {"iss": self.url, "aud": "storefront", "sub": "hana", "iat": now, "exp": now + 60}
        claims = _without_none({**claims, "nonce": self._nonce, **self.id_token})
        signed = jwt.encode(claims, self._key, algorithm="ES256", headers={"kid": "1"})
        answer = {"access_token": "a", "token_type": "Bearer", "expires_in": 60, "refresh_token": "r"}
        return jsonify(_without_none({**answer, "id_token": signed, **self.token})), self.token_status

    def _userinfo(self) -> Response:
        return jsonify({"sub": "hana", "name": "Hana"} | self.userinfo)


def _without_none(members: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in members.items() if value is not None}
