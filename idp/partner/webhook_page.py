"""GET and POST /partner/<partner_id>/apps/<client_id>/webhook: where an app gets its messages, and which it got."""

from dataclasses import dataclass
from hashlib import sha256
from http import HTTPStatus

from flask import Response

from idp.partner.visit import AppVisit
from idp.partner.webhook import prove_webhook
from idp.partner.words import failure_word, message_state_word
from idp.protocol.parameters import Parameters
from idp.protocol.partner_events import PartnerEventKind
from idp.store import partner_messages, quotas, webhooks
from idp.store.partner_messages import SentMessage
from idp.web import paths
from idp.web.errors import expired_page
from idp.web.pages import gettext as _
from idp.web.responses import see_other

PROVE = "prove_webhook"
SHOWN = 50
WISHES_A_MINUTE = 10
_MINUTE = 60


@dataclass(frozen=True, slots=True)
class MessageLine:
    """A message as the list shows it."""

    id: str
    event: str
    sent: str
    state: str
    is_fine: bool
    due: str


def show(visit: AppVisit, url: str = "", problem: str = "") -> Response:
    """Show the app's address, whether it is proved, and its newest messages."""
    with visit.services.database.autocommit() as connection:
        webhook = webhooks.find(connection, visit.app.client_id)
        sent = partner_messages.newest(connection, (visit.app.client_id,), SHOWN)
    return visit.app_page(
        "webhook.html",
        paths.PARTNER_WEBHOOK,
        url=url or (webhook.url if webhook else ""),
        proved=visit.moment(webhook.verified_at) if webhook else "",
        problem=problem,
        messages=[_line(visit, each) for each in sent],
        acknowledge_at=visit.services.settings.issuer + paths.ACKNOWLEDGEMENTS,
        status=HTTPStatus.BAD_REQUEST if problem else HTTPStatus.OK,
    )


def act(visit: AppVisit, form: Parameters) -> Response:
    """Do what was asked for on the page; not more often than a person does."""
    wish = _ACTIONS.get(form.get("action", ""))
    if wish is None:
        raise expired_page(_here(visit))
    key = sha256(f"webhook page\x00{visit.app.client_id}".encode()).digest()
    with visit.services.database.autocommit() as connection:
        wait = quotas.take(connection, key, WISHES_A_MINUTE, _MINUTE, visit.services.now)
    if wait:
        return show(visit, problem=_("That was often within a minute. Wait a little and try again."))
    problem = wish(visit, form)
    return show(visit, form.get("url", ""), problem) if problem else see_other(_here(visit))


def _prove(visit: AppVisit, form: Parameters) -> str:
    """Set the address and challenge it; return why that failed, or ""."""
    code = prove_webhook(visit.services, visit.app, form.get("url", ""))
    if code:
        return failure_word(code)
    with visit.services.database.transaction() as connection:
        visit.note(connection, PROVE, visit.app.client_id)
    return ""


def _test(visit: AppVisit, _form: Parameters) -> str:
    with visit.services.database.transaction() as connection:
        sent = visit.services.messages.test(connection, visit.app, visit.services.now)
    return "" if sent else _("Set the address first: until it is proved, nothing is sent there.")


def _again(visit: AppVisit, form: Parameters) -> str:
    services, message = visit.services, form.get("message", "")
    with services.database.transaction() as connection:
        sent = services.messages.again(connection, visit.app.client_id, message, services.now)
    return "" if sent else _("This message cannot be sent again.")


_ACTIONS = {"prove": _prove, "test": _test, "again": _again}


def _line(visit: AppVisit, sent: SentMessage) -> MessageLine:
    message, state = sent.message, sent.state(visit.services.now)
    return MessageLine(
        id=message.id,
        event=PartnerEventKind(message.kind).uri,
        sent=visit.moment(message.created_at),
        state=message_state_word(state),
        is_fine=state in ("acknowledged", "delivered"),
        due=visit.moment(message.acknowledge_by) if message.acknowledged_at is None else "",
    )


def _here(visit: AppVisit) -> str:
    return visit.url(paths.PARTNER_WEBHOOK, client_id=visit.app.client_id)
