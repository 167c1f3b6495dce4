"""Decisions about what of a person's data a partner's app may have, foreseen by `data_sharing` and not disclosed."""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from hashlib import sha256
from typing import Final

from idp.data_sharing import Act, Entity, Foreseen
from idp.decision_api.answers import Results, Verdict
from idp.decision_api.questions import Object, Question
from idp.protocol.canonical_json import canonical
from idp.protocol.errors import invalid_request
from idp.protocol.grants import is_grant_id
from idp.protocol.secrets import IDENTIFIER_BYTES, encode
from idp.services import Services
from idp.store import grants
from idp.store.clients import Client
from idp.store.grants import Grant

PARTNER_APP: Final = "partner_app"
USER_DATA: Final = "user_data"
SHARE: Final = "share"
SUBJECT_UNKNOWN: Final = "SUBJECT_UNKNOWN"
ACTION_UNKNOWN: Final = "ACTION_UNKNOWN"
NO_CONSENT: Final = "NO_CONSENT"
MOST_FIELDS: Final = 64
SCANNED: Final = 200
"""How many grants one search looks at; where more may be found it says how to go on."""
_FIELD: Final = re.compile(r"[a-z][a-z0-9_.-]{0,63}")
_IDENTIFIER: Final = re.compile(r"[A-Za-z0-9_-]{1,32}")


@dataclass(frozen=True, slots=True)
class _About:
    """The app and the grant that a question turns out to be about."""

    client: Client
    grant: Grant


