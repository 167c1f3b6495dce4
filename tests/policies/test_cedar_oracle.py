"""G12: an engine that others wrote (Cedar), given the same policy in its own language, decides as ours does.

It lets the same fields go, and finds the same due. The translation is made from the policy files, not from what our
engine compiled of them. What a field gives away, which purpose lies below which and who is a partner of what kind are
entities and their parents; Cedar walks them itself.
"""

import json
import random
from collections.abc import Iterator, Mapping
from typing import Any

import cedarpy
import pytest

from idp.policy_tools.situations import situations
from idp.policy_tools.verdict import let_go, owed
from policies.bundle import compile_bundle
from policies.clauses import CLASSES
from policies.obligations import CHANGING
from policies.user import Risk
from tests.policies.worlds import shipped_catalogue, shipped_policies

CATALOGUE = shipped_catalogue()
EVERYWHERE_DUE = sorted(id_ for id_, one in CATALOGUE.obligations.known.items() if one.kind not in CHANGING)
"""Obligations that can be met for any field, so that what cannot be done withholds none."""
RISKS = [risk.value for risk in Risk]
HIGHEST = {"plain": 1, "sensitive": 2, "restricted": 3}
SHARE = '(principal, action == Action::"share", resource)'


def does(action: str) -> str:
    """The head of a Cedar policy about one action: to share a field, or to owe an obligation for it."""
    return f"(principal, action == {entity('Action', action)}, resource)"


def entity(kind: str, id_: str) -> str:
    return f"{kind}::{json.dumps(id_)}"


def entities() -> list[dict[str, Any]]:
    """Fields below those that give them away, purposes below the wider ones, kinds of partner below their relation."""
    above: dict[str, list[str]] = {field: [] for field in CATALOGUE.fields}
    for field in CATALOGUE.fields.values():
        for given_away in field.discloses:
            above[given_away].append(field.id)
    made = [
        {
            "uid": {"type": "Field", "id": field.id},
            "attrs": {"sensitivity": field.sensitivity},
            "parents": [{"type": "Field", "id": one} for one in above[field.id]],
        }
        for field in CATALOGUE.fields.values()
    ]
    made += [
        {
            "uid": {"type": "Purpose", "id": purpose.id},
            "attrs": {},
            "parents": [{"type": "Purpose", "id": purpose.parent}] if purpose.parent else [],
        }
        for purpose in CATALOGUE.purposes.values()
    ]
    made += [
        {"uid": {"type": "Relation", "id": relation}, "attrs": {}, "parents": []}
        for relation in {r for r, _ in CLASSES}
    ]
    made += [
        {
            "uid": {"type": "Partner", "id": f"{relation}.{tier}"},
            "attrs": {"examined": HIGHEST[tier]},
            "parents": [{"type": "Relation", "id": relation}],
        }
        for relation, tier in CLASSES
    ]
    return made


def words(value: object) -> list[str]:
    return [value] if isinstance(value, str) else list(value)


def any_of(tests: Iterator[str] | list[str]) -> str:
    return "(" + " || ".join(tests) + ")"


def fields_test(named_by: object, effect: str) -> str:
    """A field is shared if it, or one that gives it away, is named; it is withheld if one that it gives away is."""
    tests = []
    for word in words(named_by):
        if word == "everything":
            tests.append("true")
        elif word.startswith("sensitivity"):
            least = int(word.split()[1])
            named = [field.id for field in CATALOGUE.fields.values() if field.sensitivity >= least]
            tests += [field_test(name, effect) for name in named] or ["false"]
        else:
            tests.append(field_test(word, effect))
    return any_of(tests)


def field_test(name: str, effect: str) -> str:
    here = entity("Field", name)
    return f"resource in {here}" if effect == "share" else f"{here} in resource"


def partner_test(clause: Mapping[str, Any]) -> str:
    return any_of(
        [
            "true"
            if word == "anyone"
            else f"principal == {entity('Partner', word)}"
            if "." in word
            else f"principal in {entity('Relation', word)}"
            for word in words(clause["with"])
        ]
    )


def purpose_test(clause: Mapping[str, Any]) -> str:
    return any_of(
        "true" if word == "anything" else f"context.purpose in {entity('Purpose', word)}"
        for word in words(clause["for"])
    )


def condition(text: str) -> str:
    if text.startswith("under "):
        return f"(!(context has age) || context.age < {text.split()[1]})"
    if text == "restricted":
        return "context.restricted"
    if text.startswith("risk "):
        return f"context.risk >= {RISKS.index(text.split()[1])}"
    if text.startswith("lives outside "):
        countries = json.dumps(text.removeprefix("lives outside ").split(", "))
        return f"(!(context has residence) || !({countries}.contains(context.residence)))"
    assert text == "partner abroad"
    return "(!(context has residence) || !(context has country) || context.residence != context.country)"


