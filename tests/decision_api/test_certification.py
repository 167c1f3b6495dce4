"""The AuthZEN Authorization API 1.0 certification scenario, at every level: Basic, Batch, Search and Discovery.

Its fixture is `certification.toml`; titles carry the scenario's own numbers of rules and searches.
"""

from typing import Any

import pytest

from tests.decision_api.conftest import Asker, Body
from tests.provider.provider import HTTP, Provider

ALICE, BOB = {"type": "user", "id": "alice"}, {"type": "user", "id": "bob"}
ADMIN = {**BOB, "properties": {"role": "admin"}}
RECORD_1, RECORD_2 = {"type": "record", "id": "record-1"}, {"type": "record", "id": "record-2"}
ACTIVE = {**RECORD_1, "properties": {"status": "active"}}
ARCHIVED = {**RECORD_2, "properties": {"status": "archived"}}
READ, WRITE = {"name": "read"}, {"name": "write"}
CONTEXT = {"time": "2026-06-27T18:03-07:00", "ip": "192.0.2.1"}
QUESTION = {"subject": ALICE, "action": READ, "resource": RECORD_1}

# ---- Basic -----------------------------------------------------------------------------------------------------------

RULES = [
    pytest.param(ALICE, READ, RECORD_1, True, id="1 alice reads"),
    pytest.param(ALICE, WRITE, RECORD_1, True, id="2 alice writes"),
    pytest.param(BOB, READ, RECORD_1, True, id="3 bob reads"),
    pytest.param(BOB, WRITE, RECORD_1, False, id="4 bob does not write"),
    pytest.param(ALICE, WRITE, ARCHIVED, False, id="5 nobody writes what is archived"),
    pytest.param(ADMIN, WRITE, ARCHIVED, True, id="6 but an admin does"),
    pytest.param(ALICE, {"name": "delete", "properties": {"soft": True}}, RECORD_1, True, id="7 deleting softly"),
    pytest.param(ALICE, {"name": "delete", "properties": {"soft": False}}, RECORD_1, False, id="8 and for good"),
]


@pytest.mark.parametrize(("subject", "action", "resource", "decision"), RULES)
@pytest.mark.parametrize("more", [{}, {"context": CONTEXT}], ids=["", "with context"])
def test_the_eight_decisions(gate: Asker, subject: Body, action: Body, resource: Body, more: Body, *, decision: bool):
    """With context and without it, and the same answer each time."""
    assert [gate.decision(subject, action, resource, **more) for _ in range(3)] == [decision] * 3


def test_the_archive_is_told_by_the_property_not_by_the_name(gate: Asker):
    """Rule 5: what the caller tells of a thing stands over what is known of it."""
    assert not gate.decision(ALICE, WRITE, {**RECORD_1, "properties": {"status": "archived"}})
    assert gate.decision(ALICE, WRITE, {**RECORD_2, "properties": {"status": "active"}})


def test_further_properties_and_unknown_members_are_ignored(gate: Asker):
    """For forward compatibility."""
    subject = {**ALICE, "properties": {"department": "Sales", "role": "manager"}, "future": 1}
    resource = {**RECORD_1, "properties": {"status": "active", "owner": "bob", "deep": {"list": [None]}}}
    action = {"name": "read", "properties": {"method": "GET"}}
    assert gate.decision(subject, action, resource, foo="bar", futureField={"nested": True})


MALFORMED: list[Any] = [
    *({name: value for name, value in QUESTION.items() if name != left_out} for left_out in QUESTION),
    {**QUESTION, "subject": {"id": "alice"}},
    {**QUESTION, "subject": {"type": "user"}},
    {**QUESTION, "action": {}},
    {**QUESTION, "resource": {"id": "record-1"}},
    {**QUESTION, "resource": {"type": "record"}},
    {**QUESTION, "subject": "alice"},
    {**QUESTION, "action": {"name": 123}},
    {**QUESTION, "subject": {"type": 1, "id": "alice"}},
    {**QUESTION, "subject": {"type": "user", "id": ["alice"]}},
    {**QUESTION, "subject": {**ALICE, "properties": []}},
    {**QUESTION, "resource": None},
    {**QUESTION, "context": "now"},
    [QUESTION],
    "alice",
    None,
]


@pytest.mark.parametrize("body", MALFORMED)
@pytest.mark.parametrize("path", ["evaluation", "evaluations"])
def test_what_is_malformed_is_400(gate: Asker, path: str, body: Any):
    """Missing members, missing parts of them, and wrong types; a batch without questions of its own is one question."""
    answer = gate.post(path, body)
    assert (answer.status_code, answer.json()["error"]) == (400, "invalid_request")


