"""A policy that is tried: it decides beside the one in force, is heard by nobody, and its difference is written down.

Whatever goes wrong in it changes nothing. A difference is told once by each process, not at every request that meets
it: so a partner that keeps asking fills no table.
"""

import logging
from typing import Final

from idp.data_sharing.facts import Facts
from idp.data_sharing.policy_in_force import Rules
from idp.store import shadow_results
from idp.store.database import Database
from idp.store.shadow_results import ShadowResult
from policies.decision import Decision

log = logging.getLogger(__name__)

REMEMBERED: Final = 50_000


class Shadow:
    """Compares, for one process."""

    def __init__(self, database: Database) -> None:
        """Take where differences are written down."""
        self._database = database
        self._told: set[tuple[object, ...]] = set()

    def consider(self, rules: Rules, shadow: Rules, facts: Facts, decision: Decision) -> None:
        """Let the other policy decide as well; never raises."""
        try:
            self._compare(rules, shadow, facts, decision)
        except Exception:
            log.exception("the policy that is tried, %s, failed", shadow.hash)

    def _compare(self, rules: Rules, shadow: Rules, facts: Facts, decision: Decision) -> None:
        other = facts.decided_by(shadow.bundle)
        if other.released == decision.released:
            return
        request = facts.request
        wider = tuple(sorted(other.released - decision.released))
        narrower = tuple(sorted(decision.released - other.released))
        told = (shadow.hash, rules.hash, request.client_id, request.user_id, request.purpose, wider, narrower)
        if told in self._told:
            return
        if len(self._told) >= REMEMBERED:
            self._told.clear()
        self._told.add(told)
        with self._database.autocommit() as connection:
            shadow_results.add(
                connection,
                ShadowResult(
                    policy=shadow.hash,
                    against=rules.hash,
                    account_id=request.user_id,
                    partner_id=request.partner_id,
                    client_id=request.client_id,
                    purpose=request.purpose,
                    wider=wider,
                    narrower=narrower,
                    at=request.at,
                ),
            )
