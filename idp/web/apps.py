"""How apps are shown to people: the mark that stands for one, and what it may do besides knowing data."""

from collections.abc import Iterable
from dataclasses import dataclass

from idp.protocol.names import OFFLINE_ACCESS
from idp.services import Services
from idp.web.pages import gettext as _

MARK_LETTERS = 2


@dataclass(frozen=True, slots=True)
class Permission:
    """Something that an app may do, besides knowing data."""

    id: str
    label: str


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
