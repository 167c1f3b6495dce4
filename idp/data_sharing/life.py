"""The life of grants: each transition with all that it carries, in one transaction of the caller's.

What happened is an event of the grant and an entry of the audit log; what ends takes its codes and tokens along. Every
process knows within a second (`store.changes`), and no disclosure is written down on a grant that is not as it was.
"""

from collections.abc import Iterable, Mapping
from dataclasses import replace

from idp.data_sharing.allowed import gives_way, last_end, lets_out, merged, merged_fields
from idp.data_sharing.messages import PartnerMessages
from idp.data_sharing.policy_in_force import PolicyInForce
from idp.protocol.audit import Changed
from idp.protocol.grants import Action, Event, Initiator, Status, Why, Wish
from idp.store import codes, families, grants, own_entries
from idp.store.accounts import Accounts
from idp.store.audit import AuditLog
from idp.store.database import Connection, DatabaseUnavailableError
from idp.store.grants import Answer, Grant, GrantEvent
from policies.catalogue import Catalogue

OPTED_OUT = "opted_out"
"""The cause that holds the grants of a user who shares nothing with anybody."""
EXPIRE_AT_ONCE = 100
ATTEMPTS = 3
"""How often an answer is written down anew because another one came in between."""


class GrantLife:
    """The transitions. Each tells whether it happened: what is over stays as it is, whoever asks."""

    def __init__(
        self, policy: PolicyInForce, accounts: Accounts, audit_log: AuditLog, messages: PartnerMessages
    ) -> None:
        """Take what events are told with."""
        self._policy = policy
        self._accounts = accounts
        self._audit_log = audit_log
        self._messages = messages

    @property
    def catalogue(self) -> Catalogue:
        """The fields and purposes that there are."""
        return self._policy.catalogue

    def give(self, connection: Connection, answer: Grant, now: int, wish: Wish | None = None) -> Grant | None:
        """Write down a user's answer: a grant of its own, or an amendment of the one that is alive.

        A grant for one use and one that goes on are never mixed: the new one takes the other's place. Of somebody who
        left all sharing a moment ago it is held from the start. None, with nothing written, when the grant that is to
        be amended is over, or the one whose place would be taken is suspended.

        Raises:
            DatabaseUnavailableError: when others keep answering in between.
        """
        shares_nothing = self._accounts.shares_nothing(connection, answer.account_id)
        given = self._give(connection, answer, now, wish)
        if given is not None and shares_nothing:
            self.suspend(connection, given, OPTED_OUT, Initiator.USER, Why.USER_CHANGED, now)
        return given

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

    def supersede(self, connection: Connection, grant: Grant, now: int) -> bool:
        """End a grant because its app asked for another one in its place."""
        why = Why.REPLACED
        return self._close(connection, grant, Status.SUPERSEDED, Event.SUPERSEDED, Initiator.PARTNER, why, now)

    def consume(self, connection: Connection, grant: Grant, now: int) -> bool:
        """End a grant that was to be used once, with its use."""
        return self._close(connection, grant, Status.CONSUMED, Event.CONSUMED, Initiator.PARTNER, Why.USED_ONCE, now)

    def end_all(self, connection: Connection, account_id: str, initiator: Initiator, why: Why, now: int) -> int:
        """End every grant of a user; return how many that were."""
        living = grants.all_living(connection, account_id)
        return sum(self.end(connection, grant, initiator, why, now) for grant in living)

    def forget(self, connection: Connection, account_id: str, now: int) -> int:
        """End all that a user shares, and forget which entries of the audit log are about them; return how many ended.

        What ended is in the log first, and with every grant ended nothing can be written down under the salt any more.
        """
        ended = self.end_all(connection, account_id, Initiator.USER, Why.USER_REVOKED, now)
        own_entries.forget(connection, account_id, now)
        return ended

    def pause(self, connection: Connection, grant: Grant, now: int) -> bool:
        """Let a grant rest at its user's wish: it stands, and nothing goes out."""
        if grant.status is not Status.ACTIVE:
            return False
        return self._change(connection, grant, Event.PAUSED, now, status=Status.PAUSED)

    def resume(self, connection: Connection, grant: Grant, now: int) -> bool:
        """Take a paused grant up again, at its user's wish."""
        if grant.status is not Status.PAUSED:
            return False
        return self._change(connection, grant, Event.RESUMED, now, status=Status.ACTIVE)

    def narrow(self, connection: Connection, grant: Grant, taken_out: Iterable[str], now: int) -> bool:
        """Take fields out of a grant at its user's wish, and with them those that would give them away."""
        refused = {name: Answer(agreed=False, at=now, until=grant.fields[name].until) for name in taken_out}
        fields = merged_fields(self.catalogue, grant.fields, refused, now)
        if {name: answer.agreed for name, answer in fields.items()} == {
            name: answer.agreed for name, answer in grant.fields.items() if now < answer.until
        }:
            return False
        return self._change(connection, grant, Event.NARROWED, now, fields=fields)

    def suspend(
        self, connection: Connection, grant: Grant, cause: str, initiator: Initiator, why: Why, now: int
    ) -> bool:
        """Hold a grant for one more cause; every cause must be lifted before anything goes out again."""
        held = grants.suspend(connection, grant, cause, initiator, now)
        if held is None:
            return False
        self._happened(connection, grant, held, Event.SUSPENDED, initiator, why, now)
        return True

    def lift(self, connection: Connection, grant: Grant, cause: str, initiator: Initiator, why: Why, now: int) -> bool:
        """Let go of one cause; another one, a pause or an end is not touched by that."""
        freed = grants.lift(connection, grant, cause, now)
        if freed is None:
            return False
        self._happened(connection, grant, freed, Event.LIFTED, initiator, why, now)
        return True

    def opt_out(self, connection: Connection, account_id: str, now: int) -> None:
        """Take a user out of all sharing, at their wish: every grant is held, and none can be given."""
        self._accounts.opt_out(connection, account_id, now, out=True)
        for grant in grants.all_living(connection, account_id):
            self.suspend(connection, grant, OPTED_OUT, Initiator.USER, Why.USER_CHANGED, now)

    def opt_in(self, connection: Connection, account_id: str, now: int) -> None:
        """Let a user share again: what stood before stands again, unless something else holds it."""
        self._accounts.opt_out(connection, account_id, now, out=False)
        for grant in grants.all_living(connection, account_id):
            self.lift(connection, grant, OPTED_OUT, Initiator.USER, Why.USER_CHANGED, now)

    def restrict(self, connection: Connection, account_id: str, now: int, *, restricted: bool) -> None:
        """Restrict the use of a user's data to what the policy lets go on, or lift that."""
        self._accounts.restrict(connection, account_id, now, restricted=restricted)
        grants.touch(connection, account_id, now)

    def expire_due(self, connection: Connection, now: int) -> int:
        """Write down of some grants that their time is over; return of how many."""
        return sum(self.expire(connection, grant, now) for grant in grants.due(connection, now, EXPIRE_AT_ONCE))

    def _give(self, connection: Connection, answer: Grant, now: int, wish: Wish | None) -> Grant | None:
        for _ in range(ATTEMPTS):
            before = grants.find(connection, answer.account_id, answer.client_id, answer.purpose, lock=True)
            alive = before is not None and before.is_alive(now)
            if wish is not None and wish.amends and (before is None or not alive or before.id != wish.grant_id):
                return None
            if before is None or before.ended_at is not None:
                if grants.add(connection, answer):
                    return self._happened(connection, None, answer, Event.GIVEN, Initiator.USER, Why.ASKED, now)
            elif not alive:
                self.expire(connection, before, now)
            elif gives_way(before, answer.mode, wish):
                if before.suspensions:
                    return None
                self.supersede(connection, before, now)
            else:
                return self._amend(connection, before, answer, now, wish)
        raise DatabaseUnavailableError("the grant keeps changing")

    def _change(
        self, connection: Connection, before: Grant, event: Event, now: int, **values: Status | Mapping[str, Answer]
    ) -> bool:
        """Change a living grant at its user's wish."""
        after = grants.change(connection, before, now, **values)
        if after is None:
            return False
        self._happened(connection, before, after, event, Initiator.USER, Why.USER_CHANGED, now)
        return True

    def _amend(self, connection: Connection, before: Grant, answer: Grant, now: int, wish: Wish | None) -> Grant:
        fields, scopes = answer.fields, answer.scopes
        if wish is None or wish.action is not Action.REPLACE:
            fields = merged_fields(self.catalogue, before.fields, fields, now)
            scopes = merged(before.scopes, scopes, now)
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
        rests = (grant.account_id, grant.client_id, grant.purpose)
        families.end_of_grant(connection, *rests, families.SHARING_ENDED, now)
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
