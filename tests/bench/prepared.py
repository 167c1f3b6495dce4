"""A provider to measure: PostgreSQL, many people, and pools of tokens that are all different."""

from base64 import b64encode
from dataclasses import dataclass
from pathlib import Path

from idp.app import create_app
from idp.protocol.authentication import ACR_PASSWORD
from idp.protocol.secrets import new_identifier
from idp.services import EXTENSION, Services
from idp.store import families
from idp.store.clients import Client
from idp.store.families import Family
from tests.provider.provider import declare, prepare, testing_settings

PEOPLE = 500
FAMILIES_A_RUN = 256
YEAR = 365 * 86_400
EXTRA = {"IDP_LIFETIMES__ACCESS_TOKEN": "86400"}


@dataclass(frozen=True)
class Pools:
    """A file of requests for each scenario."""

    nothing_get: tuple[Path]
    nothing_post: tuple[Path]
    client_credentials: tuple[Path]
    introspection: tuple[Path]
    userinfo: tuple[Path]
    refresh: tuple[Path, ...]
    """One for each run: a refresh token is used up by it."""


def prepare_provider(database_url: str, url: str, folder: Path, runs: int) -> Pools:
    """Fill an empty database and write the pools."""
    settings = testing_settings(database_url, url, **EXTRA)
    prepare(settings)
    app = create_app(settings)
    secrets = declare(app)
    services: Services = app.extensions[EXTENSION]
    storefront = services.find_client("storefront")
    assert storefront is not None
    people = _people(services)
    tokens = [_access_token(services, storefront, person, settings.issuer) for person in people]
    for_api = [_access_token(services, storefront, person, "http://127.0.0.1:8403") for person in people]
    payments, shop = _basic("payments", secrets["payments"]), _basic("storefront", secrets["storefront"])
    pools = Pools(
        nothing_get=(_write(folder, "get", [("", "")]),),
        nothing_post=(_write(folder, "post", [("", "grant_type=client_credentials")]),),
        client_credentials=(_write(folder, "client", [(payments, "grant_type=client_credentials")]),),
        introspection=(_write(folder, "introspection", [(payments, f"token={token}") for token in for_api]),),
        userinfo=(_write(folder, "userinfo", [(f"Bearer {token}", "") for token in tokens]),),
        refresh=tuple(
            _write(folder, f"refresh-{number}", [(shop, token) for token in _refresh_tokens(services, people)])
            for number in range(runs)
        ),
    )
    services.database.engine.dispose()
    return pools


def _people(services: Services) -> list[str]:
    people = []
    for number in range(PEOPLE):
        name = f"person-{number}@example.jp"
        profile = {"name": f"Person {number}", "email": name, "email_verified": True, "birthdate": "1990-01-01"}
        with services.database.transaction() as connection:
            person = services.accounts.create(connection, name, "no password", profile, services.now)
        assert person is not None
        people.append(person)
    return people


def _family(services: Services, account_id: str) -> Family:
    return Family(
        id=new_identifier(services.random),
        client_id="storefront",
        account_id=account_id,
        sid=new_identifier(services.random),
        scopes=("openid", "profile", "email", "payments:read"),
        resources=(services.settings.issuer, "http://127.0.0.1:8403"),
        purpose="",
        auth_time=services.now,
        acr=ACR_PASSWORD,
        amr=("pwd",),
        created_at=services.now,
        expires_at=services.now + YEAR,
    )


def _access_token(services: Services, client: Client, account_id: str, audience: str) -> str:
    family = _family(services, account_id)
    with services.database.transaction() as connection:
        families.add(connection, family, None, None)
    mint = services.server.parts.mint
    response = mint.family_response(client, family, family.scopes, (audience,), services.now)
    token: str = response["access_token"]
    return token


def _refresh_tokens(services: Services, people: list[str]) -> list[str]:
    made = []
    for number in range(FAMILIES_A_RUN):
        token = services.server.parts.refresh_tokens.first()
        family = _family(services, people[number % len(people)])
        with services.database.transaction() as connection:
            families.add(connection, family, token.handle_hash, token.secret_hash)
        made.append(token.text)
    return made


def _basic(client_id: str, secret: str) -> str:
    return "Basic " + b64encode(f"{client_id}:{secret}".encode()).decode("ascii")


def _write(folder: Path, name: str, lines: list[tuple[str, str]]) -> Path:
    path = folder / name
    path.write_text("".join(f"{header}\t{body}\n" for header, body in lines), "ascii")
    return path
