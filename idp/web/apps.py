"""How apps are shown to people: what they say of themselves, and what they may do besides knowing data."""

from collections.abc import Iterable
from dataclasses import dataclass
from urllib.parse import quote

from idp.protocol.names import OFFLINE_ACCESS
from idp.services import Services
from idp.store.clients import Client
from idp.web import paths
from idp.web.pages import gettext as _

MARK_LETTERS = 2
_WEB = ("https://", "http://")


@dataclass(frozen=True, slots=True)
class ShownClient:
    """What a page shows of an app. All of it comes from the app: only the web's own schemes may become a link."""

    name: str
    mark: str
    """One or two letters, where there is no picture."""
    homepage: str | None
    logo: str | None
    """Where our own copy of its picture is (`idp.logos`)."""
    policy: str | None
    terms: str | None


@dataclass(frozen=True, slots=True)
class Permission:
    """Something that an app may do, besides knowing data."""

    id: str
    label: str


def shown_client(client: Client, language: str) -> ShownClient:
    """Return an app in a language."""
    name = client.in_language("name", language)
    return ShownClient(
        name=name,
        mark=mark(name),
        homepage=_address(client.in_language("homepage", language)),
        logo=_logo(client, language),
        policy=_address(client.in_language("policy_uri", language)),
        terms=_address(client.in_language("tos_uri", language)),
    )


def mark(name: str) -> str:
    """Return one or two letters that stand for an app."""
    return "".join(word[0] for word in name.split()[:MARK_LETTERS]).upper()


def permissions(services: Services, scopes: Iterable[str], language: str) -> list[Permission]:
    """Return a line for each scope that is no data: staying connected, and the group's own APIs."""
    own = services.settings.scopes
    found = [Permission(scope, own[scope].in_language(language)) for scope in scopes if scope in own]
    if OFFLINE_ACCESS in scopes:
        found.append(Permission(OFFLINE_ACCESS, _("Stay connected while you are away")))
    return found


def _address(uri: str) -> str | None:
    return uri if uri.startswith(_WEB) else None


def _logo(client: Client, language: str) -> str | None:
    if not client.in_language("logo_uri", language):
        return None
    path = paths.APP_LOGO.replace("<client_id>", quote(client.client_id, safe=""))
    return path.replace("<language>", language)
