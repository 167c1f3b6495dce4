"""What a gateway for text messages is posted: JSON or a form each, with a bearer secret (RFC 6750 2.1)."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlencode

from idp.settings import SMS_FORM, Settings, SettingsError, Sms
from idp.store.outbox import Letter

_FORM = "application/x-www-form-urlencoded"
_JSON = "application/json"


@dataclass(frozen=True, slots=True)
class Gateway:
    """What is posted to the gateway for a text message."""

    settings: Sms
    headers: Mapping[str, str] = field(repr=False)
    """They carry the secret, and go to the gateway alone."""

    @classmethod
    def of(cls, settings: Settings) -> "Gateway":
        """Read the secret once.

        Raises:
            SettingsError: when its file cannot be read.
        """
        secret = _secret(settings.sms)
        return cls(settings.sms, {"Authorization": f"Bearer {secret}"} if secret else {})

    def addressed(self, letter: Letter) -> Letter:
        """Return a text message as it is posted."""
        to, text = letter.url.removeprefix("tel:"), letter.body.decode("utf-8")
        said = {self.settings.to_field: to, self.settings.text_field: text}
        if self.settings.sender:
            said[self.settings.sender_field] = self.settings.sender
        if self.settings.format == SMS_FORM:
            return Letter(self.settings.url, _FORM, urlencode(said).encode("ascii"))
        return Letter(self.settings.url, _JSON, json.dumps(said, ensure_ascii=False).encode("utf-8"))


def _secret(sms: Sms) -> str:
    if not sms.secret_file:
        return sms.secret
    try:
        return Path(sms.secret_file).read_text("utf-8").strip()
    except (OSError, UnicodeDecodeError) as error:
        message = f"'sms.secret_file' cannot be read: {error}"
        raise SettingsError(message) from error
