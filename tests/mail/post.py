"""A real mail server on this machine, which takes, refuses, hangs up or is away as a test wants."""

import ssl
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from email import message_from_bytes, policy
from email.message import EmailMessage

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, AuthResult, Envelope, LoginPassword, Session

from tests.provider.outside import Authority
from tests.provider.provider import free_port

TAKEN = "250 taken"
LOGIN = ("sekisho", "a password for mail")


@dataclass
class Post:
    """What a mail server was given, and how it answers."""

    port: int = field(default_factory=free_port)
    mails: list[EmailMessage] = field(default_factory=list)
    recipients: list[str] = field(default_factory=list)
    connections: int = 0
    logins: list[tuple[str, str]] = field(default_factory=list)
    answer_to_recipient: Callable[[str], str] = lambda _address: "250 fine"
    answer_to_mail: Callable[[], str] = lambda: TAKEN

    @property
    def hook(self) -> "Post":
        return self

    def authenticate(
        self, _server: SMTP, _session: Session, _envelope: Envelope, _how: str, given: object
    ) -> AuthResult:
        assert isinstance(given, LoginPassword)
        login = given.login.decode(), given.password.decode()
        self.logins.append(login)
        return AuthResult(success=login == LOGIN)

    async def handle_EHLO(  # noqa: N802 - aiosmtpd's name
        self, _server: SMTP, session: Session, _envelope: Envelope, hostname: str, responses: list[str]
    ) -> list[str]:
        self.connections += 1
        session.host_name = hostname
        return responses

    async def handle_RCPT(  # noqa: N802 - aiosmtpd's name
        self, _server: SMTP, _session: Session, envelope: Envelope, address: str, _options: list[str]
    ) -> str:
        answer = self.answer_to_recipient(address)
        if answer.startswith("250"):
            envelope.rcpt_tos.append(address)
        return answer

    async def handle_DATA(self, _server: SMTP, _session: Session, envelope: Envelope) -> str:  # noqa: N802 - the same
        mail = message_from_bytes(envelope.original_content, policy=policy.default)
        assert isinstance(mail, EmailMessage)
        self.mails.append(mail)
        self.recipients.extend(envelope.rcpt_tos)
        return self.answer_to_mail()


@contextmanager
def open_post(post: Post, authority: Authority, tls: str = "starttls", *, wants_login: bool = False) -> Iterator[Post]:
    """Serve as a mail server while the block lasts."""
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(authority.site_file)
    controller = Controller(
        post,
        hostname="127.0.0.1",
        port=post.port,
        server_hostname="localhost",
        ssl_context=context if tls == "implicit" else None,
        tls_context=context if tls == "starttls" else None,
        require_starttls=tls == "starttls",
        authenticator=post.authenticate if wants_login else None,
        auth_required=wants_login,
    )
    controller.start()
    try:
        yield post
    finally:
        controller.stop()


def by_post(post: Post, authority: Authority, tls: str = "starttls", **more: str) -> dict[str, str]:
    """The environment of a provider that sends its mail there."""
    return {
        "IDP_MAIL__MAILBOX": "false",
        "IDP_MAIL__HOST": "127.0.0.1",
        "IDP_MAIL__PORT": str(post.port),
        "IDP_MAIL__TLS": tls,
        "IDP_MAIL__CA_FILE": str(authority.ca_file),
        "IDP_MAIL__SENDER": "関所 <no-reply@id.example.jp>",
        **more,
    }
