"""GET /partner/<partner_id>/apps/<client_id>/check: the conformance self-check, with what to do about each failure."""

from collections.abc import Mapping

from flask import Response

from idp.partner.checks import Outcome, run_checks
from idp.partner.visit import AppVisit
from idp.web import paths
from idp.web.pages import gettext as _


def show(visit: AppVisit) -> Response:
    """Run the checks and show what came of each."""
    checks = run_checks(visit.services, visit.agreement, visit.app)
    words = _words()
    return visit.app_page(
        "check.html",
        paths.PARTNER_CHECK,
        checks=[(check, *words[check.name]) for check in checks],
        failed=sum(check.outcome is Outcome.FAILED for check in checks),
    )


def _words() -> Mapping[str, tuple[str, str]]:
    """Return for each check what is checked, and what to do where it failed."""
    return {
        "pkce": (
            _("A code is good only for whoever asked for it (PKCE, RFC 7636)"),
            _("Ask us to turn the exception for this app off."),
        ),
        "redirect_uris": (
            _("Codes go to https addresses, or to an app on the person's own device"),
            _("Register an https address in place of these."),
        ),
        "keys": (
            _("We can read the app's public keys"),
            _("See the page Keys for what went wrong, and fetch them anew there."),
        ),
        "webhook": (
            _("The app has proved that it reads its messages"),
            _("Set its address on the page Messages."),
        ),
        "acknowledgements": (
            _("The app has acknowledged a message, and owes none that is late"),
            _("Send a test message, and acknowledge at /partner/v1/acknowledgements what waits."),
        ),
        "pairwise": (
            _("The app knows people by names that no other partner knows (pairwise sub)"),
            _("Ask us to change the app's subject_type."),
        ),
        "agreed_fields": (
            _("The app asks for nothing that is not agreed"),
            _("Take these out of the app, or have them agreed: send the form on the page Settings."),
        ),
        "pushed_requests": (
            _("Requests are taken only when they are pushed (PAR, RFC 9126)"),
            _("Tick the box on the page Settings, and send requests to the pushed request endpoint."),
        ),
    }
