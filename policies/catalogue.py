"""Which fields of a person's data and which purposes exist: the vocabulary that all sharing is checked against.

Fields stand in a disclosure order: whoever has the date of birth can work out whether the person is over 20, so
`birthdate` discloses `over_20`. A permission reaches down that order, a refusal up. Purposes form a tree; a consent
for one is a consent for those below it. Both carry their ids in the W3C Data Privacy Vocabulary.
"""

import re
import tomllib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from graphlib import CycleError, TopologicalSorter
from types import MappingProxyType
from typing import Final

from policies.claims import READERS
from policies.obligations import ObligationError, Obligations, no_obligations, parse_obligations
from policies.reasons import NO_REASONS, ReasonError, Reasons, parse_reasons
from policies.table import Table
from policies.words import Words, parse_words

MOST_SENSITIVE: Final = 3
_NOTHING: Final[frozenset[str]] = frozenset()
_DPV: Final = re.compile(r"[a-z-]+:[A-Z][A-Za-z0-9]*")


class CatalogueError(ValueError):
    """Raised when the catalogue of fields or purposes cannot be trusted as written; says where and why."""


@dataclass(frozen=True, slots=True)
class Field:
    id: str
    text: Words
    not_shared: Words | None
    tag: Words | None
    sensitivity: int
    discloses: tuple[str, ...]
    claims: tuple[str, ...]
    dpv: str
    derived_from: str | None = None
    """The field of which this is an answer or a part, worked out when it is asked for."""


@dataclass(frozen=True, slots=True)
class Purpose:
    """`although_restricted`: data of a person whose data is not to be used goes on being used for this."""

    id: str
    parent: str | None
    text: Words
    dpv: str
    although_restricted: bool = False


@dataclass(frozen=True, slots=True)
class Catalogue:
    """Made by `parse_catalogue` alone, which is what makes its tables complete and free of cycles."""

    fields: Mapping[str, Field]
    purposes: Mapping[str, Purpose]
    scopes: Mapping[str, frozenset[str]]
    claims: Mapping[str, str]
    known: frozenset[str]
    down: Mapping[str, frozenset[str]]
    up: Mapping[str, frozenset[str]]
    lineage: Mapping[str, tuple[str, ...]]
    reasons: Reasons
    obligations: Obligations

    def closure_down(self, fields: Iterable[str]) -> frozenset[str]:
        """These fields and all that they give away: how far a permission reaches. An unknown field is nothing."""
        known, down = self.known, self.down
        return _NOTHING.union(*[down[field] for field in fields if field in known])

    def closure_up(self, fields: Iterable[str]) -> frozenset[str]:
        """These fields and all that would give them away: how far a refusal reaches."""
        known, up = self.known, self.up
        return _NOTHING.union(*[up[field] for field in fields if field in known])

    def fields_for_scopes(self, scopes: Iterable[str]) -> frozenset[str]:
        """The fields that scopes stand for (OIDC Core section 5.4); other scopes stand for none."""
        return _NOTHING.union(*[self.scopes[scope] for scope in scopes if scope in self.scopes])

    def fields_for_claims(self, claims: Iterable[str]) -> frozenset[str]:
        """The fields that claims asked for one by one belong to (OIDC Core section 5.5)."""
        return frozenset(self.claims[claim] for claim in claims if claim in self.claims)


def parse_catalogue(
    fields_toml: str, purposes_toml: str, reasons_toml: str = "", obligations_toml: str = ""
) -> Catalogue:
    """The catalogue written in these texts; CatalogueError if anything in them does not fit.

    Without reasons all are told to partners as one; without obligations whatever is named as one is unknown.
    """
    document = Table(_loaded(fields_toml, "catalogue"), "catalogue", CatalogueError).only("fields", "scopes")
    fields = {id_: _field(id_, table) for id_, table in document.table("fields").entries()}
    purposes_document = Table(_loaded(purposes_toml, "purposes"), "purposes", CatalogueError).only("purposes")
    purposes = {id_: _purpose(id_, table) for id_, table in purposes_document.table("purposes").entries()}
    down = _closures({field.id: field.discloses for field in fields.values()}, "fields", "discloses")
    _check_derivations(fields)
    parents = {purpose.id: (purpose.parent,) if purpose.parent else () for purpose in purposes.values()}
    _closures(parents, "purposes", "parent")
    return Catalogue(
        fields=MappingProxyType(fields),
        purposes=MappingProxyType(purposes),
        scopes=MappingProxyType(_scopes(document, fields)),
        claims=MappingProxyType(_claim_owners(fields.values())),
        known=frozenset(fields),
        down=MappingProxyType(down),
        up=MappingProxyType({one: frozenset(other for other in down if one in down[other]) for one in down}),
        lineage=MappingProxyType({id_: _lineage(id_, purposes) for id_ in purposes}),
        reasons=_reasons(reasons_toml),
        obligations=_obligations(obligations_toml, down),
    )


