"""Mail that a provider for tests kept instead of sending it."""

import re

from idp.mail import KeptMail
from tests.provider.provider import Provider

_LINK = re.compile(r"https?://\S+")


def mail_of(provider: Provider, address: str | None = None) -> list[KeptMail]:
    """The mail to an address, or all of it, the newest first."""
    with provider.services.database.autocommit() as connection:
        kept = provider.services.mailer.kept(connection, 100)
    return [mail for mail in kept if address in (None, mail.to)]


def links(mail: KeptMail) -> list[str]:
    """The addresses that a mail leads to."""
    return _LINK.findall(mail.text)
