"""What a policy that is tried would have done otherwise: kept for a while, and gone with the person."""

from dataclasses import replace

from idp.store import shadow_results
from idp.store.database import Database
from idp.store.shadow_results import ShadowResult
from tests.store.rows import NOW, new_id

RESULT = ShadowResult("a" * 64, "b" * 64, "hana", "tabi", "tabi-web", "points.credit", ("name",), ("email",), NOW)


def test_results_are_told_in_order_and_forgotten_by_age_or_with_the_person(fresh_database: Database):
    """Of one policy alone."""
    ken = replace(RESULT, account_id=new_id(), wider=(), at=NOW + 5)
    with fresh_database.transaction() as connection:
        for result in (RESULT, ken, replace(RESULT, policy="c" * 64), replace(RESULT, at=NOW + 9)):
            shadow_results.add(connection, result)
        assert shadow_results.of_policy(connection, RESULT.policy) == (RESULT, ken, replace(RESULT, at=NOW + 9))
    assert shadow_results.purge(fresh_database, NOW + 1) == 2
    with fresh_database.transaction() as connection:
        shadow_results.forget(connection, "hana")
        assert shadow_results.of_policy(connection, RESULT.policy) == (ken,)
