"""One assertion shown to all worker processes at once is accepted by one of them (RFC 7523 3, `jti`)."""

import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import httpx
from joserfc.jwk import ECKey

from idp.protocol.names import JWT_BEARER_ASSERTION
from tests.provider.jose import sign
from tests.provider.operator import idp
from tests.provider.provider import NO_TLS, ServedProvider

ROUNDS = 5
AT_ONCE = 12


def test_of_all_who_show_an_assertion_at_once_one_is_let_in(served_provider: ServedProvider, tmp_path: Path):
    """Two workers, a connection for each request, several rounds."""
    key = ECKey.generate_key("P-256")
    public = ", ".join(f'{name} = "{value}"' for name, value in key.as_dict(private=False).items())
    declaration = tmp_path / "signer.toml"
    declaration.write_text(f"""
        [[clients]]
        client_id = "signer"
        kind = "service"
        name = "Signer"
        auth_method = "private_key_jwt"
        jwks = {{ keys = [{{ {public} }}] }}
        grant_types = ["client_credentials"]
        scopes = ["payments:read"]
    """)
    applied = idp(served_provider, "apply", str(declaration))
    assert applied.returncode == 0, applied.stderr

    def redeem(assertion: str) -> int:
        with httpx.Client(verify=NO_TLS) as client:
            proof = {"client_assertion": assertion, "client_assertion_type": JWT_BEARER_ASSERTION}
            form = {"grant_type": "client_credentials", **proof}
            return client.post(f"{served_provider.url}/token", data=form).status_code

    for number in range(ROUNDS):
        claims = {"iss": "signer", "sub": "signer", "aud": served_provider.url, "jti": f"round {number}"}
        assertion = sign(key, {**claims, "exp": int(time.time()) + 60}, alg="ES256")
        with ThreadPoolExecutor(AT_ONCE) as crowd:
            statuses = sorted(crowd.map(redeem, [assertion] * AT_ONCE))
        assert statuses == [200] + [401] * (AT_ONCE - 1)
