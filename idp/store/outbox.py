"""The outbox: what others must be told, written down in the transaction of the event and delivered afterwards.

A message is there if and only if its event is, and it stays until it was delivered or its time is over, whatever is
killed or unreachable meanwhile. Delivery is at least once: who claimed a message and died left a lease behind, and the
next one delivers it again when that has run out. Where and what is said is sealed.
"""

import json
from base64 import b64decode, b64encode
from dataclasses import dataclass, field, fields
from typing import Any

from sqlalchemy import Connection, bindparam, exists, insert, not_, or_, select, update

from idp.store.database import BigKey, Database, db, delete_in_batches
from idp.store.sealing import Sealer

BACKCHANNEL_LOGOUT = "backchannel_logout"
PARTNER_MESSAGE = "partner_message"
MAIL = "mail"
SMS = "sms"
POSTED = (BACKCHANNEL_LOGOUT, PARTNER_MESSAGE)
"""What is posted over HTTP."""

NO_ADDRESS_YET = ""
"""In place of the URL of a message whose recipient has not proved one: it is looked up when the message is tried."""
KEEP_SECONDS = 7 * 86_400
"""How long the row of a message that is over is kept, without its content, for operators to see what became of it."""

outbox = db.Table(
    "outbox",
    db.Column("id", BigKey, primary_key=True),
    db.Column("kind", db.String(32), nullable=False),
    db.Column("recipient", db.String(128), nullable=False),
    db.Column("in_order", db.Boolean, nullable=False),
    db.Column("content", db.LargeBinary, nullable=False),
    db.Column("tries", db.Integer, nullable=False),
    db.Column("created_at", db.BigInteger, nullable=False),
    db.Column("next_at", db.BigInteger, index=True),
    db.Column("expires_at", db.BigInteger, nullable=False),
    db.Column("over_at", db.BigInteger, index=True),
    db.Column("outcome", db.String(32), nullable=False),
    db.Index("ix_outbox_recipient", "kind", "recipient", "id"),
)
"""`next_at` is when a message may be claimed, the end of a lease included; none when it is over."""

DELIVERED = "delivered"
EXPIRED = "expired"
UNREADABLE = "unreadable"
NOBODY = "nobody"
REFUSED = "refused"
KEPT = "kept"
"""Never sent: read where it is, for as long as rows of messages that are over are."""


@dataclass(frozen=True, slots=True, repr=False)
class Letter:
    """What is said and to which URL it goes: by a POST, as mail to a `mailto:` (RFC 6068), as a text to a `tel:`."""

    url: str
    content_type: str
    body: bytes


@dataclass(frozen=True, slots=True)
class Message:
    """A message that was claimed. `tries` counts this one."""

    id: int
    kind: str
    recipient: str
    tries: int
    expires_at: int
    content: bytes = field(repr=False)

    def open(self, sealer: Sealer) -> Letter:
        """Return what is to be delivered.

        Raises:
            UnsealingError: when what is stored was not sealed here.
        """
        url, content_type, body = json.loads(sealer.open(self.content, _place(self.kind, self.recipient)))
        return Letter(url, content_type, b64decode(body))


_before = outbox.alias("before")
_WAITS_FOR_ANOTHER = exists().where(
    _before.c.kind == outbox.c.kind,
    _before.c.recipient == outbox.c.recipient,
    _before.c.in_order,
    _before.c.over_at.is_(None),
    _before.c.id < outbox.c.id,
)
_FIRST = (
    select(outbox.c.id)
    .where(outbox.c.next_at <= bindparam("now"), outbox.c.kind.in_(bindparam("kinds", expanding=True)))
    .where(or_(not_(outbox.c.in_order), not_(_WAITS_FOR_ANOTHER)))
    .order_by(outbox.c.next_at, outbox.c.id)
    .limit(1)
    .with_for_update(skip_locked=True)
    .cte("first")
)
_CLAIM = (
    update(outbox)
    .where(outbox.c.id.in_(select(_FIRST.c.id)))
    .values(next_at=bindparam("until"), tries=outbox.c.tries + 1)
    .returning(*(outbox.c[item.name] for item in fields(Message)))
)


