"""Authorization requests that wait for their user: to sign in, to consent. Sealed, for they may hold personal data.

An interaction belongs to one browser session; its identifier alone is worth nothing to anybody else.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass

from sqlalchemy import Connection, insert, select, update

from idp.protocol.asked import Asked
from idp.protocol.authentication import AskedLevels
from idp.protocol.grants import Action, Mode, Wish
from idp.store.database import Database, db, delete_in_batches
from idp.store.sealing import Sealer

interactions = db.Table(
    "interactions",
    db.Column("id", db.String(32), primary_key=True),
    db.Column("session_id", db.String(32), nullable=False),
    db.Column("content", db.LargeBinary, nullable=False),
    db.Column("created_at", db.BigInteger, nullable=False),
    db.Column("expires_at", db.BigInteger, nullable=False, index=True),
    db.Column("authenticated_at", db.BigInteger),
    db.Column("decision", db.String(8), nullable=False),
    db.Column("finished_at", db.BigInteger),
)


ALLOWED = "allowed"
DENIED = "denied"
CHOSEN = "chosen"
"""The account that goes on is the one that is signed in (`prompt=select_account`)."""


@dataclass(frozen=True, slots=True, repr=False)
class Interaction:
    """One request on its way.

    `parameters` and `resources` are those of the authorization request as they were sent; the rest is what was found
    valid of them, for the pages that the user meets.
    """

    id: str
    session_id: str
    parameters: Mapping[str, str]
    resources: tuple[str, ...]
    client_id: str
    scopes: tuple[str, ...]
    purpose: str
    redirect_uri: str
    created_at: int
    expires_at: int
    authenticated_at: int | None = None
    decision: str = ""
    finished_at: int | None = None
    fields: tuple[str, ...] = ()
    days: int = 0
    id_token_claims: tuple[str, ...] = ()
    userinfo_claims: tuple[str, ...] = ()
    mode: str = Mode.ONGOING
    grant_action: str = ""
    grant_id: str = ""
    essential_acrs: tuple[str, ...] = ()
    wished_acrs: tuple[str, ...] = ()

    @property
    def levels(self) -> AskedLevels:
        """How strongly the person is asked to sign in."""
        return AskedLevels(self.essential_acrs, self.wished_acrs)

    @property
    def asked(self) -> Asked:
        """What the person is asked for."""
        return Asked(
            self.scopes,
            self.purpose,
            self.fields,
            self.days,
            self.id_token_claims,
            self.userinfo_claims,
            Mode(self.mode),
            Wish(Action(self.grant_action), self.grant_id) if self.grant_action else None,
        )


_LISTS = (
    "resources",
    "scopes",
    "fields",
    "id_token_claims",
    "userinfo_claims",
    "essential_acrs",
    "wished_acrs",
)
_SEALED = (
    "parameters",
    "client_id",
    "purpose",
    "redirect_uri",
    "days",
    "mode",
    "grant_action",
    "grant_id",
    *_LISTS,
)
_PLAIN = ("id", "session_id", "created_at", "expires_at", "authenticated_at", "decision", "finished_at")


class Interactions:
    """The questions asked of interactions."""

    def __init__(self, sealer: Sealer) -> None:
        """Take the sealer of what was asked."""
        self._sealer = sealer

    def add(self, connection: Connection, interaction: Interaction) -> None:
        """Store a new interaction."""
        content = {name: getattr(interaction, name) for name in _SEALED}
        content["parameters"] = dict(interaction.parameters)
        sealed = self._sealer.seal(json.dumps(content).encode("utf-8"), _place(interaction.id))
        plain = {name: getattr(interaction, name) for name in _PLAIN}
        connection.execute(insert(interactions).values(**plain, content=sealed))

    def find(self, connection: Connection, interaction_id: str, session_id: str, now: int) -> Interaction | None:
        """Return a live interaction of this browser session, finished ones included."""
        own = (
            (interactions.c.id == interaction_id)
            & (interactions.c.session_id == session_id)
            & (interactions.c.expires_at > now)
        )
        row = connection.execute(select(interactions).where(own)).one_or_none()
        if row is None:
            return None
        content = json.loads(self._sealer.open(row.content, _place(row.id)))
        for name in _LISTS:
            content[name] = tuple(content.get(name, ()))
        return Interaction(**content, **{name: getattr(row, name) for name in _PLAIN})

    def client_of(self, connection: Connection, interaction_id: str) -> str:
        """Return whose request it was, also once it is over or in another browser; "" where that is forgotten."""
        which = select(interactions.c.content).where(interactions.c.id == interaction_id)
        sealed = connection.execute(which).scalar()
        return str(json.loads(self._sealer.open(sealed, _place(interaction_id)))["client_id"]) if sealed else ""


def note_sign_in(connection: Connection, interaction_id: str, session_id: str, now: int) -> None:
    """Write down that the user signed in for this interaction, in the session that it belongs to from here on.

    Whatever was answered before was perhaps somebody else's answer, and is asked again.
    """
    changed = {"session_id": session_id, "authenticated_at": now, "decision": ""}
    connection.execute(update(interactions).where(interactions.c.id == interaction_id).values(changed))


def note_decision(connection: Connection, interaction_id: str, decision: str) -> None:
    """Write down what the user answered."""
    connection.execute(update(interactions).where(interactions.c.id == interaction_id).values(decision=decision))


def finish(connection: Connection, interaction_id: str, now: int) -> bool:
    """Finish an interaction; true for exactly one caller, so that one request is answered once."""
    open_one = (interactions.c.id == interaction_id) & interactions.c.finished_at.is_(None)
    return connection.execute(update(interactions).where(open_one).values(finished_at=now)).rowcount == 1


def purge(database: Database, now: int) -> int:
    """Forget interactions that are over; return how many."""
    return delete_in_batches(database, interactions, interactions.c.expires_at < now)


def _place(interaction_id: str) -> str:
    return f"interactions/{interaction_id}/content"
