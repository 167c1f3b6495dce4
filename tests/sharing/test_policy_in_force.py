"""The policy in force is one for all processes, changes while they run, and releases nothing when it is unreadable."""

import json
from collections.abc import Iterator

import pytest
from sqlalchemy import update

from idp.data_sharing import policy_life
from idp.data_sharing.facts import read_record
from idp.data_sharing.partner_life import LifeError
from idp.data_sharing.policy_documents import hash_of
from idp.data_sharing.policy_in_force import position
from idp.maintenance import run_once
from idp.store import decision_records, own_entries, policies, shadow_results
from idp.store.policies import PolicyStep, StepKind, StoredPolicy
from policies.bundle import Bundle
from tests.provider.apps import STOREFRONT, TABI, tokens_for
from tests.provider.person import Person
from tests.provider.provider import HTTP, Provider, another_process, serve_here
from tests.sharing.written import SHARES_EVERYTHING, SHIPPED, put_in_force
from tests.store.rows import contents

SERVICE = "policies/service.toml"
WITHOUT_PREFECTURE = SHIPPED | {
    SERVICE: SHIPPED[SERVICE].replace('share = ["prefecture", "over_18", "over_20"]', 'share = ["over_18", "over_20"]')
}


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Provider]:
    url = f"sqlite:///{tmp_path_factory.mktemp('policies') / 'sekisho.db'}"
    with serve_here(url) as provider:
        yield provider


@pytest.fixture
def shipped(running: Provider) -> Iterator[Provider]:
    """The provider with the shipped policy in force, before a test and after it."""
    yield running
    back_to_shipped(running)


def back_to_shipped(provider: Provider) -> None:
    with provider.services.database.transaction() as connection:
        at = position(policies.steps(connection))
        step = PolicyStep(at.last + 1, hash_of(SHIPPED), StepKind.PROMOTED, "tests", "", (), provider.services.now)
        policies.take(connection, step)
    provider.services.feed.read_now()


def given(provider: Provider, token: str) -> dict[str, object]:
    answer = HTTP.get(f"{provider.url}/userinfo", headers={"Authorization": f"Bearer {token}"})
    assert answer.status_code == 200, answer.text
    claims: dict[str, object] = answer.json()
    return claims


def tabi_token(provider: Provider) -> str:
    token: str = tokens_for(Person(provider), TABI, ticks=("prefecture", "over_20"))["access_token"]
    return token


def put(provider: Provider, documents: dict[str, str]) -> None:
    put_in_force(provider.services.database, documents)
    provider.services.feed.read_now()


def test_another_policy_decides_from_one_request_to_the_next(shipped: Provider):
    """Nothing is started again: what the new policy withholds stays, and goes again when it is rolled back."""
    token = tabi_token(shipped)
    assert "prefecture" in given(shipped, token)
    put(shipped, WITHOUT_PREFECTURE)
    assert "prefecture" not in given(shipped, token)
    assert "over_20" in given(shipped, token)
    with shipped.services.database.transaction() as connection:
        policy_life.roll_back(connection, hash_of(SHIPPED), by="ken", reason="a mistake", now=shipped.services.now)
    shipped.services.feed.read_now()
    assert "prefecture" in given(shipped, token)


def test_a_process_that_starts_later_has_the_policy_in_force_and_not_its_directory(shipped: Provider):
    """The sharing directory counts at the first start of all."""
    put(shipped, WITHOUT_PREFECTURE)
    with another_process(shipped) as app:
        services = app.extensions["sekisho"]
        assert services.policy.rules.hash == hash_of(WITHOUT_PREFECTURE)
        assert services.policy.catalogue.known == shipped.services.policy.catalogue.known


