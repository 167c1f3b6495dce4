"""The clauses of a policy: which data may go to what kind of partner for which purpose, and when it may not.

    [[clause]]
    id = "deliver-what-was-bought"
    share = ["name", "address", "phone"]        # fields, "everything", or "sensitivity 2 or more"
    with = ["third_party", "processor.restricted"]    # legal relations, each with a tier if that matters; or "anyone"
    for = ["service.delivery"]                  # purposes, with all below them; or "anything"
    except_when = ["under 18", "restricted"]    # conditions, see `conditions`

`never_share` stands in place of `share` where data must not go whatever other clauses say, and takes `when` in place of
`except_when`. What no clause shares stays. So the order of clauses means nothing, and neither does saying one twice.

`obligations = ["no_store"]` beside `share` says what is due for these fields and for all that give them away,
whichever clause lets them go and whether this one's conditions hold or not. `oblige` in place of `share` says only
that, and takes `when` as `never_share` does.
"""

import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from difflib import get_close_matches
from enum import StrEnum
from typing import Final, TypeVar

from policies.agreement import LegalRelation, Tier
from policies.catalogue import Catalogue
from policies.conditions import FORMS, Condition, parse_condition
from policies.obligations import CHANGING
from policies.table import Table

EVERYTHING: Final = "everything"
ANYTHING: Final = "anything"
ANYONE: Final = "anyone"
_Meant = TypeVar("_Meant")
_SENSITIVITY: Final = re.compile(r"sensitivity ([0-3]) or more")
PartnerClass = tuple[LegalRelation, Tier]
CLASSES: Final = tuple((relation, tier) for relation in LegalRelation for tier in Tier)


class PolicyError(ValueError):
    """Raised when a policy cannot be trusted as written; names the file, the clause and what would mend it."""


class Effect(StrEnum):
    SHARE = "share"
    NEVER_SHARE = "never_share"
    OBLIGE = "oblige"


@dataclass(frozen=True, slots=True)
class Clause:
    """One clause, every word of it resolved against the catalogue.

    `fields` are those that it names; how far they reach is the bundle's to work out. `purposes` hold those below, too.
    The conditions are those of `except_when` for SHARE, of `when` for the others.
    """

    id: str
    source: str
    effect: Effect
    fields: frozenset[str]
    classes: frozenset[PartnerClass]
    purposes: frozenset[str]
    conditions: tuple[Condition, ...]
    obligations: tuple[str, ...] = ()

    def plain(self) -> dict[str, object]:
        """The meaning in plain data, ordered: what the hash of a bundle is made from."""
        return {
            "id": self.id,
            "effect": self.effect.value,
            "fields": sorted(self.fields),
            "classes": sorted(f"{relation}.{tier}" for relation, tier in self.classes),
            "purposes": sorted(self.purposes),
            "conditions": sorted(condition.text for condition in self.conditions),
            "obligations": sorted(self.obligations),
        }


def parse_clauses(documents: Mapping[str, Mapping[str, object]], catalogue: Catalogue) -> tuple[Clause, ...]:
    """The clauses of all policy documents, by the names of their files, in the order of their ids."""
    clauses: dict[str, Clause] = {}
    for source, document in sorted(documents.items()):
        for table in Table(document, source, PolicyError).only("clause").tables("clause"):
            clause = _clause(source, table, catalogue)
            if clause.id in clauses:
                raise PolicyError(
                    f"{source}: clause {clause.id!r}: {clauses[clause.id].source} has one of that name; give it another"
                )
            clauses[clause.id] = clause
    return tuple(clauses[id_] for id_ in sorted(clauses))


