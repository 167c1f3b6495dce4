"""What operators write about partners and agreements, checked by the rules of `policies`."""

import json
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from idp.store.partners import MAX_LEGAL_ENTITY, MAX_NAME, PartnerDetails
from policies.access import AccessRules, AccessRulesError, parse_access_rules
from policies.agreement import AgreementError, parse_agreement, parse_partner
from policies.catalogue import Catalogue


class SharingDataError(Exception):
    """The policy, a partner or an agreement cannot be trusted as written; the message says where and why."""


def read_access_rules(file: Path) -> AccessRules:
    """Read rules of who may do what with things of the group's own.

    Raises:
        SharingDataError: when the file is missing or does not fit.
    """
    try:
        return parse_access_rules(tomllib.loads(file.read_text("utf-8")))
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError, AccessRulesError) as error:
        raise SharingDataError(f"{file}: {error}") from error


@dataclass(frozen=True, slots=True)
class PartnerDocument:
    """A partner as an operator wrote it, in words that the store keeps; contacts are addresses by role."""

    id: str
    name: str
    status: str
    details: PartnerDetails
    contacts: Mapping[str, str]


def read_partner(partner: Mapping[str, Any]) -> PartnerDocument:
    """Read a partner as an operator wrote it.

    Raises:
        SharingDataError: naming what does not fit.
    """
    try:
        parsed = parse_partner(partner)
    except AgreementError as error:
        raise SharingDataError(str(error)) from error
    for what, text, most in (("name", parsed.name, MAX_NAME), ("legal_entity", parsed.legal_entity, MAX_LEGAL_ENTITY)):
        if len(text) > most:
            message = f"partner {parsed.id!r}: {what} has more than {most} characters"
            raise SharingDataError(message)
    details = PartnerDetails(parsed.legal_entity, parsed.country, str(parsed.legal_relation), str(parsed.tier))
    contacts = {contact.role: contact.email for contact in parsed.contacts}
    return PartnerDocument(parsed.id, parsed.name, str(parsed.status), details, contacts)


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
