"""The page where the code of a letter is typed, in the browser where the proof was begun: one for every kind."""

from http import HTTPStatus

from flask import Blueprint, Response, request

from idp.mailed_proof import STEPS, link_over
from idp.services import current_services
from idp.store.mail_proofs import MailProof, ProofKind
from idp.web.errors import expired_page
from idp.web.pages import gettext as _
from idp.web.pages import render_page, settle_language
from idp.web.requests import read_form, read_query
from idp.web.responses import see_other
from idp.web.sessions import csrf_matches, csrf_token, current_session

blueprint = Blueprint("mail_codes", __name__)


def _mount(kind: ProofKind) -> None:
    steps = STEPS[kind]

    @blueprint.get(steps.code, endpoint=f"{kind}_page")
    def code_page() -> Response:
        query = read_query(request)
        return _page(_begun(kind, query.get("proof", "")), query.get("flow", ""))

    @blueprint.post(steps.code, endpoint=f"{kind}_code")
    def code_typed() -> Response:
        services, form = current_services(), read_form(request)
        settle_language(services)
        if not csrf_matches(services, form.get("csrf", "")):
            raise expired_page(steps.start)
        proof_id = form.get("proof", "")
        before = _begun(kind, proof_id)
        session = current_session(services)
        digits = "".join(each for each in form.get("code", "") if each.isdecimal())
        with services.database.autocommit() as connection:
            secret = services.mail_proofs.exchange(
                connection, kind, proof_id, session.id if session else "", digits, services.now
            )
        if secret is not None:
            return see_other(steps.finish_with(secret))
        after = _begun(kind, proof_id) if before.has_tries else before
        sentence = _("That is not the code that we sent. Check it and try again.")
        return _page(after, form.get("flow", ""), error=sentence, status=HTTPStatus.UNAUTHORIZED)


for _kind in ProofKind:
    _mount(_kind)


def _begun(kind: ProofKind, proof_id: str) -> MailProof:
    """Return a proof that was begun in this browser.

    Raises:
        PageError: when it was not, or is over.
    """
    services = current_services()
    session = current_session(services)
    if session is None:
        raise link_over(services, kind)
    with services.database.autocommit() as connection:
        proof = services.mail_proofs.begun(connection, kind, proof_id, session.id, services.now)
    if proof is None:
        raise link_over(services, kind)
    return proof


def _page(proof: MailProof, flow: str, *, error: str | None = None, status: int = HTTPStatus.OK) -> Response:
    steps = STEPS[proof.kind]
    return render_page(
        "phone_code.html" if proof.kind is ProofKind.NEW_PHONE else "mail_code.html",
        status=status,
        csrf=csrf_token(current_services()),
        action=steps.code,
        start=steps.start,
        flow=flow,
        proof=proof.id,
        address=proof.address,
        has_tries=proof.has_tries,
        error=error,
    )
