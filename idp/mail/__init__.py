"""Mail to people: letters by template, written down with their event, sent by the worker through SMTP."""

from idp.mail.gateway import Gateway
from idp.mail.mailer import EVERY_LANGUAGE, LANGUAGES, KeptMail, Mailer
from idp.mail.smtp import MailError, PostOffice

__all__ = ["EVERY_LANGUAGE", "LANGUAGES", "Gateway", "KeptMail", "MailError", "Mailer", "PostOffice"]
