"""A provider and the example apps around it: the apps in threads of this process, so that tests may look inside."""

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import NamedTemporaryFile
from typing import Any

import requests
from flask import Flask, request

from clients.demo.browser import Browser, Page
from clients.demo.places import Places
from clients.partner import app as partner
from clients.services.marketing import app as marketing
from clients.services.payments import app as payments
from clients.storefront import app as storefront
from clients.webapp.serving import serve_beside
from idp.admin.apply import apply, read_declarations
from idp.app import create_app
from idp.passwords.hashing import Passwords
from idp.services import EXTENSION
from tests.provider.fixtures import trusting
from tests.provider.outside import Authority
from tests.provider.provider import ROOT, ServedProvider, free_port, serve_elsewhere, testing_settings

HANA = "hana@example.jp"
KEN = "ken@example.jp"
ELSEWHERE = ("http://127.0.0.1:8403", "https://ledger.example.test/api")
"""Resources that the declarations of tests/provider name."""

SETTINGS = {
    "IDP_DATA_API__AUDIENCE_LEAST": "3",
    "IDP_DATA_API__AUDIENCE_STEP": "1",
    "IDP_DATA_API__AUDIENCE_SPREAD": "0",
}
READER = """
[[clients]]
client_id = "reader"
kind = "service"
name = "A service that reads payments"
auth_method = "client_secret_basic"
grant_types = ["client_credentials"]
scopes = ["payments:read"]
resources = ["{payments}", "https://ledger.example.test/api"]
"""


@dataclass
class Group:
    """Everybody's address, everybody's secret, and the apps themselves."""

    provider: ServedProvider
    places: Places
    secrets: dict[str, str]
    apps: dict[str, Flask]
    tokens_seen: list[str] = field(default_factory=list)
    """What the payments service was shown, in order."""

    def sign_in(self, browser: Browser, person: str = HANA) -> Page:
        """Sign in to the storefront, filling in the provider's page."""
        page = browser.click(browser.open(self.places.storefront), "sign-in-link")
        return browser.press(page, "sign-in", username=person, password=self.secrets[person])

    def ask(self, browser: Browser, person: str = HANA, link: str = "connect") -> Page:
        """Press the partner's button, sign in if need be, and stop where the provider asks what to share."""
        page = browser.click(browser.open(self.places.partner), link)
        if page.has("sign-in"):
            page = browser.press(page, "sign-in", username=person, password=self.secrets[person])
        return page

    def connect(self, browser: Browser, *ticks: str, person: str = HANA, link: str = "connect") -> Page:
        """Connect the partner, with these fields ticked."""
        return browser.press(self.ask(browser, person, link), "allow", ticks=ticks)

    def end_sharing(self, browser: Browser) -> Page:
        """End the sharing on the provider's page of apps and partners."""
        return browser.press(browser.open(f"{self.places.provider}/account/sharing"), "end-1")

    def session(self, name: str) -> dict[str, Any]:
        """What an app holds of the browser that was there last."""
        kept = self.apps[name].session_interface._kept
        return next(reversed(kept.values()))

    def token(self, client_id: str, **form: str) -> requests.Response:
        """A client's token request."""
        return self.post(client_id, "/token", **form)

    def post(self, client_id: str, path: str, **form: str) -> requests.Response:
        url = self.places.provider + path
        return requests.post(url, data=form, auth=(client_id, self.secrets[client_id]), timeout=20)


@contextmanager
def serve_group(database_url: str, authority: Authority) -> Iterator[Group]:
    """Serve all of them on free ports."""
    own = [f"http://127.0.0.1:{free_port()}" for _app in range(4)]
    resources = ",".join((*ELSEWHERE, *own[2:]))
    extra = {**SETTINGS, **trusting(authority), "IDP_RESOURCES": resources}
    with serve_elsewhere(database_url, workers=2, **extra) as provider, ExitStack() as stack:
        places = Places(provider.url, *own, f"https://127.0.0.1:{free_port()}")
        secrets = provider.secrets | _declare(places, database_url, extra)
        group = Group(provider, places, secrets, _apps(places, secrets, authority))
        group.apps["payments"].before_request(lambda: _note_token(group))
        for name, app in group.apps.items():
            stack.enter_context(serve_beside(app, getattr(places, name)))
        inbox = partner.create_inbox(group.apps["partner"])
        stack.enter_context(serve_beside(inbox, places.messages, str(authority.site_file)))
        yield group


def _apps(places: Places, secrets: dict[str, str], authority: Authority) -> dict[str, Flask]:
    shop = storefront.Settings(places.provider, places.storefront, "storefront", secrets["storefront"], places.payments)
    tabi = (places.provider, places.partner, "tabi-points", secrets["tabi-points"])
    programme = partner.Settings(*tabi, places.messages, str(authority.site_file))
    desk = marketing.Settings(places.provider, places.marketing, "kaze-ads", secrets["kaze-ads"])
    return {
        "storefront": storefront.create_app(shop),
        "partner": partner.create_app(programme),
        "payments": payments.create_app(payments.Settings(places.provider, places.payments)),
        "marketing": marketing.create_app(desk),
    }


def _declare(places: Places, database_url: str, extra: dict[str, str]) -> dict[str, str]:
    """Declare the demo's clients at these addresses, over those of the same name in tests/provider."""
    app = create_app(testing_settings(database_url, places.provider, **extra))
    services = app.extensions[EXTENSION]
    written = places.placed((ROOT / "config" / "clients" / "demo.toml").read_text("utf-8"))
    declared = _written(written + READER.format(payments=places.payments))
    changes = apply(services, read_declarations((declared,)), Passwords(services.settings.sign_in).hash, dry_run=False)
    services.database.engine.dispose()
    declared.unlink()
    return {change.id: change.secret for change in changes if change.secret}


def _written(text: str) -> Path:
    with NamedTemporaryFile("w", suffix=".toml", encoding="utf-8", delete=False) as file:
        file.write(text)
    return Path(file.name)


def _note_token(group: Group) -> None:
    group.tokens_seen.append(request.headers.get("Authorization", "").removeprefix("Bearer "))
