"""From released fields to claims (OIDC Core 5.1), and to the examples on the consent page."""

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from policies.claims import READERS
from policies.derive import claims_for, example_for
from tests.policies.worlds import shipped_catalogue

CATALOGUE = shipped_catalogue()
TODAY = date(2026, 11, 23)
LONGEST_EXAMPLE = 48
HANA = {
    "name": "Hana Sato",
    "given_name": "Hana",
    "family_name": "Sato",
    "nickname": "はな",
    "preferred_username": "hana",
    "profile": "https://market.example/hana",
    "picture": "https://img.example/hana.png",
    "website": "http://hana.example",
    "email": "hana@example.jp",
    "email_verified": True,
    "gender": "female",
    "birthdate": "1998-04-01",
    "zoneinfo": "Asia/Tokyo",
    "locale": "ja-JP",
    "phone_number": "+81 90-1234-5678",
    "phone_number_verified": False,
    "address": {
        "country": "JP",
        "postal_code": "150-0001",
        "region": "Tokyo",
        "locality": "Shibuya-ku",
        "street_address": "1-2-3 Jingumae",
    },
    "updated_at": 1_790_000_000,
}


@pytest.mark.parametrize(
    ("field", "claims"),
    [
        ("name", {"name": "Hana Sato", "given_name": "Hana", "family_name": "Sato"}),
        ("nickname", {"nickname": "はな"}),
        ("username", {"preferred_username": "hana"}),
        ("picture", {"picture": "https://img.example/hana.png"}),
        ("profile_page", {"profile": "https://market.example/hana"}),
        ("website", {"website": "http://hana.example"}),
        ("email", {"email": "hana@example.jp", "email_verified": True}),
        ("phone", {"phone_number": "+81 90-1234-5678", "phone_number_verified": False}),
        ("address", {"address": HANA["address"]}),
        ("prefecture", {"prefecture": "Tokyo"}),
        ("birthdate", {"birthdate": "1998-04-01"}),
        ("over_18", {"over_18": True}),
        ("over_20", {"over_20": True}),
        ("gender", {"gender": "female"}),
        ("language", {"locale": "ja-JP"}),
        ("time_zone", {"zoneinfo": "Asia/Tokyo"}),
        ("profile_updated", {"updated_at": 1_790_000_000}),
    ],
)
def test_a_field_releases_its_own_claims_and_no_other(field: str, claims: dict[str, object]):
    """Also where it was worked out from something larger: a prefecture goes out without its street."""
    assert claims_for(CATALOGUE, {field}, HANA, TODAY) == claims


@given(st.frozensets(st.sampled_from([*CATALOGUE.fields, "gone"])))
def test_fields_release_together_what_they_release_alone(fields: frozenset[str]):
    """No combination of fields opens anything more."""
    alone = [claims_for(CATALOGUE, {field}, HANA, TODAY) for field in fields]
    together = {claim: value for claims in alone for claim, value in claims.items()}
    assert claims_for(CATALOGUE, fields, HANA, TODAY) == together


@given(st.frozensets(st.sampled_from(list(CATALOGUE.fields))), st.sampled_from(list(HANA)), st.integers() | st.text())
def test_g6_a_value_that_was_not_released_leaves_no_trace(fields: frozenset[str], claim: str, value: object):
    """G6, non-interference: claims are the same, in the same order, whatever unreleased parts of the profile hold."""
    sources = {"over_18": "birthdate", "over_20": "birthdate", "prefecture": "address"}
    released = {claim for field in fields for claim in CATALOGUE.fields[field].claims}
    before = claims_for(CATALOGUE, fields, HANA, TODAY)
    after = claims_for(CATALOGUE, fields, {**HANA, claim: value}, TODAY)
    if claim not in {sources.get(name, name) for name in released}:
        assert list(after.items()) == list(before.items())


def test_a_different_street_is_invisible_to_who_sees_the_prefecture():
    """G6 for a derived value: its source changes, the answer does not."""
    moved = {**HANA, "address": {**HANA["address"], "street_address": "9-9", "postal_code": "999-9999"}}
    younger = {**moved, "birthdate": "2001-12-31"}
    fields = {"prefecture", "over_18", "over_20"}
    assert claims_for(CATALOGUE, fields, younger, TODAY) == claims_for(CATALOGUE, fields, HANA, TODAY)


@pytest.mark.parametrize(
    ("born", "on", "answers"),
    [
        ("2006-11-23", date(2026, 11, 22), (True, False)),
        ("2006-11-23", date(2026, 11, 23), (True, True)),
        ("2008-11-23", date(2026, 11, 22), (False, False)),
        ("2008-11-23", date(2026, 11, 23), (True, False)),
        ("2008-02-29", date(2026, 2, 28), (False, False)),
        ("2008-02-29", date(2026, 3, 1), (True, False)),
        ("2008-02-29", date(2028, 2, 28), (True, False)),
        ("2008-02-29", date(2028, 2, 29), (True, True)),
        ("2006-12-31", date(2026, 12, 30), (True, False)),
        ("2006-12-31", date(2027, 1, 1), (True, True)),
        ("2026-11-23", date(2026, 11, 23), (False, False)),
    ],
)
def test_an_age_turns_on_the_birthday(born: str, on: date, answers: tuple[bool, bool]):
    """The day before is not yet; a birthday on 29 February is kept on 1 March where there is no such day."""
    claims = claims_for(CATALOGUE, {"over_18", "over_20"}, {"birthdate": born}, on)
    assert (claims["over_18"], claims["over_20"]) == answers


