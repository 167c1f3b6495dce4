"""Proving by mail that an address is one's own, for whoever signs up, forgot a password or has a new address.

Whether there is an account for an address, nobody learns here but who reads its mail: every step answers alike and does
the same work, and only the letter differs (ASVS 6.3.8).
"""

from dataclasses import dataclass
from http import HTTPStatus
from urllib.parse import urlencode

from flask import Response, request

from idp.protocol.mail import is_address
from idp.services import Services
from idp.store import attempts
from idp.store.mail_proofs import MailProof, ProofKind
from idp.web import paths
from idp.web.errors import PageError, expired_page
from idp.web.interactions import find_interaction
from idp.web.pages import current_language, ensure_language, settle_language
from idp.web.pages import gettext as _
from idp.web.requests import client_network, read_form, read_query
from idp.web.responses import see_other
from idp.web.sessions import csrf_matches, ensure_session


@dataclass(frozen=True, slots=True)
class Steps:
    """The pages of one kind of proof: where it begins, where the code is typed, where link and code lead."""

    start: str
    code: str
    finish: str

    def finish_with(self, secret: str) -> str:
        """Return where somebody goes on who knows the secret of a letter."""
        return f"{self.finish}?{urlencode({'token': secret})}"


STEPS = {
    ProofKind.SIGN_UP: Steps(paths.SIGN_UP, paths.SIGN_UP_CODE, paths.SIGN_UP_FINISH),
    ProofKind.NEW_PASSWORD: Steps(paths.FORGOTTEN, paths.FORGOTTEN_CODE, paths.FORGOTTEN_FINISH),
    ProofKind.NEW_ADDRESS: Steps(paths.EMAIL, paths.EMAIL_CODE, paths.EMAIL_FINISH),
    ProofKind.NEW_PHONE: Steps(paths.PHONE, paths.PHONE_CODE, paths.PHONE_FINISH),
}


_SHORT_LIVED = (ProofKind.NEW_PASSWORD, ProofKind.NEW_PHONE)
"""Those of ten minutes (ASVS 6.5.5)."""


@dataclass(frozen=True, slots=True, repr=False)
class Asked:
    """What the form of a first page says: the request that waits, the address, and what is wrong with it, or None."""

    flow: str
    address: str
    error: str | None


def waiting_flow(services: Services) -> str:
    """Return which request waits behind the first page, which is shown in the language that its app asks for."""
    flow = read_query(request).get("flow", "")
    interaction = find_interaction(services, flow)
    settle_language(services, interaction.parameters.get("ui_locales") if interaction else None)
    return flow


def read_asked(services: Services, kind: ProofKind) -> Asked:
    """Return what the form of the first page says.

    Raises:
        PageError: when the form is none of ours.
    """
    form = read_form(request)
    settle_language(services)
    flow, address = form.get("flow", ""), form.get("email", "").strip()
    if not csrf_matches(services, form.get("csrf", "")):
        raise expired_page(STEPS[kind].start)
    error = None if is_address(address) else _("Write your e-mail address, such as name@example.jp.")
    return Asked(flow, address, error)


def begin(
    services: Services, kind: ProofKind, address: str, letter: str, *, account_id: str = "", flow: str = ""
) -> Response:
    """Send a letter and lead to the page where its code is typed.

    `letter` is the template of the mail. One that says that nothing will come of it holds neither link nor code, and a
    proof waits all the same: nobody can tell from here which it was. An address that was written to often enough gets
    no further letter and no other answer: the links that it has work.

    Raises:
        PageError: when too many letters were asked for from this network.
    """
    _admit_network(services)
    times = _count(services, "letters to", address.casefold())
    now, steps = services.now, STEPS[kind]
    lifetimes = services.settings.lifetimes
    lifetime = lifetimes.new_password if kind in _SHORT_LIVED else lifetimes.mail_proof
    write = services.mailer.text if kind is ProofKind.NEW_PHONE else services.mailer.send
    session = ensure_session(services)
    with services.database.transaction() as connection:
        issued = services.mail_proofs.add(
            connection, kind, session.id, now + lifetime, account_id=account_id, address=address, flow=flow
        )
        middle = len(issued.code) // 2
        if times <= services.settings.sign_in.letters_per_address:
            write(
                connection,
                address,
                letter,
                current_language(),
                now=now,
                keep_trying=lifetime,
                link=services.settings.issuer + steps.finish_with(issued.secret),
                code=f"{issued.code[:middle]} {issued.code[middle:]}",
                minutes=str(lifetime // 60),
            )
    return see_other(f"{steps.code}?{urlencode({'proof': issued.id, 'flow': flow})}")


def opened(services: Services, kind: ProofKind, secret: str) -> MailProof:
    """Return the proof of a link that still works; looking at it changes nothing.

    Raises:
        PageError: when it does not.
    """
    with services.database.autocommit() as connection:
        proof = services.mail_proofs.find(connection, kind, secret, services.now)
    if proof is None:
        raise link_over(services, kind)
    return proof


def link_over(services: Services, kind: ProofKind) -> PageError:
    """Return the error for a link or a code that works no more, or never did."""
    ensure_language(services)
    return PageError(
        "link_over",
        _("This link does not work any more"),
        _("It was used before, or took too long. Nothing was changed."),
        _("Begin again, and use the newest e-mail."),
        status=HTTPStatus.BAD_REQUEST,
        continue_url=STEPS[kind].start,
        continue_label=_("Begin again"),
    )


def _admit_network(services: Services) -> None:
    network = client_network(request, services.settings.trusted_proxies)
    if _count(services, "letters from", network) <= services.settings.sign_in.letters_per_network:
        return
    ensure_language(services)
    raise PageError(
        "too_many_letters",
        _("Too many e-mails were asked for from here"),
        _("Nothing was sent this time. Those that were sent before still work."),
        _("Wait a quarter of an hour, then try again."),
        status=HTTPStatus.TOO_MANY_REQUESTS,
    )


def _count(services: Services, kind: str, what: str) -> int:
    """Count one more, committed at once, whatever happens next."""
    window = services.settings.sign_in.window
    with services.database.autocommit() as connection:
        return attempts.count_one(connection, services.sealer.index(f"attempts {kind}", what), services.now, window)
