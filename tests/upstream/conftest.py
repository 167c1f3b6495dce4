"""A provider that lets people sign in with others, and those others on a site of somebody else's."""

from collections.abc import Iterator
from dataclasses import dataclass

import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from tests.provider.fixtures import trusting
from tests.provider.outside import Authority, serve_site
from tests.provider.person import Person
from tests.provider.provider import Provider, serve_here
from tests.real.postgres_server import PostgresServer
from tests.upstream.scripted import Upstream


@dataclass
class World:
    """A provider, and the others whom it lets people sign in with."""

    provider: Provider
    plain: Upstream
    line: Upstream
    """Signs by the client secret, as LINE does."""
    apple: Upstream
    """Knows us by a key, and posts its answers."""
    corp: Upstream
    """Says who answers, and is believed when it says how people signed in."""
    apple_key: ec.EllipticCurvePrivateKey


@pytest.fixture(scope="module")
def world(
    postgres_server: PostgresServer, authority: Authority, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[World]:
    """All of it, for the tests of a module."""
    key = ec.generate_private_key(ec.SECP256R1())
    file = tmp_path_factory.mktemp("apple") / "AuthKey.p8"
    file.write_bytes(key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))
    with serve_site(authority) as site, postgres_server.database() as url:
        plain, line, apple = Upstream(site, "plain"), Upstream(site, "line"), Upstream(site, "apple")
        corp = Upstream(site, "corp", says_issuer=True)
        by_key = {"private_key_file": str(file), "key_id": "KEY1234567", "team_id": "TEAM123456"}
        settings = {
            **plain.settings(client_auth="client_secret_post"),
            **line.settings(id_token_algorithms="HS256"),
            **apple.settings(response_mode="form_post", scopes="openid,name,email", **by_key),
            **corp.settings(amr__mfa="mfa,otp", acr__gold="mfa,hwk"),
        }
        with serve_here(url, **trusting(authority), **settings) as provider:
            yield World(provider, plain, line, apple, corp, key)


@pytest.fixture
def person(world: World) -> Iterator[Person]:
    """Hana with a new browser, a minute later than whatever was before: others may be asked for their keys again."""
    world.provider.clock.forward(61)
    someone = Person(world.provider)
    yield someone
    someone.browser.close()
