"""Signing up: an address, a letter with a link and a code, a password, and on to the app that waits."""

from http import HTTPStatus

from flask import Blueprint, Response, request

from idp.completion import complete
from idp.connections import arrival_for_new_account
from idp.mailed_proof import begin, link_over, opened, read_asked, waiting_flow
from idp.protocol.authentication import AMR_PASSWORD
from idp.protocol.upstreams import Identity
from idp.services import Services, current_services
from idp.store import agreed_terms
from idp.store.accounts import Account
from idp.store.database import Connection
from idp.store.mail_proofs import MailProof, ProofKind
from idp.web import paths
from idp.web.errors import PageError, expired_page
from idp.web.interactions import find_interaction
from idp.web.pages import current_language, render_page, settle_language
from idp.web.pages import gettext as _
from idp.web.passwords import refusal
from idp.web.requests import read_form, read_query
from idp.web.sessions import csrf_matches, csrf_token, ensure_session
from idp.web.upstreams import upstream_label

KIND = ProofKind.SIGN_UP

blueprint = Blueprint("sign_up", __name__)


@blueprint.get(paths.SIGN_UP)
def sign_up_page() -> Response:
    """Ask for an address."""
    flow = waiting_flow(current_services())
    arrival = arrival_for_new_account(current_services())
    return _page(flow, arrival.who.email if arrival is not None else "")


@blueprint.post(paths.SIGN_UP)
def sign_up() -> Response:
    """Send a letter: to make an account with, or saying that there is one."""
    services = current_services()
    asked = read_asked(services, KIND)
    if asked.error is not None:
        return _page(asked.flow, asked.address, asked.error, HTTPStatus.BAD_REQUEST)
    with services.database.autocommit() as connection:
        known = services.accounts.find_by_username(connection, asked.address)
    return begin(services, KIND, asked.address, "sign_up" if known is None else "account_exists", flow=asked.flow)


@blueprint.get(paths.SIGN_UP_FINISH)
def finish_page() -> Response:
    """Ask for a password. Following the link changes nothing: programs that scan mail follow it too.

    Whoever came from another provider and wants a new account signs in with that, and has no password.
    """
    secret = read_query(request).get("token", "")
    return _finish_page(opened(current_services(), KIND, secret), secret)


@blueprint.post(paths.SIGN_UP_FINISH)
def finish() -> Response:
    """Make the account, sign in and lead on."""
    services, form = current_services(), read_form(request)
    if not csrf_matches(services, form.get("csrf", "")):
        raise expired_page(paths.SIGN_UP)
    settle_language(services)
    secret = form.get("token", "")
    proof = opened(services, KIND, secret)
    arrival = arrival_for_new_account(services)
    password = form.get("password", "")
    weakness = None if arrival is not None else services.password_rules.weakness(password, proof.address)
    terms_wanted = bool(services.settings.sign_up.terms_version) and form.get("terms", "") != "agreed"
    if weakness is not None or terms_wanted:
        return _finish_page(
            proof,
            secret,
            error=refusal(weakness, services.password_rules.least_characters) if weakness else None,
            terms_error=_("An account needs your agreement to the terms.") if terms_wanted else None,
        )
    who = arrival.who if arrival is not None else None
    account = _make(services, secret, "" if who is not None else services.passwords.hash(password), who)
    amr = who.amr if who is not None else (AMR_PASSWORD,)
    return complete(services, account, amr, find_interaction(services, proof.flow), paths.ACCOUNT)


def _make(services: Services, secret: str, password_hash: str, who: Identity | None) -> Account:
    """Spend the proof, make its account and connect it with whoever came from another provider: all or nothing.

    Raises:
        PageError: when the link was used a moment ago, or the address or the somebody got an account meanwhile.
    """
    now = services.now
    with services.database.transaction() as connection:
        proof = services.mail_proofs.take(connection, KIND, secret, now)
        if proof is None:
            raise link_over(services, KIND)
        profile = {"email": proof.address, "email_verified": True, "locale": current_language()}
        account_id = services.accounts.create(connection, proof.address, password_hash, profile, now)
        if account_id is None:
            raise _taken()
        if services.settings.sign_up.terms_version:
            agreed_terms.add(connection, account_id, services.settings.sign_up.terms_version, now)
        account = services.accounts.find(connection, account_id)
        if account is None or (who is not None and not _connected(services, connection, account_id, who)):
            raise _taken()
        return account


def _connected(services: Services, connection: Connection, account_id: str, who: Identity) -> bool:
    """Connect a new account, and forget who waited in this browser; false when they are connected already."""
    services.upstream_arrivals.take(connection, ensure_session(services).id, services.now)
    return services.upstream_links.add(connection, account_id, who, services.now)


def _taken() -> PageError:
    """Return the error for a second account of one address, told only to whoever reads its mail."""
    return PageError(
        "address_taken",
        _("You have an account already"),
        _("There is an account with this e-mail address. Nothing was changed."),
        _("Sign in to it. If you forgot its password, you can choose another one there."),
        status=HTTPStatus.CONFLICT,
        continue_url=paths.LOGIN,
        continue_label=_("Sign in"),
    )


def _page(flow: str, address: str = "", error: str | None = None, status: int = HTTPStatus.OK) -> Response:
    return render_page(
        "sign_up.html",
        status=status,
        csrf=csrf_token(current_services()),
        flow=flow,
        address=address[:320],
        error=error,
    )


def _finish_page(
    proof: MailProof, secret: str, *, error: str | None = None, terms_error: str | None = None
) -> Response:
    services = current_services()
    arrival = arrival_for_new_account(services)
    return render_page(
        "sign_up_finish.html",
        provider=upstream_label(services, arrival.who.provider) if arrival is not None else None,
        shown=arrival.who.shown if arrival is not None else "",
        status=HTTPStatus.BAD_REQUEST if error or terms_error else HTTPStatus.OK,
        csrf=csrf_token(services),
        flow=proof.flow,
        token=secret,
        address=proof.address,
        least=services.password_rules.least_characters,
        terms=services.settings.sign_up,
        error=error,
        terms_error=terms_error,
    )
