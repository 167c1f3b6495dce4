"""May an app share a person's data? Decided like every answer to a partner, and nothing goes out by asking."""

from typing import Any

import pytest

from idp.protocol.grants import Initiator, Why
from idp.services import EXTENSION, Services
from idp.store import grants
from idp.store.grants import Grant
from tests.audit.test_complete import leaves
from tests.data_api.conftest import account_of
from tests.decision_api.conftest import Asker, Body
from tests.provider.apps import App, tokens_for
from tests.provider.person import Person
from tests.provider.provider import HTTP, Provider, another_process
from tests.provider.waiting import eventually

PURPOSE = "points.credit"
SERVER = App("tabi-server", "https://tabi.example.test/callback", "openid email prefecture over_20 offline_access")
APP = {"type": "partner_app", "id": "tabi-server"}
SHARE = {"name": "share"}


@pytest.fixture
def services(decision_point: Provider) -> Services:
    assert decision_point.services is not None
    return decision_point.services


@pytest.fixture
def tokens(decision_point: Provider) -> dict[str, Any]:
    """Hana shares her prefecture with Tabi's server, and nothing else that it asked for."""
    return tokens_for(Person(decision_point), SERVER, prompt="consent", ticks=("prefecture",))


@pytest.fixture
def grant(services: Services, tokens: dict[str, Any]) -> Grant:
    with services.database.autocommit() as connection:
        found = grants.find(connection, account_of(services), "tabi-server", PURPOSE)
    assert found is not None
    return found


@pytest.fixture
def sub(services: Services, grant: Grant) -> str:
    """What Tabi knows Hana by."""
    client = services.find_client("tabi-server")
    assert client is not None
    return services.sharing.subject(client, grant.account_id)


def data(person: str, *fields: str, **more: Any) -> Body:
    return {"type": "user_data", "id": person, "properties": {**({"fields": fields} if fields else {}), **more}}


def ask(asker: Asker, resource: Body, **context: Any) -> Body:
    return asker.ask("evaluation", {"subject": APP, "action": SHARE, "resource": resource, "context": context})


def test_a_service_asks_about_an_app_and_a_person(gate: Asker, grant: Grant, services: Services):
    """By the account's own name; all that the app would be told, and never a value."""
    answer = ask(gate, data(grant.account_id, "prefecture", "over_20", "email", "blood_type"), purpose=PURPOSE)
    context = answer["context"]
    assert len(context.pop("decision_id")) == 22
    assert len(context.pop("policy")) == 64
    not_agreed = {"reason": "FIELD_NOT_IN_AGREEMENT", "requestable": False}
    assert answer == {
        "decision": False,
        "context": {
            "released": ["prefecture"],
            "withheld": {
                "blood_type": not_agreed,
                "email": not_agreed,
                "over_20": {"reason": "FIELD_NOT_CONSENTED", "requestable": True},
            },
            "obligations": {},
            "expires_at": grant.expires_at,
        },
    }
    assert "Tokyo" not in str(answer)


def test_an_app_asks_about_itself_by_its_own_names(tabi: Asker, grant: Grant, sub: str):
    """With the pairwise name, and the grant that this leads to a person by."""
    assert ask(tabi, data(sub, "prefecture"), grant_id=grant.id)["decision"] is True
    assert ask(tabi, data(sub), grant_id=grant.id, purpose=PURPOSE)["context"]["released"] == ["prefecture"]
    assert ask(tabi, data(sub, "prefecture", "over_20"), grant_id=grant.id)["decision"] is False


