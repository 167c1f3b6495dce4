"""Clients that prove themselves by private_key_jwt, with a key made here and registered as an operator does it."""

import json
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.ec import SECP256R1, generate_private_key
from jwt.algorithms import ECAlgorithm

from tests.provider.apps import PAYMENTS_API, App
from tests.provider.provider import CONFIG, ROOT, ServedProvider, environment

KEYED = App("keyed-app", "http://127.0.0.1:8404/callback", "openid email")
SERVICE = App("keyed-service", "", "payments:read")

DECLARED = """
[[clients]]
client_id = "{id}"
kind = "{kind}"
name = "An app with a key"
auth_method = "private_key_jwt"
assertion_algorithm = "ES256"
{rest}
[clients.jwks]
keys = [{{ kty = "EC", crv = "P-256", kid = "{kid}", x = "{x}", y = "{y}" }}]
"""


@dataclass(frozen=True, repr=False)
class KeyedClients:
    """The private key that both clients sign with, as a JSON Web Key."""

    jwk: dict[str, str]


def declare_keyed_clients(provider: ServedProvider, folder: Path) -> KeyedClients:
    """Make a key, and register an app and a service with its public half by `idp apply`."""
    jwk = json.loads(ECAlgorithm.to_jwk(generate_private_key(SECP256R1()))) | {"kid": "made-in-a-test"}
    known = {name: jwk[name] for name in ("kid", "x", "y")}
    app = 'grant_types = ["authorization_code", "refresh_token"]\nscopes = ["openid", "email"]\nredirect_uris = ["{}"]'
    service = f'grant_types = ["client_credentials"]\nscopes = ["payments:read"]\nresources = ["{PAYMENTS_API}"]'
    file = folder / "keyed.toml"
    file.write_text(
        DECLARED.format(id=KEYED.client_id, kind="first_party", rest=app.format(KEYED.redirect_uri), **known)
        + DECLARED.format(id=SERVICE.client_id, kind="service", rest=service, **known),
        "utf-8",
    )
    subprocess.run(
        [sys.executable, "-m", "idp", "--config", CONFIG, "apply", file],
        cwd=ROOT,
        env=environment(provider.database_url, provider.url, **provider.extra),
        check=True,
        capture_output=True,
    )
    return KeyedClients(jwk)
