"""A new password for somebody who forgot theirs, by a letter to the address that the account proved.

It replaces the password and nothing else: whatever an account asks for besides it is asked for at the next sign-in.
Every session ends, for the old password was perhaps known to somebody.
"""

from http import HTTPStatus

from flask import Blueprint, Response, request

from idp.activity import proved_addresses
from idp.completion import continuation
from idp.mailed_proof import begin, link_over, opened, read_asked, waiting_flow
from idp.protocol.activity import Event
from idp.services import Services, current_services
from idp.store import mail_proofs
from idp.store.accounts import Account
from idp.store.mail_proofs import MailProof, ProofKind
from idp.web import paths
from idp.web.errors import expired_page
from idp.web.interactions import find_interaction
from idp.web.pages import render_page, settle_language
from idp.web.passwords import refusal
from idp.web.requests import read_form, read_query, seen_from
from idp.web.sessions import csrf_matches, csrf_token

KIND = ProofKind.NEW_PASSWORD

blueprint = Blueprint("forgotten", __name__)


@blueprint.get(paths.FORGOTTEN)
def forgotten_page() -> Response:
    """Ask for the address of the account."""
    return _page(waiting_flow(current_services()))


@blueprint.post(paths.FORGOTTEN)
def forgotten() -> Response:
    """Send a letter: to choose another password with, or saying that there is nothing to choose one for."""
    services = current_services()
    asked = read_asked(services, KIND)
    if asked.error is not None:
        return _page(asked.flow, asked.address, asked.error, HTTPStatus.BAD_REQUEST)
    with services.database.autocommit() as connection:
        account = services.accounts.find_by_username(connection, asked.address)
    if account is None or not _may_choose(account, asked.address):
        return begin(services, KIND, asked.address, "no_password", flow=asked.flow)
    return begin(services, KIND, asked.address, "new_password", account_id=account.id, flow=asked.flow)


@blueprint.get(paths.FORGOTTEN_FINISH)
def finish_page() -> Response:
    """Ask for the new password. Following the link changes nothing: programs that scan mail follow it too."""
    secret = read_query(request).get("token", "")
    return _finish_page(opened(current_services(), KIND, secret), secret)


@blueprint.post(paths.FORGOTTEN_FINISH)
def finish() -> Response:
    """Change the password, end every session and tell the person."""
    services, form = current_services(), read_form(request)
    if not csrf_matches(services, form.get("csrf", "")):
        raise expired_page(paths.FORGOTTEN)
    settle_language(services)
    secret = form.get("token", "")
    proof = opened(services, KIND, secret)
    password = form.get("password", "")
    weakness = services.password_rules.weakness(password, proof.address)
    if weakness is not None:
        return _finish_page(proof, secret, error=refusal(weakness, services.password_rules.least_characters))
    _change(services, secret, services.passwords.hash(password))
    interaction = find_interaction(services, proof.flow)
    onward = continuation(interaction.id) if interaction else paths.LOGIN
    return render_page("forgotten_done.html", onward=onward)


def _may_choose(account: Account, address: str) -> bool:
    """Whether mail to this address is enough to change the password: it is proved, and there is one to change."""
    proved = [each.casefold() for each in proved_addresses(account)]
    return account.is_active and not account.sandbox_of and bool(account.password_hash) and address.casefold() in proved


def _change(services: Services, secret: str, password_hash: str) -> None:
    """Spend the proof and all that it is for, or nothing of it.

    Raises:
        PageError: when the link was used a moment ago, or the account may not have another password by now.
    """
    now = services.now
    with services.database.transaction() as connection:
        proof = services.mail_proofs.take(connection, KIND, secret, now)
        account = services.accounts.hold(connection, proof.account_id) if proof else None
        if proof is None or account is None or not _may_choose(account, proof.address):
            raise link_over(services, KIND)
        services.accounts.change_password(connection, account.id, password_hash, now)
        mail_proofs.forget_account(connection, account.id)
        services.session_end.end_all(connection, account.id, now)
        services.activity.note(connection, account.id, Event.PASSWORD_CHANGED, seen_from(services, request), now)


def _page(flow: str, address: str = "", error: str | None = None, status: int = HTTPStatus.OK) -> Response:
    return render_page(
        "forgotten.html",
        status=status,
        csrf=csrf_token(current_services()),
        flow=flow,
        address=address[:320],
        error=error,
    )


def _finish_page(proof: MailProof, secret: str, *, error: str | None = None) -> Response:
    services = current_services()
    return render_page(
        "forgotten_finish.html",
        status=HTTPStatus.BAD_REQUEST if error else HTTPStatus.OK,
        csrf=csrf_token(services),
        flow=proof.flow,
        token=secret,
        address=proof.address,
        least=services.password_rules.least_characters,
        error=error,
    )
