"""G12: an engine that others wrote (Cedar), given the same policy in its own language, lets the same fields go.

The translation is made from the policy files, not from what our engine compiled of them. What a field gives away, which
purpose lies below which and who is a partner of what kind are entities and their parents; Cedar walks them itself.
"""

import json
import random
from collections.abc import Iterator, Mapping
from typing import Any

import cedarpy
import pytest

from idp.policy_tools.situations import situations
from idp.policy_tools.verdict import let_go
from policies.bundle import compile_bundle
from policies.clauses import CLASSES
from policies.user import Risk
from tests.policies.worlds import shipped_catalogue, shipped_policies

CATALOGUE = shipped_catalogue()
RISKS = [risk.value for risk in Risk]
HIGHEST = {"plain": 1, "sensitive": 2, "restricted": 3}


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


def fields_test(clause: Mapping[str, Any], effect: str) -> str:
    """A field is shared if it, or one that gives it away, is named; it is withheld if one that it gives away is."""
    tests = []
    for word in words(clause[effect]):
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
    policies = ["forbid(principal, action, resource) when { resource.sensitivity > principal.examined };"]
    # What was not examined for a field is not examined for one that gives it away, either.
    policies += [
        f"forbid(principal, action, resource) when {{ {entity('Field', field.id)} in resource"
        f" && {entity('Field', field.id)}.sensitivity > principal.examined }};"
        for field in CATALOGUE.fields.values()
    ]
    although = [entity("Purpose", one.id) for one in CATALOGUE.purposes.values() if one.although_restricted]
    policies.append(
        "forbid(principal, action, resource) when { context.restricted"
        f" && !([{', '.join(although)}].contains(context.purpose)) }};"
    )
    for document in documents.values():
        for clause in document["clause"]:
            effect = "share" if "share" in clause else "never_share"
            about = f"{fields_test(clause, effect)} && {partner_test(clause)} && {purpose_test(clause)}"
            held = [condition(text) for text in words(clause.get("except_when", clause.get("when", [])))]
            if effect == "share":
                unless = f" unless {{ {any_of(held)} }}" if held else ""
                policies.append(f"permit(principal, action, resource) when {{ {about} }}{unless};")
            else:
                also = f" && {any_of(held)}" if held else ""
                policies.append(f"forbid(principal, action, resource) when {{ {about}{also} }};")
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


def cedar_lets_go(policies: Any, world: Any, chosen: list[Any]) -> list[frozenset[str]]:
    requests = [
        {
            "principal": {"type": "Partner", "id": ".".join(situation.partner_class)},
            "action": {"type": "Action", "id": "share"},
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
        effect, when = source.choice([("share", "except_when"), ("never_share", "when")])
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
    theirs = cedar_lets_go(policies, world, chosen)
    assert [let_go(bundle, situation) for situation in chosen] == theirs
