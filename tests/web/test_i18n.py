"""The pages' languages: a complete Japanese, and a choice of language that no header can break."""

import re
from datetime import date
from pathlib import Path

import pytest
from babel.messages.catalog import Catalog, Message
from babel.messages.extract import extract_from_dir
from babel.messages.pofile import read_po
from hypothesis import given
from hypothesis import strategies as st
from jinja2 import DictLoader, Environment, StrictUndefined

import idp
from idp.web.i18n import LANGUAGE_NAMES, choose_language, format_day, install_translations, load_catalogues

PACKAGE = Path(idp.__file__).parent
CATALOGUES = sorted(path.name for path in PACKAGE.glob("web/translations/*.po"))
TEMPLATES = "web/templates/**.html"
LONG_LIST = ",".join(["de-DE;q=0.9"] * 10_000)
PROTOCOL_WORDS = re.compile(
    r"\b(client|scope|token|authori[sz]\w*|consent|grant)\b|トークン|スコープ|クライアント", re.IGNORECASE
)


def sentences_in_the_code() -> set[str | tuple[str, ...]]:
    """Everything that templates and routes hand to the translator, counted sentences as (one, many)."""
    found = extract_from_dir(
        PACKAGE,
        [(TEMPLATES, "jinja2.ext:babel_extract"), ("**.py", "python")],
        options_map={TEMPLATES: {"trimmed": "true", "silent": "false"}},
        keywords={"_": None, "gettext": None, "ngettext": (1, 2)},
    )
    return {message for _, _, message, _, _ in found}


def japanese(name: str = "ja.po") -> Catalog:
    """What everybody reads; besides, one for each part; `partner.ja.po` only partners' staff do."""
    with (PACKAGE / "web/translations" / name).open("rb") as text:
        return read_po(text, locale="ja", abort_invalid=True)


def all_japanese() -> list[Message]:
    return [message for name in CATALOGUES for message in japanese(name) if message.id]


def tags(text: str) -> set[str]:
    return set(re.findall(r"</?\w+[^>]*>", text))


def words_shown(message: str) -> str:
    return re.sub(r"%\(\w+\)s", "", message)


def test_every_sentence_is_translated_and_none_is_left_over():
    """A reader of Japanese never meets an English sentence, and no translation outlives its sentence."""
    written = {message.id for message in all_japanese() if message.string and not message.fuzzy}
    assert written == sentences_in_the_code()
    assert len(written) == len(all_japanese()), "each stands in one catalogue"
    assert not any(japanese(name).obsolete for name in CATALOGUES)


@pytest.mark.parametrize("message", all_japanese(), ids=lambda message: message.id)
def test_a_translation_carries_the_same_values_and_no_markup_of_its_own(message):
    """A name or date is neither lost nor invented in translation, and a translator cannot add an element."""
    ids = [message.id] if isinstance(message.id, str) else list(message.id)
    strings = [message.string] if isinstance(message.string, str) else list(message.string)
    for string in strings:
        assert set(re.findall(r"%\(\w+\)s", string)) == set(re.findall(r"%\(\w+\)s", ids[-1]))
        assert tags(string) == tags(ids[-1])
        assert "%" not in words_shown(string)


def test_no_sentence_speaks_the_protocols_language():
    """An end user reads of apps, partners and sharing, never of clients, scopes and tokens; a partner's staff may."""
    read = [message for name in CATALOGUES if name != "partner.ja.po" for message in japanese(name) if message.id]
    spoken = [str(part) for message in read for part in (message.id, message.string)]
    assert [text for text in spoken if PROTOCOL_WORDS.search(words_shown(text))] == []


def test_english_is_the_source_and_japanese_is_read_from_its_catalogue():
    catalogues = load_catalogues()
    assert set(catalogues) == set(LANGUAGE_NAMES)
    assert catalogues["en"].gettext("Sign in") == "Sign in"
    assert catalogues["ja"].gettext("Sign in") == "ログイン"


