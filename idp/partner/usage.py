"""What a partner uses of what is agreed, counted from the audit log: which fields went out, and what was refused."""

from collections import Counter
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime

from idp.data_sharing import Agreement
from idp.data_sharing.partner_codes import told_as
from idp.data_sharing.quotas import requests_counted
from idp.protocol.audit import read_leaf
from idp.services import Services
from idp.store import agreement_versions, clients, partner_entries
from idp.store.agreement_versions import IN_FORCE
from idp.store.partners import StoredPartner

DAY = 86_400
UNUSED_DAYS = 90


@dataclass(frozen=True, slots=True)
class Usage:
    """What was counted; days are written as ISO 8601, in UTC."""

    disclosures: int
    days: tuple[tuple[str, str, int], ...]
    """Answers with data: by day and purpose, the newest first."""
    fields: tuple[tuple[str, str, int], ...]
    """By purpose and field."""
    withheld: tuple[tuple[str, str, int], ...]
    """Fields that stayed here: by purpose, and the code that partners are told."""


@dataclass(frozen=True, slots=True)
class RateUsed:
    """How much of a purpose's rate is used in the window that runs now."""

    purpose: str
    used: int
    requests: int
    seconds: int


def usage_of(services: Services, client_ids: Collection[str], days: int) -> Usage:
    """Count what went out to some apps within the last days."""
    since = services.now - days * DAY
    by_day: Counter[tuple[str, str]] = Counter()
    by_field: Counter[tuple[str, str]] = Counter()
    withheld: Counter[tuple[str, str]] = Counter()
    reasons = services.sharing.catalogue.reasons
    with services.database.transaction() as connection:
        for index, content in enumerate(partner_entries.disclosed_to(connection, client_ids, since)):
            leaf = read_leaf(index, content)
            purpose: str = leaf.members["purpose"]
            by_day[datetime.fromtimestamp(leaf.at, UTC).date().isoformat(), purpose] += 1
            by_field.update((purpose, field) for field in leaf.members["fields"])
            withheld.update((purpose, told_as(reasons, reason)) for reason in leaf.members["withheld"].values())
    return Usage(
        disclosures=by_day.total(),
        days=tuple((*key, by_day[key]) for key in sorted(by_day, reverse=True)),
        fields=tuple((*key, by_field[key]) for key in sorted(by_field)),
        withheld=tuple((*key, withheld[key]) for key in sorted(withheld)),
    )


def rates_used(services: Services, partner_id: str, agreement: Agreement | None) -> tuple[RateUsed, ...]:
    """Return for each purpose that has a rate how much of it is used."""
    found = []
    with services.database.autocommit() as connection:
        for purpose, terms in agreement.purposes.items() if agreement is not None else ():
            if terms.rate is not None:
                used = requests_counted(connection, partner_id, purpose, services.now)
                found.append(RateUsed(purpose, used, terms.rate.requests, terms.rate.seconds))
    return tuple(found)


def unused_fields(
    services: Services, partner: StoredPartner, agreement: Agreement | None
) -> tuple[tuple[str, str], ...]:
    """Return the fields, each with its purpose, that no person's app was given for 90 days although they are agreed.

    They are proposed for removal (least privilege). Nothing is, where the agreement is younger.
    """
    with services.database.autocommit() as connection:
        apps = [app.client_id for app in clients.of_partner(connection, partner.id) if not app.is_sandbox]
        versions = agreement_versions.all_of(connection, partner.id)
    since = next((version.in_force_at for version in versions if version.state == IN_FORCE), None)
    if agreement is None or since is None or services.now - since < UNUSED_DAYS * DAY:
        return ()
    usage = usage_of(services, apps, UNUSED_DAYS)
    used = {(purpose, field) for purpose, field, _count in usage.fields}
    return tuple(each for each in _agreed(agreement) if each not in used)


def _agreed(agreement: Agreement) -> Iterator[tuple[str, str]]:
    for purpose, terms in agreement.purposes.items():
        for field in sorted(terms.fields):
            yield purpose, field
