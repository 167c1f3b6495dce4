"""The door of the partner console, and what every page of it stands on.

Whoever comes in is signed in and looks after this very partner; an app is one of its own. Everything else, others'
partners and apps included, does not exist: the answer is the same as for what was never there.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, TypeVar
from urllib.parse import quote

from flask import Response, abort, request

from idp.data_sharing import Agreement, SharingDataError
from idp.data_sharing.agreement_life import terms_in_force
from idp.protocol.parameters import Parameters
from idp.services import Services, current_services
from idp.store import clients, partner_events, partner_members, partners
from idp.store.accounts import Account
from idp.store.clients import Client
from idp.store.database import Connection
from idp.store.partner_events import PartnerEvent
from idp.store.partners import StoredPartner
from idp.web import paths
from idp.web.errors import expired_page
from idp.web.i18n import Language, format_moment
from idp.web.pages import gettext as _
from idp.web.pages import render_page, settle_language
from idp.web.requests import read_form
from idp.web.responses import see_other
from idp.web.sessions import csrf_matches, csrf_token, signed_in_account

NOT_FOUND = 404
MAX_WHAT = 64


@dataclass(frozen=True, slots=True)
class Tab:
    """One of the console's pages, as its navigation shows it."""

    label: str
    url: str
    current: bool


@dataclass(frozen=True, slots=True)
class Visit:
    """Somebody who looks after a partner, on one of its pages."""

    services: Services
    language: Language
    account: Account
    partner: StoredPartner

    @property
    def actor(self) -> str:
        """Return how what they do stands in the partner's history: no name, for that is not sealed."""
        return f"{MEMBER}{self.account.id}"

    @property
    def agreement(self) -> Agreement | None:
        """Return what is agreed; None where nothing is, or nothing that can be read any more."""
        try:
            return terms_in_force(self.partner, self.services.sharing.catalogue)
        except SharingDataError:
            return None

    def note(self, connection: Connection, kind: str, what: str) -> None:
        """Write down in the partner's history what they did, in the transaction in which it happens."""
        event = PartnerEvent(self.partner.id, kind, "", what[:MAX_WHAT], self.actor, "", self.services.now)
        partner_events.add(connection, event)

    def url(self, path: str, **names: str) -> str:
        """Return the address of a page of this partner."""
        return filled(path, partner_id=self.partner.id, **names)

    def moment(self, at: int | None) -> str:
        """Return a moment as people write it, in UTC; "" for none."""
        return "" if at is None else f"{format_moment(datetime.fromtimestamp(at, UTC), self.language)} UTC"

    def page(self, template: str, tab: str, **values: Any) -> Response:  # noqa: ANN401 - what templates take
        """Render a page of the console."""
        return render_page(
            f"partner/{template}",
            csrf=csrf_token(self.services),
            partner=self.partner,
            tabs=[Tab(label, self.url(path), path == tab) for path, label in _tabs()],
            base=self.url(paths.PARTNER_PROFILE),
            **values,
        )


@dataclass(frozen=True, slots=True)
class AppVisit(Visit):
    """The same, on a page about one of the partner's apps."""

    app: Client

    def app_page(self, template: str, here: str, **values: Any) -> Response:  # noqa: ANN401 - what templates take
        """Render a page about an app."""
        name = self.app.client_id
        pages = [Tab(label, self.url(path, client_id=name), path == here) for path, label in _app_tabs()]
        return self.page(template, paths.PARTNER_APPS, app=self.app, app_tabs=pages, **values)


_AnyVisit = TypeVar("_AnyVisit", bound=Visit)
MEMBER = "member "
"""What the actor of an event begins with where it was somebody of the partner's own."""


def partner_page(
    show: Callable[[Visit], Response], act: Callable[[Visit, Parameters], Response] | None = None
) -> Callable[..., Response]:
    """Return the view of a page about the partner: `show` answers GET, `act` a form that came from the page."""

    def view(partner_id: str) -> Response:
        visit = _enter(partner_id)
        return visit if isinstance(visit, Response) else _answer(visit, show, act)

    return view


def app_page(
    show: Callable[[AppVisit], Response], act: Callable[[AppVisit, Parameters], Response] | None = None
) -> Callable[..., Response]:
    """Return the view of a page about one app, likewise."""

    def view(partner_id: str, client_id: str) -> Response:
        visit = _enter(partner_id)
        if isinstance(visit, Response):
            return visit
        with visit.services.database.autocommit() as connection:
            app = clients.find(connection, client_id) if _may_be_a_name(client_id) else None
        if app is None or app.partner_id != visit.partner.id or app.status == clients.DELETED:
            abort(NOT_FOUND)
        return _answer(AppVisit(visit.services, visit.language, visit.account, visit.partner, app), show, act)

    return view


def partners_of(services: Services, account: Account) -> tuple[StoredPartner, ...]:
    """Return the partners that somebody looks after."""
    with services.database.autocommit() as connection:
        mine = [partners.find(connection, each) for each in partner_members.partners_of(connection, account.id)]
    return tuple(partner for partner in mine if partner is not None)


def filled(path: str, **names: str) -> str:
    """Return a path with its names filled in."""
    for name, value in names.items():
        path = path.replace(f"<{name}>", quote(value, safe=""))
    return path


def _enter(partner_id: str) -> Visit | Response:
    """Return the visit, or the way to sign in first."""
    services = current_services()
    language = settle_language(services)
    account = signed_in_account(services)
    if account is None and request.method == "POST":
        raise expired_page(paths.PARTNER)
    if account is None:
        return see_other(paths.LOGIN)
    partner = next((each for each in partners_of(services, account) if each.id == partner_id), None)
    if partner is None:
        abort(NOT_FOUND)
    return Visit(services, language, account, partner)


def _answer(
    visit: _AnyVisit, show: Callable[[_AnyVisit], Response], act: Callable[[_AnyVisit, Parameters], Response] | None
) -> Response:
    if request.method != "POST" or act is None:
        return show(visit)
    form = read_form(request)
    if not csrf_matches(visit.services, form.get("csrf", "")):
        raise expired_page(quote(request.path))
    return act(visit, form)


def _may_be_a_name(client_id: str) -> bool:
    """Whether a text could be a client_id: the store takes no NUL."""
    return client_id.isprintable() and len(client_id) <= clients.MAX_CLIENT_ID


def _tabs() -> tuple[tuple[str, str], ...]:
    return (
        (paths.PARTNER_PROFILE, _("Profile")),
        (paths.PARTNER_AGREEMENT, _("Agreement")),
        (paths.PARTNER_APPS, _("Apps")),
        (paths.PARTNER_SANDBOX, _("Sandbox")),
        (paths.PARTNER_USAGE, _("Usage")),
    )


def _app_tabs() -> tuple[tuple[str, str], ...]:
    return (
        (paths.PARTNER_APP, _("Settings")),
        (paths.PARTNER_KEYS, _("Keys")),
        (paths.PARTNER_WEBHOOK, _("Messages")),
        (paths.PARTNER_CHECK, _("Self-check")),
    )
