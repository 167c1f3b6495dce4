"""GET and POST /partner/<partner_id>/apps/<client_id>: what is registered for an app, changing it, a new secret.

An app of the sandbox is changed at once: it meets nobody but made-up people.
"""

from http import HTTPStatus

from flask import Response

from idp.partner.app_form import METHODS, AppForm, form_of, read_app_form, wanted
from idp.partner.visit import AppVisit
from idp.protocol.names import SECRET_METHODS
from idp.protocol.parameters import Parameters
from idp.protocol.secrets import hash_secret, new_secret
from idp.store import clients, families
from idp.web import paths
from idp.web.errors import expired_page
from idp.web.pages import gettext as _
from idp.web.responses import see_other

CHANGE = "change_app"
ROTATE = "rotate_secret"
REMOVE = "remove_app"


def show(visit: AppVisit, said: AppForm | None = None, problems: tuple[str, ...] = (), *, secret: str = "") -> Response:
    """Show what is registered; `secret` is a new one, shown this once."""
    app = visit.app
    return visit.app_page(
        "app.html",
        paths.PARTNER_APP,
        said=said or form_of(app),
        methods=METHODS,
        problems=problems,
        secret=secret,
        has_secret=app.auth_method in SECRET_METHODS,
        issuer=visit.services.settings.issuer,
        status=HTTPStatus.BAD_REQUEST if problems else HTTPStatus.OK,
    )


def act(visit: AppVisit, form: Parameters) -> Response:
    """Do what was asked for on the page."""
    wish = _ACTIONS.get(form.get("action", ""))
    if wish is None:
        raise expired_page(_here(visit))
    return wish(visit, form)


def _change(visit: AppVisit, form: Parameters) -> Response:
    services, said = visit.services, read_app_form(form)
    if not visit.app.is_sandbox:
        return show(visit, said, (_("An app that meets people is not changed without us. Write to us."),))
    with services.database.transaction() as connection:
        app = clients.find(connection, visit.app.client_id, lock=True)
        changed, problems = wanted(services, visit.agreement, app or visit.app, said)
        if not problems:
            clients.save(connection, changed, services.now)
            visit.note(connection, CHANGE, changed.client_id)
    return show(visit, said, problems) if problems else see_other(_here(visit))


def _rotate(visit: AppVisit, _form: Parameters) -> Response:
    """Make a new secret; the old one stops working within a second."""
    services = visit.services
    if visit.app.auth_method not in SECRET_METHODS:
        return show(visit, problems=(_("This app proves itself without a secret."),))
    secret = new_secret(services.random)
    with services.database.transaction() as connection:
        clients.change_secret(connection, visit.app.client_id, hash_secret(secret), services.now)
        visit.note(connection, ROTATE, visit.app.client_id)
    return show(visit, secret=secret)


def _remove(visit: AppVisit, _form: Parameters) -> Response:
    """Remove an app of the sandbox."""
    services = visit.services
    if not visit.app.is_sandbox:
        return show(visit, problems=(_("An app that meets people is not removed without us. Write to us."),))
    with services.database.transaction() as connection:
        families.end_of_client(connection, visit.app.client_id, services.now)
        clients.delete(connection, visit.app, services.now)
        visit.note(connection, REMOVE, visit.app.client_id)
    return see_other(visit.url(paths.PARTNER_APPS))


_ACTIONS = {"change": _change, "rotate": _rotate, "remove": _remove}


def _here(visit: AppVisit) -> str:
    return visit.url(paths.PARTNER_APP, client_id=visit.app.client_id)