def test_it_is_the_decision_of_the_data_api(
    tabi: Asker, grant: Grant, sub: str, tokens: dict[str, Any], decision_point: Provider
):
    """Field by field, with the same codes and the same end."""
    names = ["prefecture", "over_20", "birthdate", "blood_type", "name"]
    answer = HTTP.get(
        f"{decision_point.url}/data/v1/me",
        params={"fields": ",".join(names)},
        headers={"Authorization": f"Bearer {tokens['access_token']}"},
    ).json()
    context = ask(tabi, data(sub, *names), grant_id=grant.id)["context"]
    assert context["released"] == sorted(answer["data"])
    assert context["withheld"] == answer["withheld"]
    assert context["expires_at"] == answer["expires_at"]


def test_the_same_question_has_the_same_answer_until_something_changes(
    tabi: Asker, grant: Grant, sub: str, decision_point: Provider
):
    """Byte by byte, its name included, in every process; another consent is another decision."""
    question = {"subject": APP, "action": SHARE, "resource": data(sub), "context": {"grant_id": grant.id}}
    first = tabi.post("evaluation", question).content
    assert {tabi.post("evaluation", question).content for _ in range(3)} == {first}
    with another_process(decision_point) as app:
        headers = {"Authorization": f"Bearer {tabi.token}"}
        assert app.test_client().post("/access/v1/evaluation", json=question, headers=headers).data == first
    tokens_for(Person(decision_point), SERVER, prompt="consent", ticks=("prefecture", "over_20"))
    assert eventually(lambda: tabi.post("evaluation", question).content != first)


def test_nothing_is_written_down_for_nothing_goes_out(
    gate: Asker, tabi: Asker, grant: Grant, sub: str, services: Services
):
    """No leaf of the log, no use of a quota, no access on the person's page."""
    with services.database.autocommit() as connection:
        tables = ("audit_entries", "quotas")
        count = lambda: [connection.exec_driver_sql(f"SELECT count(*) FROM {name}").scalar() for name in tables]  # noqa: E731, S608
        before = count()
        assert ask(tabi, data(sub), grant_id=grant.id)["decision"] is True
        assert ask(gate, data(grant.account_id, "prefecture"), purpose=PURPOSE)["decision"] is True
        gate.ask("search/resource", {"subject": APP, "action": SHARE, "resource": {"type": "user_data"}})
        assert count() == before
    assert leaves(services)


@pytest.mark.parametrize(
    "change",
    [
        {"subject": {"type": "partner_app", "id": "tabi-points"}},
        {"subject": {"type": "partner_app", "id": "kaze-ads"}},
        {"subject": {"type": "partner_app", "id": "no such app\x00"}},
        {"subject": {"type": "user", "id": "tabi-server"}},
        {"action": {"name": "delete"}},
        {"resource": {"type": "user_data", "id": "somebody else"}},
        {"context": {}},
        {"context": {"grant_id": "no such grant\x00"}},
        {"context": {"grant_id": "A" * 22}},
    ],
)
def test_about_others_an_app_learns_nothing(tabi: Asker, grant: Grant, sub: str, change: Body):
    """Another partner's app, its own partner's other app, a person without the grant, a grant that is not its own."""
    question = {"subject": APP, "action": SHARE, "resource": data(sub), "context": {"grant_id": grant.id}}
    assert tabi.ask("evaluation", question)["decision"] is True
    answer = tabi.ask("evaluation", {**question, **change})
    assert answer["decision"] is False
    assert set(answer["context"]) == {"reason"}


def test_the_grant_of_another_app_looks_like_none(decision_point: Provider, tabi: Asker, sub: str, services: Services):
    """Also one of its own partner's: each app is told about itself."""
    tokens_for(Person(decision_point), App("tabi-points", "http://127.0.0.1:8402/callback", "openid prefecture"))
    with services.database.autocommit() as connection:
        other = grants.find(connection, account_of(services), "tabi-points", PURPOSE)
    assert other is not None
    none = {"decision": False, "context": {"reason": "NO_CONSENT"}}
    assert ask(tabi, data(sub), grant_id=other.id) == none
    assert ask(tabi, data(sub), grant_id="A" * 22) == none


