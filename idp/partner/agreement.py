"""GET /partner/<partner_id>/agreement: what is agreed, version by version, and what waits for approval."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from flask import Response

from idp.data_sharing import Agreement, PurposeTerms, Rate, SharingDataError
from idp.data_sharing.agreement_life import differences
from idp.partner.visit import Visit
from idp.partner.words import version_word
from idp.store import agreement_versions
from idp.store.agreement_versions import APPROVED, DRAFT, AgreementVersion
from idp.store.database import Connection
from idp.web import paths
from idp.web.pages import gettext as _

HASH_SHOWN = 12


@dataclass(frozen=True, slots=True)
class VersionLine:
    """A version as the list shows it."""

    number: int
    state: str
    waits: bool
    proposed: str
    effective: str
    hash: str
    changes: tuple["ChangeLine", ...]


@dataclass(frozen=True, slots=True)
class ChangeLine:
    """What a version that waits would change."""

    where: str
    term: str
    before: str
    after: str
    widens: bool


@dataclass(frozen=True, slots=True)
class PurposeShown:
    """One purpose with its fields and the limits that hold for it."""

    text: str
    id: str
    fields: tuple[tuple[str, str, bool, str], ...]
    """Each with its words, its identifier, whether it is needed, and what is due before it goes out."""
    limits: tuple[tuple[str, str], ...]


def show(visit: Visit) -> Response:
    """Show the agreement in force and every version."""
    services = visit.services
    with services.database.autocommit() as connection:
        versions = agreement_versions.all_of(connection, visit.partner.id)
        lines = [_line(visit, connection, version) for version in versions]
    terms = visit.agreement
    return visit.page(
        "agreement.html",
        paths.PARTNER_AGREEMENT,
        has_agreement=bool(visit.partner.agreement),
        agreed=terms,
        until=visit.moment(terms.expires_at) if terms else "",
        purposes=list(_purposes(visit, terms)) if terms else [],
        versions=lines,
    )


def _line(visit: Visit, connection: Connection, version: AgreementVersion) -> VersionLine:
    waits = version.state in (DRAFT, APPROVED)
    return VersionLine(
        number=version.version,
        state=version_word(version.state),
        waits=waits,
        proposed=visit.moment(version.proposed_at),
        effective=visit.moment(version.effective_at),
        hash=version.hash[:HASH_SHOWN],
        changes=tuple(_changes(visit, connection, version)) if waits else (),
    )


def _changes(visit: Visit, connection: Connection, version: AgreementVersion) -> Iterator[ChangeLine]:
    """Yield what a version changes; nothing where it does not fit the catalogue any more."""
    try:
        changes = differences(connection, version, visit.services.sharing.catalogue)
    except SharingDataError:
        return
    for change in changes:
        where = " · ".join(part for part in (change.purpose, change.field) if part)
        yield ChangeLine(where, change.term, _value(change.before), _value(change.after), change.widens)


def _value(value: object) -> str:
    """Return a term's value in few words."""
    if value is None or value is False or value == ():
        return _("none")
    if value is True:
        return _("yes")
    if isinstance(value, Rate):
        return _("%(requests)s in %(seconds)s seconds") % {"requests": value.requests, "seconds": value.seconds}
    if isinstance(value, tuple):
        return ", ".join(map(str, value))
    return str(value)


def _purposes(visit: Visit, agreed: Agreement) -> Iterator[PurposeShown]:
    catalogue, language = visit.services.sharing.catalogue, visit.language
    for purpose, terms in agreed.purposes.items():
        fields = tuple(
            (catalogue.fields[name].text.in_language(language), name, each.required, ", ".join(each.obligations))
            for name, each in terms.fields.items()
        )
        text = catalogue.purposes[purpose].text.in_language(language)
        yield PurposeShown(text, purpose, fields, tuple(_limits(terms)))


def _limits(terms: PurposeTerms) -> Iterator[tuple[str, str]]:
    """Yield every limit that is set, with its words."""
    yield _("A person's yes lasts at most"), _days(terms.max_days)
    yield _("You may"), _mode_word(terms.mode)
    yield _("Legal basis"), _basis_word(terms.legal_basis)
    for label, days in ((_("How far back"), terms.lookback_days), (_("You may keep it for"), terms.data_life_days)):
        if days is not None:
            yield label, _days(days)
    if terms.max_rows is not None:
        yield _("Rows in one answer"), str(terms.max_rows)
    for label, rate in ((_("Requests"), terms.rate), (_("Requests about one person"), terms.grant_rate)):
        if rate is not None:
            yield label, _value(rate)
    if terms.min_age is not None:
        yield _("People from the age of"), str(terms.min_age)
    if terms.jurisdictions:
        yield _("People who live in"), ", ".join(terms.jurisdictions)


def _days(days: int) -> str:
    return _("%(days)s days") % {"days": days}


def _mode_word(mode: str) -> str:
    words: Mapping[str, str] = {
        "view": _("look at it"),
        "store": _("keep it"),
        "query": _("ask yes or no"),
        "stream": _("be sent changes"),
    }
    return words.get(mode, mode)


def _basis_word(basis: str) -> str:
    words: Mapping[str, str] = {
        "consent": _("the person agrees"),
        "contract": _("a contract with the person"),
        "legal_obligation": _("the law"),
    }
    return words.get(basis, basis)
