"""GET and POST /partner/<partner_id>/apps/<client_id>/keys: the app's keys as we see them, and ours."""

import json
from typing import Any

from flask import Response

from idp.partner.visit import AppVisit
from idp.partner.words import failure_word
from idp.protocol.names import AuthMethod
from idp.protocol.parameters import Parameters
from idp.services import MESSAGE_ALGORITHM
from idp.web import paths

_SHOWN = ("kid", "kty", "use", "alg")


def show(visit: AppVisit, *, anew: bool = False) -> Response:
    """Show the keys; `anew` asks the app's server for them first, as far as its budget goes."""
    services = visit.services
    seen = services.client_keys.seen(visit.app, anew=anew)
    keys: list[dict[str, Any]] = json.loads(seen.jwks)["keys"] if seen.jwks else []
    return visit.app_page(
        "keys.html",
        paths.PARTNER_KEYS,
        keys=[tuple(str(key.get(name, "")) for name in _SHOWN) for key in keys],
        needs_keys=visit.app.auth_method is AuthMethod.PRIVATE_KEY_JWT,
        fetched=visit.moment(int(seen.fetched_at)) if seen.fetched_at is not None else "",
        failure=failure_word(seen.failure) if seen.failure else "",
        our_keys=services.settings.issuer + paths.JWKS,
        our_kid=services.keys.signing_key(MESSAGE_ALGORITHM).kid,
        issuer=services.settings.issuer,
    )


def fetch(visit: AppVisit, _form: Parameters) -> Response:
    """Fetch the keys anew and show what came."""
    return show(visit, anew=True)
