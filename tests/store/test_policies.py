"""Policies and the steps by which they come into force: added to, never changed, one at a time."""

from idp.store import policies
from idp.store.database import Database
from idp.store.policies import PolicyStep, StepKind, StoredPolicy
from tests.store.rows import NOW, at_once

WRITTEN = StoredPolicy("a" * 64, 1, {"catalogue.toml": "# 目録\n", "policies/x.toml": "a\n"}, "yuki", NOW)


def a_step(number: int, actor: str = "ken") -> PolicyStep:
    return PolicyStep(number, "a" * 64, StepKind.PROMOTED, actor, "", ("name for service with third_party.plain",), NOW)


def test_a_policy_is_kept_as_it_was_written(fresh_database: Database):
    """Whoever writes the same again changes nothing, not even who wrote it first."""
    again = StoredPolicy(WRITTEN.hash, 2, WRITTEN.documents, "ken", NOW + 1)
    with fresh_database.transaction() as connection:
        assert [policies.add(connection, policy) for policy in (WRITTEN, again)] == [True, False]
        assert policies.everyone(connection) == (WRITTEN,)
        assert policies.find(connection, WRITTEN.hash) == WRITTEN
        assert policies.find(connection, "b" * 64) is None


def test_of_fifty_who_take_the_next_step_one_does(fresh_database: Database):
    """The others are told, and find the one that was taken."""

    def take(number: int) -> bool:
        with fresh_database.transaction() as connection:
            return policies.take(connection, a_step(1, actor=f"operator {number}"))

    taken = at_once(take)
    with fresh_database.autocommit() as connection:
        (step,) = policies.steps(connection)
    assert taken.count(True) == 1
    assert step == a_step(1, actor=f"operator {taken.index(True)}")


def test_steps_are_read_in_order(fresh_database: Database):
    """However many."""
    with fresh_database.transaction() as connection:
        assert all(policies.take(connection, a_step(number)) for number in range(1, 13))
    with fresh_database.autocommit() as connection:
        assert [step.number for step in policies.steps(connection)] == list(range(1, 13))