def _obligations(text: str, down: Mapping[str, frozenset[str]]) -> Obligations:
    try:
        return parse_obligations(_loaded(text, "obligations"), down) if text else no_obligations(down)
    except ObligationError as problem:
        raise CatalogueError(str(problem)) from problem


def _reasons(text: str) -> Reasons:
    try:
        return parse_reasons(_loaded(text, "reasons")) if text else NO_REASONS
    except ReasonError as problem:
        raise CatalogueError(str(problem)) from problem


def _loaded(text: str, where: str) -> dict[str, object]:
    try:
        return tomllib.loads(text)
    except tomllib.TOMLDecodeError as problem:
        raise CatalogueError(f"{where}: {problem}") from problem


def _field(id_: str, table: Table) -> Field:
    table.only("text", "not_shared", "tag", "sensitivity", "discloses", "claims", "dpv", "derived_from")
    claims = table.ids("claims")
    for claim in claims:
        if claim not in READERS:
            raise table.refusal("claims", f"nothing is known about a claim {claim!r}")
    return Field(
        id=id_,
        text=parse_words(table.table("text")),
        not_shared=parse_words(table.table("not_shared")) if table.has("not_shared") else None,
        tag=parse_words(table.table("tag")) if table.has("tag") else None,
        sensitivity=table.number("sensitivity", low=0, high=MOST_SENSITIVE),
        discloses=table.ids("discloses"),
        claims=claims,
        dpv=_dpv(table),
        derived_from=table.id("derived_from") if table.has("derived_from") else None,
    )


def _purpose(id_: str, table: Table) -> Purpose:
    table.only("parent", "text", "dpv", "although_restricted")
    parent = table.id("parent") if table.has("parent") else None
    return Purpose(
        id=id_,
        parent=parent,
        text=parse_words(table.table("text")),
        dpv=_dpv(table),
        although_restricted=table.has("although_restricted") and table.flag("although_restricted"),
    )


def _dpv(table: Table) -> str:
    dpv = table.text("dpv")
    if not _DPV.fullmatch(dpv):
        raise table.refusal("dpv", f"{dpv!r} is not a prefixed DPV term such as 'pd:EmailAddress'")
    return dpv


def _scopes(document: Table, fields: Mapping[str, Field]) -> dict[str, frozenset[str]]:
    table = document.table("scopes")
    scopes = {scope: frozenset(table.ids(scope)) for scope in table.names()}
    for scope, named in scopes.items():
        for field in sorted(named - fields.keys()):
            raise table.refusal(scope, f"there is no field {field!r}")
    return scopes


def _claim_owners(fields: Iterable[Field]) -> dict[str, str]:
    """Which field a claim belongs to. Exactly one, or a claim could go out under the wrong permission."""
    owners: dict[str, str] = {}
    for field in fields:
        for claim in field.claims:
            if claim in owners:
                raise CatalogueError(
                    f"catalogue.fields.{field.id}.claims: {claim!r} already belongs to {owners[claim]!r}"
                )
            owners[claim] = field.id
    return owners


def _check_derivations(fields: Mapping[str, Field]) -> None:
    """What is worked out of a field is given away by it; or consent to the whole would not be consent to the part."""
    for field in fields.values():
        source = field.derived_from
        if source is not None and (source not in fields or field.id not in fields[source].discloses):
            raise CatalogueError(f"catalogue.fields.{field.id}.derived_from: {source!r} does not disclose {field.id!r}")


def _closures(graph: Mapping[str, tuple[str, ...]], where: str, key: str) -> dict[str, frozenset[str]]:
    """Each node with everything that can be reached from it."""
    for node, targets in graph.items():
        for target in targets:
            if target not in graph:
                raise CatalogueError(f"{where}.{node}.{key}: there is no {target!r}")
    closures: dict[str, frozenset[str]] = {}
    try:
        for node in TopologicalSorter(graph).static_order():
            closures[node] = frozenset({node}).union(*[closures[target] for target in graph[node]])
    except CycleError as problem:
        raise CatalogueError(f"{where}: {key} goes in a circle: {' -> '.join(problem.args[1])}") from problem
    return closures


def _lineage(id_: str, purposes: Mapping[str, Purpose]) -> tuple[str, ...]:
    parent = purposes[id_].parent
    return (id_, *_lineage(parent, purposes)) if parent else (id_,)
