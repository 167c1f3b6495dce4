"""Who may do what with things of the group's own: a short list of rules, each of which permits, in one file.

This is beside partner sharing and decides nothing about people's data. What no rule permits is denied, and so is
everything about a subject or thing that the file does not name. What a caller tells of one stands over what the file
knows of it, for it may have changed since; who stands in which relation to a thing is the file's alone to say.
"""

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Final

from policies.table import Table

Value = str | int | bool
Known = Mapping[str, Mapping[str, Mapping[str, Value]]]
"""By type and id, what is known of somebody or something."""
_NOTHING: Final[Mapping[str, Value]] = MappingProxyType({})
_PROPERTY: Final = re.compile(r"[a-z][a-z0-9_]{0,63}")


class AccessRulesError(ValueError):
    """Raised when a file of access rules cannot be trusted as written; says where and why."""


@dataclass(frozen=True, slots=True)
class Entity:
    """A subject or a thing as a question names it, with what the question tells of it."""

    type: str
    id: str
    told: Mapping[str, object] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Act:
    """What is to be done, with what the question tells of it."""

    name: str
    told: Mapping[str, object] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Rule:
    """Subjects of a type may do these things to things of a type, under conditions that must all hold.

    With a `relation`, only to those that name them in it: `editor` permits somebody who is a thing's `editor`.
    """

    id: str
    subject: str
    actions: tuple[str, ...]
    resource: str
    relation: str
    subject_is: Mapping[str, Value]
    resource_is: Mapping[str, Value]
    action_is: Mapping[str, Value]


@dataclass(frozen=True, slots=True)
class AccessRules:
    """Made by `parse_access_rules` alone."""

    subjects: Known
    resources: Known
    rules: tuple[Rule, ...]

    def permitting(self, subject: Entity, act: Act, resource: Entity) -> str | None:
        """The rule that permits this, or None: it is denied."""
        who = self.subjects.get(subject.type, {}).get(subject.id)
        what = self.resources.get(resource.type, {}).get(resource.id)
        if who is None or what is None:
            return None
        for rule in self.rules:
            if (
                (rule.subject, rule.resource) == (subject.type, resource.type)
                and act.name in rule.actions
                and (not rule.relation or what.get(rule.relation) == subject.id)
                and _holds(rule.subject_is, {**who, **subject.told})
                and _holds(rule.resource_is, {**what, **resource.told})
                and _holds(rule.action_is, act.told)
            ):
                return rule.id
        return None

    def subjects_who_may(self, type_: str, act: Act, resource: Entity) -> Iterator[str]:
        """The ids of all who may, in order."""
        for id_ in sorted(self.subjects.get(type_, {})):
            if self.permitting(Entity(type_, id_), act, resource):
                yield id_

    def resources_open_to(self, subject: Entity, act: Act, type_: str) -> Iterator[str]:
        """The ids of all things to which this may be done, in order."""
        for id_ in sorted(self.resources.get(type_, {})):
            if self.permitting(subject, act, Entity(type_, id_)):
                yield id_

    def actions_open_to(self, subject: Entity, resource: Entity) -> Iterator[str]:
        """The names of all that may be done without saying more about how, in order."""
        for name in sorted({name for rule in self.rules for name in rule.actions}):
            if self.permitting(subject, Act(name), resource):
                yield name


NO_RULES: Final = AccessRules(MappingProxyType({}), MappingProxyType({}), ())


def parse_access_rules(document: Mapping[str, object]) -> AccessRules:
    """The rules that a document holds.

    Raises:
        AccessRulesError: naming what does not fit.
    """
    table = Table(document, "rules", AccessRulesError).only("subjects", "resources", "rules")
    subjects, resources = _known(table, "subjects"), _known(table, "resources")
    rules = tuple(_rule(each) for each in table.tables("rules"))
    for rule in rules:
        if rule.subject not in subjects or rule.resource not in resources:
            raise table.refusal("rules", f"{rule.id!r} is about a type of which nobody and nothing is known")
    if len({rule.id for rule in rules}) < len(rules):
        raise table.refusal("rules", "two rules have one id")
    return AccessRules(subjects, resources, rules)


def _known(table: Table, key: str) -> Known:
    return MappingProxyType(
        {
            type_: MappingProxyType({id_: _properties(each, tuple(each.names())) for id_, each in entities.entries()})
            for type_, entities in table.table(key).entries()
        }
    )


def _rule(table: Table) -> Rule:
    table.only("id", "subject", "actions", "resource", "relation", "subject_is", "resource_is", "action_is")
    actions = table.ids("actions")
    if not actions:
        raise table.refusal("actions", "names nothing that may be done")
    return Rule(
        id=table.id("id"),
        subject=table.id("subject"),
        actions=actions,
        resource=table.id("resource"),
        relation=table.id("relation") if table.has("relation") else "",
        subject_is=_conditions(table, "subject_is"),
        resource_is=_conditions(table, "resource_is"),
        action_is=_conditions(table, "action_is"),
    )


def _conditions(table: Table, key: str) -> Mapping[str, Value]:
    if not table.has(key):
        return _NOTHING
    conditions = table.table(key)
    return _properties(conditions, tuple(conditions.names()))


def _properties(table: Table, names: Iterable[str]) -> Mapping[str, Value]:
    for name in names:
        if not _PROPERTY.fullmatch(name):
            raise table.refusal(name, "is not the name of a property (small ASCII letters, digits and '_')")
    return MappingProxyType({name: table.plain(name) for name in names})


def _holds(conditions: Mapping[str, Value], known: Mapping[str, object]) -> bool:
    """Whether all is as it must be, by type too: to Python, 1 equals true."""
    return all(type(known.get(name)) is type(value) and known[name] == value for name, value in conditions.items())
