"""What a decision is made from, at the speed of memory: accounts, grants, partners and their agreements.

Each is remembered no longer than the change feed allows, so that an end anywhere is known here within a second.
"""

import json
import logging
from dataclasses import asdict

from idp.data_sharing.policy_in_force import PolicyInForce
from idp.protocol.audit import Person
from idp.store import agreement_versions, grants, partners
from idp.store.accounts import Account, Accounts
from idp.store.audit import AuditLog
from idp.store.changes import Cache, ChangeFeed, Topic
from idp.store.database import Connection, Database
from idp.store.grants import Grant, grant_key
from idp.store.partners import StoredPartner
from policies.agreement import Agreement, AgreementError, Partner, parse_agreement, parse_partner
from policies.catalogue import Catalogue
from policies.standing import agreement_read, stricter

log = logging.getLogger(__name__)

CACHED_ACCOUNTS = 10_000
CACHED_GRANTS = 20_000
CACHED_PARTNERS = 1_000
CACHED_STANDINGS = 2_000
CACHED_PEOPLE = 20_000


class SharingInputs:
    """Looks up what decisions are made from.

    Every look-up raises `DatabaseUnavailableError` when the answer cannot be known.
    """

    def __init__(
        self, policy: PolicyInForce, database: Database, accounts: Accounts, audit_log: AuditLog, feed: ChangeFeed
    ) -> None:
        """Follow the feed."""
        self._policy = policy
        self._database = database
        self._accounts = accounts
        self._audit_log = audit_log
        self._feed = feed
        self._account_cache: Cache[Account] = Cache(feed, (Topic.ACCOUNT,), CACHED_ACCOUNTS)
        self._person_cache: Cache[Person] = Cache(feed, (Topic.ACCOUNT,), CACHED_PEOPLE)
        self._grant_cache: Cache[Grant] = Cache(feed, (Topic.GRANT,), CACHED_GRANTS)
        # An agreement is read by the catalogue in force.
        topics = (Topic.SHARING, Topic.POLICY)
        self._partner_cache: Cache[tuple[Partner, Agreement | None]] = Cache(feed, topics, CACHED_PARTNERS)
        self._standing_cache: Cache[Agreement] = Cache(feed, (Topic.POLICY,), CACHED_STANDINGS)

    def renew(self) -> None:
        """Make sure that what is committed by now is known here."""
        self._feed.read_now()

    def account(self, account_id: str) -> Account | None:
        """Return an active account, or None."""
        account = self._account_cache.get(account_id, self._load_account)
        return account if account is not None and account.is_active else None

    def person(self, account_id: str) -> Person:
        """Return a person as the audit log knows them."""

        def load(_key: str) -> Person:
            with self._database.autocommit() as connection:
                return self._audit_log.person(connection, account_id)

        person = self._person_cache.get(account_id, load)
        if person is None:
            raise LookupError("a person has a salt")
        return person

    def grant(self, account_id: str, client_id: str, purpose: str) -> Grant | None:
        """Return the grant that is alive, or the newest that is over."""

        def load(_key: str) -> Grant | None:
            with self._database.autocommit() as connection:
                return grants.find(connection, account_id, client_id, purpose)

        return self._grant_cache.get(grant_key(account_id, client_id, purpose), load)

    def partner(self, partner_id: str) -> tuple[Partner | None, Agreement | None]:
        """Return a partner and its agreement, as far as there are any."""
        found = self._partner_cache.get(partner_id, self._load_partner) if partner_id else None
        return found or (None, None)

    def standing(self, partner_id: str, grant: Grant | None) -> tuple[Partner | None, Agreement | None]:
        """Return a partner and what of its agreement holds for a grant: no more than its user read of it.

        The agreement is one value for all who read the same version, so that what is worked out of it is kept.
        """
        partner, agreement = self.partner(partner_id)
        if agreement is None or grant is None or grant.agreement_version == agreement.version:
            return partner, agreement
        read, purpose, catalogue = grant.agreement_version, grant.purpose, self._policy.catalogue

        def load(_key: str) -> Agreement:
            with self._database.autocommit() as connection:
                earlier = version_read(connection, partner_id, read, purpose, catalogue)
            return stricter(earlier, agreement, purpose, catalogue)

        return partner, self._standing_cache.get(f"{partner_id} {agreement.version} {read} {purpose}", load)

    def _load_account(self, account_id: str) -> Account | None:
        with self._database.autocommit() as connection:
            return self._accounts.find(connection, account_id)

    def _load_partner(self, partner_id: str) -> tuple[Partner, Agreement | None] | None:
        with self._database.autocommit() as connection:
            stored = partners.find(connection, partner_id)
        if stored is None:
            return None
        try:
            return parse_partner(_written(stored)), self._agreement(stored.agreement)
        except AgreementError:
            # Nothing is released under what cannot be read, a field that left the catalogue since, for one.
            log.exception("the agreement with partner %s does not fit the catalogue", partner_id)
            return None

    def _agreement(self, document: str) -> Agreement | None:
        return parse_agreement(json.loads(document), self._policy.catalogue) if document else None


def version_read(
    connection: Connection, partner_id: str, version: int, purpose: str, catalogue: Catalogue
) -> Agreement | None:
    """Return what a version of an agreement says about a purpose; None where that cannot be known (any more)."""
    stored = agreement_versions.find(connection, partner_id, version)
    return agreement_read(json.loads(stored.document), purpose, catalogue) if stored is not None else None


def _written(partner: StoredPartner) -> dict[str, str]:
    """Return a partner as files write it: what is not known is left out."""
    details = {name: value for name, value in asdict(partner.details).items() if value}
    return {"id": partner.id, "name": partner.name, "status": partner.status, **details}
