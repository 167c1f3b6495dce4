"""Writes mail down in the transaction of what it tells about; `idp.delivery` sends it.

A letter is a file in `letters/<language>/`: its subject in the first line, then an empty one, then the text. Whoever
needs another one adds it there, in both languages.
"""

from dataclasses import dataclass
from email import message_from_bytes, policy
from email.headerregistry import Address
from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from idp.protocol.mail import Letter, compose, one_line, sender_address
from idp.protocol.secrets import Randomness, new_identifier
from idp.settings import Settings
from idp.store import outbox
from idp.store.database import Connection
from idp.store.outbox import Letter as Posted
from idp.store.sealing import Sealer

LANGUAGES = ("en", "ja")
EVERY_LANGUAGE = ""
"""For people whose language nobody knows: the letter in all of them, one below the other."""
MAIL_SERVER = "mail"
"""The recipient of all mail, as the outbox sees it: the one server that takes it, which is there or away."""
_SERVERS = {outbox.MAIL: MAIL_SERVER, outbox.SMS: "sms"}
TRY_SECONDS = 3 * 86_400
MAX_VALUE = 2000
CONTENT_TYPE = "message/rfc822"
TEXT_TYPE = "text/plain"
_LETTERS = Path(__file__).parent / "letters"


@dataclass(frozen=True, slots=True, repr=False)
class KeptMail:
    """A mail, or a text without a subject, that was kept instead of sent. `at` is UTC seconds."""

    at: int
    to: str
    subject: str
    text: str


class Mailer:
    """Makes mail of templates and queues it."""

    def __init__(self, settings: Settings, sealer: Sealer, random: Randomness) -> None:
        """Read the templates."""
        self._is_kept = settings.mail.mailbox
        self._sends_texts = bool(settings.sms.url)
        self._issuer = settings.issuer
        self._sender: Address = sender_address(settings.mail.sender, settings.operator.name, settings.issuer)
        self._sealer = sealer
        self._random = random
        self._letters = Environment(  # noqa: S701 - plain text; in HTML, letters are shown by templates that escape
            loader=FileSystemLoader(_LETTERS), undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True
        )

    def send(
        self,
        connection: Connection,
        to: str,
        template: str,
        language: str,
        *,
        now: int,
        keep_trying: int = TRY_SECONDS,
        **values: str,
    ) -> None:
        """Queue one mail in the transaction of its event; tried for `keep_trying` seconds, the life of what it brings.

        Raises:
            ValueError: when `to` is not an address (`idp.protocol.mail.is_address`).
        """
        message = compose(
            self.written(template, language, **values),
            sender=self._sender,
            to=to,
            language=language or ", ".join(LANGUAGES),
            message_id=new_identifier(self._random),
            now=now,
        )
        posted = Posted(f"mailto:{to}", CONTENT_TYPE, message)
        self._post(connection, posted, outbox.MAIL, now, keep_trying, is_kept=self._is_kept)

    @property
    def can_text(self) -> bool:
        """Whether texts are sent, or kept to be read here."""
        return self._sends_texts or self._is_kept

    def text(
        self,
        connection: Connection,
        to: str,
        template: str,
        language: str,
        *,
        now: int,
        keep_trying: int = TRY_SECONDS,
        **values: str,
    ) -> None:
        """Queue the subject of a letter as a text message to a phone number; nothing where nobody is texted.

        It says what happened and holds no link that opens anything: texts are read on locked screens.
        """
        if not self.can_text:
            return
        said = self.written(template, language, **values).subject
        posted = Posted(f"tel:{to}", TEXT_TYPE, said.encode("utf-8"))
        self._post(connection, posted, outbox.SMS, now, keep_trying, is_kept=not self._sends_texts)

    def _post(
        self, connection: Connection, posted: Posted, kind: str, now: int, keep_trying: int, *, is_kept: bool
    ) -> None:
        recipient = _SERVERS[kind]
        if is_kept:
            outbox.keep(connection, self._sealer, posted, kind=kind, recipient=recipient, now=now)
            return
        outbox.enqueue(
            connection, self._sealer, posted, kind=kind, recipient=recipient, now=now, expires_at=now + keep_trying
        )

    def written(self, template: str, language: str, **values: str) -> Letter:
        """Return a letter; every value in it is one line, for some come from strangers."""
        plain = {name: one_line(value[:MAX_VALUE]) for name, value in values.items()}
        several = [
            self._letters.get_template(f"{code}/{template}.txt").render(issuer=self._issuer, **plain)
            for code in ((language,) if language else LANGUAGES)
        ]
        parts = [letter.partition("\n") for letter in several]
        subject = " / ".join(subject.strip() for subject, _, _ in parts)
        return Letter(subject, "\n\n---\n\n".join(text.strip() for _, _, text in parts) + "\n")

    def kept(self, connection: Connection, limit: int) -> tuple[KeptMail, ...]:
        """Return mail and texts that were kept instead of sent, the newest first."""
        found = outbox.kept(connection, tuple(_SERVERS), limit)
        return tuple(_read(at, message.open(self._sealer)) for at, message in found)


def _read(at: int, posted: Posted) -> KeptMail:
    if posted.content_type == TEXT_TYPE:
        return KeptMail(at, posted.url.removeprefix("tel:"), "", posted.body.decode("utf-8"))
    mail = message_from_bytes(posted.body, policy=policy.default)
    return KeptMail(at, posted.url.removeprefix("mailto:"), str(mail["Subject"]), str(mail.get_content()))
