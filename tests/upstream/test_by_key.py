"""Known to another provider by a key (`private_key_jwt`, OIDC Core 9): one that is real and checks every assertion."""

import ssl
from pathlib import Path

import httpx
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from joserfc.jwk import ECKey

from tests.provider.fixtures import trusting
from tests.provider.operator import declare_clients
from tests.provider.outside import Authority
from tests.provider.person import Person, hidden
from tests.provider.provider import serve_here
from tests.real.postgres_server import PostgresServer


def test_another_sekisho_takes_our_assertion(postgres_server: PostgresServer, authority: Authority, tmp_path: Path):
    """Code, PKCE, assertion, ID token: all of the other one's checks pass, and all of ours."""
    key = ECKey.generate_key("P-256", {"kid": "ours"})
    file = tmp_path / "key.pem"
    file.write_bytes(key.private_key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))
    with postgres_server.database() as url, serve_here(url, "localhost", authority.site_file) as there:
        app = {
            "client_id": "downstream",
            "kind": "first_party",
            "name": "Downstream",
            "auth_method": "private_key_jwt",
            "jwks": {"keys": [key.as_dict(private=False)]},
            "grant_types": ["authorization_code"],
            "redirect_uris": ["http://127.0.0.1/login/with/group/callback"],
            "scopes": ["openid"],
        }
        declare_clients(there, app)
        settings = {
            "ISSUER": there.url,
            "CLIENT_ID": "downstream",
            "PRIVATE_KEY_FILE": str(file),
            "KEY_ID": "ours",
            "SCOPES": "openid",
            "ID_TOKEN_ALGORITHMS": "ES256,RS256",
            "EN": "Group",
            "JA": "グループ",
        }
        known = {f"IDP_UPSTREAM__GROUP__{name}": value for name, value in settings.items()}
        with postgres_server.database() as own, serve_here(own, **trusting(authority), **known) as here:
            person, elsewhere = Person(here), Person(there)
            trusted = ssl.create_default_context(cafile=str(authority.ca_file))
            elsewhere.browser = httpx.Client(base_url=there.url, verify=trusted)
            form = hidden(person.browser.get("/login").text)
            away = person.browser.post("/login/with/group", data=form).headers["location"]
            back = elsewhere.go_on(elsewhere.browser.get(away)).url
            assert person.browser.get(back).headers["location"] == "/login/new-here"
            elsewhere.browser.close()
