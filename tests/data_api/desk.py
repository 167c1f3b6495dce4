"""An advertiser that asks about many people: its app, people who agreed, and its questions."""

from typing import Any

import httpx

from idp.data_sharing import Circumstances
from idp.protocol.asked import Asked
from tests.provider.apps import App
from tests.provider.operator import declare_clients
from tests.provider.provider import HTTP, Provider
from tests.store.rows import new_id

PURPOSE = "marketing.offers"
LEAST = 5
TOKYO = {"prefecture": "Tokyo", "over_20": True}
WINDOW = 3600
LIMITS = {
    "IDP_DATA_API__AUDIENCE_LEAST": str(LEAST),
    "IDP_DATA_API__AUDIENCE_MOST": "9",
    "IDP_DATA_API__AUDIENCE_STEP": "1",
    "IDP_DATA_API__AUDIENCE_SPREAD": "0",
    "IDP_DATA_API__AUDIENCE_WINDOW": str(WINDOW),
}
DESK = App("kaze-desk", "https://kaze.example.test/desk", f"openid prefecture over_20 purpose:{PURPOSE}")
ADULT = {"birthdate": "1990-01-01", "address": {"region": "Tokyo"}, "zoneinfo": "Asia/Tokyo"}


def declare_desk(provider: Provider) -> None:
    """Declare the advertiser's app."""
    declare_clients(
        provider,
        {
            "client_id": DESK.client_id,
            "kind": "third_party",
            "partner_id": "kaze-ads",
            "name": "Kaze Ads",
            "auth_method": "client_secret_basic",
            "grant_types": ["authorization_code", "client_credentials"],
            "redirect_uris": [DESK.redirect_uri],
            "scopes": ["openid", "prefecture", "over_20", "audience"],
        },
    )


def make(provider: Provider, profile: dict[str, Any]) -> str:
    services = provider.services
    with services.database.transaction() as connection:
        return services.accounts.create(connection, f"{new_id()}@example.jp", "", profile, services.now)


def agree(provider: Provider, account_id: str, *refused: str, client_id: str = DESK.client_id, days: int = 0) -> None:
    """A yes of somebody, as the consent page writes it down; it must be written down of whoever may be asked."""
    services = provider.services
    services.feed.read_now()
    asked = Asked(("openid",), PURPOSE, ("prefecture", "over_20"), days)
    account, app = services.sharing.account(account_id), services.find_client(client_id)
    ticked = frozenset(asked.fields) - set(refused)
    circumstances = Circumstances(new_id(), "ja", "")
    given = services.sharing.agree(app, account, asked, ticked, circumstances, services.now)
    with services.database.transaction() as connection:
        services.sharing.give(connection, given, services.now)


def own_token(provider: Provider, scope: str = "audience") -> str:
    response = provider.token(DESK.client_id, grant_type="client_credentials", scope=scope)
    return str(response.json()["access_token"])


def ask(provider: Provider, where: dict[str, object], token: str = "", **more: object) -> httpx.Response:
    bearer = {"Authorization": f"Bearer {token or own_token(provider)}"}
    body = {"purpose": PURPOSE, "where": where, **more}
    return HTTP.post(f"{provider.url}/data/v1/audience", json=body, headers=bearer)
