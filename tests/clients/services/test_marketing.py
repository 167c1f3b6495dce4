"""The campaign desk: it counts and writes to those who agreed, never too few, and to nobody who left."""

from typing import Any

import pytest
import requests

from clients.demo.browser import Browser
from clients.demo.campaign import ADULTS, MINOR
from tests.clients.group import Group

TOKYO = {"prefecture": "Tokyo", "over_20": True}


def join(group: Group, person: str, *ticks: str, decision: str = "allow") -> str:
    """Join as somebody; return the number that the desk shows them, "" after a no."""
    with Browser() as browser:
        page = browser.click(browser.open(group.places.marketing), "join")
        page = browser.press(page, "sign-in", username=person, password=group.secrets[person])
        page = browser.press(page, decision, ticks=ticks)
        return page.text_of("number") if page.has("number") else ""


def ask(group: Group, path: str, token: str, question: object) -> requests.Response:
    bearer = {"Authorization": f"Bearer {token}"}
    return requests.post(f"{group.places.marketing}/{path}", json=question, headers=bearer, timeout=20)


@pytest.fixture(scope="module")
def token(group: Group) -> str:
    """A token of the marketing team's program."""
    issued: str = group.token("campaigns", grant_type="client_credentials").json()["access_token"]
    return issued


@pytest.fixture(scope="module")
def joined(group: Group) -> set[str]:
    """Four adults who agreed to both fields, a minor who was offered nothing, and a no; the numbers of the adults."""
    assert join(group, ADULTS[0], decision="deny") == ""
    numbers = {join(group, person, *TOKYO) for person in ADULTS}
    join(group, MINOR)
    return numbers


def test_a_segment_counts_those_who_agreed_and_no_minor(group: Group, joined: set[str], token: str):
    """Four, and nothing else is said of them."""
    answer = ask(group, "segments", token, {"where": TOKYO})
    assert (answer.status_code, answer.json()) == (200, {"people": 4})
    for too_few in ({**TOKYO, "prefecture": "Osaka"}, {**TOKYO, "over_20": False}):
        assert ask(group, "segments", token, {"where": too_few}).json() == {"people": None}
        assert ask(group, "campaigns/small/sends", token, {"where": too_few}).status_code == 409


def test_whoever_leaves_mid_campaign_is_in_no_later_send(group: Group, joined: set[str], token: str):
    """The desk knows nobody: the names of a campaign are not the numbers by which people joined."""
    first = ask(group, "campaigns/autumn/sends", token, {"where": TOKYO})
    assert (first.status_code, first.json()) == (201, {"written_to": 4, "left_since": 0})
    campaigns: Any = group.apps["marketing"].extensions["campaigns"]
    before = campaigns.last("autumn")
    assert len(before) == 4
    assert not before & joined
    with Browser() as browser:
        url = f"{group.places.provider}/account/sharing"
        browser.press(browser.open(url), "sign-in", username=ADULTS[1], password=group.secrets[ADULTS[1]])
        browser.press(browser.open(url), "end-1")
    second = ask(group, "campaigns/autumn/sends", token, {"where": TOKYO})
    assert second.json() == {"written_to": 3, "left_since": 1}
    assert campaigns.last("autumn") < before


def test_guard_stands_before_the_api(group: Group, token: str):
    """RFC 6750: no token, another service's, and questions that are none."""
    other = group.token("settlement", grant_type="client_credentials").json()["access_token"]
    for path in ("segments", "campaigns/autumn/sends"):
        assert requests.post(f"{group.places.marketing}/{path}", json={}, timeout=20).status_code == 401
        assert ask(group, path, other, {"where": TOKYO}).status_code == 401
        for nonsense in (None, [], {"where": 7}):
            assert ask(group, path, token, nonsense).status_code == 400
        assert ask(group, path, token, {"where": {"birthdate": "1994-05-17"}}).json() == {"error": "invalid_request"}