def translated(documents: Mapping[str, Mapping[str, Any]]) -> str:
    policies = [f"forbid{SHARE} when {{ resource.sensitivity > principal.examined }};"]
    # What was not examined for a field is not examined for one that gives it away, either.
    policies += [
        f"forbid{SHARE} when {{ {entity('Field', field.id)} in resource"
        f" && {entity('Field', field.id)}.sensitivity > principal.examined }};"
        for field in CATALOGUE.fields.values()
    ]
    although = [entity("Purpose", one.id) for one in CATALOGUE.purposes.values() if one.although_restricted]
    policies.append(
        f"forbid{SHARE} when {{ context.restricted && !([{', '.join(although)}].contains(context.purpose)) }};"
    )
    for document in documents.values():
        for clause in document["clause"]:
            effect = next(one for one in ("share", "never_share", "oblige") if one in clause)
            where = f"{partner_test(clause)} && {purpose_test(clause)}"
            about = f"{fields_test(clause[effect], effect)} && {where}"
            held = [condition(text) for text in words(clause.get("except_when", clause.get("when", [])))]
            also = f" && {any_of(held)}" if held else ""
            if effect == "share":
                unless = f" unless {{ {any_of(held)} }}" if held else ""
                policies.append(f"permit{SHARE} when {{ {about} }}{unless};")
                # What is due beside it is due whatever its exceptions are, and for all that gives the fields away.
                about, also = f"{fields_test(clause[effect], 'oblige')} && {where}", ""
            elif effect == "never_share":
                policies.append(f"forbid{SHARE} when {{ {about}{also} }};")
            policies += [f"permit{does(due)} when {{ {about}{also} }};" for due in clause.get("obligations", [])]
    return "\n".join(policies)


def context(situation) -> dict[str, Any]:
    user = situation.user
    known = {"age": user.age, "residence": user.residence, "country": situation.country or None}
    return {
        "purpose": {"__entity": {"type": "Purpose", "id": situation.purpose}},
        "restricted": user.restricted,
        "risk": RISKS.index(user.risk.value),
        **{name: value for name, value in known.items() if value is not None},
    }


def cedar_allows(policies: Any, world: Any, chosen: list[Any], action: str) -> list[frozenset[str]]:
    """For each situation the fields for which an action is allowed."""
    requests = [
        {
            "principal": {"type": "Partner", "id": ".".join(situation.partner_class)},
            "action": {"type": "Action", "id": action},
            "resource": {"type": "Field", "id": field},
            "context": context(situation),
        }
        for situation in chosen
        for field in CATALOGUE.fields
    ]
    answers = cedarpy.is_authorized_batch(requests, policies, world)
    assert not any(answer.diagnostics.errors for answer in answers)
    allowed = [
        request["resource"]["id"] if answer.allowed else None for request, answer in zip(requests, answers, strict=True)
    ]
    width = len(CATALOGUE.fields)
    return [frozenset(allowed[place : place + width]) - {None} for place in range(0, len(allowed), width)]


def random_policy(source: random.Random) -> dict[str, dict[str, Any]]:
    """Clauses of every shape, over the shipped catalogue."""
    clauses = []
    for number in range(source.randint(1, 12)):
        effect, when = source.choice([("share", "except_when"), ("never_share", "when"), ("oblige", "when")])
        clause: dict[str, Any] = {
            "id": f"c{number}",
            effect: source.choice(
                ["everything", "sensitivity 2 or more", source.sample(sorted(CATALOGUE.fields), source.randint(1, 4))]
            ),
            "with": source.choice(["anyone", "third_party", ["processor", "joint_use.restricted"]]),
            "for": source.choice(["anything", source.choice(sorted(CATALOGUE.purposes))]),
        }
        conditions = ["under 13", "under 18", "restricted", "risk high", "lives outside JP, KR", "partner abroad"]
        if source.random() < 0.6:
            clause[when] = source.sample(conditions, source.randint(1, 2))
        if effect == "oblige" or (effect == "share" and source.random() < 0.4):
            clause["obligations"] = source.sample(EVERYWHERE_DUE, source.randint(1, 3))
        clauses.append(clause)
    return {"random.toml": {"clause": clauses}}


@pytest.mark.parametrize("seed", range(12))
def test_g12_cedar_lets_the_same_fields_go(seed: int):
    """The shipped policy first, then random ones; in situations of every kind, drawn with a seed."""
    source = random.Random(seed)
    documents = shipped_policies() if seed == 0 else random_policy(source)
    bundle = compile_bundle(CATALOGUE, documents)
    policies = cedarpy.PolicySet.from_str(translated(documents))
    world = cedarpy.Entities.from_json_str(json.dumps(entities()))
    everywhere = list(situations(bundle))
    chosen = source.sample(everywhere, min(250, len(everywhere)))
    theirs = cedar_allows(policies, world, chosen, "share")
    assert [let_go(bundle, situation) for situation in chosen] == theirs


@pytest.mark.parametrize("seed", range(8))
def test_g12_cedar_finds_the_same_due(seed: int):
    """Each obligation is an action of its own in Cedar: of what goes out, for which fields it is allowed, it is due."""
    source = random.Random(f"due {seed}")
    documents = random_policy(source)
    bundle = compile_bundle(CATALOGUE, documents)
    policies = cedarpy.PolicySet.from_str(translated(documents))
    world = cedarpy.Entities.from_json_str(json.dumps(entities()))
    everywhere = list(situations(bundle))
    chosen = source.sample(everywhere, min(60, len(everywhere)))
    named = sorted({due for clause in documents["random.toml"]["clause"] for due in clause.get("obligations", [])})
    theirs = {due: cedar_allows(policies, world, chosen, due) for due in named}
    for number, situation in enumerate(chosen):
        for field, ours in owed(bundle, situation).items():
            due = [CATALOGUE.obligations.known[one] for one in named if field in theirs[one][number]]
            assert {str(kind) for kind in ours} == {str(one.kind) for one in due}
            for kind, argument in ours.items():  # of several of one kind the strictest is due
                assert argument in {one.argument for one in due if one.kind == kind}
