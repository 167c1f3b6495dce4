"""Texts for people, in every language that the pages speak."""

from dataclasses import dataclass

from policies.table import Table


@dataclass(frozen=True, slots=True)
class Words:
    """One text."""

    en: str
    ja: str

    def in_language(self, language: str) -> str:
        return self.ja if language.lower().split("-")[0] == "ja" else self.en


def parse_words(table: Table) -> Words:
    table.only("en", "ja")
    return Words(en=table.text("en"), ja=table.text("ja"))
