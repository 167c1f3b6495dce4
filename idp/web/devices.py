"""The device cookie: a browser in which somebody signed in to an account before is known for that account again.

It is given for a sign-in that is complete, second factor included, so that whoever has a password alone gets none.
"""

import re
from hashlib import sha256
from hmac import compare_digest, digest

from flask import Response, request

from idp.protocol.secrets import encode, new_identifier
from idp.services import Services
from idp.web.sessions import cookie_name, set_cookie

DEVICE_COOKIE = "sekisho_device"
YEAR = 31_536_000
MOST_ACCOUNTS = 5
"""For how many accounts one browser is known: a family's."""
_COOKIE = re.compile(rf"[A-Za-z0-9_-]{{22}}(?:\.[A-Za-z0-9_-]{{43}}){{1,{MOST_ACCOUNTS}}}")


def known_device(services: Services, login_key: bytes) -> str:
    """Return this browser's device cookie if it is one of the account with this key, "" otherwise."""
    nonce, signatures = _cookie(services)
    expected = _signature(services, login_key, nonce)
    found = [_is_same(expected, signature) for signature in signatures]
    return f"{nonce}.{expected}" if any(found) else ""


def remember_device(services: Services, response: Response, login_key: bytes) -> None:
    """Make this browser a known one for an account, and leave it one for those who signed in here last."""
    nonce, signatures = _cookie(services)
    nonce = nonce or new_identifier(services.random)
    own = _signature(services, login_key, nonce)
    others = [signature for signature in signatures if not _is_same(own, signature)]
    set_cookie(services, response, DEVICE_COOKIE, ".".join((nonce, own, *others[: MOST_ACCOUNTS - 1])), YEAR)


def _cookie(services: Services) -> tuple[str, list[str]]:
    """Return what this browser is called, and what may be signatures of the accounts for which it is known."""
    cookie = request.cookies.get(cookie_name(services, DEVICE_COOKIE), "")
    if not _COOKIE.fullmatch(cookie):
        return "", []
    nonce, *signatures = cookie.split(".")
    return nonce, signatures


def _is_same(expected: str, signature: str) -> bool:
    return compare_digest(expected.encode("ascii"), signature.encode("utf-8", "surrogatepass"))


def _signature(services: Services, login_key: bytes, nonce: str) -> str:
    key = services.sealer.derive("device cookies")
    return encode(digest(key, login_key + nonce.encode("utf-8", "surrogatepass"), sha256))
