"""Mail to people: letters by template, written down with their event, sent by the worker through SMTP."""

from idp.mail.mailer import EVERY_LANGUAGE, LANGUAGES, KeptMail, Mailer
from idp.mail.smtp import MailError, PostOffice

__all__ = ["EVERY_LANGUAGE", "LANGUAGES", "KeptMail", "MailError", "Mailer", "PostOffice"]