def test_one_environment_speaks_the_language_of_each_page_and_escapes_its_values():
    """Templates are compiled once; the language is asked for anew at each rendering."""
    spoken = ["en"]
    environment = Environment(
        autoescape=True,
        undefined=StrictUndefined,
        loader=DictLoader(
            {
                "asked": "{{ _('<bdi>%(client)s</bdi> asks to know you', client=client) }}",
                "page": "{{ _('Sign in') }}: "
                "{% trans count=days, until=until %}{{ count }} day, until <bdi>{{ until }}</bdi>"
                "{% pluralize %}{{ count }} days, until <bdi>{{ until }}</bdi>{% endtrans %}",
            }
        ),
    )
    install_translations(environment, load_catalogues(), lambda: spoken[0])
    page = environment.get_template("page")
    assert page.render(days=1, until="<b>") == "Sign in: 1 day, until <bdi>&lt;b&gt;</bdi>"
    assert page.render(days=90, until="<b>") == "Sign in: 90 days, until <bdi>&lt;b&gt;</bdi>"
    spoken[0] = "ja"
    assert environment.get_template("asked").render(client="<b>").startswith("<bdi>&lt;b&gt;</bdi>が、")
    assert page.render(days=1, until="<b>") == "ログイン: 1日間（<bdi>&lt;b&gt;</bdi>まで）"


@pytest.mark.parametrize(
    ("ui_locales", "cookie", "accept_language", "language"),
    [
        (None, None, None, "en"),
        ("ja", None, None, "ja"),
        ("fr ja-JP en", None, None, "ja"),  # in order of preference, those we do not have passed over
        ("JA-jp", None, None, "ja"),  # RFC 5646 section 2.1.1: tags are not case-sensitive
        ("en", "ja", "ja", "en"),  # what the app asks for stands first
        (None, "ja", "en", "ja"),  # a choice made here stands before the browser's preference
        ("fr", "xx", "ja", "ja"),
        (None, None, "en-GB,en;q=0.8,ja;q=0.9", "en"),
        (None, None, "en;q=0.8, ja;q=0.9", "ja"),
        (None, None, "en;q=0, ja;q=0.1", "ja"),  # quality 0 is "not acceptable"
        (None, None, "ja;q=0", "en"),
        (None, None, "*", "en"),
        (None, None, "jam, jav", "en"),  # other languages that begin alike
        (None, None, "ja;q=nonsense", "en"),
        (None, None, "ja;q=1.5", "en"),
        (None, None, "ja;q=٠.٥", "en"),  # digits, but not ASCII's
        (None, None, LONG_LIST + ",ja", "en"),  # nobody's preferences are that long
        (";;;=,\x00", "\ud800", ",,;q=,", "en"),
    ],
)
def test_the_language_is_the_first_wish_that_can_be_met(ui_locales, cookie, accept_language, language):
    """OpenID Connect Core 3.1.2.1 (`ui_locales`), then the visitor's own choice, then RFC 9110 section 12.5.4."""
    assert choose_language(ui_locales, cookie, accept_language) == language


ANYTHING = st.none() | st.text() | st.binary().map(lambda raw: raw.decode("latin-1"))
ALMOST_A_HEADER = st.lists(st.sampled_from(["ja", "en", "-", ",", ";", "q=", "0.", "1", " ", "*", "\t"])).map("".join)


@given(ANYTHING, ANYTHING | ALMOST_A_HEADER, ANYTHING | ALMOST_A_HEADER)
def test_any_bytes_give_a_language(ui_locales, cookie, accept_language):
    """No parameter, cookie or header keeps a page from being shown."""
    assert choose_language(ui_locales, cookie, accept_language) in LANGUAGE_NAMES


def test_a_day_is_written_as_people_write_it():
    assert format_day(date(2027, 2, 21), "en") == "21 February 2027"
    assert format_day(date(2027, 2, 21), "ja") == "2027年2月21日"
