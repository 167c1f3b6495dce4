"""One-time passwords of an authenticator app (RFC 6238): six digits, thirty seconds, SHA-1, as every app knows them.

SHA-1 is what RFC 6238 1.2 begins with, and HMAC does not rest on what was broken of it.
"""

import pyotp

from idp.protocol.secrets import Randomness

STEP_SECONDS = 30
DRIFT_STEPS = 1
"""How many steps a phone's clock may be off, either way (RFC 6238 5.2 and 6)."""
_SECRET_BYTES = 20
_BITS_OF_A_LETTER = 5
_ALPHABET = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567"


def new_totp_secret(random: Randomness) -> str:
    """Return a secret of 160 bits (RFC 4226 4, R6) in base 32, as apps take it."""
    bits = int.from_bytes(random(_SECRET_BYTES), "big")
    return "".join(_ALPHABET[(bits >> shift) & 31] for shift in range(0, _SECRET_BYTES * 8, _BITS_OF_A_LETTER))


def enrolment_uri(secret: str, account: str, issuer: str) -> str:
    """Return what the QR code says: an `otpauth` URI, as authenticator apps read it."""
    return pyotp.TOTP(secret).provisioning_uri(name=account, issuer_name=issuer)


def step_of(secret: str, code: str, now: int) -> int | None:
    """Return the time step of a code, the newest if it is that of several; None for a code that is wrong by now.

    Whether the step was used before is the store's to say: see `Authenticators.accept`.
    """
    totp, typed = pyotp.TOTP(secret), "".join(code.split())
    if not typed.isascii():
        return None
    present = now // STEP_SECONDS
    near = range(present - DRIFT_STEPS, present + DRIFT_STEPS + 1)
    matching = [step for step in near if pyotp.utils.strings_equal(totp.generate_otp(step), typed)]
    return max(matching, default=None)
