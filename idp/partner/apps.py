"""GET and POST /partner/<partner_id>/apps: the partner's apps, and registering one that meets made-up people only."""

from dataclasses import replace
from http import HTTPStatus

from flask import Response

from idp.partner import app_settings
from idp.partner.app_form import EMPTY, METHODS, AppForm, read_app_form, wanted
from idp.partner.visit import AppVisit, Visit
from idp.protocol.authorization_details import TYPES
from idp.protocol.names import SECRET_METHODS, AuthMethod, ClientKind
from idp.protocol.parameters import Parameters
from idp.protocol.secrets import hash_secret, new_identifier, new_secret
from idp.store import clients
from idp.store.clients import SANDBOX, Client
from idp.web import paths
from idp.web.pages import gettext as _

MOST_APPS = 20
REGISTER = "register_app"


def show(visit: Visit, said: AppForm = EMPTY, problems: tuple[str, ...] = ()) -> Response:
    """Show the partner's apps and the form for a new one."""
    with visit.services.database.autocommit() as connection:
        apps = clients.of_partner(connection, visit.partner.id)
    return visit.page(
        "apps.html",
        paths.PARTNER_APPS,
        apps=[
            (visit.url(paths.PARTNER_APP, client_id=app.client_id), app)
            for app in apps
            if app.status != clients.DELETED
        ],
        may_register=visit.partner.status != "terminated",
        said=said,
        methods=METHODS,
        problems=problems,
        status=HTTPStatus.BAD_REQUEST if problems else HTTPStatus.OK,
    )


def register(visit: Visit, form: Parameters) -> Response:
    """Register an app of the partner's sandbox and show its secret, this once."""
    services = visit.services
    said = read_app_form(form)
    blank = Client(
        client_id=new_identifier(services.random),
        kind=ClientKind.THIRD_PARTY,
        name=said.name,
        auth_method=AuthMethod.CLIENT_SECRET_BASIC,
        partner_id=visit.partner.id,
        authorization_details_types=TYPES,
        environment=SANDBOX,
    )
    app, problems = wanted(services, visit.agreement, blank, said)
    secret = new_secret(services.random) if app.auth_method in SECRET_METHODS else ""
    if not problems:
        problems = _save(visit, replace(app, secret_hash=hash_secret(secret) if secret else None))
    if problems:
        return show(visit, said, problems)
    return app_settings.show(AppVisit(services, visit.language, visit.account, visit.partner, app), secret=secret)


def _save(visit: Visit, app: Client) -> tuple[str, ...]:
    """Write a new app down; return why that is not done."""
    if visit.partner.status == "terminated":
        return (_("The partnership has ended, so there is nothing to build for."),)
    with visit.services.database.transaction() as connection:
        known = clients.of_partner(connection, visit.partner.id)
        if sum(each.is_sandbox and each.status != clients.DELETED for each in known) >= MOST_APPS:
            return (_("There are as many apps in the sandbox as there may be. Remove one first."),)
        clients.save(connection, app, visit.services.now)
        visit.note(connection, REGISTER, app.client_id)
    return ()
