"""The page of the link that takes a change of e-mail address back; see `idp.address_undo`.

Following the link changes nothing: programs that scan mail follow it too.
"""

from http import HTTPStatus

from flask import Blueprint, Response, request

from idp import address_undo
from idp.services import Services, current_services
from idp.store.accounts import NameTakenError
from idp.store.address_changes import AddressChange
from idp.web import paths
from idp.web.errors import PageError, expired_page
from idp.web.pages import gettext as _
from idp.web.pages import render_page, settle_language
from idp.web.requests import read_form, seen_from
from idp.web.sessions import csrf_matches, csrf_token

blueprint = Blueprint("undo_address", __name__)


@blueprint.get(paths.EMAIL_UNDO)
def undo_page(secret: str) -> Response:
    """Say what the link does, and ask."""
    services = current_services()
    settle_language(services)
    address = _found(services, secret).address
    return render_page("email_undo.html", csrf=csrf_token(services), action=request.path, address=address)


@blueprint.post(paths.EMAIL_UNDO)
def undo(secret: str) -> Response:
    """Take the change back, and say how the person proves anew who they are."""
    services = current_services()
    settle_language(services)
    if not csrf_matches(services, read_form(request).get("csrf", "")):
        raise expired_page(request.path)
    change = _found(services, secret)
    try:
        undone = address_undo.undo(services, secret, change.account_id, seen_from(services, request))
    except NameTakenError:
        raise _taken() from None
    if not undone:
        raise _over()
    with services.database.autocommit() as connection:
        account = services.accounts.find(connection, change.account_id)
    has_password = account is not None and bool(account.password_hash)
    return render_page("email_undone.html", address=change.address, has_password=has_password)


def _found(services: Services, secret: str) -> AddressChange:
    """Return the change of a link.

    Raises:
        PageError: when the link was used, or its time is over.
    """
    change = address_undo.find(services, secret)
    if change is None:
        raise _over()
    return change


def _over() -> PageError:
    return PageError(
        "undo_over",
        _("This link is over"),
        _("It was used, or its time is over."),
        _("If somebody else has your account, write to us."),
        status=HTTPStatus.NOT_FOUND,
        continue_url=paths.LOGIN,
        continue_label=_("Sign in"),
    )


def _taken() -> PageError:
    return PageError(
        "address_taken",
        _("Another account has this address"),
        _("Somebody made an account with it meanwhile. Nothing was changed."),
        _("If somebody else has your account, write to us."),
        status=HTTPStatus.CONFLICT,
        continue_url=paths.LOGIN,
        continue_label=_("Sign in"),
    )
