"""All that a decision is made from; and the record by which it can be made again, without a value of anybody's data.

A record says who asked what of whom and how things stood: the partner's class and status, the version of the agreement,
the consent, what the policy may know of the person. It is kept sealed, for it is about a person all the same, and no
longer than `lifetimes.decision_record`. Of what was refused as a whole there is none: otherwise anybody with a token
could fill a table, and what a policy would let go besides is found without (`policy_tools.difference`, `shadow`).
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass, fields, is_dataclass
from enum import Enum
from functools import cache
from types import UnionType
from typing import Any, Final, NamedTuple, Union, get_args, get_origin, get_type_hints

from policies.agreement import Agreement, Consent, Partner
from policies.bundle import Bundle
from policies.decide import decide
from policies.decision import Decision, SharingRequest
from policies.user import UserState

_UNIONS: Final = (Union, UnionType)


class Facts(NamedTuple):
    """What `policies.decide` takes besides the policy."""

    request: SharingRequest
    partner: Partner | None
    agreement: Agreement | None
    consent: Consent | None
    user: UserState | None

    def decided_by(self, bundle: Bundle) -> Decision:
        """Return the decision of one policy."""
        return decide(bundle, *self)


@dataclass(frozen=True, slots=True)
class Record:
    """One decision by which something went out. The agreement is known by its version, which never changes."""

    policy: str
    request: SharingRequest
    partner: Partner
    agreement_version: int
    consent: Consent
    user: UserState
    decision: Mapping[str, Any]
    """The decision in plain data, to compare with (`plain_decision`)."""

    def facts(self, agreement: Agreement | None) -> Facts:
        """Return what it was made from; the agreement as one catalogue reads it, None if that cannot."""
        partner = self.partner if agreement is not None else None
        return Facts(self.request, partner, agreement, self.consent, self.user)


def recorded(policy: str, facts: Facts, decision: Decision) -> bytes:
    """Return the record of a decision as bytes, to be sealed.

    Raises:
        TypeError: when something is missing without which nothing goes out.
    """
    request, partner, agreement, consent, user = facts
    if partner is None or agreement is None:
        raise TypeError("nothing goes out without a partner and an agreement")
    class_ = Partner(
        id=partner.id,
        name="",
        status=partner.status,
        country=partner.country,
        legal_relation=partner.legal_relation,
        tier=partner.tier,
    )
    members = {
        "policy": policy,
        "request": request,
        "partner": class_,
        "agreement_version": agreement.version,
        "consent": consent,
        "user": user,
        "decision": plain_decision(decision),
    }
    return json.dumps(_plain(members), separators=(",", ":")).encode()


def read_record(content: bytes) -> Record:
    """Read a record.

    Raises:
        ValueError, KeyError, TypeError: when it is not one that this program reads any more.
    """
    record: Record = _restored(Record, json.loads(content))
    return record


def plain_decision(decision: Decision) -> dict[str, Any]:
    """Return a decision in plain data: equal for equal decisions, whatever they were made of."""
    plain: dict[str, Any] = _plain(decision._asdict())
    return plain


def _plain(value: Any) -> Any:  # noqa: ANN401 - plain data of any shape
    if value is None or isinstance(value, str | int):  # also the words of an enumeration, which JSON writes as texts
        return value
    if is_dataclass(value) and not isinstance(value, type):
        return {name: _plain(getattr(value, name)) for name in _hints(type(value))}
    if isinstance(value, Mapping):
        return {str(name): _plain(item) for name, item in value.items()}
    if isinstance(value, frozenset):
        return sorted(value)
    if isinstance(value, tuple | list):
        return [_plain(item) for item in value]
    raise TypeError(f"{type(value).__name__} has no place in a record")


def _restored(hint: Any, value: Any) -> Any:  # noqa: ANN401 - the inverse
    """Read plain data as its type says; what a later version of the type knows besides has its default."""
    origin = get_origin(hint)
    if origin in _UNIONS:
        (meant,) = (one for one in get_args(hint) if one is not type(None))
        return None if value is None else _restored(meant, value)
    if origin is frozenset:
        return frozenset(value)
    if origin is tuple:
        return tuple(_restored(get_args(hint)[0], item) for item in value)
    if isinstance(hint, type) and is_dataclass(hint):
        hints = _hints(hint)
        return hint(**{name: _restored(hints[name], value[name]) for name in hints if name in value})
    return hint(value) if isinstance(hint, type) and issubclass(hint, Enum) else value


@cache
def _hints(type_: type) -> dict[str, Any]:
    hints = get_type_hints(type_)
    return {item.name: hints[item.name] for item in fields(type_)}
