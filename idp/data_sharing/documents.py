"""What operators write about sharing, checked by the rules of `policies`: catalogue, partners, agreements."""

import json
from collections.abc import Mapping
from datetime import datetime
from pathlib import Path
from typing import Any

from policies.agreement import AgreementError, parse_agreement, parse_partner
from policies.catalogue import Catalogue, CatalogueError, parse_catalogue


class SharingDataError(Exception):
    """The catalogue or an agreement cannot be trusted as written; the message says where and why."""


def read_catalogue(directory: Path) -> Catalogue:
    """Read the catalogue of fields and purposes.

    Raises:
        SharingDataError: when a file is missing or does not fit.
    """
    try:
        fields = (directory / "catalogue.toml").read_text("utf-8")
        purposes = (directory / "purposes.toml").read_text("utf-8")
        return parse_catalogue(fields, purposes)
    except (OSError, UnicodeDecodeError, CatalogueError) as error:
        message = f"{directory}: {error}"
        raise SharingDataError(message) from error


def check_partner(partner: Mapping[str, Any]) -> None:
    """Check a partner as an operator wrote it.

    Raises:
        SharingDataError: naming what does not fit.
    """
    try:
        parse_partner(partner)
    except AgreementError as error:
        raise SharingDataError(str(error)) from error


def agreement_document(agreement: Mapping[str, Any], catalogue: Catalogue) -> str:
    """Return the JSON document of an agreement that an operator wrote, once it is checked.

    Raises:
        SharingDataError: naming what does not fit.
    """
    try:
        parse_agreement(agreement, catalogue)
    except AgreementError as error:
        raise SharingDataError(str(error)) from error
    return json.dumps(agreement, default=_instant, sort_keys=True, ensure_ascii=False)


def _instant(value: object) -> int:
    if isinstance(value, datetime):
        return int(value.timestamp())
    message = f"{type(value).__name__} has no place in an agreement"
    raise SharingDataError(message)
