"""The life of a partner: draft -> submitted -> sandbox -> production <-> suspended -> terminated.

Each step is one conditional statement, so that two operators at once cannot both take it, and is written down with who,
when and why, and in the audit log, in the same transaction. Nobody approves what they submitted themselves.
"""

import unicodedata
from collections.abc import Mapping
from enum import StrEnum

from idp.data_sharing.documents import SharingDataError
from idp.data_sharing.messages import PartnerMessages
from idp.protocol.partner_events import PartnerEventKind
from idp.store import audit, partner_events, partners
from idp.store.database import Connection
from idp.store.partner_events import MAX_ACTOR, MAX_REASON, PartnerEvent
from idp.store.partners import StoredPartner
from policies.agreement import PartnerStatus


class Action(StrEnum):
    """What somebody does to a partner."""

    DECLARE = "declare"
    SUBMIT = "submit"
    RETURN = "return"
    APPROVE = "approve"
    SUSPEND = "suspend"
    LIFT = "lift"
    TERMINATE = "terminate"


NEXT: Mapping[Action, Mapping[PartnerStatus, PartnerStatus | None]] = {
    Action.SUBMIT: {PartnerStatus.DRAFT: PartnerStatus.SUBMITTED},
    Action.RETURN: {PartnerStatus.SUBMITTED: PartnerStatus.DRAFT},
    Action.APPROVE: {
        PartnerStatus.SUBMITTED: PartnerStatus.SANDBOX,
        PartnerStatus.SANDBOX: PartnerStatus.PRODUCTION,
    },
    Action.SUSPEND: dict.fromkeys((PartnerStatus.SANDBOX, PartnerStatus.PRODUCTION), PartnerStatus.SUSPENDED),
    Action.LIFT: {PartnerStatus.SUSPENDED: None},
    Action.TERMINATE: dict.fromkeys(
        (status for status in PartnerStatus if status is not PartnerStatus.TERMINATED), PartnerStatus.TERMINATED
    ),
}
"""From which status an action leads where; None: back to where the partner was suspended from."""
NEEDS_REASON = frozenset({Action.RETURN, Action.SUSPEND, Action.LIFT, Action.TERMINATE})


_TOLD: Mapping[str, PartnerEventKind] = {
    PartnerStatus.SUSPENDED: PartnerEventKind.PARTNER_SUSPENDED,
    PartnerStatus.TERMINATED: PartnerEventKind.PARTNER_TERMINATED,
}


class LifeError(SharingDataError):
    """A step cannot be taken; the message says why and what to do instead."""


def act(
    connection: Connection,
    messages: PartnerMessages,
    action: Action,
    partner_id: str,
    *,
    by: str,
    reason: str,
    now: int,
) -> PartnerStatus:
    """Take a step, write it down, tell the partner's apps, and return where the partner stands now.

    Raises:
        LifeError: for an unknown partner, a step that does not lead on from where it stands, an author who approves
            their own, or a missing reason.
    """
    partner = partners.find(connection, partner_id)
    if partner is None:
        raise LifeError(f"there is no partner {partner_id}")
    check_words(by, reason)
    if action in NEEDS_REASON and not reason:
        raise LifeError(f"say why: to {action} a partner takes a reason")
    if action is Action.APPROVE:
        _check_approval(connection, partner, by)
    after = _next(connection, action, partner)
    if not partners.move(connection, partner_id, partner.status, after, now):
        raise LifeError(f"partner {partner_id} has moved on meanwhile; look at it again")
    record(connection, messages, PartnerEvent(partner_id, action, partner.status, after, by, reason, now))
    return after


def record(connection: Connection, messages: PartnerMessages, event: PartnerEvent) -> None:
    """Write a change of status down, in the partner's history and in the audit log, and tell its apps."""
    partner_events.add(connection, event)
    audit.partner_status_changed(connection, event.partner_id, event.after, event.at)
    told = _TOLD.get(event.after)
    if event.before == PartnerStatus.SUSPENDED and told is None:
        told = PartnerEventKind.PARTNER_RESUMED
    if told is not None:
        messages.partner(connection, told, event.partner_id, event.at)


def check_words(by: str, reason: str = "") -> None:
    """Check the words that go into a history.

    Raises:
        LifeError: when they are no line of text, or too long.
    """
    if not by.strip() or not by.isprintable() or len(by) > MAX_ACTOR:
        raise LifeError(f"name who does this, in at most {MAX_ACTOR} characters")
    if len(reason) > MAX_REASON or not reason.isprintable():
        raise LifeError(f"a reason is one line of at most {MAX_REASON} characters")


def is_one_person(one: str, other: str) -> bool:
    """Whether two names in a history are meant for the same person: capitals, spaces and forms of a letter aside."""
    return _plain(one) == _plain(other)


def _plain(name: str) -> str:
    return " ".join(unicodedata.normalize("NFKC", name).casefold().split())


def _next(connection: Connection, action: Action, partner: StoredPartner) -> PartnerStatus:
    ways = NEXT[action]
    if partner.status not in ways:
        raise LifeError(f"partner {partner.id} is {partner.status}; to {action} takes one that is {_words(ways)}")
    return ways[PartnerStatus(partner.status)] or _before_suspension(connection, partner.id)


def _before_suspension(connection: Connection, partner_id: str) -> PartnerStatus:
    """Return where a partner was suspended from; the sandbox, where that is not written down."""
    for event in partner_events.history(connection, partner_id):
        if event.after == PartnerStatus.SUSPENDED and event.before in NEXT[Action.SUSPEND]:
            return PartnerStatus(event.before)
    return PartnerStatus.SANDBOX


def _check_approval(connection: Connection, partner: StoredPartner, by: str) -> None:
    submitted = partner_events.latest(connection, partner.id, Action.SUBMIT)
    if submitted is not None and is_one_person(submitted.actor, by):
        raise LifeError(f"{by} submitted partner {partner.id}; somebody else has to approve it")
    if partner.status == PartnerStatus.SANDBOX and not partner.agreement:
        raise LifeError(f"partner {partner.id} has no agreement in force; production takes one")


def _words(ways: Mapping[PartnerStatus, object]) -> str:
    return " or ".join(ways)
