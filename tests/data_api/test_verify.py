"""POST /data/v1/verify: yes or no to what a partner states, and never the value (data-sharing model 4.3)."""

import json
from typing import Any

import httpx
import pytest

from idp.store import quotas
from tests.audit.test_complete import leaves
from tests.data_api.conftest import BANK, DAY, reach
from tests.provider.apps import TABI, tokens_for
from tests.provider.person import Person
from tests.provider.provider import HTTP, Provider
from tests.test_userinfo import challenge

EVERYTHING = {
    "over_18": True,
    "over_20": True,
    "name_match": "サトウ ハナ",
    "same_prefecture": "東京都",
    "kyc_level": 2,
}


@pytest.fixture(autouse=True)
def fresh_guesses(bank: Provider):
    """Each test may guess anew."""
    quotas.purge(bank.services.database, int(bank.clock()) + 400 * DAY)


def ask(bank: Provider, token: str, **asked: Any) -> httpx.Response:
    return HTTP.post(f"{bank.url}/data/v1/verify", headers=reach(token), json={"ask": asked})


def answers(bank: Provider, token: str, **asked: Any) -> dict[str, str]:
    response = ask(bank, token, **asked)
    assert response.status_code == 200, response.text
    found: dict[str, str] = response.json()["answers"]
    return found


def test_every_question_has_an_answer(bank: Provider, token: str):
    """One letter each, with the decision and the end of the grant."""
    response = ask(bank, token, **EVERYTHING)
    body = response.json()
    assert body["answers"] == dict.fromkeys(EVERYTHING, "Y")
    assert (body["withheld"], body["purpose"], len(body["decision_id"])) == ({}, "service.payment", 22)
    assert body["expires_at"] > int(bank.clock())
    assert response.headers["cache-control"] == "no-store"


@pytest.mark.parametrize(
    "name",
    ["佐藤 花", "佐藤花", "花 佐藤", "サトウ　ハナ", "ｻﾄｳ ﾊﾅ", "さとうはな", "サトウ・ハナ", "  佐藤　　花 "],
)
def test_names_match_in_every_way_of_writing_them(bank: Provider, token: str, name: str):
    """Width, kana, order, blanks and marks do not matter."""
    assert answers(bank, token, name_match=name) == {"name_match": "Y"}


@pytest.mark.parametrize("name", ["佐藤", "花", "佐藤 花子", "サトウ ハンナ", "Hana Sato", "x"])
def test_another_name_does_not_match(bank: Provider, token: str, name: str):
    """Nor does a part of it, by which a name could be guessed piece by piece."""
    assert answers(bank, token, name_match=name) == {"name_match": "N"}


@pytest.mark.parametrize(
    ("stated", "expected"),
    [("Tokyo", "Y"), ("東京", "Y"), ("tōkyō-to", "Y"), ("Osaka", "N"), ("京都", "N"), ("Atlantis", "N")],
)
def test_prefectures_are_the_same_in_either_script(bank: Provider, token: str, stated: str, expected: str):
    """Tokyo is 東京都; Kyoto is not."""
    assert answers(bank, token, same_prefecture=stated) == {"same_prefecture": expected}


def test_levels_and_ages(bank: Provider, new_person):
    """At least the level; U where nothing is known."""
    child, _ = new_person({"birthdate": "2010-01-02", "kyc_level": 1})
    assert answers(bank, child, over_18=True, over_20=True, kyc_level=1) == {
        "over_18": "N",
        "over_20": "N",
        "kyc_level": "Y",
    }
    assert answers(bank, child, kyc_level=3) == {"kyc_level": "N"}
    nobody, _ = new_person({})
    assert set(answers(bank, nobody, **EVERYTHING).values()) == {"U"}


def test_yes_no_and_unknown_are_of_one_length(bank: Provider, token: str, new_person):
    """Somebody who sees only the length of an answer learns nothing."""
    no, _ = new_person({"birthdate": "2010-01-02", "kyc_level": 1, "name": "Ken", "address": {"region": "Osaka"}})
    unknown, _ = new_person({})
    lengths = {len(ask(bank, each, **EVERYTHING).content) for each in (token, no, unknown)}
    assert len(lengths) == 1


def test_the_value_is_nowhere_in_the_answer_nor_the_statement(bank: Provider, token: str):
    """Neither the person's nor the partner's own."""
    for wrong in ({"name_match": "山田 太郎"}, {"same_prefecture": "Osaka"}):
        text = ask(bank, token, **wrong).text
        assert not any(value in text for value in ("佐藤", "花", "Tokyo", "1994", *wrong.values()))


