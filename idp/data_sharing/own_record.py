"""Everything that is known about a person's sharing, for them alone (subject access: APPI 33, GDPR 15).

Names of fields and reasons, never the data itself: that stands in their account.
"""

import json
from collections.abc import Callable, Mapping
from dataclasses import asdict
from functools import partial
from typing import Any

from idp.data_sharing.receipts import Receipts
from idp.protocol.receipts import Receipt
from idp.store import grants, own_entries
from idp.store.accounts import Account
from idp.store.database import Connection
from idp.store.grants import Grant

FORMAT = "sekisho/sharing-record/1"


def sharing_record(
    connection: Connection,
    account: Account,
    receipts: Receipts,
    sign: Callable[[Receipt], str],
    url: str,
    now: int,
) -> dict[str, Any]:
    """Return every grant that a person ever gave or refused, with its history, receipts and entries of the audit log.

    Lists that grow are iterators for `write_json`: they read on as they are written, by the connection.
    Instants are seconds since 1970, UTC. `url` is where they end a grant; `sign` signs a receipt.
    """
    found = grants.each_of_account(connection, account.id)
    return {
        "format": FORMAT,
        "made_at": now,
        "shares_nothing_since": account.opted_out_at,
        "restricted_since": account.restricted_at,
        "grants": (_grant(connection, grant, receipts, sign, url, now) for grant in found),
    }


def _grant(
    connection: Connection, grant: Grant, receipts: Receipts, sign: Callable[[Receipt], str], url: str, now: int
) -> dict[str, Any]:
    happened = partial(grants.each_event, connection, grant.id)
    written = {name: value for name, value in asdict(grant).items() if name not in ("account_id", "fields", "scopes")}
    return {
        **written,
        "state": grant.state(now),
        "fields": _answers(grant.fields),
        "scopes": _answers(grant.scopes),
        "disclosed": sorted(grant.disclosed),
        "events": (
            {**asdict(event), "before": _answers(event.before), "after": _answers(event.after)} for event in happened()
        ),
        "receipts": map(sign, receipts.all_of(connection, grant, happened(), url)),
        "log_entries": (
            {"number": entry.id, "position": entry.position, "entry": json.loads(entry.leaf)}
            for entry in own_entries.everything(connection, [grant.id])
        ),
    }


def _answers(answers: Mapping[str, Any]) -> dict[str, dict[str, Any]]:
    return {name: answer._asdict() for name, answer in answers.items()}
