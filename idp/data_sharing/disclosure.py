"""What is written down with a disclosure, and what is due for it beyond its values: rates, budget, word to the person.

All of it is committed before the data goes out, and stands whatever fails after that.
"""

from collections.abc import Callable, Iterable, Mapping

from idp.data_sharing.quotas import has_quota
from idp.protocol.grants import Event, Initiator, Mode, Why
from idp.store import grants
from idp.store.database import Connection, Database
from idp.store.grants import Answer, Grant, GrantEvent
from policies.catalogue import Catalogue
from policies.decision import Decision
from policies.obligations import ObligationKind

DAY = 86_400
Written = Callable[[Connection], bool]
"""Writes the entry of the audit log; false, with nothing written, if the grant is not as it was."""


class _ChangedError(Exception):
    """The grant is not as it was when it was decided upon."""


def beyond_rates(connection: Connection, decision: Decision, counted: Iterable[str], now: int) -> frozenset[str]:
    """Return the fields whose own rate, which is due for them, is used up; `counted` is whose and for what."""
    used_up = set()
    for field in sorted(decision.released & decision.obligations.keys()):
        rate = decision.obligations[field].get(ObligationKind.RATE)
        if isinstance(rate, tuple) and not has_quota(connection, ("field", *counted, field), rate, now):
            used_up.add(field)
    return frozenset(used_up)


def answers_in(catalogue: Catalogue, decision: Decision) -> frozenset[str]:
    """Return which answers a release gives, also those that go out in place of something larger."""
    sent = {str(decision.obligations.get(field, {}).get(ObligationKind.DERIVE, field)) for field in decision.released}
    return frozenset(field for field in sent if catalogue.fields[field].derived_from is not None)


def write_down(
    database: Database,
    written: Written,
    grant: Grant,
    decision: Decision,
    answers: frozenset[str],
    end: Callable[[Connection], None],
    now: int,
) -> bool:
    """Write a disclosure down before it happens; false, with nothing written, if the grant is not as it was.

    An answer that the grant never gave joins those that count against its inference budget, in the same transaction;
    `end` ends there what was for one use.
    """
    notices = _notices(decision)
    if grant.mode is Mode.ONGOING and not notices and answers <= grant.disclosed:
        with database.autocommit() as connection:
            return written(connection)
    try:
        with database.transaction() as connection:
            # Held from the start, for two who each hold it for their entry would wait for one another at its end.
            grants.find_by_id(connection, grant.id, lock=True)
            _must(answers <= grant.disclosed or grants.add_answers(connection, grant, answers, now))
            _must(written(connection))
            for when, fields in sorted(notices.items()):
                _notify(connection, grant, when, fields, decision, now)
            end(connection)
    except _ChangedError:
        return False
    return True


def _must(still: bool) -> None:  # noqa: FBT001 - what must still be so
    """Take back all that was written, where the grant is not as it was."""
    if not still:
        raise _ChangedError


def _notices(decision: Decision) -> Mapping[str, list[str]]:
    """Return of which fields the person is told, by when."""
    notices: dict[str, list[str]] = {}
    for field in sorted(decision.released & decision.obligations.keys()):
        when = decision.obligations[field].get(ObligationKind.NOTIFY)
        if when is not None:
            notices.setdefault(str(when), []).append(field)
    return notices


def _notify(
    connection: Connection, grant: Grant, when: str, fields: Iterable[str], decision: Decision, now: int
) -> None:
    """Note in the grant's history what went out; a digest is noted once a day."""
    if when == "digest" and not has_quota(connection, ("digest", grant.id), (1, DAY), now):
        return
    until = decision.expires_at or now
    event = GrantEvent(
        grant_id=grant.id,
        version=grant.version,
        kind=Event.DISCLOSED,
        at=now,
        reason=Why.NOTIFY_DAILY if when == "digest" else Why.NOTIFY_AT_ONCE,
        initiator=Initiator.PARTNER,
        before={},
        after={field: Answer(agreed=True, at=now, until=until) for field in fields},
        text_hash=grant.text_hash,
        locale=grant.locale,
        acr=grant.acr,
    )
    grants.note(connection, event)