@pytest.mark.parametrize("stored", ["no JSON of texts", json.dumps({**SHIPPED, SERVICE: ""}), json.dumps({})])
def test_g5_a_policy_that_is_not_what_its_hash_says_releases_nothing(shipped: Provider, stored: str):
    """Whatever somebody made of it where it is kept. The group's own apps still sign people in."""
    token, own = tabi_token(shipped), tokens_for(Person(shipped), STOREFRONT)["access_token"]
    database = shipped.services.database
    damaged = SHIPPED | {SERVICE: SHIPPED[SERVICE] + f"# {hash(stored)}\n"}
    hash_ = put_in_force(database, damaged)
    with database.transaction() as connection:
        which = policies.policies.c.hash == hash_
        connection.execute(update(policies.policies).where(which).values(documents=stored))
    shipped.services.feed.read_now()
    assert HTTP.get(f"{shipped.url}/userinfo", headers={"Authorization": f"Bearer {token}"}).status_code == 401
    assert "sub" in given(shipped, own)


def test_g5_a_policy_that_this_program_cannot_read_gives_partners_nothing(shipped: Provider):
    """The group's own apps go on by its catalogue."""
    token, own = tabi_token(shipped), tokens_for(Person(shipped), STOREFRONT)["access_token"]
    before = given(shipped, own)
    put(
        shipped,
        SHIPPED | {SERVICE: SHIPPED[SERVICE] + '[[clause]]\nid = "later"\nsays = "what only later programs read"\n'},
    )
    assert given(shipped, token).keys() == {"sub", "withheld"}
    assert given(shipped, own) == before
    assert before["email"] == "hana@example.jp"


def test_who_wrote_a_policy_does_not_promote_it_and_two_at_once_do_not_overtake_each_other(shipped: Provider):
    """A promotion holds against the policy that it was judged against; another step in between is told."""
    services = shipped.services
    written = SHIPPED | {SERVICE: SHIPPED[SERVICE] + "# another\n"}
    told = {"reason": "", "now": services.now}
    with services.database.transaction() as connection:
        proposed = policy_life.propose(connection, written, by="Yuki", **told)
        assert policy_life.propose(connection, written, by="ken", **told) == proposed
        seen = position(policies.steps(connection))
    with services.database.transaction() as connection, pytest.raises(LifeError, match="somebody else"):
        policy_life.promote(connection, seen, proposed.hash, by="yuki", signed_off=(), **told)
    with services.database.transaction() as connection:
        policy_life.promote(connection, seen, proposed.hash, by="ken", signed_off=("a widening",), **told)
    with services.database.transaction() as connection, pytest.raises(LifeError, match="another step"):
        policy_life.promote(connection, seen, proposed.hash, by="rin", signed_off=(), **told)
    leaf = json.loads(contents(services.database)["audit_entries"][-1]["leaf"])
    assert (leaf["kind"], leaf["event"], leaf["policy"]) == ("policy", "promoted", proposed.hash)
    assert (leaf["before"], leaf["widenings"]) == (seen.in_force, ["a widening"])


def test_what_never_was_in_force_cannot_be_rolled_back_to(shipped: Provider):
    """That would be a promotion without its proofs."""
    services = shipped.services
    written = SHIPPED | {SERVICE: SHIPPED[SERVICE] + "# never\n"}
    with services.database.transaction() as connection:
        proposed = policy_life.propose(connection, written, by="yuki", reason="", now=services.now)
    for hash_ in (proposed.hash, position(steps(shipped)).in_force, "0" * 64):
        with services.database.transaction() as connection, pytest.raises(LifeError):
            policy_life.roll_back(connection, hash_, by="ken", reason="", now=services.now)


def steps(provider: Provider) -> tuple[PolicyStep, ...]:
    with provider.services.database.autocommit() as connection:
        return policies.steps(connection)


# ---- a policy that is tried ------------------------------------------------------------------------------------------


def tried(provider: Provider, documents: dict[str, str]) -> str:
    database, hash_ = provider.services.database, hash_of(documents)
    with database.transaction() as connection:
        version = len(policies.everyone(connection)) + 1
        policies.add(connection, StoredPolicy(hash_, version, documents, "yuki", provider.services.now))
        policy_life.try_beside(connection, hash_, by="yuki", reason="", now=provider.services.now)
    provider.services.feed.read_now()
    return hash_


