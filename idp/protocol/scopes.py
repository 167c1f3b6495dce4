"""Scope values (RFC 6749 3.3)."""

import re

from idp.protocol.errors import invalid_scope
from idp.protocol.names import PURPOSE_PREFIX

_SCOPE = re.compile(r"[\x21\x23-\x5b\x5d-\x7e]+(?: [\x21\x23-\x5b\x5d-\x7e]+)*")


def parse_scope(text: str) -> tuple[str, ...]:
    """Split a scope string into its values, in the order sent, each once.

    Raises:
        OAuthError: `invalid_scope` for characters or spacing that RFC 6749 3.3 does not allow.
    """
    if not text:
        return ()
    if not _SCOPE.fullmatch(text):
        raise invalid_scope("The scope contains characters that are not allowed. Separate values by single spaces.")
    return tuple(dict.fromkeys(text.split(" ")))


def is_scope(text: str) -> bool:
    """Whether a text is one scope value."""
    return " " not in text and _SCOPE.fullmatch(text) is not None


def purpose_of(scopes: tuple[str, ...]) -> str | None:
    """Return the purpose named by a `purpose:<id>` value, or None.

    Raises:
        OAuthError: `invalid_scope` when more than one purpose is named.
    """
    purposes = [value.removeprefix(PURPOSE_PREFIX) for value in scopes if value.startswith(PURPOSE_PREFIX)]
    if len(purposes) > 1:
        raise invalid_scope("Ask for one purpose at a time.")
    return purposes[0] if purposes else None
