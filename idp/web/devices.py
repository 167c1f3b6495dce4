"""The device cookie: a browser in which somebody signed in to an account before is known for that account again.

It is given for a sign-in that is complete, second factor included, so that whoever has a password alone gets none.
"""

from hashlib import sha256
from hmac import compare_digest, digest

from flask import Response, request

from idp.protocol.secrets import encode, new_identifier
from idp.services import Services
from idp.web.sessions import cookie_name, set_cookie

DEVICE_COOKIE = "sekisho_device"
YEAR = 31_536_000


def known_device(services: Services, login_key: bytes) -> str:
    """Return this browser's device cookie if it is one of the account with this key, "" otherwise."""
    device = request.cookies.get(cookie_name(services, DEVICE_COOKIE), "")
    nonce, _, signature = device.partition(".")
    expected = _signature(services, login_key, nonce).encode("ascii")
    return device if compare_digest(expected, signature.encode("utf-8", "surrogatepass")) else ""


def remember_device(services: Services, response: Response, login_key: bytes) -> None:
    """Make this browser a known one for an account."""
    nonce = new_identifier(services.random)
    set_cookie(services, response, DEVICE_COOKIE, f"{nonce}.{_signature(services, login_key, nonce)}", YEAR)


def _signature(services: Services, login_key: bytes, nonce: str) -> str:
    key = services.sealer.derive("device cookies")
    return encode(digest(key, login_key + nonce.encode("utf-8", "surrogatepass"), sha256))
