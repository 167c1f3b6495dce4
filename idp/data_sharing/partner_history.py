"""A grant's history as its app reads it: what was so from when on, never why nor through whom.

What holds a grant may be one cause or several, which is not told apart here any more than in the messages.
"""

from collections.abc import Iterable, Iterator
from typing import Any

from idp.protocol.grants import SUSPENDED, Event, Status
from idp.store.grants import GrantEvent

_TELLS_FIELDS = (Event.GIVEN, Event.AMENDED, Event.NARROWED)


def partner_history(events: Iterable[GrantEvent]) -> Iterator[dict[str, Any]]:
    """Yield each event that changed something for the app, in order; instants are seconds since 1970 UTC."""
    state, paused, causes = "", False, 0
    for event in events:
        kind = Event(event.kind)
        paused = kind is Event.PAUSED or (paused and kind not in (Event.RESUMED, Event.AMENDED))
        causes += (kind is Event.SUSPENDED) - (kind is Event.LIFTED)
        before, state = state, SUSPENDED if causes else Status.PAUSED if paused else Status.ACTIVE
        told = {"at": event.at}
        if kind in _TELLS_FIELDS:
            fields = sorted(name for name, answer in event.after.items() if answer.agreed)
            yield {"event": kind.value, **told, "fields": fields}
        if kind not in _HOLDS and kind not in _TELLS_FIELDS:
            yield {"event": kind.value, **told}
        elif before and before != state:
            yield {"event": _NAMES[state], **told}


_HOLDS = (Event.PAUSED, Event.RESUMED, Event.SUSPENDED, Event.LIFTED)
_NAMES = {Status.ACTIVE: Event.RESUMED.value, Status.PAUSED: Event.PAUSED.value, SUSPENDED: Event.SUSPENDED.value}
