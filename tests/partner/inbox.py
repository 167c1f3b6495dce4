"""A partner's app that reads its messages: proves its address, checks signatures, remembers what it was told."""

import json
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler
from typing import Any

import httpx
import jwt

from idp.delivery import deliver_due
from idp.partner.webhook import prove_webhook
from tests.provider.outside import Site
from tests.provider.provider import HTTP, Provider

EVENT = "urn:sekisho:event:"


@dataclass
class Inbox:
    """What arrived at an app's address, as verified Security Event Tokens."""

    provider: Provider
    site: Site
    client_id: str
    path: str = "/messages"
    told: list[dict[str, Any]] = field(default_factory=list)
    states: bool = True

    def open(self) -> "Inbox":
        """Answer at the address from now on."""
        self.site.pages[self.path] = self._take
        return self

    @property
    def url(self) -> str:
        return self.site.url(self.path)

    def prove(self) -> str:
        """Register the address, as the operator's command and the console do."""
        services = self.provider.services
        return prove_webhook(services, services.find_client(self.client_id), self.url)

    def events(self) -> list[tuple[str, dict[str, Any]]]:
        """Every event that was delivered by now, without the challenge."""
        while deliver_due(self.provider.services):
            pass
        return [
            (name.removeprefix(EVENT), payload)
            for message in self.told
            for name, payload in message["events"].items()
            if "state" not in payload
        ]

    def acknowledge(self, *message_ids: str, token: str) -> httpx.Response:
        return HTTP.post(
            f"{self.provider.url}/partner/v1/acknowledgements",
            json={"acknowledged": list(message_ids)},
            headers={"Authorization": f"Bearer {token}"},
        )

    def _take(self, request: BaseHTTPRequestHandler) -> None:
        body = self.site.requests[-1].body.decode()
        assert jwt.get_unverified_header(body)["typ"] == "secevent+jwt"
        claims = self._verified(body)
        self.told.append(claims)
        ((_name, payload), *_) = claims["events"].items()
        answer = json.dumps({"state": payload["state"]} if "state" in payload and self.states else {}).encode()
        request.send_response(200)
        request.send_header("Content-Type", "application/json")
        request.send_header("Content-Length", str(len(answer)))
        request.end_headers()
        request.wfile.write(answer)

    def _verified(self, message: str) -> dict[str, Any]:
        keys = jwt.PyJWKSet(HTTP.get(f"{self.provider.url}/jwks").json()["keys"])
        key = keys[jwt.get_unverified_header(message)["kid"]]
        claims: dict[str, Any] = jwt.decode(
            message,
            key,
            algorithms=["ES256"],
            audience=self.client_id,
            issuer=self.provider.url,
            options={"verify_iat": False},
        )
        return claims
