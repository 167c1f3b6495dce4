"""Asking people: who a client is and whom it may know, what it asks for, what a person is offered, and what stands."""

from collections.abc import Iterable
from dataclasses import dataclass
from enum import Enum, auto

from idp.data_sharing.allowed import answered, covers, last_end
from idp.data_sharing.disguises import Disguises
from idp.data_sharing.inputs import SharingInputs
from idp.data_sharing.life import GrantLife
from idp.data_sharing.messages import PartnerMessages
from idp.data_sharing.offer import Offer, Reader, make_offer
from idp.data_sharing.overview import terms_of
from idp.data_sharing.people import today, user_state
from idp.data_sharing.policy_in_force import PolicyInForce
from idp.data_sharing.wanted import claimable, wanted_anywhere
from idp.protocol.asked import Asked
from idp.protocol.authorization_details import PartnerData
from idp.protocol.claims_request import ClaimsRequest
from idp.protocol.errors import invalid_authorization_details, invalid_scope
from idp.protocol.names import PURPOSE_PREFIX
from idp.protocol.scopes import purpose_of
from idp.store.accounts import Account, Accounts
from idp.store.audit import AuditLog
from idp.store.clients import Client
from idp.store.codes import AuthorizationCode
from idp.store.families import Family
from idp.store.grants import Answer, Grant
from policies.agreement import Agreement, Partner, PartnerStatus
from policies.changes import TermChange
from policies.decide import askable
from policies.decision import Askable, SharingRequest
from policies.standing import widened

YOUNG_SECONDS = 2
"""Longer than old news lives in any process (`store.changes.BOUND`)."""


class Standing(Enum):
    """Whether what was granted to an app still holds."""

    HOLDS = auto()
    HELD = auto()
    """It is paused or suspended: tokens stay what they are, nothing goes out, and it may hold again."""
    OVER = auto()


@dataclass(frozen=True, slots=True)
class Circumstances:
    """How an answer came about: in which language it was asked, and how the person was authenticated."""

    grant_id: str
    """For the grant, unless it amends another."""
    locale: str
    acr: str


