"""How a person signed in: the methods used (`amr`, RFC 8176) and the level that they come to (`acr`, OIDC Core 2).

The level is worked out from the methods alone, so that the two can never say different things.
"""

from collections.abc import Collection
from dataclasses import dataclass

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


@dataclass(frozen=True, slots=True)
class AskedLevels:
    """The levels that a request asks for, each list in its order of preference."""

    essential: tuple[str, ...] = ()
    """One of these must be met, or the request ends (OIDC Core 5.5.1.1); none where any will do."""
    wished: tuple[str, ...] = ()
    """The first of these that the person can reach is what they are asked for (OIDC Core 3.1.2.1, RFC 9470 5)."""
    least: str = ""
    """What the operator wants of every sign-in to this app, or for this scope, whatever the request says."""

    @property
    def insisted(self) -> tuple[str, ...]:
        """The levels of which one must be met, by the request and by the operator together."""
        if not self.least:
            return self.essential
        raised = (asked if meets(asked, self.least) else self.least for asked in self.essential or (self.least,))
        return tuple(dict.fromkeys(raised))

    def are_met_by(self, acr: str) -> bool:
        """Whether a sign-in is one that is insisted on."""
        return not self.insisted or any(meets(acr, asked) for asked in self.insisted)

    def are_content_with(self, acr: str) -> bool:
        """Whether nothing stronger is asked for: what is insisted on is met, and so is what is wished most."""
        return self.are_met_by(acr) and (not self.wished or meets(acr, self.wished[0]))

    def answered(self, acr: str) -> str:
        """Return what the tokens say of a sign-in: how it was; one of the values insisted on, where those are others.

        A stronger sign-in has met each weaker level, and the claim must match what was asked (OIDC Core 5.5.1.1).
        """
        if not self.essential or acr in self.essential:
            return acr
        return next((asked for asked in reversed(ACRS) if asked in self.essential and meets(acr, asked)), acr)


ANY_LEVEL = AskedLevels()
"""Nothing in particular is asked for."""