@pytest.mark.parametrize("path", ["evaluation", "evaluations", "search/subject", "search/resource", "search/action"])
@pytest.mark.parametrize(
    ("content", "kind"),
    [
        (b'{"subject"', "application/json"),
        (b"", "application/json"),
        (b"\xff{}", "application/json"),
        (b'{"subject": {}, "subject": {}}', "application/json"),
        (b'{"page": {"limit": NaN}}', "application/json"),
        (b"subject=alice", "application/x-www-form-urlencoded"),
        (b'{"subject":{"type":"user","id":"alice"}}', "text/plain"),
    ],
)
def test_another_type_and_what_is_no_json_is_400(gate: Asker, path: str, content: bytes, kind: str):
    """Never 415, and never a guess."""
    assert gate.post(path, content=content, headers={"Content-Type": kind}).status_code == 400


@pytest.mark.parametrize("path", ["evaluation", "evaluations", "search/action"])
def test_the_request_goes_by_the_callers_name_for_it(gate: Asker, path: str):
    """X-Request-ID comes back, with errors too; without one there is none, and nothing fails."""
    headers = {"X-Request-ID": "bfe9eb29-ab87 / 4ca3"}
    body = {name: value for name, value in QUESTION.items() if name != "action"} if "search" in path else QUESTION
    assert gate.post(path, body, headers=headers).headers["x-request-id"] == headers["X-Request-ID"]
    refused = gate.post(path, {}, headers=headers)
    assert (refused.status_code, refused.headers["x-request-id"]) == (400, headers["X-Request-ID"])
    assert "x-request-id" not in gate.post(path, body).headers


# ---- Batch -----------------------------------------------------------------------------------------------------------


def decisions(gate: Asker, **body: Any) -> list[bool]:
    answer = gate.ask("evaluations", body)
    assert "decision" not in answer
    return [each["decision"] for each in answer["evaluations"]]


def test_questions_that_share_a_subject_or_a_resource(gate: Asker):
    """In the order in which they were asked."""
    assert decisions(gate, subject=ALICE, action=READ, evaluations=[{"resource": RECORD_1}, {"resource": RECORD_2}])[0]
    bobs = [{"action": READ}, {"action": WRITE}]
    assert decisions(gate, subject=BOB, resource=RECORD_1, evaluations=bobs) == [True, False]
    whole = [QUESTION, {"subject": BOB, "action": WRITE, "resource": RECORD_1}]
    assert decisions(gate, evaluations=whole) == [True, False]


def test_properties_count_question_by_question(gate: Asker):
    """Of things, and of subjects."""
    things = [{"resource": ACTIVE}, {"resource": ARCHIVED}]
    assert decisions(gate, subject=ALICE, action=WRITE, evaluations=things) == [True, False]
    people = [{"subject": ALICE}, {"subject": ADMIN}]
    assert decisions(gate, action=WRITE, resource=ARCHIVED, evaluations=people) == [False, True]


def test_what_a_question_leaves_out_it_has_from_above_and_whole(gate: Asker):
    """A resource of its own takes nothing of the one above it."""
    both = [{}, {"resource": ARCHIVED}]
    assert decisions(gate, subject=ALICE, action=WRITE, resource=ACTIVE, evaluations=both) == [True, False]
    incomplete = [{"resource": {"type": "record"}}]
    assert decisions(gate, subject=ALICE, action=WRITE, resource=ACTIVE, evaluations=incomplete) == [False]


def test_context_from_above_and_of_its_own(gate: Asker):
    """Both are taken."""
    own = [{"resource": RECORD_1}, {"resource": RECORD_1, "context": {"source": "batch"}}]
    assert decisions(gate, subject=ALICE, action=READ, context=CONTEXT, evaluations=own) == [True, True]


def test_a_question_that_is_wrong_by_itself_is_denied(gate: Asker):
    """And says why; the others are answered."""
    options = {"evaluations_semantic": "execute_all"}
    body = {"subject": ALICE, "action": READ, "options": options, "evaluations": [{"resource": RECORD_1}, {}, 7]}
    first, *wrong = gate.ask("evaluations", body)["evaluations"]
    assert first["decision"] is True
    assert [each["decision"] for each in wrong] == [False, False]
    assert wrong[0]["context"]["error"] == {"status": 400, "message": "The resource is missing."}


@pytest.mark.parametrize("more", [{}, {"evaluations": []}])
def test_a_batch_without_questions_is_a_question(gate: Asker, more: Body):
    """As `evaluation` answers it."""
    assert gate.ask("evaluations", {**QUESTION, **more}) == gate.ask("evaluation", QUESTION)


