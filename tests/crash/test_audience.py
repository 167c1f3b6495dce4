"""G10 under SIGKILL where one answer is about many people: all of them have their leaf in the log, or none has."""

from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path

from tests.crash.load import Load, expect
from tests.crash.test_disclosures import BETWEEN, exported, kill_under_load, services_of
from tests.crash.test_killed_server import LONG
from tests.data_api.desk import ADULT, LIMITS, TOKYO, agree, ask, declare_desk, make, own_token
from tests.provider.provider import Provider, serve_elsewhere

CROWD = 9
FOR_LONG = {**LIMITS, "IDP_DATA_API__AUDIENCE_WINDOW": "604800"}


@dataclass
class Desk:
    """The advertiser as it asks on: how many each answer that reached it named, or counted, by its decision."""

    load: Load
    token: str
    named: dict[str, int] = field(default_factory=dict)
    counted: dict[str, int] = field(default_factory=dict)

    def ask_on(self, number: int) -> None:
        """Ask for the names of a campaign and for the number, again and again."""
        while not self.load.over.is_set():
            for question in ({"campaign": f"campaign-{number}"}, {}):
                answer = self.load.ask(lambda: ask(self.load.provider, TOKYO, self.token, **question))  # noqa: B023 - asked now
                if not expect(self.load, answer, 200):
                    return
                body = answer.json()
                if "members" in body:
                    self.named[body["decision_id"]] = len(body["members"])
                else:
                    self.counted[body["decision_id"]] = body["count"]


def test_of_every_answer_as_many_leaves_as_people(store_url: str, tmp_path: Path):
    """Names of campaigns without end, and a number that is told once; what reached nobody stands in the log whole."""
    with serve_elsewhere(store_url, workers=2, **LONG, **FOR_LONG) as provider:
        with services_of(provider) as services:
            market = Provider(provider.url, store_url, provider.secrets, services=services)
            declare_desk(market)
            for _ in range(CROWD):
                agree(market, make(market, ADULT))
        desk = Desk(Load(provider), own_token(provider))
        kill_under_load(desk.load, desk.ask_on)
        assert desk.load.problems == []
        with services_of(provider) as services:
            leaves = exported(services, tmp_path / "log")
    answered = {**desk.named, **desk.counted}
    assert len(desk.counted) == 1
    assert len(desk.named) >= BETWEEN
    assert set(answered.values()) == {CROWD}
    logged = Counter(leaf["decision"] for leaf in leaves if leaf.get("surface") == "data_audience")
    assert set(logged.values()) == {CROWD}
    assert answered.keys() <= logged.keys()
    assert len(logged) - len(answered) <= desk.load.lost + desk.load.unavailable
