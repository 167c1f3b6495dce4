"""How a person signed in: the methods used (`amr`, RFC 8176) and the level that they come to (`acr`, OIDC Core 2).

The level is worked out from the methods alone, so that the two can never say different things.
"""

from collections.abc import Collection

AMR_PASSWORD = "pwd"
AMR_KEY = "pop"
"""Proof that the person holds a key that is bound to this very site: a passkey (RFC 8176 2; add `hwk` or `swk`)."""
AMR_HARDWARE_KEY = "hwk"
"""The key is one device's alone."""
AMR_SOFTWARE_KEY = "swk"
"""The key is copied to other devices of its owner."""
AMR_USER_PRESENCE = "user"
"""Somebody was there, at the device."""
AMR_ONE_TIME_CODE = "otp"
"""A code of the authenticator app, or a recovery code."""
AMR_OTHER_CHANNEL = "mca"
"""A code that was sent by e-mail."""
AMR_MULTI_FACTOR = "mfa"
"""Two factors of different kinds; to be named beside them."""
AMR_FEDERATED = "fed"
"""Another provider says who it is. No registered name exists; this one is in wide use."""

AMRS = (AMR_PASSWORD, AMR_ONE_TIME_CODE, AMR_OTHER_CHANNEL, AMR_MULTI_FACTOR, "hwk", "pin", "sc", "sms", "swk")
"""Registered names (RFC 8176 2): what another provider's words may be set to mean here, never a key of ours."""

ACR_PASSWORD = "urn:sekisho:acr:password"
"""One factor that can be phished: a password, or the word of another provider."""
ACR_MAIL_CODE = "urn:sekisho:acr:mail-code"
"""One factor, and a code from the person's mailbox: better than nothing, but no factor of its own (800-63B 5.1.3.1)."""
ACR_TWO_FACTORS = "urn:sekisho:acr:two-factors"
"""Two factors of different kinds, which can still be phished together."""
ACR_PHISHING_RESISTANT = "phr"
"""A key that answers to the right site only (OpenID Connect EAP ACR Values 1.0, 4)."""

ACRS = (ACR_PASSWORD, ACR_MAIL_CODE, ACR_TWO_FACTORS, ACR_PHISHING_RESISTANT)
"""Every level, weakest first."""


def acr_of(amr: Collection[str]) -> str:
    """Return the level that the methods of one sign-in come to."""
    if AMR_KEY in amr:
        return ACR_PHISHING_RESISTANT
    if AMR_MULTI_FACTOR in amr:
        return ACR_TWO_FACTORS
    return ACR_MAIL_CODE if AMR_OTHER_CHANNEL in amr else ACR_PASSWORD


def meets(acr: str, asked: str) -> bool:
    """Whether a level is the one that is asked for, or a stronger one; what is not known here is never met."""
    return acr in ACRS and asked in ACRS and ACRS.index(acr) >= ACRS.index(asked)
