"""The pages' languages: which ones there are, which one a request gets, and how a day is written in it.

English is the source text; every other language is committed in `translations/`: one catalogue of what everybody reads,
and one of what only partners' staff do, who speak the protocol's language. They are compiled in memory at start, so
that no build step and no compiled file stands between a translator and the page. The order of preference
follows OpenID Connect Core 3.1.2.1 (`ui_locales`) and RFC 9110 section 12.5.4 (`Accept-Language`).
"""

import io
import re
from collections.abc import Callable, Mapping
from datetime import date, datetime
from pathlib import Path
from types import MappingProxyType
from typing import Final, Literal

from babel import Locale
from babel.dates import format_date, format_datetime
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po
from babel.support import Translations
from jinja2 import Environment

Language = Literal["en", "ja"]

SOURCE_LANGUAGE: Final[Language] = "en"
LANGUAGE_NAMES: Final[Mapping[Language, str]] = MappingProxyType({"en": "English", "ja": "日本語"})

_CATALOGUES: Final = Path(__file__).parent / "translations"
_LONGEST_PREFERENCE: Final = 500  # a browser sends under a hundred characters; the rest is not worth reading
_QUALITY: Final = re.compile(r"q=(0(?:\.\d{0,3})?|1(?:\.0{0,3})?)", re.ASCII | re.IGNORECASE)
_MOMENT_PATTERNS: Final[Mapping[Language, str]] = MappingProxyType({"en": "d MMM y, HH:mm", "ja": "y年M月d日 HH:mm"})
_DAY_PATTERNS: Final[Mapping[Language, str]] = MappingProxyType({"en": "d MMMM y", "ja": "y年M月d日"})


def load_catalogues() -> Mapping[str, Translations]:
    """Every language's catalogue, read once at start; the source language's is empty and gives each text back."""
    catalogues: dict[str, Translations] = {SOURCE_LANGUAGE: Translations()}
    for path in sorted(_CATALOGUES.glob("*.po")):
        language = path.stem.rpartition(".")[2]
        with path.open("rb") as text:
            catalogue = read_po(text, locale=language, abort_invalid=True)
        compiled = io.BytesIO()
        write_mo(compiled, catalogue)
        compiled.seek(0)
        # The first one is kept as it is: an empty one that it was merged into would not know its plural forms.
        read = Translations(compiled)
        catalogues[language] = catalogues[language].merge(read) if language in catalogues else read
    return MappingProxyType(catalogues)


def install_translations(
    environment: Environment, catalogues: Mapping[str, Translations], current_language: Callable[[], str]
) -> None:
    """Give templates `_()` and `{% trans %}`, in the language that `current_language` names while a page is rendered.

    Jinja's newer style is chosen because it escapes the values that a translated sentence carries.
    """

    def translate(text: str) -> str:
        return catalogues[current_language()].gettext(text)

    def translate_counted(one: str, many: str, count: int) -> str:
        return catalogues[current_language()].ngettext(one, many, count)

    environment.add_extension("jinja2.ext.i18n")
    environment.policies["ext.i18n.trimmed"] = True
    environment.install_gettext_callables(  # type: ignore[attr-defined]  # the extension adds it
        translate, translate_counted, newstyle=True
    )


def choose_language(ui_locales: str | None, cookie: str | None, accept_language: str | None) -> Language:
    """The first language we have: what the app asks for, what was chosen here before, what the browser prefers."""
    wishes = [
        *(ui_locales or "")[:_LONGEST_PREFERENCE].split(),
        *(cookie or "")[:_LONGEST_PREFERENCE].split(),
        *_browser_preferences((accept_language or "")[:_LONGEST_PREFERENCE]),
    ]
    return next((spoken for wish in wishes if (spoken := _supported(wish))), SOURCE_LANGUAGE)


def format_day(day: date, language: Language) -> str:
    """A day as people write it: "21 February 2027", "2027年2月21日"."""
    return format_date(day, _DAY_PATTERNS[language], locale=language)


def format_moment(moment: datetime, language: Language) -> str:
    """A moment as people write it, in its own time zone: "21 Feb 2027, 09:05", "2027年2月21日 09:05"."""
    return format_datetime(moment, _MOMENT_PATTERNS[language], tzinfo=moment.tzinfo, locale=language)


def country_name(code: str, language: Language) -> str:
    """Return what people call a country (ISO 3166-1 alpha-2); the code itself where it is none."""
    name: str = Locale(language).territories.get(code, code)
    return name


def _supported(tag: str) -> Language | None:
    """Match a BCP 47 tag by its primary language: `ja-JP` is ours, `jam` (Jamaican) is not."""
    primary = tag.split("-", 1)[0].lower()
    return next((language for language in LANGUAGE_NAMES if language == primary), None)


def _browser_preferences(header: str) -> list[str]:
    """The header's languages, best first; what cannot be read, or has quality 0 ("not acceptable"), is left out."""
    weighed = [(_quality(parameters), tag.strip()) for tag, _, parameters in _items(header)]
    return [tag for quality, tag in sorted(weighed, key=lambda item: -item[0]) if quality > 0]


def _items(header: str) -> list[tuple[str, str, str]]:
    return [item.partition(";") for item in header.split(",")]


def _quality(parameters: str) -> float:
    if not parameters.strip():
        return 1.0
    stated = _QUALITY.fullmatch(parameters.strip())
    return float(stated.group(1)) if stated else 0.0
