"""`authorization_details` of type `partner_data` (RFC 9396): what is understood, and that all else is refused."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from idp.protocol.authorization_details import (
    MAX_CHARACTERS,
    PartnerData,
    granted_details,
    parse_authorization_details,
)
from idp.protocol.errors import OAuthError
from idp.protocol.grants import Mode

DETAIL: dict[str, Any] = {"type": "partner_data", "purpose": "points.credit", "fields": ["prefecture", "over_20"]}
TEXTS = st.text(min_size=1, max_size=8)
LISTS = st.lists(TEXTS, min_size=1, max_size=5, unique=True)
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=8,
)


def refused(text: str) -> bool:
    """Whether a text is refused, which is the only other thing that may happen to it."""
    try:
        parse_authorization_details(text)
    except OAuthError as error:
        return (error.code, error.status) == ("invalid_authorization_details", 400)
    return False


@given(TEXTS, LISTS, st.none() | st.booleans() | st.integers(1, 400), st.none() | LISTS)
def test_what_is_written_is_what_is_read(purpose: str, fields: list, lasts: int | None, locations: list | None):
    """Whatever the texts hold, escaped or not, and in the order in which they stand; for some days or for one use."""
    detail = {"type": "partner_data", "purpose": purpose, "fields": fields}
    detail |= {} if lasts is None else {"one_time" if type(lasts) is bool else "duration_days": lasts}
    detail |= {"locations": locations} if locations else {}
    days = 0 if lasts is None or type(lasts) is bool else lasts
    mode = Mode.ONE_TIME if lasts is True else Mode.ONGOING
    expected = PartnerData(purpose, tuple(fields), days, tuple(locations or ()), mode)
    assert parse_authorization_details(json.dumps([detail])) == expected
    assert parse_authorization_details(json.dumps([detail], ensure_ascii=False, indent=2)) == expected


@given(st.text())
def test_a_text_that_is_no_json(text: str):
    """Refused, and nothing worse."""
    assert refused(text)


@given(JSON)
def test_a_json_value_that_is_no_request(value: object):
    """Also as the only member of an array."""
    assert refused(json.dumps(value))
    assert refused(json.dumps([value]))


@given(st.sampled_from(["type", "purpose", "fields", "duration_days", "one_time", "locations"]), JSON)
def test_a_member_of_any_value(name: str, value: object):
    """Accepted only where it is of its type."""
    is_list = isinstance(value, list) and value and all(isinstance(item, str) and item for item in value)
    fits = {
        "type": value == "partner_data",
        "purpose": isinstance(value, str) and value != "",
        "fields": is_list and len(set(value)) == len(value) if is_list else False,
        "locations": is_list and len(set(value)) == len(value) if is_list else False,
        "duration_days": type(value) is int and value > 0,
        "one_time": type(value) is bool,
    }
    assert refused(json.dumps([{**DETAIL, name: value}])) != bool(fits[name])


@given(st.text(max_size=12).filter(lambda name: name not in {*DETAIL, "duration_days", "one_time", "locations"}), JSON)
def test_5_an_unknown_member_is_refused(name: str, value: object):
    """It might have been meant as a limit."""
    assert refused(json.dumps([{**DETAIL, name: value}]))


@pytest.mark.parametrize(
    "text",
    [
        json.dumps(DETAIL),
        "[]",
        json.dumps([DETAIL, DETAIL]),
        json.dumps([{**DETAIL, "type": "payment_initiation"}]),
        json.dumps([{**DETAIL, "type": "Partner_data"}]),
        json.dumps([{name: value for name, value in DETAIL.items() if name != "fields"}]),
        json.dumps([{name: value for name, value in DETAIL.items() if name != "purpose"}]),
        json.dumps([{**DETAIL, "fields": ["prefecture", "prefecture"]}]),
        json.dumps([{**DETAIL, "duration_days": True}]),
        json.dumps([{**DETAIL, "duration_days": 30.0}]),
        json.dumps([{**DETAIL, "one_time": True, "duration_days": 1}]),
        json.dumps([DETAIL])[:-2] + ', "purpose": "marketing.news"}]',
        json.dumps([DETAIL])[:-2] + ', "duration_days": NaN}]',
        json.dumps([DETAIL])[:-2] + ', "duration_days": ' + "9" * 5000 + "}]",
        json.dumps([DETAIL]) + " " * MAX_CHARACTERS,
        "[" * 8000,
        "\ufeff" + json.dumps([DETAIL]),
    ],
)
def test_what_could_be_read_in_two_ways_or_none(text: str):
    """No array, several purposes, a member that stands twice, numbers unknown to JSON, too deep, too long."""
    assert refused(text)


def test_7_1_what_was_granted():
    """The request, enriched: what of it was granted, why the rest was not, and until when."""
    detail = {"type": "partner_data", "purpose": "p", "fields": ["a"]}
    withheld = {"b": "FIELD_NOT_CONSENTED"}
    full = {**detail, "withheld": withheld, "expires_at": 7}
    assert granted_details("p", ("a",), withheld, 7, Mode.ONGOING) == [full]
    assert granted_details("p", ("a",), {}, None, Mode.ONGOING) == [detail]
    assert granted_details("p", ("a",), {}, None, Mode.ONE_TIME) == [{**detail, "one_time": True}]
