"""What a grant is at present and what happened to it, in plain words."""

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from typing import Final

from idp.data_sharing.life import OPTED_OUT
from idp.protocol.grants import Event, Initiator, Status
from idp.store.grants import Grant
from idp.web.pages import gettext as _

FINE, WAITING, OVER = "fine", "waiting", "over"


@dataclass(frozen=True, slots=True)
class State:
    """A word or two for the tag, its tone, and a sentence where there is more to say."""

    label: str
    tone: str
    sentence: str | None


def state_of(grant: Grant, causes: Collection[str], *, is_welcome: bool, now: int) -> State:
    """Return what to call a grant; `causes` hold it, and `is_welcome` says whether its partner may get anything."""
    if not grant.is_alive(now):
        return State(_over(grant, now), OVER, None)
    if OPTED_OUT in causes:
        return State(_("Held"), WAITING, _("You share nothing with anybody at present, so nothing goes out."))
    if causes or not is_welcome:
        return State(_("Held"), WAITING, _("We are holding this back for now. Nothing goes out."))
    if grant.status is Status.PAUSED:
        return State(_("Paused"), WAITING, _("You paused this. Nothing goes out until you resume it."))
    return State(_("Sharing"), FINE, None)


def _over(grant: Grant, now: int) -> str:
    status = grant.state(now)
    return happened(_EVENTS[status], grant.initiator)


def happened(event: Event, initiator: str) -> str:
    """Return what happened to a grant, and who did it."""
    by_person = _BY_PERSON.get(event) if initiator == Initiator.USER else None
    by_partner = _BY_PARTNER.get(event) if initiator == Initiator.PARTNER else None
    return (by_person or by_partner or _HAPPENED[event])()


_EVENTS: Final[Mapping[str, Event]] = {
    Status.REVOKED: Event.REVOKED,
    Status.EXPIRED: Event.EXPIRED,
    Status.CONSUMED: Event.CONSUMED,
    Status.SUPERSEDED: Event.SUPERSEDED,
    Status.REJECTED: Event.REJECTED,
}
_HAPPENED: Final[Mapping[Event, Callable[[], str]]] = {
    Event.GIVEN: lambda: _("You agreed to share"),
    Event.AMENDED: lambda: _("You were asked again and agreed"),
    Event.NARROWED: lambda: _("You took something out"),
    Event.PAUSED: lambda: _("You paused it"),
    Event.RESUMED: lambda: _("You resumed it"),
    Event.SUSPENDED: lambda: _("We held it back"),
    Event.LIFTED: lambda: _("We no longer hold it back"),
    Event.REVOKED: lambda: _("We ended it"),
    Event.EXPIRED: lambda: _("Its time was over"),
    Event.CONSUMED: lambda: _("Used once, as agreed"),
    Event.SUPERSEDED: lambda: _("Replaced by a newer one"),
    Event.REJECTED: lambda: _("You said no"),
    Event.DISCLOSED: lambda: _("It was given something that we tell you of"),
}
_BY_PERSON: Final[Mapping[Event, Callable[[], str]]] = {
    Event.SUSPENDED: lambda: _("You left all sharing"),
    Event.LIFTED: lambda: _("You came back to sharing"),
    Event.REVOKED: lambda: _("You ended it"),
}
_BY_PARTNER: Final[Mapping[Event, Callable[[], str]]] = {Event.REVOKED: lambda: _("They ended it")}
