"""The page where a person gives their account another e-mail address: it counts once they proved that it is theirs."""

from http import HTTPStatus

from flask import Blueprint, Response, request

from idp import address_undo
from idp.account.notices import notice, noticed
from idp.account.viewer import Viewer, for_recent_viewer
from idp.activity import proved_addresses
from idp.mailed_proof import begin, link_over, opened
from idp.protocol.activity import Event
from idp.protocol.mail import is_address
from idp.services import Services, current_services
from idp.store import mail_proofs
from idp.store.accounts import NameTakenError
from idp.store.mail_proofs import MailProof, ProofKind
from idp.web import paths
from idp.web.errors import PageError, expired_page
from idp.web.pages import ensure_language, render_page
from idp.web.pages import gettext as _
from idp.web.requests import read_form, read_query, seen_from
from idp.web.sessions import csrf_matches, csrf_token, signed_in_account

KIND = ProofKind.NEW_ADDRESS

blueprint = Blueprint("own_email", __name__)


@blueprint.get(paths.EMAIL)
@for_recent_viewer
def email_page(services: Services, person: Viewer) -> Response:
    """Show the address that the account has, and ask for another one."""
    return _page(services, person)


@blueprint.post(paths.EMAIL)
@for_recent_viewer
def change_email(services: Services, person: Viewer) -> Response:
    """Send a letter to the new address: to confirm it with, or saying that another account has it."""
    form = read_form(request)
    address = form.get("email", "").strip()
    if not csrf_matches(services, form.get("csrf", "")):
        raise expired_page(paths.EMAIL)
    if not is_address(address):
        return _page(services, person, address, _("Write your e-mail address, such as name@example.jp."))
    with services.database.autocommit() as connection:
        known = services.accounts.find_by_username(connection, address)
    letter = "new_address" if known is None or known.id == person.account.id else "account_exists"
    return begin(services, KIND, address, letter, account_id=person.account.id)


@blueprint.get(paths.EMAIL_FINISH)
def finish_page() -> Response:
    """Ask whether the address is to count. Following the link changes nothing: what scans mail follows it too."""
    services, secret = current_services(), read_query(request).get("token", "")
    proof = _own(services, secret)
    return render_page("account/email_finish.html", csrf=csrf_token(services), token=secret, address=proof.address)


@blueprint.post(paths.EMAIL_FINISH)
def finish() -> Response:
    """Change the address, and tell both."""
    services, form = current_services(), read_form(request)
    if not csrf_matches(services, form.get("csrf", "")):
        raise expired_page(paths.EMAIL)
    secret = form.get("token", "")
    proof = _own(services, secret)
    try:
        _change(services, secret, proof.account_id)
    except NameTakenError:
        raise _taken() from None
    return noticed(paths.EMAIL, "email_changed")


def _own(services: Services, secret: str) -> MailProof:
    """Return the proof of a link that was sent for the account that is signed in here.

    Raises:
        PageError: when it works no more, nobody is signed in, or somebody else.
    """
    ensure_language(services)
    proof, account = opened(services, KIND, secret), signed_in_account(services)
    if account is not None and account.id == proof.account_id:
        return proof
    raise PageError(
        "sign_in_first",
        _("Sign in to the account first"),
        _("The link is for an account that is not signed in here. Nothing was changed, and the link still works."),
        _("Sign in to that account, then open the link again; or type the code from the e-mail where you began."),
        status=HTTPStatus.FORBIDDEN,
        continue_url=paths.LOGIN,
        continue_label=_("Sign in"),
    )


def _change(services: Services, secret: str, account_id: str) -> None:
    """Spend the proof and all that it is for, or nothing of it; the old address can take it back.

    Raises:
        PageError: when the link was used a moment ago.
        NameTakenError: when another account got the address meanwhile.
    """
    now, seen = services.now, seen_from(services, request)
    with services.database.transaction() as connection:
        account = services.accounts.hold(connection, account_id)
        proof = services.mail_proofs.take(connection, KIND, secret, now)
        if proof is None or account is None:
            raise link_over(services, KIND)
        services.accounts.change_address(connection, account.id, proof.address, now)
        mail_proofs.forget_account(connection, account.id)
        is_told = address_undo.offer(services, connection, account, proof.address, seen)
        also_to = () if is_told else proved_addresses(account)
        services.activity.note(connection, account.id, Event.EMAIL_CHANGED, seen, now, also_to=also_to)


def _taken() -> PageError:
    return PageError(
        "address_taken",
        _("Another account has this address"),
        _("Somebody made an account with it meanwhile. Nothing was changed."),
        _("Use another address, or sign in to that account."),
        status=HTTPStatus.CONFLICT,
        continue_url=paths.EMAIL,
    )


def _page(services: Services, person: Viewer, address: str = "", error: str | None = None) -> Response:
    return render_page(
        "account/email.html",
        status=HTTPStatus.BAD_REQUEST if error else HTTPStatus.OK,
        csrf=csrf_token(services),
        notice=notice(request),
        proved=next(iter(proved_addresses(person.account)), None),
        address=address[:320],
        days=services.settings.recovery.undo_days,
        error=error,
    )
