"""People on their way to another provider and back: each way belongs to one browser session and is gone once.

The `state` is stored as a hash; nonce, code verifier and where the person wants to go are sealed.
"""

import json
from dataclasses import asdict, dataclass

from sqlalchemy import ColumnElement, Connection, insert, select, update

from idp.protocol.secrets import hash_secret
from idp.store.database import Database, db, delete_in_batches
from idp.store.sealing import Sealer

upstream_flows = db.Table(
    "upstream_flows",
    db.Column("state_hash", db.LargeBinary(32), primary_key=True),
    db.Column("session_id", db.String(32), nullable=False),
    db.Column("content", db.LargeBinary, nullable=False),
    db.Column("expires_at", db.BigInteger, nullable=False, index=True),
    db.Column("used_at", db.BigInteger),
)


@dataclass(frozen=True, slots=True, repr=False)
class UpstreamFlow:
    """One way: to which provider, with which secrets, and for what."""

    provider: str
    nonce: str
    verifier: str
    interaction_id: str
    """The authorization request that waits; "" where none does."""
    next_path: str
    """The page of one's own account that waits; "" where none does."""
    account_id: str
    """The account that the person wants to connect; "" where they come to sign in."""
    max_age: int | None
    """How many seconds ago the person may have proved themselves there, where whoever waits insists; None: ever."""


class UpstreamFlows:
    """The questions asked of ways."""

    def __init__(self, sealer: Sealer) -> None:
        """Take the sealer of what a way holds."""
        self._sealer = sealer

    def add(self, connection: Connection, state: str, session_id: str, flow: UpstreamFlow, expires_at: int) -> None:
        """Store a new way of a browser session."""
        key = hash_secret(state)
        content = self._sealer.seal(json.dumps(asdict(flow)).encode("utf-8"), _place(key))
        values = {"state_hash": key, "session_id": session_id, "content": content, "expires_at": expires_at}
        connection.execute(insert(upstream_flows).values(values))

    def take(self, connection: Connection, state: str, session_id: str, now: int) -> UpstreamFlow | None:
        """Go a way's last step: for one caller, in the browser session where it began, in time; None for all others."""
        unused = _own(state, session_id, now) & upstream_flows.c.used_at.is_(None)
        taken = update(upstream_flows).where(unused).values(used_at=now).returning(upstream_flows.c.content)
        return self._opened(state, connection.execute(taken).scalar())

    def gone(self, connection: Connection, state: str, session_id: str, now: int) -> UpstreamFlow | None:
        """Return a way of this browser session that was gone before, to know where it led."""
        own = select(upstream_flows.c.content).where(_own(state, session_id, now))
        return self._opened(state, connection.execute(own).scalar())

    def _opened(self, state: str, content: bytes | None) -> UpstreamFlow | None:
        if content is None:
            return None
        return UpstreamFlow(**json.loads(self._sealer.open(content, _place(hash_secret(state)))))


def _own(state: str, session_id: str, now: int) -> ColumnElement[bool]:
    return (
        (upstream_flows.c.state_hash == hash_secret(state))
        & (upstream_flows.c.session_id == session_id)
        & (upstream_flows.c.expires_at > now)
    )


def purge(database: Database, now: int) -> int:
    """Forget ways whose time is over; return how many."""
    return delete_in_batches(database, upstream_flows, upstream_flows.c.expires_at < now)


def _place(key: bytes) -> str:
    return f"upstream_flows/{key.hex()}/content"