def _clause(source: str, table: Table, catalogue: Catalogue) -> Clause:
    id_ = table.id("id")
    table = table.at(f"{source}: clause {id_!r}")
    effect = _effect(table)
    conditions = "except_when" if effect is Effect.SHARE else "when"
    table.only("id", effect, "with", "for", conditions, *(() if effect is Effect.NEVER_SHARE else ("obligations",)))
    fields = _fields(table, effect, catalogue)
    return Clause(
        id=id_,
        source=source,
        effect=effect,
        fields=fields,
        classes=_classes(table),
        purposes=_purposes(table, catalogue),
        conditions=_conditions(table, conditions),
        obligations=_obligations(table, fields, catalogue),
    )


def _obligations(table: Table, fields: frozenset[str], catalogue: Catalogue) -> tuple[str, ...]:
    """The obligations that a clause names, each one that exists and has something to change."""
    ids, known = table.ids("obligations"), catalogue.obligations.known
    for id_ in ids:
        if id_ not in known:
            close = get_close_matches(id_, known, n=1)
            told = f"; did you mean {close[0]!r}?" if close else ""
            raise table.refusal("obligations", f"there is no {id_!r}{told}")
        if known[id_].fields.isdisjoint(fields) and known[id_].kind in CHANGING:
            raise table.refusal("obligations", f"{id_!r} changes none of the clause's fields")
    if table.has(Effect.OBLIGE) and not ids:
        raise table.refusal("obligations", "names nothing; say what is due")
    return ids


def _effect(table: Table) -> Effect:
    said = [effect for effect in Effect if table.has(effect)]
    if len(said) != 1:
        raise table.refusal(" and ".join(said) or "share", "a clause says one of share, never_share and oblige")
    return said[0]


def _fields(table: Table, key: str, catalogue: Catalogue) -> frozenset[str]:
    def named(word: str) -> frozenset[str] | None:
        if found := _SENSITIVITY.fullmatch(word):
            return frozenset(one.id for one in catalogue.fields.values() if one.sensitivity >= int(found[1]))
        return frozenset({word}) if word in catalogue.fields else None

    return _meant(table, key, (EVERYTHING, catalogue.known), named, catalogue.fields)


def _classes(table: Table) -> frozenset[PartnerClass]:
    by_word = {relation.value: frozenset((relation, tier) for tier in Tier) for relation in LegalRelation}
    by_word |= {f"{relation}.{tier}": frozenset({(relation, tier)}) for relation, tier in CLASSES}
    return _meant(table, "with", (ANYONE, frozenset(CLASSES)), by_word.get, by_word)


def _purposes(table: Table, catalogue: Catalogue) -> frozenset[str]:
    below = {
        purpose: frozenset(other for other, lineage in catalogue.lineage.items() if purpose in lineage)
        for purpose in catalogue.purposes
    }
    return _meant(table, "for", (ANYTHING, frozenset(catalogue.purposes)), below.get, below)


def _conditions(table: Table, key: str) -> tuple[Condition, ...]:
    words = table.words(key) if table.has(key) else ()
    conditions = {word: parse_condition(word) for word in words}
    for word, condition in conditions.items():
        if condition is None:
            raise table.refusal(key, f"{word!r} is no condition; conditions are {FORMS}")
    return tuple(condition for _, condition in sorted(conditions.items()) if condition is not None)


def _meant(
    table: Table,
    key: str,
    whole: tuple[str, frozenset[_Meant]],
    meaning: Callable[[str], frozenset[_Meant] | None],
    known: Iterable[str],
) -> frozenset[_Meant]:
    """What a list of words means together; the one word for the whole stands alone."""
    words = table.words(key)
    if not words:
        raise table.refusal(key, f"names nothing; say what, or {whole[0]!r}")
    if words == (whole[0],):
        return whole[1]
    meant: frozenset[_Meant] = frozenset()
    for word in words:
        one = meaning(word)
        if one is None:
            close = get_close_matches(word, [*known, whole[0]], n=1)
            raise table.refusal(key, f"there is no {word!r}" + (f"; did you mean {close[0]!r}?" if close else ""))
        meant |= one
    return meant
