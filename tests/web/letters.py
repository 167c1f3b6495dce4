"""Letters as their readers have them: the newest to an address, its link and its code."""

import re
from dataclasses import dataclass

from tests.provider.provider import Provider

_LINK = re.compile(r"^https?://\S+$", re.MULTILINE)
_CODE = re.compile(r": (\d{4}) (\d{4})$", re.MULTILINE)


@dataclass(frozen=True)
class Received:
    """One letter; link and code are "" where it has none. The link is without the issuer."""

    subject: str
    text: str
    link: str
    code: str


def letters(provider: Provider, address: str) -> list[Received]:
    """Every letter to an address, the newest first."""
    services = provider.services
    assert services is not None
    with services.database.autocommit() as connection:
        kept = services.mailer.kept(connection, 200)
    return [_received(mail.subject, mail.text, provider.url) for mail in kept if mail.to == address]


def _received(subject: str, text: str, issuer: str) -> Received:
    text = text.replace("\r\n", "\n")
    link, code = _LINK.search(text), _CODE.search(text)
    return Received(subject, text, link[0].removeprefix(issuer) if link else "", "".join(code.groups()) if code else "")