@pytest.mark.parametrize(
    "born",
    [
        *(None, "", "2000", "2000-13-01", "2001-02-29", "0000-04-01", "20000401", "2000-W14-6", "2000-4-1"),
        *("2000-04-01T00:00:00", " 2000-04-01", "2000-04-01\n", "２０００-04-01", 20000401, date(2000, 4, 1)),
        "2026-11-24",  # tomorrow
    ],
)
def test_a_birthday_that_cannot_be_read_answers_nothing(born: object):
    """Neither the date nor any age is guessed from it."""
    assert claims_for(CATALOGUE, {"birthdate", "over_18", "over_20"}, {"birthdate": born}, TODAY) == {}


@pytest.mark.parametrize(
    "profile",
    [
        {},
        {"email": "no-at-sign", "email_verified": True},
        {"email": "two@at@example.jp", "email_verified": True},
        {"email": "spa ce@example.jp"},
        {"email": ["hana@example.jp"]},
        {"email_verified": True},
        {"phone_number": "call me", "phone_number_verified": True},
        {"phone_number_verified": True},
        {"address": "Tokyo"},
        {"address": {}},
        {"address": {"region": " ", "locality": None, "planet": "Earth"}},
        {"name": ""},
        {"name": "  "},
        {"name": 7},
        {"picture": "javascript:alert(1)"},
        {"website": "https://"},
        {"locale": "ja JP"},
        {"zoneinfo": "../../etc/passwd"},
        {"updated_at": "yesterday"},
        {"updated_at": True},
        {"updated_at": -1},
        {"updated_at": 1.5},
        {"updated_at": 253_402_300_800},
    ],
    ids=repr,
)
def test_a_missing_or_malformed_value_is_left_out(profile: dict[str, object]):
    """Absent, never null, empty or guessed (OIDC Core 5.3.2)."""
    assert claims_for(CATALOGUE, CATALOGUE.fields, profile, TODAY) == {}


@pytest.mark.parametrize("instant", [0, 253_402_300_799])
def test_an_instant_is_any_that_has_a_date(instant: int):
    """From 1970 to the last second of the year 9999."""
    assert claims_for(CATALOGUE, {"profile_updated"}, {"updated_at": instant}, TODAY) == {"updated_at": instant}
    assert example("profile_updated", {"updated_at": instant})


def test_whether_an_address_was_verified_is_a_yes_or_no_beside_it():
    """A verified flag that is not true or false is left out; the address itself stays."""
    assert claims_for(CATALOGUE, {"email"}, {"email": "a@b.jp", "email_verified": "true"}, TODAY) == {"email": "a@b.jp"}


def test_an_address_goes_out_with_its_standard_members_alone():
    """OIDC Core 5.1.1: whatever else a profile keeps beside them stays."""
    profile = {"address": {"region": "Tokyo", "door_code": "1234", "street_address": 7}}
    assert claims_for(CATALOGUE, {"address"}, profile, TODAY) == {"address": {"region": "Tokyo"}}


@given(
    st.dictionaries(st.sampled_from(list(READERS)), st.none() | st.booleans() | st.integers() | st.text() | st.binary())
)
def test_no_profile_whatever_breaks_the_reading(profile: dict[str, object]):
    """Anything may stand in a store; it is read or left out, for the claims and for the examples."""
    for field in CATALOGUE.fields.values():
        claims = claims_for(CATALOGUE, {field.id}, profile, TODAY)
        assert None not in claims.values()
        assert (example_for(field, profile, "ja", TODAY) is None) == (not claims)


# ---- examples on the consent page ------------------------------------------------------------------------------------


def example(field: str, profile: dict[str, object], language: str = "en") -> str | None:
    return example_for(CATALOGUE.fields[field], profile, language, TODAY)


@pytest.mark.parametrize(
    ("field", "english", "japanese"),
    [
        ("name", "Hana Sato", "Hana Sato"),
        ("email", "hana@example.jp", "hana@example.jp"),
        ("prefecture", "Tokyo", "Tokyo"),
        ("over_20", "Yes", "はい"),
        ("birthdate", "1 April 1998", "1998年4月1日"),
        ("gender", "Female", "女性"),
        ("language", "Japanese", "日本語"),
        ("time_zone", "Asia/Tokyo", "Asia/Tokyo"),
        ("phone", "+81 90-1234-5678", "+81 90-1234-5678"),
        ("address", "1-2-3 Jingumae, Shibuya-ku, Tokyo 150-0001, JP", "JP 〒150-0001 Tokyo Shibuya-ku 1-2-3 Jingumae"),
        ("profile_updated", "21 September 2026", "2026年9月21日"),
    ],
)
def test_the_page_shows_the_persons_own_value(field: str, english: str, japanese: str):
    """In the words of the page's language."""
    assert (example(field, HANA, "en"), example(field, HANA, "ja")) == (english, japanese)


