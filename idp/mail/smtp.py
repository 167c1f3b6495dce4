"""Hands mail to the server that takes it further (RFC 5321), by TLS with a checked certificate unless set otherwise."""

import smtplib
import ssl
from contextlib import closing, suppress
from email.headerregistry import Address
from pathlib import Path
from time import monotonic
from typing import Any

from idp.protocol.mail import sender_address
from idp.settings import IMPLICIT_TLS, STARTTLS, Mail, Settings, SettingsError
from idp.store.outbox import Letter

_PERMANENT = 500
_CLOSING = 421
"""The server takes nothing any more (RFC 5321 4.2.1)."""


class MailError(Exception):
    """A mail was not taken. `code` says why without saying whose mail it was.

    `is_away` when the server takes nothing at all just now; `is_final` when it will never take this mail.
    """

    def __init__(self, code: str, *, is_away: bool, is_final: bool = False) -> None:
        """State what happened."""
        super().__init__(code)
        self.code = code
        self.is_away = is_away
        self.is_final = is_final


class PostOffice:
    """Sends through the SMTP server of the settings."""

    def __init__(self, settings: Settings) -> None:
        """Read the password and the certificate authorities once.

        Raises:
            SettingsError: when the password's file cannot be read.
        """
        self._limits = settings.mail
        self._sender: Address = sender_address(settings.mail.sender, settings.operator.name, settings.issuer)
        self._password = _password(settings.mail)
        self._tls = ssl.create_default_context(cafile=settings.mail.ca_file or None)

    def send(self, letter: Letter) -> None:
        """Hand one mail over.

        Raises:
            MailError: when the server did not take it.
        """
        to = letter.url.removeprefix("mailto:")
        try:
            with closing(self._connected()) as server:
                self._sign_in(server)
                server.sendmail(self._sender.addr_spec, [to], letter.body)
                with suppress(OSError):  # it is taken by now, however the server says good-bye
                    server.quit()
        except smtplib.SMTPRecipientsRefused as error:
            code = max(status for status, _ in error.recipients.values())
            raise _refused("recipient", code) from None
        except smtplib.SMTPDataError as error:
            raise _refused("content", error.smtp_code) from None
        except smtplib.SMTPResponseException as error:
            raise MailError(f"server {error.smtp_code}", is_away=True) from None
        except (OSError, ValueError) as error:  # what smtplib raises besides is an OSError, as are those of TLS
            raise MailError(type(error).__name__, is_away=True) from None

    def _connected(self) -> smtplib.SMTP:
        """Return a connection with a whole exchange's time ahead of it, under TLS where that is set."""
        limits = self._limits
        if not limits.host:
            raise MailError("no server is set", is_away=True)
        if limits.tls == IMPLICIT_TLS:
            return _PunctualByTls(limits.host, limits.port, timeout=limits.timeout, context=self._tls)
        server = _Punctual(limits.host, limits.port, timeout=limits.timeout)
        if limits.tls == STARTTLS:
            try:
                server.starttls(context=self._tls)
            except (OSError, ValueError):
                server.close()
                raise
        return server

    def _sign_in(self, server: smtplib.SMTP) -> None:
        if self._limits.username:
            server.login(self._limits.username, self._password)


def _refused(what: str, status: int) -> MailError:
    return MailError(f"{what} {status}", is_away=status == _CLOSING, is_final=status >= _PERMANENT)


def _password(mail: Mail) -> str:
    if not mail.password_file:
        return mail.password
    try:
        return Path(mail.password_file).read_text("utf-8").strip()
    except (OSError, UnicodeDecodeError) as error:
        message = f"'mail.password_file' cannot be read: {error}"
        raise SettingsError(message) from error


class _Punctual(smtplib.SMTP):
    """A connection whose `timeout` is for the whole exchange. `smtplib` grants it anew to every answer."""

    def __init__(self, host: str, port: int, *, timeout: float, **tls: Any) -> None:  # noqa: ANN401 - smtplib's own
        """Connect."""
        self._until = monotonic() + timeout
        super().__init__(host, port, timeout=timeout, **tls)

    def getreply(self) -> tuple[int, bytes]:
        """Wait for an answer, for as long as there is time left."""
        if self.sock is not None:
            self.sock.settimeout(max(self._until - monotonic(), 0.001))
        return super().getreply()


class _PunctualByTls(_Punctual, smtplib.SMTP_SSL):
    """The same, with TLS from the first byte (RFC 8314 3.3)."""
