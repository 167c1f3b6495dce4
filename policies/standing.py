"""What holds of an agreement for somebody who read an earlier version of it: the stricter of then and now.

A version that gives a partner more is no news to a consent that was given before. Until the person has read the new
terms, each decision is made from what both versions allow, so it never lets out more than under the one that they read.
The rate of a purpose alone is as it is now: it counts a partner's requests about everybody, and no person's.
"""

from collections.abc import Iterable, Mapping
from dataclasses import replace
from types import MappingProxyType
from typing import Any, Final

from policies.agreement import Agreement, AgreementError, FieldTerms, Mode, PurposeTerms, Rate, parse_agreement
from policies.catalogue import Catalogue
from policies.changes import TermChange, changes_of_purpose

_NOBODY: Final = ("nowhere",)
"""In place of the countries that two versions have in common, where there is none: nobody lives there."""
_NO_WIDER_ANSWER: Final = frozenset({"max_days", "required"})
"""Terms that an answer is not under any more once it is given: it has its own end, and was a yes or a no."""


def agreement_read(document: Mapping[str, Any], purpose: str, catalogue: Catalogue) -> Agreement | None:
    """Read of an earlier version what it says about one purpose; None where it says nothing that can be read any more.

    Fields that left the catalogue since are passed over, for nothing can be asked of them.
    """
    try:
        terms = document["purposes"][purpose]
        fields = {name: each for name, each in terms["fields"].items() if name in catalogue.fields}
        budget = [name for name in terms.get("budget", ()) if name in catalogue.fields]
        kept = {**terms, "fields": fields, "budget": budget}
        return parse_agreement({**document, "purposes": {purpose: kept}}, catalogue)
    except (AgreementError, KeyError, TypeError, AttributeError):
        return None


def stricter(read: Agreement | None, now: Agreement, purpose: str, catalogue: Catalogue) -> Agreement:
    """Return the agreement in force, held to what an earlier version of it says about a purpose as well.

    Where that says nothing, or is not known, nothing is agreed for this purpose.
    """
    before = read.purposes.get(purpose) if read is not None else None
    after = now.purposes.get(purpose)
    if read is None or before is None or after is None:
        others = {name: terms for name, terms in now.purposes.items() if name != purpose}
        return replace(now, purposes=MappingProxyType(others))
    both = MappingProxyType({**now.purposes, purpose: _both(before, after, catalogue)})
    return replace(
        now,
        effective_at=max(read.effective_at, now.effective_at),
        expires_at=min(read.expires_at, now.expires_at),
        purposes=both,
    )


def widened(
    held: PurposeTerms | None, now: PurposeTerms | None, purpose: str, fields: Iterable[str]
) -> tuple[TermChange, ...]:
    """Return what to ask a person about anew: how the terms in force go further than those held to (`stricter`).

    `fields` are those that matter: what they share, and what they are asked for.
    """
    matter = {"", *fields}
    return tuple(
        change
        for change in changes_of_purpose(purpose, held, now)
        if change.widens and change.field in matter and change.term not in _NO_WIDER_ANSWER
    )


def _both(before: PurposeTerms, after: PurposeTerms, catalogue: Catalogue) -> PurposeTerms:
    return PurposeTerms(
        fields=MappingProxyType(_fields(before, after, catalogue)),
        max_days=min(before.max_days, after.max_days),
        obligations=_all(before.obligations, after.obligations),
        mode=after.mode if after.mode is before.mode else Mode.VIEW,
        legal_basis=before.legal_basis,
        lookback_days=_least(before.lookback_days, after.lookback_days),
        data_life_days=_least(before.data_life_days, after.data_life_days),
        max_rows=_least(before.max_rows, after.max_rows),
        rate=after.rate,
        grant_rate=_slower(before.grant_rate, after.grant_rate),
        min_age=max(before.min_age or 0, after.min_age or 0) or None,
        jurisdictions=_countries(before.jurisdictions, after.jurisdictions),
        budget=tuple(answer for answer in after.budget if answer in before.budget),
    )


def _fields(before: PurposeTerms, after: PurposeTerms, catalogue: Catalogue) -> dict[str, FieldTerms]:
    """Return the fields of both versions, each under what is due in either.

    A field that only one of them names was, in the other, at most given away by another. What is due for it there is
    due now for every field that has anything in common with it: that is how an obligation reaches (`dues`), and more.
    """
    fields = {}
    alone = [(name, of) for of, other in ((before, after), (after, before)) for name in of.fields.keys() - other.fields]
    for name in after.fields:
        if name not in before.fields:
            continue
        then, now = before.fields[name], after.fields[name]
        reached = (
            of.fields[other].obligations
            for other, of in sorted(alone, key=lambda each: each[0])
            if not catalogue.down[name].isdisjoint(catalogue.down[other])
        )
        fields[name] = FieldTerms(then.required and now.required, _all(then.obligations, now.obligations, *reached))
    return fields


def _all(*several: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(each for one in several for each in one))


def _least(one: int | None, other: int | None) -> int | None:
    """Return the lower of two limits; None is none."""
    return min((each for each in (one, other) if each is not None), default=None)


def _slower(one: Rate | None, other: Rate | None) -> Rate | None:
    if one is None or other is None:
        return one or other
    return Rate(min(one.requests, other.requests), max(one.seconds, other.seconds))


def _countries(one: tuple[str, ...], other: tuple[str, ...]) -> tuple[str, ...]:
    """Return the countries of both; none named is every country."""
    if not one or not other:
        return one or other
    return tuple(country for country in other if country in one) or _NOBODY
