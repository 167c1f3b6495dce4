"""Where every way of signing in ends (password, passkey, another provider, recovery) and a session grows stronger.

A second factor is asked for where the account has one, or where the request asks for a level that one would lift this
sign-in to (RFC 9470). Until it is there nobody is signed in: what was proved so far waits in the store, bound to the
browser's session, and no page carries it.
"""

from http import HTTPStatus
from urllib.parse import urlencode

from flask import Response

from idp.activity import proved_addresses
from idp.protocol.authentication import (
    ACR_MAIL_CODE,
    ACR_PHISHING_RESISTANT,
    ACR_TWO_FACTORS,
    ACRS,
    ANY_LEVEL,
    AskedLevels,
    acr_of,
    meets,
)
from idp.protocol.risk import Action
from idp.protocol.secrets import new_identifier
from idp.risk import asked_by_risk, note_refusal, note_sign_in
from idp.services import Services
from idp.store import authenticators, interactions, passkeys, pending_sign_ins
from idp.store.accounts import Account
from idp.store.database import Connection
from idp.store.interactions import Interaction
from idp.store.pending_sign_ins import PendingSignIn
from idp.store.sessions import BrowserSession
from idp.web import paths
from idp.web.devices import remember_device
from idp.web.errors import PageError
from idp.web.known_accounts import remember
from idp.web.pages import gettext as _
from idp.web.responses import see_other, with_query
from idp.web.sessions import current_session, renew, sign_in

SECOND_FACTOR_SECONDS = 600
"""How long a first factor is good for without the second."""


class RefusedByRiskError(PageError):
    """A sign-in that proved what it had to, and was refused for everything around it.

    Its page confirms what was proved. A route that takes something which may have been stolen or guessed, such as a
    password, answers as if that were wrong instead.
    """

    def __init__(self, flow: str) -> None:
        """Lead back to the request that waits, or to the sign-in page."""
        super().__init__(
            "sign_in_refused",
            _("We did not let this sign-in through"),
            _("It looks very unlike you. Nothing was changed."),
            _("Sign in from a browser that you have used before, or with a passkey; or try again later."),
            status=HTTPStatus.FORBIDDEN,
            continue_url=continuation(flow) if flow else paths.LOGIN,
            continue_label=_("Sign in"),
        )


def complete(
    services: Services, account: Account, amr: tuple[str, ...], interaction: Interaction | None, onward: str = ""
) -> Response:
    """Sign somebody in who has proved by `amr` (RFC 8176) who they are, second factor first, and lead on.

    `onward` is the page of their own that they were on their way to, where no app waits: see `paths.own_page`.

    Raises:
        PageError: when nothing but a passkey opens the account and this was something else.
        RefusedByRiskError: when it looks too much like somebody else. Its person is told by then, elsewhere.
    """
    if account.has_passkeys_only and acr_of(amr) != ACR_PHISHING_RESISTANT:
        raise _passkeys_only()
    flow, asked = (interaction.id, interaction.levels) if interaction else ("", ANY_LEVEL)
    with services.database.autocommit() as connection:
        by_risk = asked_by_risk(services, connection, account, acr_of(amr))
        reach = _by_second_factor(connection, account)
    if by_risk is Action.REFUSE:
        raise _refused(services, account, amr, flow)
    level = _missing(reach, acr_of(amr), asked, own=True)
    if by_risk is Action.STEP_UP and not level and not meets(acr_of(amr), ACR_MAIL_CODE):
        level = ACR_MAIL_CODE if ACR_MAIL_CODE in reach else ""  # the least that is more than a first factor
        if not level and services.risk_rules.without_second_step is Action.REFUSE:
            raise _refused(services, account, amr, flow)
    if level:
        return ask_second_factor(services, renew(services), account.id, amr, level, flow, onward)
    return finish(services, account, amr, flow, onward)


def finish(services: Services, account: Account, amr: tuple[str, ...], flow: str, onward: str) -> Response:
    """Sign somebody in, or make their session stronger, and lead on to what waits: a request, a page of their own."""
    before = current_session(services)
    with sign_in(services, account.id, amr) as (connection, session):
        if onward == paths.CONNECT and before is not None and before.id != session.id:
            flow, onward = _behind(services, connection, before)
        note_sign_in(services, connection, account, amr)
        if flow:
            interactions.note_sign_in(connection, flow, session.id, services.now)
    remember(services, account.id)
    after = continuation(flow) if flow else onward or paths.HOME
    if account.is_closing:
        after = with_query(paths.COME_BACK, {"flow": flow}) if flow else paths.COME_BACK
    response = see_other(after)
    remember_device(services, response, account.login_key)
    return response