def test_a_policy_that_is_tried_changes_no_answer_and_its_difference_is_kept_once(shipped: Provider):
    """Both ways: what it would have let go besides, and what it would have kept; again and again is told once."""
    token = tabi_token(shipped)
    before = given(shipped, token)
    narrower = tried(shipped, WITHOUT_PREFECTURE)
    assert [given(shipped, token) for _ in range(3)] == [before] * 3
    assert [(one.wider, one.narrower) for one in results(shipped, narrower)] == [((), ("prefecture",))]
    put(shipped, WITHOUT_PREFECTURE)
    wider = tried(shipped, SHIPPED | {SERVICE: SHIPPED[SERVICE] + "# tried\n"})
    assert "prefecture" not in given(shipped, token)
    (result,) = results(shipped, wider)
    assert (result.wider, result.narrower, result.partner_id) == (("prefecture",), (), "tabi-points")
    with shipped.services.database.transaction() as connection:
        policy_life.stop_trying(connection, by="yuki", reason="", now=shipped.services.now)
    shipped.services.feed.read_now()
    assert shipped.services.policy.shadow is None


def results(provider: Provider, hash_: str) -> tuple[shadow_results.ShadowResult, ...]:
    with provider.services.database.autocommit() as connection:
        return shadow_results.of_policy(connection, hash_)


def test_a_policy_that_is_tried_and_fails_changes_nothing(shipped: Provider, monkeypatch: pytest.MonkeyPatch):
    """However it fails, also where its difference should be written down."""
    token = tabi_token(shipped)
    before = given(shipped, token)
    tried(shipped, SHARES_EVERYTHING | {"policies/more.toml": "# fails\n"})
    shadow = shipped.services.policy.shadow
    assert shadow is not None
    usual = Bundle.cap

    def fails(self: Bundle, *arguments: object) -> object:
        if self is shadow.bundle:
            raise MemoryError
        return usual(self, *arguments)

    monkeypatch.setattr(Bundle, "cap", fails)
    assert given(shipped, token) == before
    monkeypatch.setattr(shadow_results, "add", lambda *_: 1 / 0)
    assert given(shipped, token) == before


# ---- what decisions were made from -----------------------------------------------------------------------------------


def records(provider: Provider) -> list[bytes | None]:
    services = provider.services
    with services.database.autocommit() as connection:
        return list(decision_records.read(connection, services.sealer, 0))


def test_each_disclosure_has_its_record_sealed_and_without_a_value(shipped: Provider):
    """It opens where it belongs alone, and speaks of fields, never of what they hold."""
    token = tabi_token(shipped)
    known = len(records(shipped))
    claims = given(shipped, token)
    (content,) = records(shipped)[known:]
    record = read_record(content)
    assert record.decision["released"] == ["over_20", "prefecture"]
    assert (record.partner.id, record.policy) == ("tabi-points", shipped.services.policy.rules.hash)
    assert str(claims["prefecture"]) not in content.decode()
    entries = contents(shipped.services.database)["audit_entries"]
    assert all(b"tabi-points" not in entry["inputs"] for entry in entries if entry["inputs"])
    moved = entries[-1]["inputs"], entries[-2]["id"]
    with shipped.services.database.transaction() as connection:
        table = decision_records.audit_entries
        connection.execute(update(table).where(table.c.id == moved[1]).values(inputs=moved[0]))
    assert records(shipped)[-2:] == [None, content]


def test_records_go_with_their_age_and_with_the_person(provider: Provider):
    """The log itself stays as it is."""
    tabi_token(provider)
    entries = len(contents(provider.services.database)["audit_entries"])
    assert records(provider)
    provider.clock.forward(provider.services.settings.lifetimes.decision_record)
    run_once(provider.services)
    assert records(provider)
    provider.clock.forward(1)
    run_once(provider.services)
    assert not records(provider)
    tabi_token(provider)
    assert records(provider)
    with provider.services.database.transaction() as connection:
        account = provider.services.accounts.find_by_username(connection, "hana@example.jp")
        own_entries.forget(connection, account.id, provider.services.now)
    assert not records(provider)
    assert len(contents(provider.services.database)["audit_entries"]) > entries
