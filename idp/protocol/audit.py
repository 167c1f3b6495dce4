"""What the audit log writes down, as canonical bytes without a personal value, and what can be concluded from it.

People and consents appear as commitments: keyed hashes under a salt of the person's own. With the salt it can be shown
whom an entry is about; once the salt is erased, by nobody.
"""

import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from enum import StrEnum
from hashlib import sha256
from hmac import digest
from typing import Any

from idp.protocol.canonical_json import canonical

VERSION = 1


class Kind(StrEnum):
    """What happened."""

    DISCLOSURE = "disclosure"
    GRANT = "grant"
    CONSENT_GIVEN = "consent_given"
    """Before there were grants with a life of their own: what a consent held, until it was ended."""
    CONSENT_ENDED = "consent_ended"
    PARTNER_STATUS = "partner_status"
    AGREEMENT = "agreement"
    POLICY = "policy"


class Surface(StrEnum):
    """By which answer data went out."""

    USERINFO = "userinfo"
    ID_TOKEN = "id_token"
    ACCESS_TOKEN = "access_token"
    INTROSPECTION = "introspection"
    DATA_ME = "data_me"
    DATA_TRANSACTIONS = "data_transactions"
    DATA_VERIFY = "data_verify"
    DATA_AUDIENCE = "data_audience"


class LeafError(Exception):
    """An entry of the log is not one that this program writes."""


@dataclass(frozen=True, slots=True, repr=False)
class Person:
    """The person that an entry is about, and the salt of their commitments."""

    account_id: str
    salt: bytes

    def subject(self, partner_id: str) -> str:
        """Return the commitment to this person towards one partner: two partners' entries cannot be joined by it."""
        return self._commitment("subject", self.account_id, partner_id)

    def consent(self, client_id: str, purpose: str) -> str:
        """Return the commitment to this person's consent to one app for one purpose."""
        return self._commitment("consent", self.account_id, client_id, purpose)

    def _commitment(self, *parts: str) -> str:
        return digest(self.salt, canonical(parts), sha256).hex()


@dataclass(frozen=True, slots=True)
class Sharing:
    """Whose data, for whom and why: what entries on disclosures and consents have in common."""

    person: Person
    partner_id: str
    client_id: str
    purpose: str

    def members(self) -> dict[str, Any]:
        """Return this as members of a leaf."""
        return {
            "partner": self.partner_id,
            "client": self.client_id,
            "purpose": self.purpose,
            "subject": self.person.subject(self.partner_id),
            "consent": self.person.consent(self.client_id, self.purpose),
        }


@dataclass(frozen=True, slots=True)
class Disclosed:
    """What went out and what did not: names of fields and reason codes, under which agreement, by which answer."""

    decision_id: str
    fields: tuple[str, ...]
    withheld: Mapping[str, str]
    agreement_id: str
    agreement_version: int
    surface: Surface


@dataclass(frozen=True, slots=True)
class Changed:
    """What happened to a grant, and what it allows from now on."""

    event: str
    state: str
    reason: str
    initiator: str
    fields: Mapping[str, int]
    """Every field that it lets out while it is active, those that another gives away included, with its end."""
    expires_at: int


def disclosure(sharing: Sharing, disclosed: Disclosed, now: int) -> bytes:
    """Return the leaf of a disclosure."""
    return _leaf(
        Kind.DISCLOSURE,
        now,
        **sharing.members(),
        fields=disclosed.fields,
        withheld=dict(disclosed.withheld),
        agreement={"id": disclosed.agreement_id, "version": disclosed.agreement_version},
        surface=disclosed.surface.value,
        decision=disclosed.decision_id,
    )


def grant_changed(sharing: Sharing, changed: Changed, now: int) -> bytes:
    """Return the leaf of something that happened to a grant."""
    return _leaf(
        Kind.GRANT,
        now,
        **sharing.members(),
        event=changed.event,
        state=changed.state,
        reason=changed.reason,
        initiator=changed.initiator,
        fields=dict(changed.fields),
        expires=changed.expires_at,
    )


def partner_status(partner_id: str, status: str, now: int) -> bytes:
    """Return the leaf of a partner's new status."""
    return _leaf(Kind.PARTNER_STATUS, now, partner=partner_id, status=status)


def agreement_changed(partner_id: str, document: str, now: int) -> bytes:
    """Return the leaf of an agreement that is in force from now on, with the hash of its document."""
    written = json.loads(document)
    agreement = {"id": written["id"], "version": written["version"]}
    hashed = sha256(document.encode("utf-8")).hexdigest()
    return _leaf(Kind.AGREEMENT, now, partner=partner_id, agreement=agreement, document=hashed)


def policy_changed(event: str, policy: str, before: str, signed_off: tuple[str, ...], now: int) -> bytes:
    """Return the leaf of a policy that is in force from now on, by its hash, and what was signed off as wider."""
    return _leaf(Kind.POLICY, now, event=event, policy=policy, before=before, widenings=signed_off)


def _leaf(kind: Kind, now: int, **members: object) -> bytes:
    return canonical({"version": VERSION, "kind": kind.value, "at": now, **members})


# ---- reading ---------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Leaf:
    """One entry of the log with its place in it."""

    index: int
    kind: Kind
    at: int
    members: Mapping[str, Any]