@pytest.mark.parametrize(
    ("semantic", "names", "expected"),
    [
        ("execute_all", ["read", "write", "read"], [True, False, True]),
        ("deny_on_first_deny", ["read", "write", "read"], [True, False]),
        ("deny_on_first_deny", ["read", "read"], [True, True]),
        ("permit_on_first_permit", ["write", "read", "write"], [False, True]),
        ("permit_on_first_permit", ["write", "write"], [False, False]),
    ],
)
def test_a_semantic_says_where_to_stop(gate: Asker, semantic: str, names: list[str], expected: list[bool]):
    """The question that settles it is the last that is answered."""
    several = [{"action": {"name": name}} for name in names]
    options = {"evaluations_semantic": semantic, "another": "value"}
    assert decisions(gate, subject=BOB, resource=RECORD_1, evaluations=several, options=options) == expected


def test_an_error_counts_as_a_denial(gate: Asker):
    """For deny_on_first_deny."""
    body = {"subject": ALICE, "action": READ, "evaluations": [{}, {"resource": RECORD_1}]}
    assert decisions(gate, **body, options={"evaluations_semantic": "deny_on_first_deny"}) == [False]


@pytest.mark.parametrize(
    "more",
    [
        {"evaluations": {}},
        {"evaluations": [{}] * 257},
        {"options": {"evaluations_semantic": "ask_nobody"}},
        {"options": {"evaluations_semantic": 1}},
        {"options": []},
        {"evaluations": [{}], "subject": "alice"},
        {"evaluations": [{}], "action": {}},
    ],
)
def test_what_spoils_all_of_a_batch_is_400(gate: Asker, more: Body):
    """Too many, a semantic that there is not, and what all questions would share."""
    assert gate.post("evaluations", {**QUESTION, **more}).status_code == 400


# ---- Search ----------------------------------------------------------------------------------------------------------


def found(gate: Asker, what: str, **body: Any) -> list[str]:
    """The ids or names that a search finds, each of the type that was searched."""
    results = gate.ask(f"search/{what}", body)["results"]
    assert all(each.get("type") == body.get(what, {}).get("type") for each in results)
    return [each.get("id") or each["name"] for each in results]


SEARCHES = [
    pytest.param(
        "subject", {"subject": {"type": "user"}, "action": READ, "resource": RECORD_1}, ["alice", "bob"], id="S1"
    ),
    pytest.param(
        "resource",
        {"subject": ALICE, "action": READ, "resource": {"type": "record"}},
        ["record-1", "record-2"],
        id="S2",
    ),
    pytest.param("action", {"subject": ALICE, "resource": RECORD_1}, ["read", "write"], id="S3"),
    pytest.param("subject", {"subject": {"type": "user"}, "action": WRITE, "resource": ARCHIVED}, ["bob"], id="S4"),
    pytest.param(
        "resource", {"subject": ADMIN, "action": WRITE, "resource": {"type": "record"}}, ["record-2"], id="S5"
    ),
    pytest.param("action", {"subject": ADMIN, "resource": ARCHIVED}, ["read", "write"], id="S6"),
]


@pytest.mark.parametrize(("what", "body", "expected"), SEARCHES)
def test_searches_find_what_is_permitted(gate: Asker, what: str, body: Body, expected: list[str]):
    """Whatever context says, and whichever id is named of what is searched."""
    assert found(gate, what, **body) == expected
    assert found(gate, what, **body, context=CONTEXT) == expected
    if what != "action":
        assert found(gate, what, **{**body, what: {**body[what], "id": "alice"}}) == expected


@pytest.mark.parametrize(("what", "body", "expected"), SEARCHES)
def test_whatever_is_found_is_permitted_when_asked(gate: Asker, what: str, body: Body, expected: list[str]):
    """Search semantics: each result makes a decision that is true."""
    for result in gate.ask(f"search/{what}", body)["results"]:
        told = {"properties": body[what]["properties"]} if "properties" in body.get(what, {}) else {}
        assert gate.ask("evaluation", {**body, what: {**result, **told}})["decision"] is True


@pytest.mark.parametrize(
    ("what", "body"),
    [
        ("action", {"subject": {"type": "user", "id": "nonexistent-user"}, "resource": RECORD_1}),
        ("action", {"subject": {"type": "spaceship", "id": "x"}, "resource": RECORD_1}),
        ("action", {"subject": ALICE, "resource": {"type": "planet", "id": "x"}}),
        ("subject", {"subject": {"type": "spaceship"}, "action": READ, "resource": RECORD_1}),
        ("subject", {"subject": {"type": "user"}, "action": READ, "resource": {"type": "record", "id": "none"}}),
        ("subject", {"subject": {"type": "user"}, "action": {"name": "fly"}, "resource": RECORD_1}),
        ("resource", {"subject": ALICE, "action": READ, "resource": {"type": "planet"}}),
        ("resource", {"subject": {"type": "user", "id": "nobody"}, "action": READ, "resource": {"type": "record"}}),
    ],
)
def test_what_is_unknown_finds_nothing(gate: Asker, what: str, body: Body):
    """An empty list, not an error."""
    assert found(gate, what, **body) == []


