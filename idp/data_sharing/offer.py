"""What a person is asked to share: the lines of the consent page, and what a yes does to what they share already."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from hashlib import sha256
from typing import Any

from idp.data_sharing.allowed import DAY, gives_way
from idp.protocol.asked import Asked
from idp.protocol.canonical_json import canonical
from idp.protocol.grants import DEFAULT_SECONDS, ONE_TIME_SECONDS, Action, Mode
from idp.store.grants import Grant
from policies.agreement import Agreement
from policies.catalogue import Catalogue
from policies.changes import TermChange
from policies.decision import Askable
from policies.derive import example_for


@dataclass(frozen=True, slots=True, repr=False)
class OfferedField:
    """One line of the consent page, with an example of the person's own value."""

    id: str
    label: str
    example: str
    not_shared: str | None
    tag: str | None
    needed: bool
    shared: bool
    """Whether it is shared with this app for this purpose already."""


@dataclass(frozen=True, slots=True, repr=False)
class Offer:
    """What a person is asked to share, why, and until when."""

    purpose: str | None
    fields: tuple[OfferedField, ...]
    expires_at: int
    days: int
    mode: Mode
    agreement_id: str
    agreement_version: int
    stays: tuple[str, ...] = ()
    """The labels of what is shared already, is not asked for now, and stays so."""
    goes: tuple[str, ...] = ()
    """The labels of what is shared already and not shared any more after a yes."""
    wider: tuple[TermChange, ...] = ()
    """How what is agreed with the partner goes further than what the person read before they shared."""

    @property
    def is_amendment(self) -> bool:
        """Whether the person shares something with this app for this purpose already."""
        return bool(self.stays or self.goes) or any(line.shared for line in self.fields)

    def text_hash(self, scopes: tuple[str, ...]) -> str:
        """Return a hash of the words that the person reads, examples of their own data left out."""
        lines = [[line.id, line.label, line.not_shared, line.tag, line.needed] for line in self.fields]
        duration = self.days if self.mode is Mode.ONGOING else self.mode.value
        wider = [[change.field, change.term, str(change.before), str(change.after)] for change in self.wider]
        return sha256(canonical([self.purpose, duration, lines, scopes, wider])).hexdigest()


@dataclass(frozen=True, slots=True, repr=False)
class Reader:
    """Who is asked: what their account holds, the language that they read, and the date where they live."""

    profile: Mapping[str, Any]
    language: str
    on: date


def make_offer(
    catalogue: Catalogue,
    asked: Asked,
    askable: Askable,
    agreement: Agreement | None,
    standing: Grant | None,
    wider: tuple[TermChange, ...],
    reader: Reader,
    now: int,
) -> Offer:
    """Return what to ask the person for: the requested fields that the agreement allows."""
    language = reader.language
    before = standing.agreed_fields(now) if standing is not None and standing.is_alive(now) else {}
    shared = catalogue.closure_down(before)
    lines = tuple(
        OfferedField(
            id=field.id,
            label=field.text.in_language(language),
            example=example_for(field, reader.profile, language, reader.on) or "",
            not_shared=field.not_shared.in_language(language) if field.not_shared else None,
            tag=field.tag.in_language(language) if field.tag else None,
            needed=askable.fields[field.id],
            shared=field.id in shared,
        )
        for field in catalogue.fields.values()
        if field.id in askable.fields
    )
    known = catalogue.purposes.get(asked.purpose)
    until = _until(asked, askable, now)
    others = _labels(catalogue, before, askable.fields, language)
    stay = standing is not None and _stays(standing, asked)
    return Offer(
        purpose=known.text.in_language(language) if known else None,
        fields=lines,
        expires_at=until,
        days=max(1, round((until - now) / DAY)),
        mode=asked.mode,
        agreement_id=agreement.id if agreement is not None else "",
        agreement_version=agreement.version if agreement is not None else 0,
        stays=others if stay else (),
        goes=() if stay else others,
        wider=wider,
    )


def _stays(standing: Grant, asked: Asked) -> bool:
    """Whether what is not shown now stays as it is after a yes."""
    replaced = asked.wish is not None and asked.wish.action is Action.REPLACE
    return not replaced and not gives_way(standing, asked.mode, asked.wish)


def _labels(
    catalogue: Catalogue, before: Mapping[str, int], shown: Mapping[str, bool], language: str
) -> tuple[str, ...]:
    return tuple(
        field.text.in_language(language)
        for field in catalogue.fields.values()
        if field.id in before and field.id not in shown
    )


def _until(asked: Asked, askable: Askable, now: int) -> int:
    """Return when an answer that is given now ends: as early as the request, the agreement and the mode say."""
    latest = askable.expires_at or now + DEFAULT_SECONDS
    if asked.mode is Mode.ONE_TIME:
        return min(latest, now + ONE_TIME_SECONDS)
    return min(latest, now + (asked.days * DAY or DEFAULT_SECONDS))
