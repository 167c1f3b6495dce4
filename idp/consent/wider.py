"""What became wider in an agreement since somebody read it, in sentences for them."""

from collections.abc import Callable, Iterable, Iterator, Mapping

from idp.data_sharing import DataSharing, Rate, TermChange
from idp.web.pages import gettext as _


def sentences(changes: Iterable[TermChange], sharing: DataSharing, language: str) -> tuple[str, ...]:
    """Return what a person reads about each change; of a purpose that they never read about, only that."""
    listed = tuple(changes)
    if any(change.term == "purpose" for change in listed):
        return (_("What you agreed to before is not on file any more. Please read all of this anew."),)
    return tuple(sentence for change in listed for sentence in _of(change, sharing, language))


def _of(change: TermChange, sharing: DataSharing, language: str) -> Iterator[str]:
    before, after, catalogue = change.before, change.after, sharing.catalogue
    known = catalogue.fields.get(change.field)
    about = known.text.in_language(language) if known is not None else _("Everything")
    if change.term == "field":
        yield _("%(field)s: may be shared again") % {"field": about}
    elif change.term == "obligations" and isinstance(before, tuple) and isinstance(after, tuple):
        for id_ in (each for each in before if each not in after):
            limit = (
                catalogue.obligations.known[id_].text.in_language(language)
                if id_ in catalogue.obligations.known
                else id_
            )
            yield _("%(field)s: no longer “%(limit)s”") % {"field": about, "limit": limit}
    elif change.term == "budget" and isinstance(before, tuple) and isinstance(after, tuple):
        further = [catalogue.fields[each].text.in_language(language) for each in after if each not in before]
        yield _("Several answers about the same detail, also: %(answers)s") % {"answers": ", ".join(further)}
    else:
        what, value = _TERMS[change.term]
        told = {"what": what(), "before": value(before), "after": value(after)}
        yield _("%(what)s: %(before)s until now, %(after)s from now on") % told


def _days(days: object) -> str:
    return _("no limit") if days is None else _("%(number)s days") % {"number": days}


def _number(number: object) -> str:
    return _("no limit") if number is None else str(number)


def _rate(rate: object) -> str:
    if not isinstance(rate, Rate):
        return _("no limit")
    return _("%(requests)s times in %(seconds)s seconds") % {"requests": rate.requests, "seconds": rate.seconds}


def _age(age: object) -> str:
    return _("any age") if age is None else _("%(age)s years and older") % {"age": age}


def _countries(countries: object) -> str:
    return ", ".join(countries) if isinstance(countries, tuple) and countries else _("any country")


def _mode(mode: object) -> str:
    words: Mapping[str, str] = {
        "view": _("only look at it"),
        "store": _("keep it too"),
        "query": _("ask yes-or-no questions about it"),
        "stream": _("be sent every change of it"),
    }
    return words.get(str(mode), str(mode))


def _basis(basis: object) -> str:
    words: Mapping[str, str] = {
        "consent": _("that you agree"),
        "contract": _("a contract with you"),
        "legal_obligation": _("a duty by law"),
    }
    return words.get(str(basis), str(basis))


_TERMS: Mapping[str, tuple[Callable[[], str], Callable[[object], str]]] = {
    "lookback_days": (lambda: _("How far back it may look"), _days),
    "data_life_days": (lambda: _("How long it may keep what it gets"), _days),
    "max_rows": (lambda: _("How many entries one answer may hold"), _number),
    "grant_rate": (lambda: _("How often it may ask about you"), _rate),
    "min_age": (lambda: _("Whose data it may ask for"), _age),
    "jurisdictions": (lambda: _("Where people live whose data it may ask for"), _countries),
    "mode": (lambda: _("What it may do with your data"), _mode),
    "legal_basis": (lambda: _("What entitles it to your data"), _basis),
}
