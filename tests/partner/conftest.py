"""An app of a partner that has an address for its messages."""

import pytest

from tests.partner.inbox import Inbox
from tests.provider.operator import declare_clients
from tests.provider.outside import Site
from tests.provider.provider import Provider

APP = {
    "client_id": "tabi-server",
    "kind": "third_party",
    "partner_id": "tabi-points",
    "name": "Tabi Points",
    "auth_method": "client_secret_basic",
    "grant_types": ["authorization_code", "refresh_token", "client_credentials"],
    "redirect_uris": ["https://tabi.example.test/callback"],
    "scopes": ["openid", "prefecture", "over_20", "offline_access", "partner_messages"],
}


@pytest.fixture
def inbox(provider: Provider, outside: Site) -> Inbox:
    """The address of Tabi's server, proved."""
    declare_clients(provider, APP)
    inbox = Inbox(provider, outside, "tabi-server").open()
    assert inbox.prove() == ""
    return inbox


@pytest.fixture
def token(provider: Provider, inbox: Inbox) -> str:
    """A token of that app's own."""
    answer = provider.token("tabi-server", grant_type="client_credentials", scope="partner_messages")
    assert answer.status_code == 200, answer.text
    granted: str = answer.json()["access_token"]
    return granted