@pytest.mark.parametrize(
    ("what", "body"),
    [
        ("subject", {"subject": {"type": "user"}, "resource": RECORD_1}),
        ("resource", {"action": READ, "resource": {"type": "record"}}),
        ("action", {"subject": ALICE}),
        ("subject", {"subject": {"type": "user"}, "action": READ, "resource": {"type": "record"}}),
        ("resource", {"subject": {"type": "user"}, "action": READ, "resource": {"type": "record"}}),
        ("action", {"subject": {"type": "user"}, "resource": RECORD_1}),
        ("subject", {"subject": {}, "action": READ, "resource": RECORD_1}),
        ("resource", {"subject": ALICE, "action": {}, "resource": {"type": "record"}}),
        ("action", {"subject": ALICE, "resource": RECORD_1, "page": 1}),
        ("action", {"subject": ALICE, "resource": RECORD_1, "page": {"limit": -1}}),
        ("action", {"subject": ALICE, "resource": RECORD_1, "page": {"limit": True}}),
        ("action", {"subject": ALICE, "resource": RECORD_1, "page": {"token": "x"}}),
        ("action", {"subject": ALICE, "resource": RECORD_1, "page": {"token": None}}),
    ],
)
def test_a_search_that_lacks_something_is_400(gate: Asker, what: str, body: Body):
    """Only what is searched for goes without an id."""
    assert gate.post(f"search/{what}", body).status_code == 400


@pytest.mark.parametrize(("what", "body", "expected"), SEARCHES)
def test_page_by_page_it_is_all_of_it(gate: Asker, what: str, body: Body, expected: list[str]):
    """A token goes on where a page ended, and is an empty text at the end; the limit goes along with it."""
    results, page = [], {"limit": 1}
    while True:
        answer = gate.ask(f"search/{what}", {**body, "page": page})
        results += [each.get("id") or each["name"] for each in answer["results"]]
        assert answer["page"]["count"] == len(answer["results"]) <= 1
        assert isinstance(answer["page"]["next_token"], str)
        if not answer["page"]["next_token"]:
            break
        page = {"token": answer["page"]["next_token"]}
    assert results == expected


def test_a_token_is_for_one_search_of_one_caller(gate: Asker, tabi: Asker):
    """Another search, and another caller, begin at the beginning."""
    body = SEARCHES[0].values[1]
    token = gate.ask("search/subject", {**body, "page": {"limit": 1}})["page"]["next_token"]
    assert gate.post("search/subject", {**body, "action": WRITE, "page": {"token": token}}).status_code == 400
    assert tabi.post("search/subject", {**body, "page": {"token": token}}).status_code == 400


# ---- Discovery -------------------------------------------------------------------------------------------------------


def test_discovery_names_every_endpoint(decision_point: Provider):
    """Under the identifier of the decision point, which is the issuer."""
    answer = HTTP.get(f"{decision_point.url}/.well-known/authzen-configuration")
    assert (answer.status_code, answer.headers["content-type"]) == (200, "application/json")
    issuer = decision_point.url
    assert answer.json() == {
        "policy_decision_point": issuer,
        "access_evaluation_endpoint": f"{issuer}/access/v1/evaluation",
        "access_evaluations_endpoint": f"{issuer}/access/v1/evaluations",
        "search_subject_endpoint": f"{issuer}/access/v1/search/subject",
        "search_resource_endpoint": f"{issuer}/access/v1/search/resource",
        "search_action_endpoint": f"{issuer}/access/v1/search/action",
    }


# ---- who may ask -----------------------------------------------------------------------------------------------------


def test_rfc_6750_3_without_a_token_or_its_scope(decision_point: Provider):
    """401 with a challenge, and 403: neither is a decision."""
    url = f"{decision_point.url}/access/v1/evaluation"
    assert HTTP.post(url, json=QUESTION, headers={"X-Request-ID": "7"}).headers["x-request-id"] == "7"
    assert HTTP.post(url, json=QUESTION).status_code == 401
    token = decision_point.token("gate", grant_type="client_credentials", scope="payments:read").json()["access_token"]
    assert Asker(decision_point.url, token).post("evaluation", QUESTION).status_code == 403


def test_things_of_the_group_are_no_partners_business(tabi: Asker):
    """For a partner there are none, so it learns nothing of them."""
    assert not tabi.decision(ALICE, READ, RECORD_1)
    assert found(tabi, "subject", **SEARCHES[0].values[1]) == []
