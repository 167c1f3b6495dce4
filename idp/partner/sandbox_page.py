"""GET and POST /partner/<partner_id>/sandbox: the made-up people, and making every case anew."""

from collections.abc import Callable, Mapping
from hashlib import sha256
from http import HTTPStatus

from flask import Response

from idp.partner.sandbox import Case, SandboxError, people, seed
from idp.partner.visit import Visit
from idp.protocol.parameters import Parameters
from idp.store import clients, quotas
from idp.web import paths
from idp.web.pages import gettext as _

SEED = "seed_sandbox"
SEEDS_A_MINUTE = 3
_MINUTE = 60


def show(visit: Visit, problem: str = "", *, password: str = "") -> Response:
    """Show who is there; `password` is that of all of them, shown this once."""
    words = _words()
    with visit.services.database.autocommit() as connection:
        apps = [app for app in clients.of_partner(connection, visit.partner.id) if app.is_sandbox]
    return visit.page(
        "sandbox.html",
        paths.PARTNER_SANDBOX,
        people=[(each, words[each.case]) for each in people(visit.services, visit.partner.id)],
        apps=[app.name for app in apps if app.status == clients.ACTIVE],
        may_seed=visit.partner.status in ("sandbox", "production"),
        password=password,
        problem=problem,
        status=HTTPStatus.BAD_REQUEST if problem else HTTPStatus.OK,
    )


def seeding(hash_password: Callable[[str], str]) -> Callable[[Visit, Parameters], Response]:
    """Return the act of making every case anew."""

    def act(visit: Visit, _form: Parameters) -> Response:
        services = visit.services
        key = sha256(f"sandbox page\x00{visit.partner.id}".encode()).digest()
        with services.database.autocommit() as connection:
            wait = quotas.take(connection, key, SEEDS_A_MINUTE, _MINUTE, services.now)
        if wait:
            return show(visit, _("That was often within a minute. Wait a little and try again."))
        try:
            password = seed(services, visit.partner, hash_password)
        except SandboxError:
            return show(visit, _("The sandbox cannot be filled at present. Write to your contact at Sekisho."))
        with services.database.transaction() as connection:
            visit.note(connection, SEED, "")
        return show(visit, password=password)

    return act


def _words() -> Mapping[Case, str]:
    """Return what an app meets with each."""
    return {
        Case.ADULT: _("Nothing is shared yet: your app asks, and they decide."),
        Case.REVOKED: _("They shared, and ended it. Your app is refused and may ask again."),
        Case.MINOR: _("15 years old: answers about age say no, and the policy holds back what is not for minors."),
        Case.RESTRICTED: _("They shared, and had the use of their data restricted since."),
        Case.EXPIRED: _("They shared, and the time is over. Your app may ask again."),
        Case.OPTED_OUT: _("They shared, and left all sharing since. They cannot be asked."),
    }
