"""Authorization requests that a client pushed ahead of its user (RFC 9126): sealed, of one client, taken once.

Only a hash of the reference is stored, so that whoever reads the database cannot begin a request in a client's name.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass

from sqlalchemy import Connection, insert, update

from idp.protocol.secrets import hash_secret
from idp.store.database import Database, db, delete_in_batches
from idp.store.sealing import Sealer

pushed_requests = db.Table(
    "pushed_requests",
    db.Column("reference_hash", db.LargeBinary(32), primary_key=True),
    db.Column("client_id", db.String(128), nullable=False),
    db.Column("content", db.LargeBinary, nullable=False),
    db.Column("expires_at", db.BigInteger, nullable=False, index=True),
    db.Column("used_at", db.BigInteger),
)


@dataclass(frozen=True, slots=True, repr=False)
class PushedRequest:
    """One request as its client sent it: single parameters, and the resources, which may repeat."""

    client_id: str
    parameters: Mapping[str, str]
    resources: tuple[str, ...]
    expires_at: int


class PushedRequests:
    """The questions asked of pushed requests."""

    def __init__(self, sealer: Sealer) -> None:
        """Take the sealer of what was asked."""
        self._sealer = sealer

    def add(self, connection: Connection, reference: str, request: PushedRequest) -> None:
        """Store a request under a new reference."""
        key = hash_secret(reference)
        content = json.dumps([dict(request.parameters), request.resources]).encode("utf-8")
        connection.execute(
            insert(pushed_requests).values(
                reference_hash=key,
                client_id=request.client_id,
                content=self._sealer.seal(content, _place(key)),
                expires_at=request.expires_at,
            )
        )

    def take(self, connection: Connection, reference: str, client_id: str, now: int) -> PushedRequest | None:
        """Spend a reference and return its request: to one caller, of this client, in time; to all others None."""
        key = hash_secret(reference)
        unspent = (
            (pushed_requests.c.reference_hash == key)
            & (pushed_requests.c.client_id == client_id)
            & (pushed_requests.c.expires_at > now)
            & pushed_requests.c.used_at.is_(None)
        )
        taken = update(pushed_requests).where(unspent).values(used_at=now)
        row = connection.execute(taken.returning(pushed_requests.c.content, pushed_requests.c.expires_at)).one_or_none()
        if row is None:
            return None
        parameters, resources = json.loads(self._sealer.open(row.content, _place(key)))
        return PushedRequest(client_id, parameters, tuple(resources), row.expires_at)


def purge(database: Database, now: int) -> int:
    """Forget requests whose time is over; return how many."""
    return delete_in_batches(database, pushed_requests, pushed_requests.c.expires_at < now)


def _place(key: bytes) -> str:
    return f"pushed_requests/{key.hex()}/content"
