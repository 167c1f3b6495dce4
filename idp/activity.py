"""What happens to an account is written down for its person, and told to them wherever they proved to be reached."""

from idp.mail import EVERY_LANGUAGE, LANGUAGES, Mailer
from idp.protocol.activity import UNTOLD, Event, Seen
from idp.protocol.mail import is_address
from idp.protocol.phone import phone_number
from idp.store import activity
from idp.store.accounts import Account, Accounts
from idp.store.database import Connection
from idp.store.sealing import Sealer

NOTICE = "notice"


class Activity:
    """Notes events and sends their notices."""

    def __init__(self, accounts: Accounts, mailer: Mailer, sealer: Sealer) -> None:
        """Take whose events these are and how people are written to."""
        self._accounts = accounts
        self._mailer = mailer
        self._sealer = sealer

    def note(
        self,
        connection: Connection,
        account_id: str,
        event: Event,
        seen: Seen,
        now: int,
        *,
        also_to: tuple[str, ...] = (),
        quietly: bool = False,
        **details: str,
    ) -> None:
        """Write an event down in the caller's transaction, and queue its notices there where it has any.

        `also_to` are proved addresses and numbers that the account has no more, such as the one that was just replaced;
        `quietly` tells nobody, where they were told of the same before.
        """
        activity.add(connection, self._sealer, account_id, event, seen, now, details)
        account = None if event in UNTOLD else self._accounts.find(connection, account_id)
        if account is None or quietly or account.sandbox_of:  # made-up people's addresses are perhaps somebody's
            return
        language = language_of(account)
        for address in dict.fromkeys((*proved_addresses(account), *filter(is_address, also_to))):
            self._mailer.send(
                connection, address, NOTICE, language, now=now, event=event, device=seen.device, network=seen.network
            )
        for number in dict.fromkeys((*proved_numbers(account), *filter(None, map(phone_number, also_to)))):
            self._mailer.text(
                connection, number, NOTICE, language, now=now, event=event, device=seen.device, network=seen.network
            )


def proved_addresses(account: Account) -> tuple[str, ...]:
    """Return the addresses of a profile that its person showed to be theirs (OIDC Core 5.1, `email_verified`)."""
    address = account.profile.get("email")
    is_proved = account.profile.get("email_verified") is True and isinstance(address, str) and is_address(address)
    return (address,) if is_proved and isinstance(address, str) else ()


def proved_numbers(account: Account) -> tuple[str, ...]:
    """Return the phone numbers of a profile that its person showed to be theirs (`phone_number_verified`)."""
    number = account.profile.get("phone_number")
    is_proved = account.profile.get("phone_number_verified") is True and isinstance(number, str)
    return tuple(filter(None, (phone_number(number),))) if is_proved and isinstance(number, str) else ()


def language_of(account: Account) -> str:
    """Return the language to write to somebody in, from their profile's `locale` (OIDC Core 5.1).

    Not the language of the page on which something happened: that may be a thief's.
    """
    locale = account.profile.get("locale")
    primary = locale.split("-")[0].lower() if isinstance(locale, str) else ""
    return primary if primary in LANGUAGES else EVERY_LANGUAGE
