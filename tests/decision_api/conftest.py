"""A service of the group that asks for decisions, and a partner's app that may ask about itself."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.provider.operator import declare_clients
from tests.provider.provider import HTTP, Provider, serve_here
from tests.real.postgres_server import PostgresServer

RULES = Path(__file__).parent / "certification.toml"
GATE = {
    "client_id": "gate",
    "kind": "service",
    "name": "Gate",
    "auth_method": "client_secret_basic",
    "grant_types": ["client_credentials"],
    "scopes": ["access_decisions", "payments:read"],
}
TABI_SERVER = {
    "client_id": "tabi-server",
    "kind": "third_party",
    "partner_id": "tabi-points",
    "name": "Tabi Points",
    "auth_method": "client_secret_basic",
    "grant_types": ["authorization_code", "refresh_token", "client_credentials"],
    "redirect_uris": ["https://tabi.example.test/callback"],
    "scopes": ["openid", "email", "prefecture", "over_20", "offline_access", "access_decisions"],
}

Body = dict[str, Any]


@dataclass(frozen=True)
class Asker:
    """A client with a token of its own, in front of the decision point."""

    url: str
    token: str

    def post(self, path: str, json: Any = None, **extra: Any) -> httpx.Response:
        headers = {"Authorization": f"Bearer {self.token}", **extra.pop("headers", {})}
        return HTTP.post(f"{self.url}/access/v1/{path}", headers=headers, **({"json": json} | extra))

    def ask(self, path: str, json: Body) -> Body:
        answer = self.post(path, json)
        assert (answer.status_code, answer.headers["content-type"]) == (200, "application/json"), answer.text
        body: Body = answer.json()
        return body

    def decision(self, subject: Body, action: Body, resource: Body, **more: Any) -> Any:
        return self.ask("evaluation", {"subject": subject, "action": action, "resource": resource, **more})["decision"]


@pytest.fixture(scope="module")
def decision_point(postgres_server: PostgresServer) -> Iterator[Provider]:
    """A provider that knows the records of the certification scenario."""
    with postgres_server.database() as url, serve_here(url, IDP_ACCESS_RULES_FILE=str(RULES)) as running:
        declare_clients(running, GATE, TABI_SERVER)
        yield running


@pytest.fixture(scope="module")
def asker(decision_point: Provider) -> Callable[[str], Asker]:
    def with_token(client_id: str) -> Asker:
        answer = decision_point.token(client_id, grant_type="client_credentials", scope="access_decisions")
        assert answer.status_code == 200, answer.text
        return Asker(decision_point.url, answer.json()["access_token"])

    return with_token


@pytest.fixture(scope="module")
def gate(asker: Callable[[str], Asker]) -> Asker:
    return asker("gate")


@pytest.fixture(scope="module")
def tabi(asker: Callable[[str], Asker]) -> Asker:
    return asker("tabi-server")
