"""What a person is told about a grant of theirs: the fields with their own values, and on which terms they go out.

What is shown is read by the same readers as what is sent (`policies.derive`). Nothing leaves by this but to the person
whose data it is.
"""

from dataclasses import dataclass

from idp.data_sharing.people import today
from idp.store.accounts import Account
from idp.store.grants import Grant
from policies.agreement import Agreement, PurposeTerms
from policies.catalogue import Catalogue
from policies.derive import example_for


@dataclass(frozen=True, slots=True, repr=False)
class SharedField:
    """A field that a grant lets out, as its person reads it.

    `gives_away` are the labels of what else can be read from it; `needed`: the app does not work without it; `until` is
    when the answer to it ends.
    """

    id: str
    label: str
    example: str
    not_shared: str | None
    gives_away: tuple[str, ...]
    needed: bool
    until: int


@dataclass(frozen=True, slots=True, repr=False)
class HeldField:
    """Something that the account holds of its person, as they read it."""

    id: str
    label: str
    value: str


def held_fields(catalogue: Catalogue, account: Account, language: str, now: int) -> tuple[HeldField, ...]:
    """Return what an account holds, in the order of the catalogue; what is only worked out from it is left out."""
    on = today(account, now)
    plain = [field for field in catalogue.fields.values() if not field.derived_from]
    values = [(field, example_for(field, account.profile, language, on)) for field in plain]
    return tuple(HeldField(field.id, field.text.in_language(language), value) for field, value in values if value)


def agreed_then(grant: Grant, now: int) -> dict[str, int]:
    """Return the fields that a grant lets out with their ends; of one that is over, those of its last moment."""
    over_at = min(grant.expires_at, grant.expires_at if grant.ended_at is None else grant.ended_at)
    return dict(grant.agreed_fields(now if grant.is_alive(now) else over_at - 1))


def shared_fields(
    catalogue: Catalogue, grant: Grant, account: Account, terms: PurposeTerms | None, language: str, now: int
) -> tuple[SharedField, ...]:
    """Return what a grant lets out, in the order of the catalogue."""
    agreed, on = agreed_then(grant, now), today(account, now)
    return tuple(
        SharedField(
            id=field.id,
            label=field.text.in_language(language),
            example=example_for(field, account.profile, language, on) or "",
            not_shared=field.not_shared.in_language(language) if field.not_shared else None,
            gives_away=labels(catalogue, catalogue.closure_down((field.id,)) - {field.id}, language),
            needed=terms is not None and field.id in terms.fields and terms.fields[field.id].required,
            until=agreed[field.id],
        )
        for field in catalogue.fields.values()
        if field.id in agreed
    )


def refused_fields(catalogue: Catalogue, grant: Grant, language: str) -> tuple[str, ...]:
    """Return the labels of what was asked for and is not shared: refused at first, or taken out since."""
    return labels(catalogue, {name for name, answer in grant.fields.items() if not answer.agreed}, language)


def labels(catalogue: Catalogue, fields: set[str] | frozenset[str], language: str) -> tuple[str, ...]:
    """Return what people call fields, in the order of the catalogue; what left the catalogue keeps its id."""
    known = [field.text.in_language(language) for field in catalogue.fields.values() if field.id in fields]
    return (*known, *sorted(fields - catalogue.known))


def terms_of(agreement: Agreement | None, purpose: str) -> PurposeTerms | None:
    """Return what an agreement says about a purpose, if it does."""
    return agreement.purposes.get(purpose) if agreement is not None else None
