"""Delivers what waits in the outbox: posts or mails it, tries again while it may, tells nobody twice on purpose.

Any number of processes and threads may do so at once: each message is claimed by one statement, with a lease that
outlasts the slowest exchange. Who dies with a message in hand leaves it to the next, once the lease has run out. A
recipient that does not answer holds up nobody but itself. Between two tries lies twice the time of before, more or
less a half, so that a crowd that failed together does not come back together.
"""

import logging
import threading
from collections.abc import Mapping
from dataclasses import dataclass, replace
from urllib.parse import urlencode

from idp.mail import MailError
from idp.outbound import FetchError
from idp.services import Services
from idp.store import outbox, webhooks
from idp.store.database import DatabaseUnavailableError
from idp.store.outbox import Letter, Message
from idp.store.sealing import UnsealingError
from idp.tokens.logout_token import EndedSession, logout_token

log = logging.getLogger(__name__)

INTERVAL_SECONDS = 1.0
THREADS = (outbox.POSTED, outbox.POSTED, (outbox.MAIL, outbox.SMS))
"""What each thread delivers. Mail and texts have one of their own: whoever waits for a code is not behind webhooks."""
LEASE_MARGIN = 5
FIRST_PAUSE = 2
LONGEST_PAUSE = 3600
_SERVER_ERROR = 500
_TOO_MANY = 429


@dataclass(frozen=True, slots=True)
class Failure:
    """Why a message was not taken; whether its recipient is away altogether, and whether trying again is no use."""

    reason: str
    is_away: bool
    is_final: bool = False


def deliver_due(services: Services, kinds: tuple[str, ...] = outbox.POSTED) -> int:
    """Try every message of these kinds that is due; return how many were delivered."""
    delivered = 0
    settings = services.settings
    longest = max(settings.mail.timeout if outbox.MAIL in kinds else 0, 2 * settings.outbound.total_timeout)
    while True:
        with services.database.autocommit() as connection:
            message = outbox.claim(connection, services.now, longest + LEASE_MARGIN, kinds)
        if message is None:
            return delivered
        delivered += _deliver(services, message)


def _deliver(services: Services, message: Message) -> bool:
    """Try one message and write down what became of it."""
    if services.now >= message.expires_at:
        _finish(services, message, outbox.EXPIRED)
        return False
    try:
        letter = _readied(services, message)
    except UnsealingError:
        _finish(services, message, outbox.UNREADABLE)
        return False
    if letter is None:
        _finish(services, message, outbox.NOBODY)
        return False
    failure = _handed_over(services, message, letter)
    if failure is not None:
        _try_again(services, message, failure)
        return False
    _finish(services, message, outbox.DELIVERED)
    return True


def _readied(services: Services, message: Message) -> Letter | None:
    """Return what to post; a logout token is signed for each try. None when its client is no longer there.

    Raises:
        UnsealingError: when what is stored was not sealed here.
    """
    letter = message.open(services.sealer)
    if message.kind != outbox.BACKCHANNEL_LOGOUT:
        return letter
    client = services.find_client(message.recipient)
    if client is None:
        return None
    ended = EndedSession.from_bytes(letter.body)
    issuer, random = services.settings.issuer, services.random
    token = logout_token(services.keys, issuer, client, ended, services.now, random)
    return replace(letter, body=urlencode({"logout_token": token}).encode("ascii"))


def _handed_over(services: Services, message: Message, letter: Letter) -> Failure | None:
    """Mail or post a letter; return why that failed, or None."""
    if letter.url == outbox.NO_ADDRESS_YET:
        with services.database.autocommit() as connection:
            webhook = webhooks.find(connection, message.recipient)
        if webhook is None or webhook.verified_at is None:
            return Failure("no address", is_away=True)
        letter = services.messages.addressed(letter, webhook.url)
    if message.kind == outbox.SMS:
        return _post(services, message, services.gateway.addressed(letter), services.gateway.headers)
    return _mail(services, letter) if message.kind == outbox.MAIL else _post(services, message, letter)


def _mail(services: Services, letter: Letter) -> Failure | None:
    """Hand a mail to the mail server; return why that failed, or None."""
    try:
        services.post_office.send(letter)
    except MailError as error:
        return Failure(error.code, error.is_away, error.is_final)
    return None


def _post(
    services: Services, message: Message, letter: Letter, headers: Mapping[str, str] | None = None
) -> Failure | None:
    """Post a message; return why that failed, or None."""
    try:
        answer = services.fetcher.post(
            letter.url, letter.body, content_type=letter.content_type, budget=message.recipient, headers=headers
        )
    except FetchError as error:
        return Failure(error.code, is_away=True)
    if 200 <= answer.status < 300:  # noqa: PLR2004 - the statuses of success (RFC 9110 15.3)
        return None
    is_away = answer.status >= _SERVER_ERROR or answer.status == _TOO_MANY
    return Failure(f"status {answer.status}", is_away)


def _try_again(services: Services, message: Message, failure: Failure) -> None:
    now = services.now
    at = now + _pause(services, message.tries)
    is_over = failure.is_final or at >= message.expires_at
    if is_over:
        _finish(services, message, outbox.REFUSED if failure.is_final else outbox.EXPIRED)
    with services.database.autocommit() as connection:
        if not is_over:
            outbox.retry(connection, message, failure.reason, at)
        if failure.is_away:
            outbox.postpone(connection, message.kind, message.recipient, now, at)


def _pause(services: Services, tries: int) -> int:
    """Return the seconds until the next try: doubled each time, from half as many to half as many again."""
    longest = min(LONGEST_PAUSE, FIRST_PAUSE << min(tries - 1, 30))
    return max(1, longest * (128 + services.random(1)[0]) // 256)


def _finish(services: Services, message: Message, outcome: str) -> None:
    if outcome != outbox.DELIVERED:
        log.warning("a message of kind %s to %s is given up: %s", message.kind, message.recipient, outcome)
    with services.database.autocommit() as connection:
        outbox.finish(connection, message, outcome, services.now)


class Delivery:
    """Delivers in the background of a worker process."""

    def __init__(self, services: Services) -> None:
        """Prepare; `start` begins."""
        self._services = services
        self._stop = threading.Event()

    def start(self) -> None:
        """Begin, in threads that do not keep the process alive."""
        for number, kinds in enumerate(THREADS):
            threading.Thread(target=self._run, args=(kinds,), name=f"delivery-{number}", daemon=True).start()

    def _run(self, kinds: tuple[str, ...]) -> None:
        while not self._stop.wait(INTERVAL_SECONDS):
            try:
                deliver_due(self._services, kinds)
            except DatabaseUnavailableError:
                log.warning("delivery waits: the database is unavailable")
            except Exception:
                log.exception("delivery failed")
