"""What the risk of a sign-in asks of it, by what the account's earlier ones left behind; and what this one leaves.

The history is the person's own security activity, sealed like the rest of it: no second record is kept of where they
were.
"""

from contextlib import suppress

from flask import request

from idp.protocol.activity import Event
from idp.protocol.authentication import ACR_PHISHING_RESISTANT, acr_of
from idp.protocol.risk import Action, PastSignIn, Place, read_place
from idp.services import Services
from idp.store import activity, attempts, authenticators
from idp.store.accounts import Account
from idp.store.activity import Entry
from idp.store.database import Connection
from idp.web.devices import known_device
from idp.web.requests import place_of, seen_from

LOOKED_AT = 30
"""How many earlier sign-ins a new one is compared with."""
SIGN_INS = (Event.SIGNED_IN, Event.NEW_DEVICE)
NOBODY = Account(id="", password_hash="", profile={}, status="", updated_at=0)
TOLD_AGAIN_AFTER = 86_400
"""Seconds in which one letter tells of refused sign-ins: a thief's tries must not fill the owner's mailbox."""


def asked_by_risk(services: Services, connection: Connection, account: Account, acr: str) -> Action:
    """Return what a sign-in at a level must stand. One by a passkey stands for itself: no list of passwords has it."""
    if acr == ACR_PHISHING_RESISTANT:
        return Action.ALLOW
    window = services.settings.sign_in.window
    past = activity.latest(connection, services.sealer, account.id, LOOKED_AT, kinds=SIGN_INS)
    failures = attempts.count_of(connection, everywhere(services), services.now, window)
    facts = services.risk_rules.facts(
        services.now,
        place_of(services, request),
        [_past(entry) for entry in past],
        is_known_device=bool(known_device(services, account.login_key)),
        has_many_failures=failures > services.settings.sign_in.failures_everywhere,
    )
    return services.risk_rules.actions[services.risk_rules.risk(facts)]


def note_sign_in(services: Services, connection: Connection, account: Account, amr: tuple[str, ...]) -> None:
    """Write a sign-in down; its person is told where it is on a new device, once there was another."""
    is_known = known_device(services, account.login_key)
    is_first = not is_known and not activity.latest(connection, services.sealer, account.id, 1, kinds=SIGN_INS)
    event = Event.SIGNED_IN if is_known or is_first else Event.NEW_DEVICE
    seen, place = seen_from(services, request), _written(place_of(services, request))
    services.activity.note(connection, account.id, event, seen, services.now, methods=" ".join(amr), place=place)


def note_refusal(services: Services, account: Account, amr: tuple[str, ...]) -> None:
    """Write down and tell what the browser is not: that the account would have opened. Committed before any answer."""
    with services.database.transaction() as connection:
        _note_refusal(services, connection, account, amr)


def spend_a_refusal(services: Services, amr: tuple[str, ...]) -> None:
    """Do what the refusal of something right costs, about nobody, and take it back: after something wrong.

    Otherwise time would tell what the page does not (CWE-208). What is left of it is the one letter of a day, and that
    nobody has earlier sign-ins to unseal.
    """
    with services.database.autocommit() as connection:
        asked_by_risk(services, connection, NOBODY, acr_of(amr))
        authenticators.is_on(connection, NOBODY.id)  # which `completion.complete` asks before it refuses
    with suppress(_TakenBackError), services.database.transaction() as connection:
        _note_refusal(services, connection, NOBODY, amr)
        raise _TakenBackError


class _TakenBackError(Exception):
    """Ends a transaction of which nothing is to stay."""


def _note_refusal(services: Services, connection: Connection, account: Account, amr: tuple[str, ...]) -> None:
    seen, place = seen_from(services, request), _written(place_of(services, request))
    kind, now = Event.SIGN_IN_REFUSED, services.now
    before = activity.latest(connection, services.sealer, account.id, 1, kinds=(kind,))
    is_told = any(now - entry.at < TOLD_AGAIN_AFTER for entry in before)
    services.activity.note(connection, account.id, kind, seen, now, quietly=is_told, methods=" ".join(amr), place=place)


def everywhere(services: Services) -> bytes:
    """Return the counter of all wrong passwords from browsers that are not known."""
    return services.sealer.index("attempts everywhere", "")


def _written(place: Place) -> str:
    """Return a place as one word, such as `JP,35.68,139.69`; what is not known is left out."""
    return ",".join((place.country, *map(str, place.point or ("", ""))))


def _past(entry: Entry) -> PastSignIn:
    country, _, point = entry.details.get("place", "").partition(",")
    latitude, _, longitude = point.partition(",")
    return PastSignIn(entry.at, read_place(country, latitude, longitude))