def _behind(services: Services, connection: Connection, before: BrowserSession) -> tuple[str, str]:
    """Return what waited behind connecting somebody who arrived in a session that another person's has replaced.

    Who arrived there is not theirs to connect, and is left behind; the app's request, or the page, goes on.
    """
    arrival = services.upstream_arrivals.find(connection, before.id, services.now)
    return (arrival.interaction_id, arrival.next_path) if arrival is not None else ("", paths.CONNECTIONS)


def ask_second_factor(
    services: Services,
    session: BrowserSession,
    account_id: str,
    amr: tuple[str, ...],
    level: str,
    flow: str,
    onward: str = "",
) -> Response:
    """Keep what was proved so far, and send the person to the page that asks for more."""
    pending = PendingSignIn(
        id=new_identifier(services.random),
        session_id=session.id,
        flow=flow,
        onward=onward,
        account_id=account_id,
        amr=amr,
        level=level,
        expires_at=services.now + SECOND_FACTOR_SECONDS,
    )
    with services.database.transaction() as connection:
        pending_sign_ins.put(connection, pending)
    return see_other(f"{paths.SECOND_FACTOR}?{urlencode({'flow': flow})}")


def missing_level(
    services: Services, account: Account, acr: str, asked: AskedLevels = ANY_LEVEL, *, own: bool = False
) -> str:
    """Return the level that a second factor is to lift a sign-in to; "" where none is needed or would help.

    `own` asks for the one that the account is protected by, whatever the request wants.
    """
    if not own and asked.are_content_with(acr):
        return ""
    with services.database.autocommit() as connection:
        reach = _by_second_factor(connection, account)
    return _missing(reach, acr, asked, own=own)


def _missing(reach: tuple[str, ...], acr: str, asked: AskedLevels, *, own: bool) -> str:
    wanted = [ACR_TWO_FACTORS] if own and ACR_TWO_FACTORS in reach else []
    if not asked.are_met_by(acr):
        wanted += [level for level in asked.insisted if level in reach][:1]
    wanted += [level for level in asked.wished if level in reach or meets(acr, level)][:1]
    return max((level for level in wanted if not meets(acr, level)), key=ACRS.index, default="")


def prefers_passkey(services: Services, account: Account, acr: str, asked: AskedLevels) -> bool:
    """Whether what a request wishes most, of what somebody can do, is that they sign in by a passkey of theirs."""
    if asked.are_content_with(acr) or ACR_PHISHING_RESISTANT not in asked.wished:
        return False
    with services.database.autocommit() as connection:
        has_passkey = passkeys.count(connection, account.id) > 0
        by_second_factor = _by_second_factor(connection, account)
    reach = (*by_second_factor, *((ACR_PHISHING_RESISTANT,) if has_passkey else ()))
    first = next((level for level in asked.wished if level in reach or meets(acr, level)), "")
    return first == ACR_PHISHING_RESISTANT


def _by_second_factor(connection: Connection, account: Account) -> tuple[str, ...]:
    """Return the levels that an account reaches by a second factor."""
    has_app = authenticators.is_on(connection, account.id)
    has_mail = bool(proved_addresses(account))
    return (*((ACR_MAIL_CODE,) if has_mail else ()), *((ACR_TWO_FACTORS,) if has_app else ()))


def _refused(services: Services, account: Account, amr: tuple[str, ...], flow: str) -> RefusedByRiskError:
    note_refusal(services, account, amr)
    return RefusedByRiskError(flow)


def continuation(flow: str) -> str:
    """Return where a request goes on, whatever it waits for by now."""
    return f"{paths.CONTINUE}?{urlencode({'flow': flow})}"


def _passkeys_only() -> PageError:
    return PageError(
        "passkeys_only",
        _("This account opens by passkeys only"),
        _("Its owner decided so. Nothing was changed."),
        _("Sign in with one of your passkeys."),
        status=HTTPStatus.FORBIDDEN,
        continue_url=paths.LOGIN,
        continue_label=_("Sign in"),
    )