def test_an_answer_can_be_no():
    """Whoever is 18 sees what would be answered about 20."""
    profile = {"birthdate": "2008-11-01"}
    assert (example("over_18", profile), example("over_20", profile)) == ("Yes", "No")
    assert example("over_20", profile, "ja-JP") == "いいえ"


def test_a_name_that_is_only_kept_in_parts_is_shown_in_all_of_them():
    """Whatever would go out is shown, also where the value that people know the field by is missing."""
    assert example("name", {"given_name": "Hana", "family_name": "Sato"}) == "Hana, Sato"
    assert example("name", {"name": "Hana Sato", "given_name": "Hana"}) == "Hana Sato"


@pytest.mark.parametrize(("field", "value"), [("gender", "non-binary"), ("language", "fr-CA")])
def test_a_word_that_is_not_known_is_shown_as_it_stands(field: str, value: str):
    """The page never replaces a person's own word by another."""
    assert example(field, {CATALOGUE.fields[field].claims[0]: value}, "ja") == value


@pytest.mark.parametrize(
    ("field", "value", "english", "japanese"),
    [
        ("gender", "male", "Male", "男性"),
        ("language", "en-GB", "English", "英語"),
        ("language", "en", "English", "英語"),
    ],
)
def test_common_words_are_shown_in_the_language_of_the_page(field: str, value: str, english: str, japanese: str):
    """People read words, not the codes that are sent."""
    profile = {CATALOGUE.fields[field].claims[0]: value}
    assert (example(field, profile, "en"), example(field, profile, "ja")) == (english, japanese)


def test_there_is_no_example_where_there_is_no_value():
    """The page says so in its own words."""
    assert {example(field, {}) for field in CATALOGUE.fields} == {None}


@pytest.mark.parametrize(
    ("profile", "english", "japanese"),
    [
        (
            {"region": "東京都", "locality": "渋谷区", "postal_code": "150-0001"},
            "渋谷区, 東京都 150-0001",
            "〒150-0001 東京都渋谷区",
        ),
        ({"formatted": "1-2-3\nJingumae"}, "1-2-3 Jingumae", "1-2-3 Jingumae"),
        ({"postal_code": "150-0001"}, "150-0001", "150-0001"),
        ({"country": "JP", "formatted": " "}, "JP", "JP"),
        ({"street_address": "1-2-3 Jingumae", "formatted": "x"}, "1-2-3 Jingumae", "1-2-3 Jingumae"),
        ({"locality": "Shibuya-ku", "formatted": "x"}, "Shibuya-ku", "Shibuya-ku"),
        ({"region": "Tokyo", "formatted": "x"}, "Tokyo", "Tokyo"),
    ],
)
def test_an_address_is_written_as_the_language_writes_it(profile: dict[str, str], english: str, japanese: str):
    """From the small to the large in English, the other way round in Japanese, in one line."""
    shown = (example("address", {"address": profile}, "en"), example("address", {"address": profile}, "ja"))
    assert shown == (english, japanese)


def test_a_long_value_is_shortened_and_an_email_keeps_its_domain():
    """A line of the page stays a line, and the part that one recognises stays."""
    email = example("email", {"email": "a" * 64 + "@example.jp"})
    assert email.startswith("aaa")
    assert email.endswith("…@example.jp")
    assert len(email) == LONGEST_EXAMPLE
    name = example("name", {"name": "あ" * 500})
    assert (len(name), name[-1]) == (LONGEST_EXAMPLE, "…")
    just_fits = "b" * LONGEST_EXAMPLE
    assert example("name", {"name": just_fits}) == just_fits
    assert example("name", {"name": "b" * 49}) == "b" * 47 + "…"
    domain = "b" * 23
    assert example("email", {"email": f"{'h' * 24}@{domain}"}) == f"{'h' * 24}@{domain}"
    assert example("email", {"email": f"{'h' * 25}@{domain}"}) == f"{'h' * 23}…@{domain}"
    assert example("email", {"email": f"{'h' * 25}@{domain}b"}) == f"{'h' * 25}@{'b' * 21}…"
    far_domain = example("email", {"email": "hana@" + "b" * 200 + ".jp"})
    assert (len(far_domain), far_domain[:6], far_domain[-1]) == (LONGEST_EXAMPLE, "hana@b", "…")


def test_nothing_is_shown_that_could_not_be_sent():
    """The example is made from the claim, so a value that is left out has none."""
    assert example("email", {"email": "not an address"}) is None
    assert example("profile_updated", {"updated_at": 10**12}) is None
