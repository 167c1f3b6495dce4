"""The `claims` parameter as text (OIDC Core 5.5)."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from idp.protocol.authentication import AskedLevels
from idp.protocol.claims_request import ClaimsRequest, parse_claims
from idp.protocol.errors import OAuthError


def test_5_5_the_example_of_the_specification_is_understood():
    """OIDC Core 5.5: names for each place, essential or not; members that are not understood are ignored."""
    text = """{
     "userinfo": {"given_name": {"essential": true}, "nickname": null, "email": {"essential": true},
      "email_verified": {"essential": true}, "picture": null, "http://example.info/claims/groups": null},
     "id_token": {"auth_time": {"essential": true}, "acr": {"values": ["urn:mace:incommon:iap:silver"]}},
     "elsewhere": [1]
    }"""
    names = ("given_name", "nickname", "email", "email_verified", "picture", "http://example.info/claims/groups")
    wished = AskedLevels(wished=("urn:mace:incommon:iap:silver",))
    assert parse_claims(text) == ClaimsRequest(id_token=("auth_time", "acr"), userinfo=names, levels=wished)


@pytest.mark.parametrize(
    ("claims", "subjects", "essential"),
    [
        ({"id_token": {"sub": {"value": "a"}}}, {"a"}, set()),
        ({"userinfo": {"sub": {"value": "a"}}}, {"a"}, set()),
        ({"id_token": {"sub": {"values": ["a"]}}, "userinfo": {"sub": {"value": "b"}}}, {"a", "b"}, set()),
        ({"id_token": {"sub": None}}, set(), set()),
        ({"id_token": {"acr": {"essential": True, "value": "1"}}}, set(), {"1"}),
        ({"id_token": {"acr": {"essential": True, "values": ["1", "2"]}}}, set(), {"1", "2"}),
        ({"id_token": {"acr": {"essential": True}}}, set(), set()),
        ({"id_token": {"acr": {"essential": False, "value": "1"}}}, set(), set()),
        ({"id_token": {"acr": {"essential": "true", "value": "1"}}}, set(), set()),
        ({"userinfo": {"acr": {"essential": True, "value": "1"}}}, set(), set()),
    ],
    ids=lambda given: str(sorted(given) if isinstance(given, set) else given),
)
def test_5_5_1_conditions(claims: object, subjects: set[str], essential: set[str]):
    """OIDC Core 5.5.1 and 5.5.1.1: `sub` with a value and an essential `acr` are conditions; nothing else is."""
    parsed = parse_claims(json.dumps(claims))
    assert (parsed.subjects, set(parsed.levels.essential)) == (subjects, essential)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "x",
        "[]",
        '"userinfo"',
        "1",
        '{"userinfo": []}',
        '{"userinfo": {"email": true}}',
        '{"userinfo": {"email": "essential"}}',
        '{"id_token": {"sub": {"value": 1}}}',
        '{"id_token": {"sub": {"value": ""}}}',
        '{"id_token": {"sub": {"value": null}}}',
        '{"id_token": {"sub": {"values": "a"}}}',
        '{"id_token": {"sub": {"value": "a", "values": ["b"]}}}',
        '{"id_token": {"acr": {"values": [1]}}}',
        '{"userinfo": {}, "userinfo": {}}',
        '{"userinfo": {"email": null, "email": null}}',
        '{"userinfo": {"email": {"value": NaN}}}',
        '{"userinfo":' * 2000,
        '{"userinfo": {"' + "x" * 8192 + '": null}}',
    ],
    ids=lambda text: text[:40],
)
def test_5_5_what_does_not_fit_is_refused(text: str):
    """OIDC Core 5.5 and 3.1.2.6: invalid_request, never a guess."""
    with pytest.raises(OAuthError) as refusal:
        parse_claims(text)
    assert refusal.value.code == "invalid_request"


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(["id_token", "userinfo", "sub", "acr", "value", "values", "essential", "email"]), inner
        )
    ),
    max_leaves=12,
)


@given(json_values)
def test_any_json_is_understood_or_refused(value: object):
    """Whatever comes gives a request or an OAuthError, and nothing else."""
    try:
        parsed = parse_claims(json.dumps(value))
    except OAuthError:
        return
    levels = (*parsed.levels.essential, *parsed.levels.wished)
    assert all(isinstance(name, str) for name in (*parsed.id_token, *parsed.userinfo, *parsed.subjects, *levels))
