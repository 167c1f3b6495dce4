"""The apps of the declarations as tests use them, and what a whole sign-in leaves each of them with."""

from dataclasses import dataclass
from typing import Any

from tests.provider.person import Person


@dataclass(frozen=True)
class App:
    """An app, where its answers go, and what it usually asks for."""

    client_id: str
    redirect_uri: str
    scope: str


STOREFRONT = App("storefront", "http://127.0.0.1:8401/callback", "openid profile email")
PHONE = App("storefront-phone", "jp.example.storefront:/callback", "openid profile offline_access")
TABI = App("tabi-points", "http://127.0.0.1:8402/callback", "openid email prefecture over_20 offline_access")
TABI_PHONE = App("tabi-points-phone", "jp.example.tabi:/callback", "openid prefecture")
KAZE = App("kaze-ads", "https://kaze.example.test/callback", "openid email purpose:marketing.news")
WALLET = App("wallet", "https://wallet.example.test/callback", "openid")
NO_PKCE = App("no-pkce", "https://old.example.test/callback", "openid email")
PAYMENTS_API = "http://127.0.0.1:8403"
LEDGER_API = "https://ledger.example.test/api"


def code_for(person: Person, app: App, **extra: Any) -> str:
    """Sign in, agree and return the code that the app is given."""
    answer = person.authorize(app.client_id, app.redirect_uri, **{"scope": app.scope, **extra})
    assert "code" in answer.parameters, answer.url
    return answer.parameters["code"]


def tokens_for(person: Person, app: App, **extra: Any) -> dict[str, Any]:
    """Sign in, agree, redeem the code and return the token response."""
    response = person.exchange(app.client_id, app.redirect_uri, code_for(person, app, **extra))
    assert response.status_code == 200, response.text
    tokens: dict[str, Any] = response.json()
    return tokens
