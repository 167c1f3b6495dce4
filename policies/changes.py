"""How two versions of an agreement differ, term by term, and which of the differences give a partner more.

Whatever is not plainly narrower counts as wider: a term of another kind, too, is for a second person to look at.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, fields
from typing import Final

from policies.agreement import Agreement, AgreementStatus, FieldTerms, Mode, PurposeTerms, Rate, Tier
from policies.catalogue import Catalogue

_SENSITIVITY: Final = {Tier.PLAIN: 1, Tier.SENSITIVE: 2, Tier.RESTRICTED: 3}


@dataclass(frozen=True, slots=True)
class TermChange:
    """One difference. `purpose` and `field` say where, "" for what concerns the whole; None stands for "not there"."""

    purpose: str
    field: str
    term: str
    before: object
    after: object
    widens: bool


def changes(before: Agreement | None, after: Agreement) -> tuple[TermChange, ...]:
    """What a version changes of the one before; all of a first version is wider than nothing."""
    return (*_of_the_whole(before, after), *_of_purposes(before, after))


def above_tier(agreement: Agreement, tier: Tier, catalogue: Catalogue) -> tuple[str, ...]:
    """Fields of an agreement that are too sensitive for a partner of this tier, with what they give away."""
    named = {field for terms in agreement.purposes.values() for field in terms.fields}
    given = catalogue.closure_down(named)
    return tuple(sorted(f for f in given if catalogue.fields[f].sensitivity > _SENSITIVITY[tier]))


def _of_the_whole(before: Agreement | None, after: Agreement) -> Iterator[TermChange]:
    if before is None:
        return
    if before.status is not after.status:
        yield TermChange("", "", "status", before.status, after.status, after.status is AgreementStatus.ACTIVE)
    for term, is_wider in (("effective_at", _lower), ("expires_at", _higher)):
        yield from _term("", "", term, getattr(before, term), getattr(after, term), is_wider)


def _of_purposes(before: Agreement | None, after: Agreement) -> Iterator[TermChange]:
    old = before.purposes if before is not None else {}
    for purpose in sorted(old.keys() | after.purposes.keys()):
        yield from changes_of_purpose(purpose, old.get(purpose), after.purposes.get(purpose))


def changes_of_purpose(purpose: str, before: PurposeTerms | None, after: PurposeTerms | None) -> Iterator[TermChange]:
    """Yield what changes for one purpose; None is "not agreed"."""
    if (before is None or after is None) and before is not after:
        yield TermChange(purpose, "", "purpose", before is not None, after is not None, after is not None)
    yield from _of_fields(purpose, before, after)
    if before is not None and after is not None:
        for term, is_wider in _WIDER.items():
            yield from _term(purpose, "", term, getattr(before, term), getattr(after, term), is_wider)


def _of_fields(purpose: str, before: PurposeTerms | None, after: PurposeTerms | None) -> Iterator[TermChange]:
    old = before.fields if before is not None else {}
    new = after.fields if after is not None else {}
    for field in sorted(old.keys() | new.keys()):
        was, terms = old.get(field), new.get(field)
        if was is None or terms is None:
            yield TermChange(purpose, field, "field", was is not None, terms is not None, terms is not None)
            continue
        for item in fields(FieldTerms):
            is_wider = _fewer if item.name == "obligations" else _more_needed
            yield from _term(purpose, field, item.name, getattr(was, item.name), getattr(terms, item.name), is_wider)


def _term(
    purpose: str, field: str, term: str, before: object, after: object, is_wider: Callable[..., bool]
) -> Iterator[TermChange]:
    if before != after:
        yield TermChange(purpose, field, term, before, after, is_wider(before, after))


def _higher(before: int, after: int) -> bool:
    return after > before


def _lower(before: int, after: int) -> bool:
    return after < before


def _more_needed(before: bool, after: bool) -> bool:  # noqa: FBT001 - two values of one flag
    """A field that becomes needed is shared by people who would have left it out."""
    return after and not before


def _fewer(before: tuple[str, ...], after: tuple[str, ...]) -> bool:
    return not set(before) <= set(after)


def _more(before: tuple[str, ...], after: tuple[str, ...]) -> bool:
    return not set(after) <= set(before)


def _looser_limit(before: int | None, after: int | None) -> bool:
    """None is no limit."""
    return after is None or (before is not None and after > before)


def _younger(before: int | None, after: int | None) -> bool:
    return (after or 0) < (before or 0)


def _more_countries(before: tuple[str, ...], after: tuple[str, ...]) -> bool:
    """None named is every country."""
    return not after or (bool(before) and not set(after) <= set(before))


def _faster(before: Rate | None, after: Rate | None) -> bool:
    """Narrower is a rate with no more requests in no less time."""
    return after is None or (
        before is not None and (after.requests > before.requests or after.seconds < before.seconds)
    )


def _not_view(_before: Mode, after: Mode) -> bool:
    """Looking is the least; nothing else can be compared."""
    return after is not Mode.VIEW


def _always(_before: object, _after: object) -> bool:
    return True


_WIDER: Final[dict[str, Callable[..., bool]]] = {
    "max_days": _higher,
    "obligations": _fewer,
    "mode": _not_view,
    "legal_basis": _always,
    "lookback_days": _looser_limit,
    "data_life_days": _looser_limit,
    "max_rows": _looser_limit,
    "rate": _faster,
    "grant_rate": _faster,
    "min_age": _younger,
    "jurisdictions": _more_countries,
    "budget": _more,
}
