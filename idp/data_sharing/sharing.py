"""The decisions on what goes out.

Every release is decided anew from the stored agreement and grant, and leaves as a `Released` (see `released`).
First-party clients get the claims of the scopes that they were granted (OIDC Core 5.4); third parties get request ∧
agreement ∧ consent, once the disclosure stands in the audit log.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import date
from functools import partial
from typing import Any

from idp.data_sharing.allowed import as_consent
from idp.data_sharing.asking import Asking
from idp.data_sharing.decided import Decided, Foreseen
from idp.data_sharing.disclosure import Written, answers_in, beyond_rates, write_down
from idp.data_sharing.disguises import Disguises
from idp.data_sharing.facts import Facts, recorded
from idp.data_sharing.inputs import SharingInputs
from idp.data_sharing.messages import PartnerMessages
from idp.data_sharing.overview import terms_of
from idp.data_sharing.partner_codes import told
from idp.data_sharing.people import today, user_state
from idp.data_sharing.policy_in_force import PolicyInForce
from idp.data_sharing.quotas import count_request
from idp.data_sharing.released import NOTHING, SEAL, Released
from idp.data_sharing.shadow import Shadow
from idp.data_sharing.wanted import Wanted, wanted_at
from idp.protocol.asked import Asked
from idp.protocol.audit import Disclosed, Sharing, Surface
from idp.protocol.authorization_details import granted_details
from idp.protocol.grants import Mode
from idp.protocol.names import ClientKind
from idp.protocol.secrets import Randomness, new_identifier
from idp.store import audit, grants
from idp.store.accounts import Account, Accounts
from idp.store.audit import AuditLog
from idp.store.changes import ChangeFeed
from idp.store.clients import Client
from idp.store.database import Connection, Database, DatabaseUnavailableError
from idp.store.families import Family
from idp.store.grants import Grant
from policies.agreement import Agreement, Consent, PurposeTerms
from policies.decide import askable
from policies.decision import Decision, Reason, SharingRequest
from policies.derive import claims_for
from policies.discharge import NOTHING_DISCHARGED, Discharge, Discharged, owed_nothing, together
from policies.words import Words

DECISIONS = 8
"""How often a release is decided anew because the grant changed, or gave another answer, before it was written down."""
KEPT = frozenset({Surface.ID_TOKEN, Surface.ACCESS_TOKEN})
"""Answers that whoever gets them keeps."""


@dataclass(frozen=True, slots=True, repr=False)
class Considered:
    """That all of some fields of one grant may go out, with their values; nothing is written down yet."""

    sharing: Sharing
    grant: Grant
    decision: Decision
    agreement: Agreement
    facts: Facts
    policy: str
    values: Mapping[str, object]
    """By field, as far as the person has one."""


class DataSharing(Asking):
    """Asks the policy, on behalf of every layer above, and is the only door to the life of grants."""

    def __init__(
        self,
        policy: PolicyInForce,
        database: Database,
        accounts: Accounts,
        audit_log: AuditLog,
        feed: ChangeFeed,
        pairwise: Disguises,
        messages: PartnerMessages,
        random: Randomness,
    ) -> None:
        """Follow the feed; what is decided upon is cached no longer than the feed allows."""
        inputs = SharingInputs(policy, database, accounts, audit_log, feed)
        super().__init__(policy, accounts, audit_log, messages, inputs, pairwise)
        self._database = database
        self._random = random
        self._shadow = Shadow(database)

    # ---- what goes out -------------------------------------------------------------------------------------------

    def release(
        self,
        client: Client,
        account_id: str,
        asked: Asked,
        now: int,
        surface: Surface,
        only: tuple[str, ...] | None = None,
        named: frozenset[str] | None = None,
    ) -> Released:
        """Decide what of a user's data a client gets now; `only` narrows the question to some fields.

        `named` are the fields of the question itself, whatever they are: those that were not asked for at first, nor
        given away by what was, count as not consented.

        What a third party gets is in the audit log, committed, when this returns; `surface` names the answer that it
        goes into.

        Raises:
            DatabaseUnavailableError: when an input of the decision cannot be known.
        """
        wanted = wanted_at(self.catalogue, client, asked, surface, only)
        account = self.account(account_id)
        if not wanted.fields or account is None or client.kind is ClientKind.SERVICE:
            return NOTHING
        if not self.may_meet(client, account):
            return NOTHING
        on = today(account, now)
        if not client.is_third_party:
            claims = claims_for(self.catalogue, wanted.fields, account.profile, on)
            return Released(SEAL, owed_nothing(wanted.trimmed(self.catalogue, claims)), {})
        reach = self.catalogue.closure_down(wanted.fields)
        if named is not None:
            wanted = Wanted(named, frozenset(), named)
        request = self._request(client, account_id, asked, wanted.fields, now, kept=surface in KEPT)
        decided = self._disclose(client, account_id, request, reach, surface)
        return decided.released(together(self._discharged(decided, wanted, account, on)))

    def _discharged(self, decided: Decided, wanted: Wanted, account: Account, on: date) -> Iterator[Discharged]:
        """Yield the claims of each released field, with all done that is due for it."""
        for field in decided.catalogue.fields:
            if field not in decided.decision.released:
                continue
            source = decided.discharge.source(field)
            claims = claims_for(decided.catalogue, (source,), account.profile, on)
            sent = claims if source != field else wanted.trimmed(decided.catalogue, claims)
            yield decided.discharge.values(field, sent)

    def disclose(
        self, client: Client, account_id: str, asked: Asked, fields: frozenset[str], now: int, surface: Surface
    ) -> Decided:
        """Decide about fields whose values are no claims of the profile; whoever asks puts them into the release.

        For `data_sharing` itself. Otherwise as `release` with these fields named.
        """
        request = self._request(client, account_id, asked, fields, now, kept=surface in KEPT)
        return self._disclose(client, account_id, request, self.reach(client, asked), surface)

    def admit(self, client: Client, account_id: str, purpose: str, now: int) -> None:
        """Count a partner's request for data against the rates of its agreement.

        Raises:
            OAuthError: `too_many_requests`, with how long to wait.
        """
        terms = terms_of(self.agreement(client, self.grant_of(account_id, client.client_id, purpose)), purpose)
        if terms is not None:
            with self._database.autocommit() as connection:
                count_request(connection, client.partner_id, account_id, purpose, terms, now)

    def terms(self, client: Client, purpose: str) -> PurposeTerms | None:
        """Return what is agreed with a client's partner for a purpose, if anything."""
        return terms_of(self._agreement_of(client), purpose)

    def consider(self, client: Client, grant: Grant, fields: frozenset[str], now: int) -> Considered | None:
        """Decide whether all of these fields may go out on a grant, as they are, for one answer about many people.

        Nothing goes out before it is noted (`note`).
        """
        rules, shadow = self._policy.rules, self._policy.shadow
        catalogue, account = rules.bundle.catalogue, self.account(grant.account_id)
        # On the grant as it was read, not as it is remembered.
        facts = self._facts(client, grant.account_id, grant, Asked((), grant.purpose), fields, now)
        decision = facts.decided_by(rules.bundle)
        if shadow is not None:
            self._shadow.consider(rules, shadow, facts, decision)
        agreement, is_owed = facts.agreement, any(decision.obligations.values())
        if account is None or agreement is None or decision.released != fields or is_owed:
            return None
        claims = claims_for(catalogue, fields, account.profile, today(account, now))
        known_by = {field: catalogue.fields[field].claims[:1] for field in fields}
        values = {field: claims[claim] for field, named in known_by.items() for claim in named if claim in claims}
        sharing = Sharing(self._inputs.person(grant.account_id), client.partner_id, client.client_id, grant.purpose)
        return Considered(sharing, grant, decision, agreement, facts, rules.hash, values)

    def note(self, connection: Connection, one: Considered, decision_id: str, now: int) -> bool:
        """Write down, with its answer, that what was considered goes out; false if the grant is not as it was."""
        grant, answers = one.grant, answers_in(self.catalogue, one.decision)
        if not answers <= grant.disclosed:
            held = grants.find_by_id(connection, grant.id, lock=True)
            # Another answer may have counted the same meanwhile: they are within the budget then.
            is_counted = held is not None and held.version == grant.version and answers <= held.disclosed
            if not is_counted and not grants.add_answers(connection, grant, answers, now):
                return False
        record = self._audit_log.sealed_record(decision_id, recorded(one.policy, one.facts, one.decision))
        disclosed = _disclosed(decision_id, one.decision, one.agreement, Surface.DATA_AUDIENCE)
        return audit.disclosed(connection, one.sharing, disclosed, grant, now, record)

    def authorization_details(self, client: Client, granted: Family, now: int) -> dict[str, Any]:
        """Return the member `authorization_details` where data was asked for by it, as it stands now (RFC 9396 7).

        It names fields and holds no value, so nothing is disclosed by it.
        """
        if not granted.fields:
            return {}
        decision = self._decision(client, granted.account_id, granted.asked, frozenset(granted.fields), now)
        fields = tuple(field for field in granted.fields if field in decision.released)
        named = {field: reason for field, reason in decision.withheld.items() if field in granted.fields}
        withheld = told(self.catalogue.reasons, named)
        grant = self._inputs.grant(granted.account_id, client.client_id, granted.purpose)
        mode = grant.mode if grant is not None else Mode.ONGOING
        return {"authorization_details": granted_details(granted.purpose, fields, withheld, decision.expires_at, mode)}

    def foresee(self, client: Client, account_id: str, purpose: str, fields: frozenset[str], now: int) -> Foreseen:
        """Decide about fields as `release` would for a token that reaches all of the grant.

        Nothing is disclosed by it, so nothing is written down.
        """
        decision = self._decision(client, account_id, Asked((), purpose), fields, now)
        discharge = Discharge(self.catalogue, decision, self._pairwise.means(client, account_id))
        nothing = Decided("", decision, None, self.catalogue, discharge).released(NOTHING_DISCHARGED)
        return Foreseen(
            released=tuple(sorted(decision.released)),
            withheld=nothing.withheld,
            requestable=self.requestable(client, account_id, Asked((), purpose), nothing, now),
            obligations={field: decision.obligations.get(field, {}) for field in sorted(decision.released)},
            expires_at=decision.expires_at,
            policy=self._policy.rules.hash,
        )

    def _decision(self, client: Client, account_id: str, asked: Asked, fields: frozenset[str], now: int) -> Decision:
        """Decide about all that a grant lets out, whatever a token reaches."""
        return self.facts(client, account_id, asked, fields, now).decided_by(self._policy.bundle)

    def facts(self, client: Client, account_id: str, asked: Asked, fields: frozenset[str], now: int) -> Facts:
        """Return what such a decision is made from."""
        grant = self._inputs.grant(account_id, client.client_id, asked.purpose)
        return self._facts(client, account_id, grant, asked, fields, now)

    def _facts(
        self, client: Client, account_id: str, grant: Grant | None, asked: Asked, fields: frozenset[str], now: int
    ) -> Facts:
        partner, agreement = self._inputs.standing(client.partner_id, grant)
        return Facts(
            request=self._request(client, account_id, asked, fields, now),
            partner=partner,
            agreement=agreement,
            consent=as_consent(grant, agreement),
            user=user_state(self.account(account_id), now),
        )

    def requestable(
        self, client: Client, account_id: str, asked: Asked, released: Released, now: int
    ) -> frozenset[str]:
        """Return which of the withheld fields the partner could get by asking the person for them."""
        refused = released.askable
        if not refused:
            return refused
        partner, agreement = self._inputs.partner(client.partner_id)
        request = self._request(client, account_id, asked, refused, now)
        user = user_state(self.account(account_id), now)
        return frozenset(askable(self._policy.bundle, request, partner, agreement, user).fields)

    def opened(self, address: str, partner_id: str) -> str | None:
        """Return the account that a relay address stands for, if it is one that this partner was given."""
        return self._pairwise.opened(address, partner_id)

    def told_codes(self) -> Mapping[str, Words]:
        """Return every code that partners are told in place of a reason, with its words."""
        return self.catalogue.reasons.told

    def why(self, reason: str, language: str) -> str:
        """Return what a person reads of the reason why something of theirs stayed; "" for one that there is not."""
        known = self.catalogue.reasons.explanations.get(reason)
        return known.user.in_language(language) if known is not None else ""

    def _disclose(
        self,
        client: Client,
        account_id: str,
        request: SharingRequest,
        reach: frozenset[str],
        surface: Surface,
    ) -> Decided:
        """Decide, and write the disclosure down; decide anew when the grant changed in between.

        Raises:
            DatabaseUnavailableError: when an input of the decision cannot be known, or keeps changing.
        """
        decision_id, rules, shadow = new_identifier(self._random), self._policy.rules, self._policy.shadow
        means, catalogue = self._pairwise.means(client, account_id), rules.bundle.catalogue
        used_up: frozenset[str] | None = None
        for _ in range(DECISIONS):
            grant = self._inputs.grant(account_id, client.client_id, request.purpose)
            partner, agreement = self._inputs.standing(client.partner_id, grant)
            consent = self._within(as_consent(grant, agreement), reach)
            user = user_state(self.account(account_id), request.at)
            facts = Facts(request, partner, agreement, consent, user)
            made = facts.decided_by(rules.bundle)
            if shadow is not None:
                self._shadow.consider(rules, shadow, facts, made)
            if used_up is None:
                used_up = self._beyond_rates(client, account_id, request, made)
            decision = made.without(used_up, Reason.QUOTA)
            terms = terms_of(agreement, request.purpose)
            decided = Decided(decision_id, decision, terms, catalogue, Discharge(catalogue, decision, means))
            if not decision.released or agreement is None or grant is None:
                return decided
            person = self._inputs.person(account_id)
            sharing = Sharing(person, client.partner_id, client.client_id, request.purpose)
            record = self._audit_log.sealed_record(decision_id, recorded(rules.hash, facts, made))
            disclosed = _disclosed(decision_id, decision, agreement, surface)
            written = partial(
                audit.disclosed, sharing=sharing, what=disclosed, grant=grant, now=request.at, inputs=record
            )
            if self._write_down(written, grant, decision, request.at):
                return decided
            self._inputs.renew()
        raise DatabaseUnavailableError("the grant keeps changing")

    def _write_down(self, written: Written, grant: Grant, decision: Decision, now: int) -> bool:
        """Write a disclosure down; what is for one use ends with it. False when the grant is not as it was."""

        def end(connection: Connection) -> None:
            if grant.mode is not Mode.ONGOING and not self.consume(connection, grant, now):
                raise DatabaseUnavailableError("the grant ended while it was held")

        answers = answers_in(self.catalogue, decision)
        return write_down(self._database, written, grant, decision, answers, end, now)

    def _beyond_rates(
        self, client: Client, account_id: str, request: SharingRequest, decision: Decision
    ) -> frozenset[str]:
        """Count a release once against the rates that are due for its fields; return those that are used up."""
        if not decision.obligations:
            return frozenset()
        counted = (client.partner_id, account_id, request.purpose)
        with self._database.autocommit() as connection:
            return beyond_rates(connection, decision, counted, request.at)

    def _within(self, consent: Consent | None, reach: frozenset[str]) -> Consent | None:
        """Return what of a consent one token reaches: it may have been made for less."""
        until: dict[str, int] = {}
        for field, ends in consent.fields.items() if consent else ():
            for given in self.catalogue.closure_down({field}) & reach:
                until[given] = max(ends, until.get(given, 0))
        return consent and replace(consent, fields=until)

    def reach(self, client: Client, asked: Asked) -> frozenset[str]:
        """Return which fields a token may be about at most: those that were asked for and what they give away."""
        return self.catalogue.closure_down(self._fields(client, asked))


def _disclosed(decision_id: str, decision: Decision, agreement: Agreement, surface: Surface) -> Disclosed:
    return Disclosed(
        decision_id=decision_id,
        fields=tuple(sorted(decision.released)),
        withheld={field: str(reason) for field, reason in decision.withheld.items()},
        agreement_id=agreement.id,
        agreement_version=agreement.version,
        surface=surface,
    )
