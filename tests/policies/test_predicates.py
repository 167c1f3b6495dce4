"""Answers instead of data: what may be stated, when a statement is so, and when that cannot be told (model 4.3)."""

from datetime import date

import pytest

from policies.predicates import (
    GUESSABLE,
    PREDICATES,
    alike,
    answer,
    is_statement,
    prefecture_number,
)
from policies.prefectures import NUMBERS

TODAY = date(2026, 11, 23)
HANA = {
    "name": "佐藤 花",
    "name#ja-Kana-JP": "サトウ ハナ",
    "family_name": "佐藤",
    "given_name": "花",
    "family_name#en": "Satō",
    "given_name#en": "Hana",
    "birthdate": "2007-11-23",
    "address": {"region": "東京都"},
    "kyc_level": 2,
}


@pytest.mark.parametrize(
    ("question", "stated", "may_be"),
    [
        ("over_18", True, True),
        ("over_20", True, True),
        ("over_18", False, False),
        ("over_20", 1, False),
        ("over_20", "true", False),
        ("kyc_level", 1, True),
        ("kyc_level", 3, True),
        ("kyc_level", 0, False),
        ("kyc_level", 4, False),
        ("kyc_level", True, False),
        ("kyc_level", "2", False),
        ("kyc_level", 2.0, False),
        ("name_match", "x", True),
        ("name_match", "x" * 200, True),
        ("name_match", "x" * 201, False),
        ("name_match", "", False),
        ("name_match", " - ", False),
        ("name_match", True, False),
        ("same_prefecture", "Tokyo", True),
        ("same_prefecture", 13, False),
        ("over_21", True, False),
        ("email", "hana@example.jp", False),
    ],
)
def test_what_may_be_stated(question: str, stated: object, may_be: bool):  # noqa: FBT001 - a column of the table
    """True of an age, a level that there is, a text that says something; what may not be is no question at all."""
    assert is_statement(question, stated) is may_be
    if not may_be:
        assert answer(question, HANA, TODAY, stated) is None


@pytest.mark.parametrize(
    ("question", "stated", "so"),
    [
        ("over_18", True, True),
        ("over_20", True, False),
        ("kyc_level", 1, True),
        ("kyc_level", 2, True),
        ("kyc_level", 3, False),
        ("name_match", "佐藤花", True),
        ("name_match", "花 佐藤", True),
        ("name_match", "さとう・はな", True),
        ("name_match", "SATO HANA", True),
        ("name_match", "Hana Satō", True),
        ("name_match", "佐藤", False),
        ("name_match", "佐藤 Hana", False),
        ("same_prefecture", "tōkyō-to", True),
        ("same_prefecture", "大阪", False),
        ("same_prefecture", "Atlantis", False),
    ],
)
def test_an_answer_is_yes_where_it_is_so_and_no_where_not(question: str, stated: object, so: bool):  # noqa: FBT001 - a column of the table
    """A name in each way of writing that the profile has, parts in either order but never of two ways (OIDC 5.2)."""
    assert answer(question, HANA, TODAY, stated) is so


@pytest.mark.parametrize(
    ("question", "stated", "profile"),
    [
        *((question, True, {}) for question in ("over_18", "over_20")),
        ("over_18", True, {"birthdate": "someday"}),
        ("name_match", "x", {}),
        ("name_match", "x", {"name": ""}),
        ("name_match", "x", {"name": " - "}),
        ("name_match", "x", {"name": 7}),
        ("name_match", "x", {"nickname": "x"}),
        ("name_match", "x", {"family_name": "x"}),
        ("name_match", "x", {"family_name": "x", "given_name": ""}),
        ("name_match", "x7", {"family_name": "x", "given_name": 7}),
        ("name_match", "x", {"given_name": "x"}),
        ("same_prefecture", "Tokyo", {}),
        ("same_prefecture", "Tokyo", {"address": {"country": "JP"}}),
        ("kyc_level", 1, {}),
        ("kyc_level", 1, {"kyc_level": True}),
        ("kyc_level", 1, {"kyc_level": "2"}),
    ],
)
def test_what_the_profile_does_not_know_is_neither_yes_nor_no(question: str, stated: object, profile: dict):
    """Not known is not "no": a person of whom little is known is not thereby a liar."""
    assert answer(question, profile, TODAY, stated) is None


def test_a_region_abroad_is_compared_as_it_is_written():
    """It has no number; neither has what is stated, and two that have none are not therefore one."""
    abroad = {"address": {"region": "Île-de-France"}}
    assert answer("same_prefecture", abroad, TODAY, "ile de france") is True
    assert answer("same_prefecture", abroad, TODAY, "Bavaria") is False
    assert answer("same_prefecture", abroad, TODAY, "Tokyo") is False


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("Satō", "sato"),
        ("ｻﾄｳ", "サトウ"),
        ("サトウ", "さとう"),
        ("ヴァン", "ゔぁん"),
        ("Straße", "STRASSE"),
        ("O’Neil", "o'neil"),
        ("Anne-Marie", "annemarie"),
        ("山 田", "山\u3000田"),
        ("ジョン・スミス", "じょんすみす"),
    ],
)
def test_ways_of_writing_do_not_matter(one: str, other: str):
    assert alike(one) == alike(other) != ""


@pytest.mark.parametrize(("one", "other"), [("はは", "ばば"), ("ハハ", "パパ"), ("Sato", "Saito"), ("ー", "一")])
def test_what_is_another_name_stays_another(one: str, other: str):
    """The marks of voiced kana are no accents."""
    assert alike(one) != alike(other)


@pytest.mark.parametrize(
    ("number", "spellings"),
    [
        (1, ["北海道", "Hokkaido", "Hokkaidō", "Hokkaido Prefecture"]),
        (13, ["東京都", "東京", "Tokyo", "Tōkyō-to", "Tokyo Metropolis"]),
        (14, ["神奈川県", "神奈川", "Kanagawa", "kanagawa-ken", "Kanagawa Prefecture"]),
        (26, ["京都府", "京都", "Kyoto", "Kyoto-fu"]),
        (47, ["沖縄県", "沖縄", "Okinawa", "Okinawa-ken"]),
        (None, ["", "北海", "Hokkaido-ken", "Atlantis", "都", "to"]),
    ],
)
def test_a_prefecture_has_its_number_however_it_is_written(number: int | None, spellings: list[str]):
    """ISO 3166-2:JP."""
    assert [prefecture_number(text) for text in spellings] == [number] * len(spellings)


def test_there_are_47_prefectures_and_no_spelling_is_of_two():
    assert set(NUMBERS.values()) == set(range(1, 48))
    written = [text for text in NUMBERS if not text.isascii()]
    assert len(written) == 2 * 47 - 1  # Hokkaido has no ending to leave out
    assert len(NUMBERS) == 4 * 47 - 2


def test_questions_that_can_be_guessed_are_those_of_many_values():
    """Of these alone the guesses are counted."""
    assert PREDICATES.keys() - GUESSABLE == {"over_18", "over_20", "kyc_level"}
