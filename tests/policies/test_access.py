"""Rules about things of the group's own: what no rule permits is denied, and a file that does not fit does not load."""

import tomllib
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from policies.access import NO_RULES, AccessRulesError, Act, Entity, parse_access_rules

TEXT = """
[subjects.user]
alice = { level = 1 }
[resources.record]
one = { editor = "alice", open = true, size = 1 }
[[rules]]
id = "editors-write"
subject = "user"
actions = ["write", "read"]
resource = "record"
relation = "editor"
subject_is = { level = 1 }
resource_is = { open = true }
action_is = { soft = true }
"""
RULES = parse_access_rules(tomllib.loads(TEXT))
ALICE, ONE = Entity("user", "alice"), Entity("record", "one")
SOFTLY = Act("write", {"soft": True})


def test_a_rule_permits_when_all_of_it_holds():
    """And is named."""
    assert RULES.permitting(ALICE, SOFTLY, ONE) == "editors-write"


@pytest.mark.parametrize(
    ("subject", "act", "resource"),
    [
        (Entity("user", "bob"), SOFTLY, ONE),
        (Entity("group", "alice"), SOFTLY, ONE),
        (ALICE, Act("delete", {"soft": True}), ONE),
        (ALICE, Act("write"), ONE),
        (ALICE, Act("write", {"soft": 1}), ONE),
        (ALICE, Act("write", {"soft": "true"}), ONE),
        (ALICE, SOFTLY, Entity("record", "two")),
        (ALICE, SOFTLY, Entity("record", "one", {"open": False})),
        (ALICE, SOFTLY, Entity("record", "one", {"open": 1})),
        (Entity("user", "alice", {"level": True}), SOFTLY, ONE),
        (Entity("user", "alice", {"level": None}), SOFTLY, ONE),
    ],
)
def test_anything_else_is_denied(subject: Entity, act: Act, resource: Entity):
    """Somebody or something unknown, a condition that does not hold, and a value of another type: 1 is not true."""
    assert RULES.permitting(subject, act, resource) is None
    assert NO_RULES.permitting(ALICE, SOFTLY, ONE) is None


def test_nobody_tells_that_they_are_an_editor():
    """A relation is the file's to say."""
    rules = parse_access_rules(tomllib.loads(TEXT.replace('editor = "alice"', 'editor = "bob"')))
    assert rules.permitting(ALICE, SOFTLY, Entity("record", "one", {"editor": "alice"})) is None


VALUES = st.one_of(st.none(), st.booleans(), st.integers(-1, 2), st.text(max_size=3), st.lists(st.none(), max_size=1))
TOLD = st.dictionaries(st.sampled_from(["level", "open", "soft", "editor", "x"]), VALUES)


@given(TOLD, TOLD, TOLD)
def test_whatever_is_told_permits_only_what_is_written(subject: dict, act: dict, resource: dict):
    """The rule's own sentence, said again."""
    permitted = RULES.permitting(Entity("user", "alice", subject), Act("write", act), Entity("record", "one", resource))
    holds = (
        type(subject.get("level", 1)) is int
        and subject.get("level", 1) == 1
        and resource.get("open", True) is True
        and act.get("soft") is True
    )
    assert (permitted is not None) == holds


@pytest.mark.parametrize(
    ("before", "after", "complaint"),
    [
        ('id = "editors-write"', 'id = "Editors"', "is not an id"),
        ('actions = ["write", "read"]', "actions = []", "names nothing"),
        ('subject = "user"', 'subject = "group"', "of which nobody and nothing is known"),
        ("action_is = { soft = true }", "action_is = { soft = 0.5 }", "must be text, a whole number, true or false"),
        ("level = 1 }\n[res", "Level = 1 }\n[res", "is not an id"),
        ('resource = "record"', 'resource = "group"', "of which nobody and nothing is known"),
        ("relation =", "relations =", "is not known here"),
        ("one = { editor", '"One" = { editor', "is not an id"),
        ("open = true", '"o-pen" = true', "is not the name of a property"),
        ("subject_is = { level = 1 }", "subject_is = { le-vel = 1 }", "is not the name of a property"),
        ("[resources.record]\none =", "[resources.record]\none = 1 #", "must be a table"),
    ],
)
def test_a_file_that_does_not_fit_says_where(before: str, after: str, complaint: str):
    """Nearly right would mean more or less than its author wrote."""
    assert before in TEXT
    with pytest.raises(AccessRulesError, match=complaint):
        parse_access_rules(tomllib.loads(TEXT.replace(before, after)))


@pytest.mark.parametrize("document", [{}, {"subjects": []}, {"subjects": {}, "resources": {}, "rule": []}])
def test_both_tables_must_be_there(document: dict[str, Any]):
    """And nothing that is not known."""
    with pytest.raises(AccessRulesError):
        parse_access_rules(document)
    assert parse_access_rules({"subjects": {}, "resources": {}}).rules == ()


def test_two_rules_cannot_have_one_name():
    """Or nobody could tell by which of them something was permitted."""
    rule = TEXT[TEXT.index("[[rules]]") :]
    with pytest.raises(AccessRulesError, match="two rules have one id"):
        parse_access_rules(tomllib.loads(TEXT + rule))
    assert len(parse_access_rules(tomllib.loads(TEXT + rule.replace("editors-write", "again"))).rules) == 2


MANY = parse_access_rules(
    tomllib.loads(
        """
[subjects.user]
carol = {}
alice = {}
bob = { away = true }
[subjects.robot]
r2 = {}
[resources.record]
two = {}
one = { owner = "alice" }
[resources.page]
home = {}
[[rules]]
id = "read"
subject = "user"
actions = ["read"]
resource = "record"
subject_is = { away = false }
[[rules]]
id = "own"
subject = "user"
actions = ["write", "delete"]
resource = "record"
relation = "owner"
[[rules]]
id = "sweep"
subject = "robot"
actions = ["delete"]
resource = "record"
action_is = { soft = true }
""".replace("carol = {}", "carol = { away = false }").replace("alice = {}", "alice = { away = false }")
    )
)


def test_who_may_what_may_be_done_and_to_what_are_found():
    """AuthZEN 1.0, searches: everybody and everything that a question would permit, in order, and nothing else."""
    alice, one = Entity("user", "alice"), Entity("record", "one")
    assert list(MANY.subjects_who_may("user", Act("read"), one)) == ["alice", "carol"]
    assert list(MANY.subjects_who_may("user", Act("write"), one)) == ["alice"]
    assert list(MANY.subjects_who_may("robot", Act("delete", {"soft": True}), one)) == ["r2"]
    assert list(MANY.subjects_who_may("ghost", Act("read"), one)) == []
    assert list(MANY.resources_open_to(alice, Act("read"), "record")) == ["one", "two"]
    assert list(MANY.resources_open_to(alice, Act("write"), "record")) == ["one"]
    assert list(MANY.resources_open_to(alice, Act("read"), "page")) == []
    assert list(MANY.resources_open_to(alice, Act("read"), "ghost")) == []
    assert list(MANY.actions_open_to(alice, one)) == ["delete", "read", "write"]
    assert list(MANY.actions_open_to(Entity("robot", "r2"), one)) == []
    assert MANY.permitting(alice, Act("delete"), one) == "own"
