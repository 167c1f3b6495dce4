"""Who saw what and when: what happened to a grant and what went out on it, in one order, the newest first."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from idp.account.states import happened
from idp.account.viewer import Viewer
from idp.data_sharing.overview import labels
from idp.protocol.audit import read_leaf
from idp.protocol.grants import Event
from idp.protocol.receipts import has_receipt
from idp.services import Services
from idp.store import grants, own_entries
from idp.store.database import Connection
from idp.store.grants import Answer, Grant, GrantEvent
from idp.store.own_entries import OwnEntry
from idp.web.pages import gettext as _

PAGE = 20
_BEFORE_DISCLOSURES = {Event.GIVEN, Event.AMENDED, Event.RESUMED, Event.LIFTED}
"""Within one second these come before what went out, and everything else after."""
Key = tuple[int, int]


@dataclass(frozen=True, slots=True)
class Entry:
    """One line: when, what, and about which fields.

    `receipt` is the version that a receipt tells of; `number` names the entry in the audit log of what went out.
    """

    at: str
    what: str
    fields: tuple[str, ...]
    receipt: int | None = None
    number: int | None = None


@dataclass(frozen=True, slots=True)
class Timeline:
    """A page of entries; `older` continues it, "" at its end."""

    entries: tuple[Entry, ...]
    older: str


def timeline(services: Services, connection: Connection, viewer: Viewer, grant: Grant, before: str) -> Timeline:
    """Return a page of what happened; `before` is the `older` of the page before, "" for the first one."""
    cursor = _cursor(before)
    found = own_entries.disclosures(connection, grant.id, PAGE + 1, cursor)
    shown, more = found[:PAGE], len(found) > PAGE
    oldest = (shown[-1].disclosed_at or 0, shown[-1].id) if more else None
    lines = [
        *_seen(services, viewer, shown),
        *_happened(services, viewer, reversed(grants.events(connection, grant.id))),
    ]
    newest_key, oldest_key = (cursor[0], 1) if cursor else None, (oldest[0], 1) if oldest else None
    on_this_page = [
        (key, line)
        for key, line in lines
        if line.number is not None
        or ((newest_key is None or key < newest_key) and (oldest_key is None or key > oldest_key))
    ]
    ordered = sorted(on_this_page, key=lambda each: each[0], reverse=True)
    return Timeline(tuple(line for _key, line in ordered), f"{oldest[0]}.{oldest[1]}" if oldest else "")


def _cursor(text: str) -> tuple[int, int] | None:
    """Read where to go on; what cannot be read is the beginning."""
    at, _, number = text.partition(".")
    if not all(part.isascii() and part.isdigit() and len(part) < len(str(1 << 62)) for part in (at, number)):
        return None
    return int(at), int(number)


def _seen(services: Services, viewer: Viewer, entries: tuple[OwnEntry, ...]) -> Iterator[tuple[Key, Entry]]:
    for entry in entries:
        at = entry.disclosed_at or 0
        fields = frozenset(read_leaf(entry.id, entry.leaf).members["fields"])
        seen = labels(services.sharing.catalogue, fields, viewer.language)
        yield (at, 1), Entry(viewer.moment(at), _("They received"), seen, number=entry.id)


def _happened(services: Services, viewer: Viewer, events: Iterable[GrantEvent]) -> Iterator[tuple[Key, Entry]]:
    for event in events:
        kind = Event(event.kind)
        changed = labels(services.sharing.catalogue, _changed(kind, event), viewer.language)
        receipt = event.version if has_receipt(kind) else None
        rank = 0 if kind in _BEFORE_DISCLOSURES else 2
        yield (event.at, rank), Entry(viewer.moment(event.at), happened(kind, event.initiator), changed, receipt)


def _changed(kind: Event, event: GrantEvent) -> frozenset[str]:
    """Return the fields that an event is about: all that an answer agreed to, what was taken out, or went out."""
    agreed = _agreed(event.after)
    if kind is Event.NARROWED:
        return _agreed(event.before) - agreed
    return agreed if kind in (Event.GIVEN, Event.AMENDED, Event.DISCLOSED) else frozenset()


def _agreed(answers: Mapping[str, Answer]) -> frozenset[str]:
    return frozenset(name for name, answer in answers.items() if answer.agreed)
