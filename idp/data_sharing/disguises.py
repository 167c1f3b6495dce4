"""What goes out in place of what a person is known by: names, addresses and marks of one partner's own.

A relay address is the account, sealed for one partner (AES-SIV, RFC 5297), under a domain of ours: it is the same each
time, no two partners' can be compared, and whoever holds the key reads from it whose mail it is. `opened` does, for the
mail gateway; whether anything may be passed on is asked of the grant then.
"""

from base64 import b32decode, b32encode
from binascii import Error as Base32Error
from hashlib import sha256
from hmac import digest

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESSIV

from idp.data_sharing.pairwise import Pairwise
from idp.store.clients import Client
from policies.discharge import Means

_MARK = 8
_SECTOR_LABEL = 16
_EIGHTS = 8
"""Base 32 comes in groups of so many letters."""


class Disguises(Pairwise):
    """Makes them, by keys that nobody else has."""

    def __init__(self, pairwise_key: bytes, key: bytes, relay_domain: str) -> None:
        """Take the keys, of pairwise names and of all else, and the domain under which relay addresses are."""
        super().__init__(pairwise_key)
        self._relay = AESSIV(digest(key, b"relay", sha256))
        self._names = digest(key, b"names", sha256)
        self._domain = relay_domain

    def means(self, client: Client, account_id: str) -> Means:
        """Return what obligations do to a person's values for one app's partner."""
        sector = client.sector

        def watermark(address: str) -> str:
            local, at, domain = address.rpartition("@")
            mark = self._letters("mark", sector, account_id)[:_MARK]
            return f"{local}{'.' if '+' in local else '+'}{mark}{at}{domain}" if at else mark

        return Means(
            pairwise_id=lambda value: self._letters("name", sector, value),
            relay_email=lambda _address: self._relay_address(sector, account_id),
            watermark=watermark,
        )

    def opened(self, address: str, sector: str) -> str | None:
        """Return the account that a relay address of one sector stands for, or None."""
        local, _, domain = address.lower().rpartition("@")
        if domain != f"{_label(sector)}.{self._domain}":
            return None
        padded = local.upper() + "=" * (-len(local) % _EIGHTS)
        try:
            return self._relay.decrypt(b32decode(padded), [sector.encode()]).decode("ascii")
        except (Base32Error, ValueError, InvalidTag):
            return None

    def _relay_address(self, sector: str, account_id: str) -> str:
        sealed = self._relay.encrypt(account_id.encode("ascii"), [sector.encode()])
        return f"{_base32(sealed)}@{_label(sector)}.{self._domain}"

    def _letters(self, *parts: str) -> str:
        return _base32(digest(self._names, "\x00".join(parts).encode("utf-8", "replace"), sha256))


def _label(sector: str) -> str:
    return _base32(sha256(sector.encode()).digest())[:_SECTOR_LABEL]


def _base32(content: bytes) -> str:
    return b32encode(content).decode("ascii").rstrip("=").lower()