@pytest.mark.parametrize(
    ("resource", "context"),
    [
        ({"fields": "prefecture"}, {}),
        ({"fields": ["Prefecture"]}, {}),
        ({"fields": [1]}, {}),
        ({"fields": ["a"] * 65}, {}),
        ({}, {"grant_id": 7}),
        ({}, {"purpose": ["points.credit"]}),
    ],
)
def test_what_cannot_be_meant_is_400(tabi: Asker, sub: str, resource: Body, context: Body):
    """Names of fields, of the purpose and of the grant."""
    body = {"subject": APP, "action": SHARE, "resource": data(sub, **resource), "context": context}
    assert tabi.post("evaluation", body).status_code == 400


@pytest.mark.parametrize("purpose", ["marketing.news", "service", "x\x00", ""])
def test_g11_for_another_purpose_there_is_no_consent(gate: Asker, tabi: Asker, grant: Grant, sub: str, purpose: str):
    """Neither by the grant nor by the person."""
    assert ask(tabi, data(sub), grant_id=grant.id, purpose=purpose)["decision"] is False
    assert ask(gate, data(grant.account_id, "prefecture"), purpose=purpose)["decision"] is False


def test_searches_find_people_apps_and_what_may_be_done(gate: Asker, tabi: Asker, grant: Grant, sub: str):
    """And what is found may be asked about as it stands."""
    people = {
        "subject": APP,
        "action": SHARE,
        "resource": {"type": "user_data", "properties": {"fields": ["prefecture"]}},
    }
    (hana,) = tabi.ask("search/resource", people)["results"]
    assert hana == {"type": "user_data", "id": sub, "properties": {"grant_id": grant.id, "purpose": PURPOSE}}
    assert tabi.ask("evaluation", {"subject": APP, "action": SHARE, "resource": hana})["decision"] is True
    (theirs,) = gate.ask("search/resource", people)["results"]
    assert theirs["id"] == grant.account_id
    more = {**people, "resource": {"type": "user_data", "properties": {"fields": ["over_20"]}}}
    assert tabi.ask("search/resource", more)["results"] == []
    assert (
        tabi.ask("search/resource", {**people, "subject": {"type": "partner_app", "id": "kaze-ads"}})["results"] == []
    )
    apps = {"subject": {"type": "partner_app"}, "action": SHARE, "resource": hana}
    assert tabi.ask("search/subject", apps)["results"] == [APP]
    services = {**apps, "resource": data(grant.account_id, "prefecture"), "context": {"purpose": PURPOSE}}
    assert APP in gate.ask("search/subject", services)["results"]
    assert tabi.ask("search/action", {"subject": APP, "resource": hana})["results"] == [SHARE]
    assert tabi.ask("search/action", {"subject": APP, "resource": data(sub)})["results"] == []


def test_g3_the_end_of_a_grant_is_the_end_of_its_decisions(
    decision_point: Provider, services: Services, tabi: Asker, grant: Grant, sub: str
):
    """Within a second; and what becomes of the person then is not told by a reason."""
    assert ask(tabi, data(sub), grant_id=grant.id)["decision"] is True
    with services.database.transaction() as connection:
        services.sharing.end(connection, grant, Initiator.USER, Why.USER_REVOKED, services.now)
    with another_process(decision_point) as app:
        assert app.extensions[EXTENSION] is not services
    none = {"decision": False, "context": {"reason": "NO_CONSENT"}}
    assert eventually(lambda: ask(tabi, data(sub), grant_id=grant.id) == none)
    people = {"subject": APP, "action": SHARE, "resource": {"type": "user_data"}}
    assert tabi.ask("search/resource", people)["results"] == []


def test_first_parties_do_not_ask(decision_point: Provider):
    """They have no agreement to ask about, and no such scope."""
    rules = decision_point.services.scope_rules
    storefront = decision_point.services.find_client("storefront")
    assert not rules.may_have(storefront, "access_decisions")
