"""Mail as it travels: one plain text to one address (RFC 5322), in which no value can become a header."""

import re
from dataclasses import dataclass
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import formatdate, parseaddr
from urllib.parse import urlsplit

MAX_ADDRESS = 254
"""RFC 5321 4.5.3.1, less the angle brackets."""
_LOCAL = r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+(?:\.[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+)*"
_LABEL = "[A-Za-z0-9](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?"
_ADDRESS = re.compile(rf"(?P<local>{_LOCAL})@(?P<domain>{_LABEL}(?:\.{_LABEL})*)")
MAX_LOCAL = 64


@dataclass(frozen=True, slots=True, repr=False)
class Letter:
    """What is said to a person: a subject of one line, and plain text."""

    subject: str
    text: str


def is_address(text: str) -> bool:
    """Whether mail can be sent there: `local@domain` in ASCII without quotes or comments (RFC 5321 4.1.2)."""
    found = _ADDRESS.fullmatch(text) if len(text) <= MAX_ADDRESS else None
    # An encoded word (RFC 2047) in an address is one to some readers and text to others.
    return found is not None and len(found["local"]) <= MAX_LOCAL and "=?" not in text


def one_line(text: str) -> str:
    """Return a text as one line without control characters: a line break at the end passes `EmailMessage`."""
    return " ".join("".join(character if character.isprintable() else " " for character in text).split())


def sender_address(text: str, name: str, issuer: str) -> Address:
    """Return the address that mail comes from: as set, or else `no-reply` at the issuer's host.

    Raises:
        ValueError: when it is no address.
    """
    shown, address = parseaddr(text) if text else (name, f"no-reply@{urlsplit(issuer).hostname}")
    if text and not is_address(address):
        message = "not an address such as Sekisho <no-reply@example.jp>"
        raise ValueError(message)
    local, _, domain = address.rpartition("@")
    return Address(shown, local, domain)


def compose(letter: Letter, *, sender: Address, to: str, language: str, message_id: str, now: int) -> bytes:
    """Return the message as it goes out.

    Raises:
        ValueError: when `to` is not an address.
    """
    if not is_address(to):
        message = "mail goes to one address alone"
        raise ValueError(message)
    local, _, domain = to.rpartition("@")
    mail = EmailMessage(policy=SMTP)
    mail["From"] = sender
    mail["To"] = Address(username=local, domain=domain)
    mail["Subject"] = one_line(letter.subject)
    mail["Date"] = formatdate(now)
    mail["Message-ID"] = f"<{message_id}@{sender.domain}>"
    mail["Auto-Submitted"] = "auto-generated"  # RFC 3834 5: no holiday notice answers it
    mail.set_content(letter.text, cte="quoted-printable" if letter.text.isascii() else "base64")
    mail["Content-Language"] = language  # after the content, which brings its own `Content-` headers
    return mail.as_bytes()
