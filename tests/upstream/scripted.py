"""Upstream providers that say whatever a test writes: on one site, each under a path of its own."""

import json
from dataclasses import dataclass, field
from typing import Any

from joserfc.jwk import ECKey, Key, RSAKey

from tests.provider.jose import sign
from tests.provider.outside import Site
from tests.provider.person import Answer, Person, hidden
from tests.provider.provider import Provider

CLIENT = "sekisho-at-upstream"
SECRET = "a channel secret of 32 characters"


@dataclass
class Upstream:
    """One provider: what it publishes, and what it answers to the next code."""

    site: Site
    name: str
    key: Key = field(default_factory=lambda: RSAKey.generate_key(2048, {"kid": "first"}))
    says_issuer: bool = False
    nonce: str = ""

    def __post_init__(self) -> None:
        self.publish()
        self.publish_keys(self.key)

    @property
    def issuer(self) -> str:
        return self.site.url(f"/{self.name}")

    def settings(self, **more: str) -> dict[str, str]:
        """The environment that makes it known to a provider."""
        values = {"issuer": self.issuer, "client_id": CLIENT, "en": self.name.title(), "ja": f"{self.name}です"}
        secret = {} if "private_key_file" in more else {"client_secret": SECRET}
        return {
            f"IDP_UPSTREAM__{self.name}__{key}".upper(): value for key, value in {**values, **secret, **more}.items()
        }

    def publish(self, **changed: object) -> None:
        document = {
            "issuer": self.issuer,
            "authorization_endpoint": f"{self.issuer}/authorize",
            "token_endpoint": f"{self.issuer}/token",
            "jwks_uri": f"{self.issuer}/jwks",
            "authorization_response_iss_parameter_supported": self.says_issuer,
            **changed,
        }
        self.site.pages[f"/{self.name}/.well-known/openid-configuration"] = json.dumps(document).encode()

    def publish_keys(self, *keys: Key) -> None:
        public = [key.as_dict(private=False) for key in keys]
        self.site.pages[f"/{self.name}/jwks"] = json.dumps({"keys": public}).encode()

    def claims(self, provider: Provider, **changed: object) -> dict[str, Any]:
        """What a good ID token says; None leaves a claim out."""
        now = int(provider.clock())
        usual = {
            "iss": self.issuer,
            "sub": "somebody",
            "aud": CLIENT,
            "iat": now,
            "exp": now + 300,
            "nonce": self.nonce,
        }
        return {name: value for name, value in {**usual, **changed}.items() if value is not None}

    def token(self, provider: Provider, **changed: object) -> str:
        """A good ID token, but for what is changed."""
        algorithm = "ES256" if isinstance(self.key, ECKey) else "RS256"
        return sign(self.key, self.claims(provider, **changed), alg=algorithm, kid=self.key.kid)

    def answers(self, **answer: object) -> None:
        """Decide what the token endpoint answers."""
        answer = {"access_token": "an access token", "token_type": "Bearer", "expires_in": 300, **answer}
        self.site.pages[f"/{self.name}/token"] = json.dumps(answer).encode()

    def knows(self, provider: Provider, **changed: object) -> None:
        """Answer with a good ID token, but for what is changed."""
        self.answers(id_token=self.token(provider, **changed))


def set_out(person: Person, upstream: Upstream, page: str = "/login", **more: str) -> dict[str, str]:
    """Press the provider's button on a page; return the request that the browser is sent away with."""
    form = {**hidden(person.browser.get(page).text), **more}
    response = person.browser.post(f"/login/with/{upstream.name}", data=form)
    assert response.status_code == 303, response.text
    location = response.headers["location"]
    assert location.startswith(f"{upstream.issuer}/authorize?"), location
    sent = Answer(location).parameters
    upstream.nonce = sent["nonce"]
    return sent


def come_back(person: Person, upstream: Upstream, **answer: str) -> str:
    """Arrive at the callback; return where it leads."""
    response = person.browser.get(f"/login/with/{upstream.name}/callback", params=answer)
    assert response.status_code == 303, response.text
    return str(response.headers["location"])


def go_by(
    person: Person, upstream: Upstream, page: str = "/login", more: dict[str, str] | None = None, **claims: object
) -> str:
    """The whole way, as somebody whom the provider knows by these claims; return where it leads."""
    sent = set_out(person, upstream, page, **(more or {}))
    upstream.knows(person.provider, **claims)
    return come_back(person, upstream, state=sent["state"], code="a code")