def test_what_was_not_consented_is_not_answered(bank: Provider):
    """Withheld with a code; for the others the answers stand."""
    token = tokens_for(Person(bank), BANK, prompt="consent", ticks=("over_20",))["access_token"]
    body = ask(bank, token, over_20=True, name_match="佐藤 花").json()
    assert body["answers"] == {"over_20": "Y"}
    assert body["withheld"] == {"name_match": {"reason": "FIELD_NOT_CONSENTED", "requestable": True}}


def test_what_was_not_agreed_is_not_answered(bank: Provider):
    """Tabi Points has no agreement for names."""
    token = tokens_for(Person(bank), TABI, prompt="consent", ticks=("over_20",))["access_token"]
    body = ask(bank, token, over_20=True, name_match="佐藤 花").json()
    assert (body["answers"], body["withheld"]["name_match"]["requestable"]) == ({"over_20": "Y"}, False)


def test_guessing_is_no_oracle(bank: Provider, token: str, new_person):
    """Five names, whichever token states them, then 429 until the window is over; ages may be asked on."""
    for number in range(5):
        assert answers(bank, token, name_match=f"Guess {number}") == {"name_match": "N"}
    refused = ask(bank, token, name_match="佐藤 花")
    assert (refused.status_code, refused.json()["error"]) == (429, "too_many_requests")
    assert refused.headers["retry-after"] == str(30 * DAY)
    assert answers(bank, token, over_20=True, same_prefecture="Tokyo") == {"over_20": "Y", "same_prefecture": "Y"}
    renewed = tokens_for(Person(bank), BANK, prompt="consent", ticks=("name_match",))["access_token"]
    assert ask(bank, renewed, name_match="佐藤 花").status_code == 429
    somebody, _ = new_person({"name": "Ken"})
    assert answers(bank, somebody, name_match="Ken") == {"name_match": "Y"}


def test_guesses_count_before_it_is_known_whether_they_are_answered(bank: Provider, new_person):
    """So that nobody tells by the counter what was consented."""
    token, _ = new_person({"name": "Ken"}, ticks=())
    assert [ask(bank, token, name_match="Ken").status_code for _ in range(6)] == [200] * 5 + [429]


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"{",
        b"[]",
        b"null",
        b'{"ask":{}}',
        b'{"ask":[]}',
        b'{"ask":{"over_20":true},"ask":{"over_18":true}}',
        b'{"ask":{"over_20":false}}',
        b'{"ask":{"over_20":1}}',
        b'{"ask":{"over_21":true}}',
        b'{"ask":{"email":"hana@example.jp"}}',
        b'{"ask":{"name_match":""}}',
        b'{"ask":{"name_match":" - "}}',
        b'{"ask":{"name_match":["x"]}}',
        b'{"ask":{"kyc_level":0}}',
        b'{"ask":{"kyc_level":true}}',
        b'{"ask":{"kyc_level":1e999}}',
        b'{"ask":{"kyc_level":NaN}}',
        b'{"ask":{"over_20":true},"purpose":1}',
        b'{"ask":{"over_20":true},"purpose":"marketing.news"}',
        b'{"ask":{"over_20":true},"also":1}',
        b'{"ask":{"name_match":"' + b"x" * 300 + b'"}}',
        b"[" * 5000,
        b"\xff",
    ],
)
def test_what_is_no_question_is_refused(bank: Provider, token: str, content: bytes):
    """400 with one sentence, and nothing of it comes back."""
    headers = {**reach(token), "Content-Type": "application/json"}
    response = HTTP.post(f"{bank.url}/data/v1/verify", headers=headers, content=content)
    assert (response.status_code, response.json()["error"]) == (400, "invalid_request")


def test_another_type_and_too_much_are_refused(bank: Provider, token: str):
    """Forms are not taken, nor are more than 8 KiB."""
    url = f"{bank.url}/data/v1/verify"
    assert HTTP.post(url, headers=reach(token), data={"over_20": "true"}).status_code == 400
    headers = {**reach(token), "Content-Type": "application/json"}
    assert HTTP.post(url, headers=headers, content=b" " * 9000).status_code == 413


def test_without_a_token_there_is_a_challenge(bank: Provider):
    """Before anything is read."""
    response = HTTP.post(f"{bank.url}/data/v1/verify", json={"ask": {"over_20": True}})
    assert (response.status_code, challenge(response)) == (401, {"realm": "sekisho"})


def test_each_answer_is_a_leaf_without_statement_or_answer(bank: Provider, token: str):
    """The names of the questions, and which decision it was."""
    body = ask(bank, token, name_match="佐藤 花", over_20=True).json()
    (leaf,) = (leaf for leaf in leaves(bank.services) if body["decision_id"].encode() in leaf)
    said = json.loads(leaf)
    assert (said["surface"], said["fields"]) == ("data_verify", ["name_match", "over_20"])
    assert "佐藤" not in leaf.decode()
