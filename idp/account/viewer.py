"""The person who looks at their own pages: their account as it is now, in which language and where they live."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, tzinfo
from functools import wraps
from typing import Concatenate, ParamSpec

from flask import Response, request

from idp.completion import ask_second_factor, missing_level
from idp.data_sharing.people import zone
from idp.services import Services, current_services
from idp.store.accounts import Account
from idp.web import paths
from idp.web.errors import expired_page
from idp.web.i18n import Language, format_day, format_moment
from idp.web.pages import settle_language
from idp.web.requests import read_form
from idp.web.responses import see_other
from idp.web.sessions import current_session, ensure_session, signed_in_recently

P = ParamSpec("P")


@dataclass(frozen=True, slots=True, repr=False)
class Viewer:
    """One person, and how days and times are written for them."""

    account: Account
    language: Language
    zone: tzinfo

    def day(self, at: int) -> str:
        """Return a day as it is where they live."""
        return format_day(datetime.fromtimestamp(at, self.zone).date(), self.language)

    def moment(self, at: int) -> str:
        """Return day and time as they are where they live."""
        return format_moment(datetime.fromtimestamp(at, self.zone), self.language)


def for_viewer(page: Callable[Concatenate[Services, Viewer, P], Response]) -> Callable[P, Response]:
    """Hand a page who looks at it; whoever is not signed in is sent to where they can, and comes back."""

    @wraps(page)
    def shown(*args: P.args, **kwargs: P.kwargs) -> Response:
        services = current_services()
        person = _viewer(services)
        return _sign_in_first() if person is None else page(services, person, *args, **kwargs)

    return shown


def for_recent_viewer(page: Callable[Concatenate[Services, Viewer, P], Response]) -> Callable[P, Response]:
    """Hand a page who looks at it, as `for_viewer`; whoever did not sign in just now does so, and comes back.

    So does whoever signed in without the second factor that the account has by now.
    """

    @wraps(page)
    def shown(*args: P.args, **kwargs: P.kwargs) -> Response:
        services = current_services()
        person = _viewer(services)
        if person is None or not signed_in_recently(services):
            return _sign_in_first()
        session = ensure_session(services)
        level = missing_level(services, person.account, session.acr, own=True)
        if level:
            _refuse_half_a_form()
            onward = paths.own_page(request.path)
            return ask_second_factor(services, session, person.account.id, session.amr, level, flow="", onward=onward)
        return page(services, person, *args, **kwargs)

    return shown


def _sign_in_first() -> Response:
    """Lead to where one signs in and back to this page."""
    _refuse_half_a_form()
    return see_other(paths.sign_in_for(request.path))


def _refuse_half_a_form() -> None:
    """Read what a page will not: a form that was cut off on its way, or is none of ours, is answered as such."""
    if request.method == "POST" and "csrf" not in read_form(request):
        raise expired_page(request.path)


def _viewer(services: Services) -> Viewer | None:
    """Return who is signed in here and may act, or None; the account is read anew, for it was perhaps just changed."""
    session = current_session(services)
    if session is None or not session.is_signed_in:
        return None
    with services.database.autocommit() as connection:
        account = services.accounts.find(connection, session.account_id)
    if account is None or not account.is_active:
        return None
    return Viewer(account, settle_language(services), zone(account))