class Asking(GrantLife):
    """What comes before anything goes out: a request, the offer that is made of it, and the answer to that."""

    def __init__(
        self,
        policy: PolicyInForce,
        accounts: Accounts,
        audit_log: AuditLog,
        messages: PartnerMessages,
        inputs: SharingInputs,
        pairwise: Disguises,
    ) -> None:
        """Take what is asked about, and the names by which clients know people."""
        super().__init__(policy, accounts, audit_log, messages)
        self._inputs = inputs
        self._pairwise = pairwise

    @property
    def user_scopes(self) -> frozenset[str]:
        """Scope values that need a user."""
        return self._policy.user_scopes

    # ---- who is who ----------------------------------------------------------------------------------------------

    def account(self, account_id: str) -> Account | None:
        """Return an active account, or None."""
        return self._inputs.account(account_id)

    def is_welcome(self, client: Client) -> bool:
        """Whether a client may be given anything now: its partner, if it has one, is in good standing."""
        if not client.partner_id:
            return True
        partner, _agreement = self._inputs.partner(client.partner_id)
        if partner is None:
            return False
        return partner.status is PartnerStatus.PRODUCTION or (
            client.is_sandbox and partner.status is PartnerStatus.SANDBOX
        )

    def subject(self, client: Client, account_id: str) -> str:
        """Return the `sub` under which a client knows a user: pairwise for third parties (OIDC Core 8.1).

        A partner's sector is the partner, not the host, so that two apps of it need not be told apart by it.
        """
        return self._pairwise.name(client, account_id)

    def session(self, client: Client, sid: str) -> str:
        """Return the `sid` under which a client knows a browser's session: two partners cannot meet by it either."""
        return self._pairwise.name(client, sid)

    def may_meet(self, client: Client, account: Account) -> bool:
        """Whether a client may know of somebody at all: an app of a sandbox those made up for it, any other people."""
        return account.sandbox_of == (client.partner_id if client.is_sandbox else "")

    def reference(self, client: Client, identifier: str) -> str:
        """Return the name under which a client knows a thing of a person's, for the same reason."""
        return self._pairwise.name(client, identifier)

    # ---- what is asked for ---------------------------------------------------------------------------------------

    def asked(
        self, client: Client, scopes: tuple[str, ...], wanted: PartnerData | None, claims: ClaimsRequest
    ) -> Asked:
        """Return what a request asks for, in whichever way: from here on it makes no difference.

        Claims that nothing is known about, or that this client cannot have, are left out (OIDC Core 5.5).

        Raises:
            OAuthError: `invalid_scope` or `invalid_authorization_details` for a purpose that is not agreed, or more
                than one; the latter also for unknown fields and for longer than the agreement allows.
        """
        named = purpose_of(scopes)
        named_claims = (
            claimable(self.catalogue, client, claims.id_token),
            claimable(self.catalogue, client, claims.userinfo),
        )
        if wanted is None:
            return Asked(scopes, self._purpose(client, named), (), 0, *named_claims)
        agreement = self._agreement_of(client)
        terms = agreement.purposes.get(wanted.purpose) if agreement is not None else None
        if terms is None or named not in (None, wanted.purpose):
            raise invalid_authorization_details("The purpose is not agreed with this partner, or is not the scope's.")
        if not self.catalogue.known.issuperset(wanted.fields):
            raise invalid_authorization_details("The authorization_details name a field that does not exist.")
        if wanted.duration_days > terms.max_days:
            raise invalid_authorization_details("The duration_days are more than the agreement allows.")
        return Asked(scopes, wanted.purpose, wanted.fields, wanted.duration_days, *named_claims, wanted.mode)

    def _purpose(self, client: Client, named: str | None) -> str:
        """Return the purpose that the scopes name, or the only one of the partner's agreement, or ""."""
        agreement = self._agreement_of(client)
        agreed = tuple(agreement.purposes) if agreement is not None else ()
        if named is None:
            return agreed[0] if len(agreed) == 1 else ""
        if named not in agreed:
            raise invalid_scope("The purpose is not part of the agreement with this partner.")
        return named

    def offer(self, client: Client, account: Account, asked: Asked, language: str, now: int) -> Offer:
        """Return what to ask the person for: the requested fields that the agreement allows."""
        standing = self._inputs.grant(account.id, client.client_id, asked.purpose)
        may_be_asked = self._askable(client, account.id, asked, now)
        return make_offer(
            self.catalogue,
            asked,
            may_be_asked,
            self._agreement_of(client),
            standing,
            self._wider(client, standing, may_be_asked.fields, now),
            Reader(account.profile, language, today(account, now)),
            now,
        )

    def agree(
        self,
        client: Client,
        account: Account,
        asked: Asked,
        ticked: frozenset[str],
        circumstances: Circumstances,
        now: int,
    ) -> Grant:
        """Return what to write down (`give`) of a yes to an offer: what was ticked and what is needed.

        Everything that was shown has its answer, of what could be asked at all. The scopes that stand for data are
        answered by their fields.
        """
        offer = self.offer(client, account, asked, circumstances.locale, now)
        until = offer.expires_at
        shown = {line.id: line.needed or line.id in ticked for line in offer.fields}
        fields = answered(self.catalogue, shown, now, until)
        scopes = {scope: Answer(agreed=True, at=now, until=until) for scope in self._permissions(asked.scopes)}
        return Grant(
            id=circumstances.grant_id,
            account_id=account.id,
            client_id=client.client_id,
            purpose=asked.purpose,
            scopes=scopes,
            fields=fields,
            created_at=now,
            expires_at=last_end(fields, scopes) or until,
            mode=offer.mode,
            agreement_id=offer.agreement_id,
            agreement_version=offer.agreement_version,
            text_hash=offer.text_hash(asked.scopes),
            locale=circumstances.locale,
            acr=circumstances.acr,
            changed_at=now,
        )

    def grant_of(self, account_id: str, client_id: str, purpose: str) -> Grant | None:
        """Return the grant that is alive between a user and an app for a purpose, or the newest that is over."""
        return self._inputs.grant(account_id, client_id, purpose)

    def grant_id(self, client: Client, granted: Family) -> str | None:
        """Return the identifier of the grant that tokens rest on, where they rest on one."""
        if not client.is_third_party:
            return None
        grant = self._inputs.grant(granted.account_id, client.client_id, granted.purpose)
        return grant.id if grant is not None else None

    def is_consented(self, client: Client, account_id: str, asked: Asked, now: int) -> bool:
        """Whether the user has answered what is asked for, in whichever way that was asked; first parties need not ask.

        What the agreement does not hold is never asked; once it does, it is asked.
        """
        if not client.is_third_party:
            return True
        grant = self._inputs.grant(account_id, client.client_id, asked.purpose)
        if grant is None or not grant.is_alive(now) or grant.is_held or grant.mode is not asked.mode:
            return False
        fields = self._askable(client, account_id, asked, now).fields
        if self._wider(client, grant, fields, now):
            return False
        return covers(grant, fields, self._permissions(asked.scopes), asked.days, self._agreement_of(client), now)

    def _wider(self, client: Client, grant: Grant | None, fields: Iterable[str], now: int) -> tuple[TermChange, ...]:
        """Return how the agreement in force goes further than what was read of it by whom it is to be about.

        That is about what is asked for and what is shared already: a yes is one to all of it.
        """
        if grant is None or not grant.is_alive(now):
            return ()
        held, in_force = (
            terms_of(each, grant.purpose) for each in (self.agreement(client, grant), self._agreement_of(client))
        )
        return widened(held, in_force, grant.purpose, {*fields, *grant.agreed_fields(now)})

    def _permissions(self, scopes: tuple[str, ...]) -> tuple[str, ...]:
        """Return the scopes that allow something besides knowing data."""
        return tuple(
            scope for scope in scopes if scope not in self.catalogue.scopes and not scope.startswith(PURPOSE_PREFIX)
        )

    def may_be_asked(self, client: Client, account_id: str, purpose: str, now: int) -> bool:
        """Whether a user may be asked at all: not while they share with nobody, nor while what they gave is held."""
        if not client.is_third_party:
            return True
        account = self.account(account_id)
        grant = self._inputs.grant(account_id, client.client_id, purpose)
        held = grant is not None and grant.is_alive(now) and grant.suspensions > 0
        return account is not None and account.opted_out_at is None and not held

    def standing(self, client: Client, granted: AuthorizationCode | Family, now: int) -> Standing:
        """Return whether what was granted still holds: the account, the partner and the user's grant.

        It may rest on an answer that was given a moment ago, perhaps in another process, in place of a narrower one:
        for what is young that news is fetched before anything is judged by older. What data goes out is decided apart.
        """
        account = self.account(granted.account_id)
        if account is None or not self.is_welcome(client) or not self.may_meet(client, account):
            return Standing.OVER
        if not client.is_third_party:
            return Standing.HOLDS
        if _is_young(granted, now):
            self._inputs.renew()
        grant = self._inputs.grant(granted.account_id, client.client_id, granted.purpose)
        if grant is None or not grant.is_alive(now):
            return Standing.OVER
        if not covers(grant, (), self._permissions(granted.scopes), 0, None, now):
            return Standing.OVER
        return Standing.HELD if grant.is_held else Standing.HOLDS

    def stands(self, client: Client, granted: AuthorizationCode | Family, now: int) -> bool:
        """Whether what was granted holds now."""
        return self.standing(client, granted, now) is Standing.HOLDS

    # ---- look-ups ------------------------------------------------------------------------------------------------

    def _fields(self, client: Client, asked: Asked) -> frozenset[str]:
        """Return the fields that are asked for, in whichever way."""
        return wanted_anywhere(self.catalogue, client, asked)

    def _request(
        self, client: Client, account_id: str, asked: Asked, fields: frozenset[str], now: int, *, kept: bool = False
    ) -> SharingRequest:
        account = self.account(account_id)
        meets = account is not None and self.may_meet(client, account)
        return SharingRequest(
            partner_id=client.partner_id,
            client_id=client.client_id,
            user_id=account_id,
            purpose=asked.purpose,
            fields=fields,
            at=now,
            sandbox=client.is_sandbox,
            synthetic=meets is client.is_sandbox,
            acr=asked.acr,
            auth_time=asked.auth_time,
            kept=kept,
        )

    def _askable(self, client: Client, account_id: str, asked: Asked, now: int) -> Askable:
        partner, agreement = self._inputs.partner(client.partner_id)
        request = self._request(client, account_id, asked, self._fields(client, asked), now)
        return askable(self._policy.bundle, request, partner, agreement, user_state(self.account(account_id), now))

    def partner(self, client: Client) -> tuple[Partner | None, Agreement | None]:
        """Return whose app a client is, and the agreement in force with them, as far as there are any."""
        return self._inputs.partner(client.partner_id)

    def agreement(self, client: Client, grant: Grant | None) -> Agreement | None:
        """Return what is agreed with a client's partner, as far as it holds for a grant."""
        return self._inputs.standing(client.partner_id, grant)[1] if client.is_third_party else None

    def _agreement_of(self, client: Client) -> Agreement | None:
        partner, agreement = self.partner(client)
        return agreement if partner is not None and client.is_third_party else None


def _is_young(granted: AuthorizationCode | Family, now: int) -> bool:
    return isinstance(granted, AuthorizationCode) or now - granted.created_at <= YOUNG_SECONDS
