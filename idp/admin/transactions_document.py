"""What a person bought, as a declaration says it; for demos and tests, where no marketplace reports purchases."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from idp.admin.client_document import DocumentError
from idp.store.transactions import Purchase

LONGEST_TEXT = 200
_TEXTS = ("shop", "category", "item")
_MEMBERS = {"at", "yen", *_TEXTS}


def read_transactions(username: str, documents: object) -> tuple[Purchase, ...]:
    """Read the tables `[[users.transactions]]` of a person, the oldest first.

    Raises:
        DocumentError: naming the person and what does not fit.
    """
    if not isinstance(documents, list):
        raise DocumentError(f"user {username!r}: write each purchase under a heading [[users.transactions]]")
    return tuple(sorted((_purchase(username, document) for document in documents), key=lambda one: one.at))


def _purchase(username: str, document: Any) -> Purchase:  # noqa: ANN401 - whatever an operator wrote
    if not isinstance(document, Mapping) or set(document) != _MEMBERS:
        raise DocumentError(f"user {username!r}: a purchase has {', '.join(sorted(_MEMBERS))}")
    at, yen, texts = document["at"], document["yen"], [document[name] for name in _TEXTS]
    if not isinstance(at, datetime) or at.tzinfo is None:
        raise DocumentError(f"user {username!r}: at is a date and time with an offset, 2026-11-01T12:00:00+09:00")
    if type(yen) is not int or yen < 0:
        raise DocumentError(f"user {username!r}: yen is a whole number of yen")
    if not all(isinstance(text, str) and 0 < len(text) <= LONGEST_TEXT for text in texts):
        raise DocumentError(f"user {username!r}: shop, category and item are texts")
    shop, category, item = texts
    return Purchase(int(at.timestamp()), shop, category, item, yen)
