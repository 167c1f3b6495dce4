"""One assertion shown by fifty threads to several processes that share a Redis is accepted once (RFC 7523 3, `jti`).

The same with the database as memory is in tests/client_auth.
"""

import time
from pathlib import Path

from joserfc.jwk import ECKey

from idp.protocol.names import JWT_BEARER_ASSERTION
from tests.provider.jose import sign
from tests.provider.operator import idp
from tests.provider.provider import HTTP, Provider
from tests.store.rows import THREADS, at_once

KEY = ECKey.generate_key("P-256")
DECLARATION = """
[[clients]]
client_id = "signer"
kind = "service"
name = "Signer"
auth_method = "private_key_jwt"
jwks = {{ keys = [{{ {members} }}] }}
grant_types = ["client_credentials"]
scopes = ["payments:read"]
"""


def test_fifty_show_one_assertion(racing: Provider, tmp_path: Path):
    """One is let in; another assertion of the same client is let in again."""
    members = ", ".join(f'{name} = "{value}"' for name, value in KEY.as_dict(private=False).items())
    declaration = tmp_path / "signer.toml"
    declaration.write_text(DECLARATION.format(members=members))
    assert idp(racing, "apply", str(declaration)).returncode == 0
    now = int(racing.clock()) if racing.services else int(time.time())
    for number in range(3):
        claims = {"iss": "signer", "sub": "signer", "aud": racing.url, "jti": f"round {number}", "exp": now + 60}
        form = {
            "grant_type": "client_credentials",
            "client_assertion_type": JWT_BEARER_ASSERTION,
            "client_assertion": sign(KEY, claims, alg="ES256"),
        }
        statuses = at_once(lambda _: HTTP.post(f"{racing.url}/token", data=form).status_code)  # noqa: B023 - as above
        assert sorted(statuses) == [200] + [401] * (THREADS - 1)
