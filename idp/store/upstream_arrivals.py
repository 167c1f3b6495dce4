"""Who came from another provider and has no account here yet: kept for this browser session until they say which.

Sealed, one for each session, and taken once.
"""

import json
from dataclasses import asdict, dataclass

from sqlalchemy import ColumnElement, Connection, delete, select

from idp.protocol.upstreams import Identity
from idp.store.database import Database, db, delete_in_batches, insert_into
from idp.store.sealing import Sealer

upstream_arrivals = db.Table(
    "upstream_arrivals",
    db.Column("session_id", db.String(32), primary_key=True),
    db.Column("content", db.LargeBinary, nullable=False),
    db.Column("expires_at", db.BigInteger, nullable=False, index=True),
)


@dataclass(frozen=True, slots=True, repr=False)
class UpstreamArrival:
    """Who arrived, and what they were on their way to: an app's request, or a page of their own; "" for none."""

    who: Identity
    interaction_id: str
    next_path: str
    wants_account: bool = False
    """Whether they said that they have no account here and want one."""


class UpstreamArrivals:
    """The questions asked of arrivals."""

    def __init__(self, sealer: Sealer) -> None:
        """Take the sealer of who arrived."""
        self._sealer = sealer

    def put(self, connection: Connection, session_id: str, arrival: UpstreamArrival, expires_at: int) -> None:
        """Keep who arrived, in place of anybody who arrived in this session before."""
        sealed = self._sealer.seal(json.dumps(asdict(arrival)).encode("utf-8"), _place(session_id))
        fresh = {"content": sealed, "expires_at": expires_at}
        statement = insert_into(connection, upstream_arrivals).values(session_id=session_id, **fresh)
        connection.execute(statement.on_conflict_do_update(index_elements=["session_id"], set_=fresh))

    def find(self, connection: Connection, session_id: str, now: int) -> UpstreamArrival | None:
        """Return who waits in a session."""
        waiting = select(upstream_arrivals.c.content).where(_live(session_id, now))
        return self._opened(session_id, connection.execute(waiting).scalar())

    def take(self, connection: Connection, session_id: str, now: int) -> UpstreamArrival | None:
        """Take who waits in a session: to one caller."""
        taken = delete(upstream_arrivals).where(_live(session_id, now)).returning(upstream_arrivals.c.content)
        return self._opened(session_id, connection.execute(taken).scalar())

    def _opened(self, session_id: str, content: bytes | None) -> UpstreamArrival | None:
        if content is None:
            return None
        values = json.loads(self._sealer.open(content, _place(session_id)))
        who = values.pop("who")
        return UpstreamArrival(Identity(**{**who, "amr": tuple(who["amr"])}), **values)


def _live(session_id: str, now: int) -> ColumnElement[bool]:
    return (upstream_arrivals.c.session_id == session_id) & (upstream_arrivals.c.expires_at > now)


def purge(database: Database, now: int) -> int:
    """Forget arrivals whose time is over; return how many."""
    return delete_in_batches(database, upstream_arrivals, upstream_arrivals.c.expires_at < now)


def _place(session_id: str) -> str:
    return f"upstream_arrivals/{session_id}/content"
