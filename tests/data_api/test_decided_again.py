"""G9 every day: what was recorded is decided again, and what comes out otherwise is told to whoever reads the log."""

import json
import logging

import pytest
from sqlalchemy import text

from idp.maintenance import decide_again, run_once
from idp.store import decision_records
from idp.store.decision_records import Part
from tests.data_api.conftest import reach
from tests.provider.provider import HTTP, Provider
from tests.store.rows import DAY, at_once


def told(caplog: pytest.LogCaptureFixture) -> list[str]:
    return [line for line in caplog.messages if line.startswith("security event:")]


def test_a_decision_that_comes_out_otherwise_is_told_once_a_day(
    bank: Provider, token: str, caplog: pytest.LogCaptureFixture
):
    """By partner and policy, and nobody's name; of any number of processes one looks."""
    services = bank.services
    for _ in range(3):
        assert HTTP.get(f"{bank.url}/data/v1/me", headers=reach(token)).status_code == 200
    run_once(services)
    assert told(caplog) == []
    version = "FROM agreement_versions WHERE partner_id = 'minato-bank'"
    with services.database.transaction() as connection:
        documents = connection.execute(text(f"SELECT version, document {version}")).all()
        for number, document in documents:
            changed = json.loads(document)
            changed["purposes"]["service.payment"]["fields"] = {"kyc_level": {"required": False}}
            change = text("UPDATE agreement_versions SET document = :document WHERE version = :version")
            connection.execute(change, {"document": json.dumps(changed), "version": number})
    run_once(services)
    assert told(caplog) == []  # it has looked today
    bank.clock.forward(DAY)
    with caplog.at_level(logging.ERROR):
        at_once(lambda _: decide_again(services), 4)
    *each, summary = told(caplog)
    assert summary.endswith("recorded decisions come out otherwise; see `idp policy replay`")
    assert each
    assert all("for minato-bank by policy" in line for line in each)


def test_a_part_is_so_many_from_a_place_on(bank: Provider, token: str):
    """From the first to the last; never more than asked for."""
    for _ in range(5):
        HTTP.get(f"{bank.url}/data/v1/me", headers=reach(token))
    with bank.services.database.autocommit() as connection:

        def part(place: float, most: int) -> list[bytes | None]:
            return list(decision_records.read(connection, bank.services.sealer, 0, Part(place, most)))

        everything = list(decision_records.read(connection, bank.services.sealer, 0))
        assert part(0, 10_000) == everything
        assert part(0, 2) == everything[:2]
        assert part(1, 10) == everything[-1:]
        assert 0 < len(part(0.5, 10_000)) < len(everything)
        assert part(0, 0) == []
