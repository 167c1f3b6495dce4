"""The accounts that signed in in this browser, so that their people need not say again who they are.

They stand in a cookie, sealed: nobody reads a name or an identifier in it, and nobody can put one in. It opens nothing.
"""

import json
from base64 import urlsafe_b64decode

from flask import Response, after_this_request, request

from idp.protocol.secrets import encode
from idp.services import Services
from idp.store.accounts import Account
from idp.store.sealing import UnsealingError
from idp.web.sessions import cookie_name, set_cookie

COOKIE = "sekisho_accounts"
MOST = 5
YEAR = 31_536_000
_PLACE = "cookies/known accounts"


def known_accounts(services: Services) -> list[Account]:
    """Return the accounts that were used here and may still sign in, the one that was used last first."""
    with services.database.autocommit() as connection:
        found = [services.accounts.find(connection, account_id) for account_id in _known(services)]
    return [account for account in found if account is not None and account.may_sign_in and account.called]


def remember(services: Services, account_id: str) -> None:
    """Put an account first in this browser's list."""
    _give(services, [account_id, *(known for known in _known(services) if known != account_id)][:MOST])


def forget(services: Services, account_id: str) -> None:
    """Take an account out of this browser's list."""
    _give(services, [known for known in _known(services) if known != account_id])


def _known(services: Services) -> list[str]:
    """Read the cookie; what this server did not write is no list."""
    cookie = request.cookies.get(cookie_name(services, COOKIE), "")
    try:
        listed = json.loads(services.sealer.open(urlsafe_b64decode(cookie + "==="), _PLACE)) if cookie else []
    except (UnsealingError, ValueError):
        return []
    return [str(each) for each in listed][:MOST]


def _give(services: Services, listed: list[str]) -> None:
    value = encode(services.sealer.seal(json.dumps(listed).encode("utf-8"), _PLACE)) if listed else ""

    @after_this_request
    def give(response: Response) -> Response:
        set_cookie(services, response, COOKIE, value, YEAR if listed else 0)
        return response
