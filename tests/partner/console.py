"""Somebody who looks after a partner, in front of its console."""

import re
import tomllib
from dataclasses import dataclass
from itertools import count
from typing import Any

import httpx

from idp.data_sharing.agreement_life import approve, propose
from idp.data_sharing.partner_life import Action, act
from idp.passwords.hashing import Passwords
from idp.store import partner_members, partners
from idp.store.partners import PartnerDetails
from tests.provider.person import Person, hidden
from tests.provider.provider import ROOT, Provider
from tests.web.pages import Page
from tests.web.visits import signed_in

TABI, KAZE = "tabi-points", "kaze-ads"
AGREEMENT: dict[str, Any] = tomllib.loads((ROOT / "config/sharing/agreements/tabi-points.toml").read_text())[
    "agreement"
]
_serial = count(1)


def found(provider: Provider, status: str = "production", *, agreed: bool = True) -> str:
    """A new partner, as the operator's commands make one, and on which no other test looks."""
    partner_id = f"partner-{next(_serial)}"
    services = provider.services
    details = PartnerDetails("Tabi Points K.K.", "JP")
    with services.database.transaction() as connection:
        partners.save(connection, partner_id, "Tabi Points", status, services.now, details)
        partners.save_contacts(connection, services.sealer, partner_id, {"privacy": "privacy@tabi.example"})
    if agreed:
        agree_on(provider, partner_id, AGREEMENT["purposes"])
    return partner_id


def agree_on(provider: Provider, partner_id: str, purposes: dict[str, Any], version: int = 1, state: str = "") -> None:
    """Put an agreement in force, or leave it a draft."""
    services = provider.services
    document = {**AGREEMENT, "id": partner_id, "partner_id": partner_id, "version": version, "purposes": purposes}
    with services.database.transaction() as connection:
        propose(connection, document, services.sharing.catalogue, by="Aiko", now=services.now)
        if state != "draft":
            approve(connection, partner_id, version, by="Bob", now=services.now)


def newcomer(provider: Provider) -> str:
    """Somebody with an account of their own; returns the name that they sign in by."""
    username = f"member-{next(_serial)}@tabi.example"
    services = provider.services
    hashed = Passwords(services.settings.sign_in).hash(username)
    with services.database.transaction() as connection:
        services.accounts.create(connection, username, hashed, {"email": username}, services.now)
    provider.secrets[username] = username
    return username


def let_in(provider: Provider, username: str, partner_id: str) -> None:
    """Let somebody look after a partner, as `idp partner member add` does."""
    services = provider.services
    with services.database.transaction() as connection:
        account = services.accounts.find_by_username(connection, username)
        partner_members.add(connection, account.id, partner_id, "Aiko", services.now)


def step(
    provider: Provider, action: Action, partner_id: str = TABI, by: str = "Aiko", reason: str = "a reason"
) -> None:
    """Take a step of a partner's life, as the operator."""
    services = provider.services
    with services.database.transaction() as connection:
        act(connection, services.messages, action, partner_id, by=by, reason=reason, now=services.now)


@dataclass
class Member:
    """One of a partner's staff, signed in."""

    person: Person
    partner_id: str

    @classmethod
    def of(cls, provider: Provider, partner_id: str = "", username: str = "") -> "Member":
        partner_id, username = partner_id or found(provider), username or newcomer(provider)
        let_in(provider, username, partner_id)
        return cls(signed_in(Person(provider, username)), partner_id)

    def path(self, page: str = "") -> str:
        return f"/partner/{self.partner_id}{page}"

    def get(self, page: str = "", **query: str) -> httpx.Response:
        return self.person.browser.get(self.path(page), params=query)

    def see(self, page: str = "", **query: str) -> Page:
        """A page that is there."""
        answer = self.get(page, **query)
        assert answer.status_code == 200, answer.text
        return Page(answer.text)

    def send(self, page: str = "", **form: str) -> httpx.Response:
        """Send a form of a page."""
        csrf = hidden(self.person.browser.get("/").text)["csrf"]
        return self.person.browser.post(self.path(page), data={"csrf": csrf, **form})


APP = {
    "name": "Tabi Points, next version",
    "redirect_uris": "https://next.tabi.example/callback\nhttp://127.0.0.1:8402/callback",
    "auth_method": "client_secret_basic",
    "pushed": "yes",
}


def register(member: Member, **changed: str) -> tuple[str, str]:
    """Register an app of the sandbox; return its client_id and its secret, "" where it has none."""
    answer = member.send("/apps", **{**APP, **changed})
    assert answer.status_code == 200, answer.text
    page = Page(answer.text)
    shown = [element.text for element in page.elements if element.attributes.get("id") == "secret"]
    return page.by_id("client-id").text, "".join(shown)


def words(page: Page) -> str:
    """What stands on a page, in one line, a space between two cells."""
    (body,) = Page(re.sub(r"(?=<(td|th|dt|dd|li)\b)", " ", page.html)).all("body")
    return " ".join(body.text.split())
