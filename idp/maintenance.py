"""What has to happen from time to time: keys rotate, agreements come into force, what is over is forgotten.

Accounts that were closed are erased here, and every table that grows is purged, but for the audit log, which is for
keeping. Any process may run it at any moment, several at once too.
"""

import logging
import threading
from hashlib import sha256
from time import monotonic

from idp.closing import erase_due
from idp.data_sharing.agreement_life import put_due_in_force
from idp.data_sharing.replay import Recorded, decided_otherwise
from idp.services import Services
from idp.store import (
    activity,
    address_changes,
    attempts,
    audience_answers,
    audience_fields,
    changes,
    codes,
    decision_records,
    families,
    interactions,
    mail_proofs,
    outbox,
    partner_messages,
    passkeys,
    pending_sign_ins,
    pushed_requests,
    quotas,
    recoveries,
    registrations,
    replay,
    revocations,
    session_clients,
    sessions,
    shadow_results,
    signing_keys,
    upstream_arrivals,
    upstream_flows,
)
from idp.store.database import DatabaseUnavailableError
from idp.store.decision_records import Part

log = logging.getLogger(__name__)

INTERVAL_SECONDS = 60
FAMILY_KEEP_SECONDS = 86_400
INTERACTION_KEEP_SECONDS = 86_400
"""So that somebody who comes back to an old page is told which app to go back to."""
DAY = 86_400
DECIDED_AGAIN = 2_000
"""How many disclosures are decided again in a day, from a place drawn anew each time."""
DECIDED_AGAIN_SECONDS = 20
NAMED = 10


def run_once(services: Services) -> dict[str, int]:
    """Do all of it: rotate keys, note what begins or is over by now, place what waits in the audit log, purge.

    Returns how many rows each purge removed.
    """
    services.keys.ensure()
    now = services.now
    with services.database.transaction() as connection:
        put_due_in_force(connection, now)
    with services.database.transaction() as connection:
        services.sharing.expire_due(connection, now)
    erase_due(services)
    services.audit_tree.sequence()
    decide_again(services)
    lifetimes = services.settings.lifetimes
    database = services.database
    decision_records.forget_old(database, now - lifetimes.decision_record)
    return {
        "activity": activity.purge(database, now - lifetimes.activity),
        "address_changes": address_changes.purge(database, now),
        "attempts": attempts.purge(database, now, services.settings.sign_in.window),
        "audience_answers": audience_answers.purge(database, now),
        "audience_fields": audience_fields.purge(database, now),
        "changes": changes.purge(database, now),
        "authorization_codes": codes.purge(database, now),
        "token_families": families.purge(database, now, FAMILY_KEEP_SECONDS),
        "interactions": interactions.purge(database, now - INTERACTION_KEEP_SECONDS),
        "mail_proofs": mail_proofs.purge(database, now),
        "outbox": outbox.purge(database, now),
        "partner_messages": partner_messages.purge(database, now),
        "passkey_challenges": passkeys.purge(database, now),
        "pending_sign_ins": pending_sign_ins.purge(database, now),
        "pushed_requests": pushed_requests.purge(database, now),
        "recoveries": recoveries.purge(database, now),
        "initial_access_tokens": registrations.purge(database, now),
        "quotas": quotas.purge(database, now),
        "seen_assertions": replay.purge(database, now),
        "revoked_tokens": revocations.purge(database, now, FAMILY_KEEP_SECONDS),
        "session_clients": session_clients.purge(database, now),
        "sessions": sessions.purge(database, now, lifetimes.session_idle),
        "shadow_results": shadow_results.purge(database, now - lifetimes.decision_record),
        "signing_keys": signing_keys.purge(database, now),
        "upstream_arrivals": upstream_arrivals.purge(database, now),
        "upstream_flows": upstream_flows.purge(database, now),
    }


def decide_again(services: Services) -> None:
    """Once a day, whichever process comes first: see whether what was recorded is still decided as it was (G9).

    A decision that comes out otherwise means that a record, an agreement, a policy or this program is not what it was.
    """
    with services.database.autocommit() as connection:
        if quotas.take(connection, sha256(b"decided again").digest(), 1, DAY, services.now):
            return
    place, until = int.from_bytes(services.random(4)) / 2**32, monotonic() + DECIDED_AGAIN_SECONDS
    since = services.now - services.settings.lifetimes.decision_record
    with services.database.autocommit() as connection:
        recorded = Recorded(services.sealer, connection, since, Part(place, DECIDED_AGAIN))
        wrong = list(decided_otherwise(recorded, lambda: monotonic() > until))
    for line in wrong[:NAMED]:
        log.error("security event: of those looked at, %s", line)
    if wrong:
        log.error("security event: %d recorded decisions come out otherwise; see `idp policy replay`", len(wrong))


class Maintenance:
    """Runs maintenance in the background of a worker process."""

    def __init__(self, services: Services) -> None:
        """Prepare; `start` begins."""
        self._services = services
        self._stop = threading.Event()

    def start(self) -> None:
        """Begin, in a thread that does not keep the process alive."""
        threading.Thread(target=self._run, name="maintenance", daemon=True).start()

    def _run(self) -> None:
        while not self._stop.wait(INTERVAL_SECONDS):
            try:
                run_once(self._services)
            except DatabaseUnavailableError:
                log.warning("maintenance waits: the database is unavailable")
            except Exception:
                log.exception("maintenance failed")