def read_leaf(index: int, entry: bytes) -> Leaf:
    """Read an entry.

    Raises:
        LeafError: when it is not one that this program writes.
    """
    try:
        members = json.loads(entry)
        if canonical(members) != entry or members["version"] != VERSION:
            raise LeafError(f"entry {index} is not of this version")
        leaf = Leaf(index, Kind(members["kind"]), members["at"], members)
        shape = {"at": int, **_SHAPES[leaf.kind]}
        fits = all(type(members[name]) is type_ for name, type_ in shape.items())
    except (ValueError, KeyError, TypeError, RecursionError) as error:
        raise LeafError(f"entry {index} cannot be read") from error
    if not fits:
        raise LeafError(f"entry {index} has a member of another type")
    return leaf


ACTIVE = "active"
"""The one state of a grant in which anything goes out (`protocol.grants`)."""
_ANSWERS = frozenset({"given", "amended"})
"""What a user says to a request: from then on, what goes out rests on this answer."""
_SHARING = dict.fromkeys(("partner", "client", "purpose", "subject", "consent"), str)
_SHAPES: Mapping[Kind, Mapping[str, type]] = {
    Kind.DISCLOSURE: {**_SHARING, "fields": list, "withheld": dict, "agreement": dict, "surface": str},
    Kind.GRANT: {
        **_SHARING,
        **dict.fromkeys(("event", "state", "reason", "initiator"), str),
        "fields": dict,
        "expires": int,
    },
    Kind.CONSENT_GIVEN: {**_SHARING, "fields": list, "expires": int},
    Kind.CONSENT_ENDED: _SHARING,
    Kind.PARTNER_STATUS: {"partner": str, "status": str},
    Kind.AGREEMENT: {"partner": str, "agreement": dict, "document": str},
    Kind.POLICY: {"event": str, "policy": str, "before": str, "widenings": list},
}


@dataclass(frozen=True, slots=True)
class Provision:
    """A record of provision to a third party: who got what of whom, when first and last, and by which consent.

    Repeated provision under one consent is one record. `consent_entry` is where the log holds the consent; None for one
    that was given before the log began.
    """

    partner: str
    client: str
    purpose: str
    subject: str
    items: tuple[str, ...]
    first_at: int
    last_at: int
    times: int
    consent_entry: int | None
    consent_given_at: int | None


@dataclass(slots=True)
class _ConsentState:
    """Where the reader of a log stands with what one app may have of one person for one purpose."""

    given: Leaf | None = None
    last: Leaf | None = None
    provision: Provision | None = None

    def objection(self, disclosure: Leaf) -> str | None:
        """Return what is wrong with a disclosure at this point; what was given before the log began is not known."""
        last = self.last
        if last is None:
            return None
        where = f"entry {disclosure.index} discloses on a consent"
        if last.kind is Kind.CONSENT_ENDED or last.members.get("state", ACTIVE) != ACTIVE:
            return f"{where} that entry {last.index} ended or held"
        if disclosure.at >= last.members["expires"]:
            return f"{where} of entry {last.index} that is over"
        if last.kind is Kind.GRANT:
            until = last.members["fields"]
            if any(disclosure.at >= until.get(name, 0) for name in disclosure.members["fields"]):
                return f"{where} of entry {last.index} that does not hold all of its fields"
        return None


@dataclass(slots=True)
class Account:
    """What the entries of a log amount to, read in order: disclosures that should not be, and records of provision."""

    entries: int = 0
    disclosures: int = 0
    violations: list[str] = field(default_factory=list)
    _closed: list[Provision] = field(default_factory=list)
    _states: dict[str, _ConsentState] = field(default_factory=dict)

    def take(self, leaf: Leaf) -> None:
        """Take the next entry into account."""
        self.entries += 1
        if leaf.kind is Kind.CONSENT_GIVEN or leaf.members.get("event") in _ANSWERS:
            self._close(leaf)
            self._states[leaf.members["consent"]] = _ConsentState(given=leaf, last=leaf)
        elif leaf.kind in (Kind.GRANT, Kind.CONSENT_ENDED):
            self._state(leaf).last = leaf
        elif leaf.kind is Kind.DISCLOSURE:
            self.disclosures += 1
            self._disclosed(leaf)

    def provisions(self) -> Iterator[Provision]:
        """Yield the records, those under a consent that was given anew first."""
        yield from self._closed
        yield from (state.provision for state in self._states.values() if state.provision)

    def _state(self, leaf: Leaf) -> _ConsentState:
        return self._states.setdefault(leaf.members["consent"], _ConsentState())

    def _close(self, leaf: Leaf) -> None:
        provision = self._state(leaf).provision
        if provision is not None:
            self._closed.append(provision)

    def _disclosed(self, leaf: Leaf) -> None:
        state = self._state(leaf)
        objection = state.objection(leaf)
        if objection is not None:
            self.violations.append(objection)
        state.provision = _provided(state, leaf)


def _provided(state: _ConsentState, leaf: Leaf) -> Provision:
    """Return the record under one consent with a further disclosure."""
    before = state.provision
    items = leaf.members["fields"]
    if before is None:
        names = ("partner", "client", "purpose", "subject")
        given = state.given
        return Provision(
            **{name: leaf.members[name] for name in names},
            items=tuple(sorted(items)),
            first_at=leaf.at,
            last_at=leaf.at,
            times=1,
            consent_entry=given.index if given else None,
            consent_given_at=given.at if given else None,
        )
    return replace(
        before,
        items=tuple(sorted({*before.items, *items})),
        first_at=min(before.first_at, leaf.at),
        last_at=max(before.last_at, leaf.at),
        times=before.times + 1,
    )


def account_of(leaves: Iterable[Leaf]) -> Account:
    """Return what the entries of a log, in order, amount to."""
    account = Account()
    for leaf in leaves:
        account.take(leaf)
    return account
