"""A bundle is known by the hash of its meaning, and remembers no more than it may."""

from dataclasses import replace
from itertools import islice, product

import pytest

from policies.bundle import REMEMBERED, Bundle, Narrowing, compile_bundle
from policies.catalogue import parse_catalogue
from policies.clauses import CLASSES
from policies.conditions import OLDEST
from tests.policies.test_catalogue import FIELDS, PURPOSES
from tests.policies.worlds import decision, everyday

OBLIGATIONS = """
ways_to_sign_in = ["password", "passkey"]
[obligations.brief]
kind = "expiry"
days = 1
text = { en = "x", ja = "x" }
[obligations.masked]
kind = "mask"
keep = 1
fields = ["prefecture"]
text = { en = "x", ja = "x" }
"""
CLAUSES = [
    {"id": "a", "share": ["address"], "with": "anyone", "for": "service", "except_when": ["under 18", "restricted"]},
    {"id": "b", "share": ["prefecture"], "with": ["processor"], "for": "anything", "obligations": ["brief"]},
]


def bundle(text: str = FIELDS + PURPOSES + OBLIGATIONS, clauses: list[dict[str, object]] = CLAUSES) -> Bundle:
    fields, rest = text.split("[purposes.service]")
    purposes, obligations = rest.split("ways_to_sign_in")
    catalogue = parse_catalogue(fields, f"[purposes.service]{purposes}", "", f"ways_to_sign_in{obligations}")
    return compile_bundle(catalogue, {"a.toml": {"clause": clauses}})


WHOLE = FIELDS + PURPOSES + OBLIGATIONS


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("sensitivity = 1", "sensitivity = 2"),
        ('discloses = ["prefecture"]', ""),
        ('claims = ["prefecture"]', ""),
        ('parent = "service"', ""),
        ('dpv = "dpv:DeliveryOfGoods"', 'dpv = "dpv:DeliveryOfGoods"\nalthough_restricted = true'),
        ('"password", "passkey"', '"passkey", "password"'),
        ('kind = "expiry"', 'kind = "lookback"'),
        ("days = 1", "days = 2"),
        ('fields = ["prefecture"]', 'fields = ["prefecture", "address"]'),
    ],
)
def test_another_meaning_of_the_catalogue_has_another_hash(old: str, new: str):
    """So that a decision that was made by other rules can be told from one that was made by these."""
    assert WHOLE.count(old) == 1
    assert bundle(WHOLE.replace(old, new)).hash != bundle().hash


@pytest.mark.parametrize(
    "change",
    [
        {"id": "c"},
        {"share": ["prefecture"]},
        {"with": "third_party"},
        {"for": "service.delivery"},
        {"except_when": ["under 18"]},
        {"obligations": ["brief"]},
    ],
)
def test_another_meaning_of_a_clause_has_another_hash(change: dict[str, object]):
    assert bundle(clauses=[{**CLAUSES[0], **change}, CLAUSES[1]]).hash != bundle().hash


def test_words_order_and_files_have_no_part_in_the_hash():
    """The same rules by another hand are the same rules."""
    first, second = FIELDS.index("[fields.address]"), FIELDS.index("[fields.prefecture]")
    scopes = FIELDS.index("[scopes]")
    turned = FIELDS[second:scopes] + FIELDS[first:second] + FIELDS[scopes:]
    words = WHOLE.replace(FIELDS, turned.replace("Prefecture", "Region"))
    assert bundle(words).hash == bundle().hash
    mixed = [{**CLAUSES[0], "except_when": ["restricted", "under 18"]}, CLAUSES[1]]
    assert bundle(clauses=mixed[::-1]).hash == bundle(clauses=mixed).hash == bundle().hash
    assert repr(bundle()) == f"Bundle({bundle().hash[:12]})"


def test_what_is_remembered_has_a_bound():
    """Every agreement that is read anew is another; a server that runs for months does not keep them all."""
    world = everyday()
    small = bundle()
    terms = world.agreement.purposes["points.credit"]
    many = [replace(terms) for _ in range(REMEMBERED + 1)]
    for number, each in enumerate(many, start=1):
        small.share(world.partner, each, "service", world.user)
        assert len(small._shares) == (number if number <= REMEMBERED else 1)


def test_caps_have_the_same_bound():
    """Whatever is asked: for every kind of person and partner and every purpose another cap."""
    world = everyday()
    ages = [f"under {age}" for age in range(1, OLDEST + 1)]
    small = bundle(clauses=[{**CLAUSES[0], "except_when": [*ages, "restricted"]}])
    asked = product(CLASSES, small.catalogue.purposes, (False, True), range(OLDEST + 1))
    for number, ((relation, tier), purpose, restricted, age) in enumerate(islice(asked, REMEMBERED + 1), start=1):
        partner = replace(world.partner, legal_relation=relation, tier=tier)
        small.cap(partner, purpose, replace(world.user, age=age, restricted=restricted))
        assert len(small._caps) == (number if number <= REMEMBERED else 1)


def test_what_is_left_of_a_share_is_worked_out_once_and_has_the_same_bound():
    """The second decision of one shape is the memory of the first."""
    world = everyday()
    assert decision(world).withheld is decision(world).withheld
    small = bundle()
    share = small.share(world.partner, world.agreement.purposes["points.credit"], "service", world.user)
    nothing = Narrowing(frozenset(), {}, {}, {}, None)
    for number in range(1, REMEMBERED + 2):
        by = id(share), frozenset[str](), number, 0, 0, False
        assert small.remember(share, by, nothing) is small.narrowing(by) is nothing
        assert len(small._narrowings) == (number if number <= REMEMBERED else 1)


def test_a_cap_blames_what_it_does_not_hold_and_nothing_else():
    """Every field is in one of both."""
    world = everyday()
    for age in (12, 32):
        cap = world.bundle.cap(world.partner, "service", replace(world.user, age=age))
        assert cap.blame.keys() == world.catalogue.fields.keys() - world.bundle.names(cap.mask)


def test_two_bundles_of_one_meaning_are_two():
    """They go by their hash; each remembers for itself."""
    one, other = bundle(), bundle()
    assert one != other
    assert len({one, other, one}) == 2
