"""GET /mailbox: mail that was kept instead of sent, for whoever tries this server out. It exists by `mail.mailbox`."""

from datetime import UTC, datetime

from flask import Blueprint, Response

from idp.services import current_services
from idp.web import paths
from idp.web.i18n import format_moment
from idp.web.pages import render_page, settle_language

SHOWN = 30

blueprint = Blueprint("mailbox", __name__)


@blueprint.get(paths.MAILBOX)
def mailbox() -> Response:
    """Show the newest mail; the time is UTC, for nobody in particular is looking."""
    services = current_services()
    language = settle_language(services)
    with services.database.autocommit() as connection:
        kept = services.mailer.kept(connection, SHOWN)
    mails = [
        {
            "to": mail.to,
            "subject": mail.subject,
            "text": mail.text,
            "at": f"{format_moment(datetime.fromtimestamp(mail.at, UTC), language)} UTC",
        }
        for mail in kept
    ]
    return render_page("mailbox.html", mails=mails)