def enqueue(
    connection: Connection,
    sealer: Sealer,
    letter: Letter,
    *,
    kind: str,
    recipient: str,
    now: int,
    expires_at: int,
    in_order: bool = False,
) -> int:
    """Write a message down, in the transaction of its event, to be tried until `expires_at`; return its number.

    `recipient` is whoever answers for the letter's URL: a client_id, or the server that takes all mail. With `in_order`
    it waits for the messages of this kind to this recipient that were written down before it, in order too.
    """
    written = _written(sealer, letter, kind, recipient, now)
    statement = insert(outbox).values(in_order=in_order, next_at=now, expires_at=expires_at, outcome="", **written)
    number: int = connection.execute(statement.returning(outbox.c.id)).scalar_one()
    return number


def keep(connection: Connection, sealer: Sealer, letter: Letter, *, kind: str, recipient: str, now: int) -> None:
    """Write a message down that nobody will deliver, to be read here."""
    written = _written(sealer, letter, kind, recipient, now)
    closed = {"in_order": False, "expires_at": now, "over_at": now, "outcome": KEPT}
    connection.execute(insert(outbox).values(**closed, **written))


def kept(connection: Connection, kinds: tuple[str, ...], limit: int) -> tuple[tuple[int, Message], ...]:
    """Return the messages of these kinds that were kept, the newest first, each with the second in which it was."""
    columns = (outbox.c.created_at, *(outbox.c[item.name] for item in fields(Message)))
    statement = select(*columns).where(outbox.c.kind.in_(kinds), outbox.c.outcome == KEPT)
    found = connection.execute(statement.order_by(outbox.c.id.desc()).limit(limit))
    return tuple((at, Message(*row)) for at, *row in found)


def _written(sealer: Sealer, letter: Letter, kind: str, recipient: str, now: int) -> dict[str, Any]:
    content = json.dumps([letter.url, letter.content_type, b64encode(letter.body).decode("ascii")]).encode("utf-8")
    sealed = sealer.seal(content, _place(kind, recipient))
    return {"kind": kind, "recipient": recipient, "content": sealed, "tries": 0, "created_at": now}


def claim(connection: Connection, now: int, lease: int, kinds: tuple[str, ...] = POSTED) -> Message | None:
    """Take the message that waits longest, for `lease` seconds in which nobody else does; None when none is due."""
    row = connection.execute(_CLAIM, {"now": now, "until": now + lease, "kinds": kinds}).one_or_none()
    return None if row is None else Message(*row)


def finish(connection: Connection, message: Message, outcome: str, now: int) -> None:
    """Close a message; what it said is forgotten."""
    closed = {"next_at": None, "over_at": now, "outcome": outcome, "content": b""}
    connection.execute(update(outbox).where(outbox.c.id == message.id).values(closed))


def retry(connection: Connection, message: Message, reason: str, at: int) -> None:
    """Let a message wait until a moment, unless it was delivered meanwhile by whoever had it before."""
    waits = (outbox.c.id == message.id) & outbox.c.over_at.is_(None)
    connection.execute(update(outbox).where(waits).values(next_at=at, outcome=reason))


def postpone(connection: Connection, kind: str, recipient: str, now: int, at: int) -> None:
    """Let all that is due to a recipient wait until a moment: it is away, and others need not wait behind it."""
    due = (outbox.c.kind == kind) & (outbox.c.recipient == recipient) & (outbox.c.next_at <= now)
    connection.execute(update(outbox).where(due).values(next_at=at))


def hasten(connection: Connection, kind: str, recipient: str, now: int) -> bool:
    """Let whatever waits for a recipient be tried at once; false where nothing does."""
    waiting = (outbox.c.kind == kind) & (outbox.c.recipient == recipient) & outbox.c.over_at.is_(None)
    return connection.execute(update(outbox).where(waiting).values(next_at=now)).rowcount > 0


def purge(database: Database, now: int) -> int:
    """Forget messages that were over long ago; return how many."""
    return delete_in_batches(database, outbox, outbox.c.over_at < now - KEEP_SECONDS)


def _place(kind: str, recipient: str) -> str:
    return f"outbox/{kind}/{recipient}/content"
