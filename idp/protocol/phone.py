"""Phone numbers in one form (ITU-T E.164), as OIDC Core 5.1 recommends for `phone_number`."""

import re

_NUMBER = re.compile(r"\+[1-9][0-9]{6,14}")
_AS_WRITTEN = str.maketrans("", "", " -().\u3000\u2010\u2011\u2012\u2013")


def phone_number(text: str) -> str:
    """Return a number with its country code as `+819012345678`, however it is spaced; "" where it is none."""
    number = text.strip().translate(_AS_WRITTEN)
    return number if _NUMBER.fullmatch(number) else ""