class UserData:
    """Decides for one caller, who knows people by its own names for them."""

    def __init__(self, services: Services, caller: Client) -> None:
        """Take who asks: a service may ask about every app of a partner, an app about itself."""
        self._services = services
        self._caller = caller

    # ---- one question --------------------------------------------------------------------------------------------

    def evaluate(self, question: Question) -> Verdict:
        """Answer one question."""
        fields = _fields(question)
        if question.act.name != SHARE:
            return _denied(ACTION_UNKNOWN)
        client = self._app(question.subject)
        if client is None:
            return _denied(SUBJECT_UNKNOWN)
        grant = self._grant(client, question)
        return _denied(NO_CONSENT) if grant is None else self._decide(_About(client, grant), fields)

    def _app(self, subject: Entity) -> Client | None:
        """Return the app that is asked about, if it is one that this caller may ask about."""
        if subject.type != PARTNER_APP or (self._caller.is_third_party and subject.id != self._caller.client_id):
            return None
        client = self._services.find_client(subject.id)
        return client if client is not None and client.is_third_party else None

    def _grant(self, client: Client, question: Question) -> Grant | None:
        """Return the living grant that a question is about: the one that it names, or a person's for a purpose."""
        purpose, grant_id = _named(question, "purpose"), _named(question, "grant_id")
        person, now = question.resource.id, self._services.now
        if grant_id is None:
            if self._caller.is_third_party or not _IDENTIFIER.fullmatch(person):
                return None
            if purpose is None or purpose not in self._services.sharing.catalogue.purposes:
                return None
            found = self._services.sharing.grant_of(person, client.client_id, purpose)
            return found if found is not None and found.is_alive(now) else None
        found = self._grant_by_id(grant_id)
        if found is None or not found.is_alive(now) or found.client_id != client.client_id:
            return None
        same = purpose in (None, found.purpose) and self._name(found) == person
        return found if same else None

    def _grant_by_id(self, grant_id: str) -> Grant | None:
        if not is_grant_id(grant_id):
            return None
        with self._services.database.autocommit() as connection:
            return grants.find_by_id(connection, grant_id)

    def _name(self, grant: Grant) -> str:
        return self._services.sharing.subject(self._caller, grant.account_id)

    def _decide(self, about: _About, fields: frozenset[str] | None) -> Verdict:
        client, grant, now = about.client, about.grant, self._services.now
        wanted = frozenset(grant.agreed_fields(now)) if fields is None else fields
        foreseen = self._services.sharing.foresee(client, grant.account_id, grant.purpose, wanted, now)
        context = _context(foreseen)
        grounds = [client.client_id, self._name(grant), grant.id, grant.version, sorted(wanted), context]
        digest = sha256(canonical(grounds)).digest()[:IDENTIFIER_BYTES]
        return Verdict(bool(wanted) and not foreseen.withheld, {**context, "decision_id": encode(digest)})

    # ---- searches ------------------------------------------------------------------------------------------------

    def subjects(self, question: Question, after: str, limit: int) -> Results:
        """Return which apps may be given what is asked about of one person; of its own kind an app sees itself."""
        if question.subject.type != PARTNER_APP:
            return Results(())
        ids = (client_id for client_id in self._apps(question.resource) if client_id > after)
        found: list[Object] = []
        for client_id in ids:
            subject = Entity(PARTNER_APP, client_id)
            if self.evaluate(Question(subject, question.act, question.resource, question.context)).decision:
                if len(found) == limit:
                    return Results(tuple(found), str(found[-1]["id"]) if found else "")
                found.append({"type": PARTNER_APP, "id": client_id})
        return Results(tuple(found))

    def _apps(self, resource: Entity) -> Iterable[str]:
        if self._caller.is_third_party:
            return (self._caller.client_id,)
        if not _IDENTIFIER.fullmatch(resource.id):
            return ()
        with self._services.database.autocommit() as connection:
            alive = grants.all_alive(connection, resource.id, self._services.now)
        return sorted({grant.client_id for grant in alive})

    def resources(self, question: Question, after: str, limit: int) -> Results:
        """Return of which people an app may be given what is asked about, each with the grant under which."""
        client, fields, purpose = self._app(question.subject), _fields(question), _named(question, "purpose")
        if client is None or question.act.name != SHARE or not limit:
            return Results(())
        with self._services.database.autocommit() as connection:
            alive = grants.alive_of_client(connection, client.client_id, after, SCANNED, self._services.now)
        found: list[Object] = []
        for grant in alive:
            if purpose in (None, grant.purpose) and self._decide(_About(client, grant), fields).decision:
                under = {"grant_id": grant.id, "purpose": grant.purpose}
                found.append({"type": USER_DATA, "id": self._name(grant), "properties": under})
                if len(found) == limit:
                    return Results(tuple(found), grant.id)
        return Results(tuple(found), alive[-1].id if len(alive) == SCANNED else "")

    def actions(self, question: Question, after: str, limit: int) -> Results:
        """Return what may be done with data: share it, or nothing."""
        asked = Question(question.subject, Act(SHARE), question.resource, question.context)
        may = after < SHARE and limit > 0 and self.evaluate(asked).decision
        return Results(({"name": SHARE},) if may else ())


def _denied(reason: str) -> Verdict:
    return Verdict(decision=False, context={"reason": reason})


def _context(foreseen: Foreseen) -> dict[str, object]:
    withheld = {
        field: {"reason": code, "requestable": field in foreseen.requestable}
        for field, code in foreseen.withheld.items()
    }
    return {
        "released": list(foreseen.released),
        "withheld": withheld,
        "obligations": {field: dict(due) for field, due in foreseen.obligations.items() if due},
        "expires_at": foreseen.expires_at,
        "policy": foreseen.policy,
    }


def _named(question: Question, name: str) -> str | None:
    """Return what the context names, or the resource: as a search found it, it may be asked about."""
    found = question.context.get(name, question.resource.told.get(name))
    if not isinstance(found, str | None):
        raise invalid_request(f"The {name} must be a text.")
    return found


def _fields(question: Question) -> frozenset[str] | None:
    """Return the fields that a question names, or None where it means all that the person agreed to."""
    named = question.resource.told.get("fields")
    if named is None:
        return None
    if not isinstance(named, list) or len(named) > MOST_FIELDS or not all(_is_field(name) for name in named):
        raise invalid_request(f"The fields are a list of up to {MOST_FIELDS} names of fields.")
    return frozenset(named)


def _is_field(name: object) -> bool:
    return isinstance(name, str) and _FIELD.fullmatch(name) is not None
