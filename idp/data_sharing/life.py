"""The life of grants: each transition with all that it carries, in one transaction of the caller's.

What happened is an event of the grant and an entry of the audit log; what ends takes its codes and tokens along. Every
process knows within a second (`store.changes`), and no disclosure is written down on a grant that is not as it was.
"""

from dataclasses import replace

from idp.data_sharing.allowed import last_end, lets_out, merged, merged_fields
from idp.data_sharing.messages import PartnerMessages
from idp.protocol.audit import Changed
from idp.protocol.grants import Event, Initiator, Status, Why
from idp.store import codes, families, grants
from idp.store.audit import AuditLog
from idp.store.database import Connection, DatabaseUnavailableError
from idp.store.grants import Grant, GrantEvent
from policies.catalogue import Catalogue

ATTEMPTS = 3
"""How often an answer is written down anew because another one came in between."""


class GrantLife:
    """The transitions. Each tells whether it happened: what is over stays as it is, whoever asks."""

    def __init__(self, catalogue: Catalogue, audit_log: AuditLog, messages: PartnerMessages) -> None:
        """Take what events are told with."""
        self.catalogue = catalogue
        self._audit_log = audit_log
        self._messages = messages

    def give(self, connection: Connection, answer: Grant, now: int) -> Grant:
        """Write down a user's answer: a grant of its own, or an amendment of the one that is alive.

        Raises:
            DatabaseUnavailableError: when others keep answering in between.
        """
        for _ in range(ATTEMPTS):
            before = grants.find(connection, answer.account_id, answer.client_id, answer.purpose, lock=True)
            if before is None or before.ended_at is not None:
                if grants.add(connection, answer):
                    return self._happened(connection, None, answer, Event.GIVEN, Initiator.USER, Why.ASKED, now)
            elif not before.is_alive(now):
                self.expire(connection, before, now)
            else:
                return self._amend(connection, before, answer, now)
        raise DatabaseUnavailableError("the grant keeps changing")

    def reject(self, connection: Connection, answer: Grant, now: int) -> None:
        """Write down a no, unless something stands that it takes nothing from."""
        why = Why.USER_REJECTED
        rejected = replace(answer, status=Status.REJECTED, ended_at=now, reason=why, initiator=Initiator.USER)
        standing = grants.find(connection, answer.account_id, answer.client_id, answer.purpose)
        if (standing is None or not standing.is_alive(now)) and grants.add(connection, rejected):
            self._happened(connection, None, rejected, Event.REJECTED, Initiator.USER, why, now)

    def end(self, connection: Connection, grant: Grant, initiator: Initiator, why: Why, now: int) -> bool:
        """End a grant for good, with every code and token under it."""
        return self._close(connection, grant, Status.REVOKED, Event.REVOKED, initiator, why, now)

    def expire(self, connection: Connection, grant: Grant, now: int) -> bool:
        """Write down that a grant's time is over."""
        return self._close(connection, grant, Status.EXPIRED, Event.EXPIRED, Initiator.POLICY, Why.EXPIRED, now)

    def _amend(self, connection: Connection, before: Grant, answer: Grant, now: int) -> Grant:
        fields = merged_fields(self.catalogue, before.fields, answer.fields, now)
        scopes = merged(before.scopes, answer.scopes, now)
        read = ("agreement_id", "agreement_version", "text_hash", "locale", "acr")
        amended = grants.change(
            connection,
            before,
            now,
            fields=fields,
            scopes=scopes,
            expires_at=last_end(fields, scopes),
            status=Status.ACTIVE,
            **{name: getattr(answer, name) for name in read},
        )
        if amended is None:
            raise DatabaseUnavailableError("the grant changed while it was held")
        return self._happened(connection, before, amended, Event.AMENDED, Initiator.USER, Why.ASKED, now)

    def _close(
        self,
        connection: Connection,
        grant: Grant,
        status: Status,
        event: Event,
        initiator: Initiator,
        why: Why,
        now: int,
    ) -> bool:
        told = {"reason": why.value, "initiator": initiator.value}
        ended = grants.close(connection, grant, status, now, **told)
        if ended is None:
            return False
        codes.spend_of_grant(connection, grant.account_id, grant.client_id, grant.purpose, now)
        families.end_of_grant(connection, grant.account_id, grant.client_id, grant.purpose, now)
        self._happened(connection, grant, ended, event, initiator, why, now)
        return True

    def _happened(
        self,
        connection: Connection,
        before: Grant | None,
        after: Grant,
        event: Event,
        initiator: Initiator,
        why: Why,
        now: int,
    ) -> Grant:
        """Write down an event, for the grant's history and for the audit log."""
        noted = GrantEvent(
            grant_id=after.id,
            version=after.version,
            kind=event,
            at=now,
            reason=why,
            initiator=initiator,
            before=before.fields if before is not None else {},
            after=after.fields,
            text_hash=after.text_hash,
            locale=after.locale,
            acr=after.acr,
        )
        grants.note(connection, noted)
        out = {} if after.ended_at is not None else lets_out(self.catalogue, after.agreed_fields(now))
        changed = Changed(event, after.state(now), why, initiator, out, after.expires_at)
        self._audit_log.grant_changed(connection, after, changed, now)
        self._messages.grant_happened(connection, event, before, after, now)
        return after
