"""Request parameters, parsed once and strictly: RFC 6749 3.1, 3.2 and Appendix B, RFC 8707 2."""

from urllib.parse import urlencode

import pytest
from hypothesis import given
from hypothesis import strategies as st

from idp.protocol.errors import OAuthError
from idp.protocol.parameters import MAX_PARAMETERS, parse_parameters

texts = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\x00"), min_size=1)
names = texts.filter(lambda name: name != "resource")


@given(st.dictionaries(names, texts, max_size=MAX_PARAMETERS))
def test_appendix_b_what_a_form_encoded_comes_back(sent: dict[str, str]):
    """Whatever the names and values are, they come back as they were sent."""
    parsed = parse_parameters(urlencode(sent).encode())
    assert dict(parsed) == sent
    assert parsed.repeated == ()


@given(st.dictionaries(names, texts, min_size=1, max_size=20), st.data())
def test_3_2_a_parameter_sent_twice_is_refused(sent: dict[str, str], data: st.DataObject):
    """Wherever the second one stands and whatever its value is."""
    pairs = list(sent.items())
    again = data.draw(st.sampled_from(sorted(sent)))
    value = data.draw(st.one_of(st.just(""), st.just(sent[again]), texts))
    pairs.insert(data.draw(st.integers(0, len(pairs))), (again, value))
    with pytest.raises(OAuthError) as refused:
        parse_parameters(urlencode(pairs).encode())
    assert refused.value.code == "invalid_request"


@given(st.lists(texts, max_size=20))
def test_rfc_8707_2_resource_may_repeat_and_keeps_its_order(resources: list[str]):
    """The one parameter that may be sent more than once."""
    parsed = parse_parameters(urlencode([("resource", each) for each in resources]).encode())
    assert parsed.repeated == tuple(resources)
    assert "resource" not in parsed


@pytest.mark.parametrize("encoded", [b"scope=&state=x", b"scope&state=x"])
def test_3_1_a_parameter_without_a_value_counts_as_omitted(encoded: bytes):
    """Sent empty is not sent."""
    assert dict(parse_parameters(encoded)) == {"state": "x"}


def test_3_1_a_resource_without_a_value_counts_as_omitted():
    """Also where it may repeat."""
    assert parse_parameters(b"resource=&resource=https%3A%2F%2Fapi.example").repeated == ("https://api.example",)


@pytest.mark.parametrize(
    "encoded",
    [
        b"state=\xe6\x97\xa5",
        b"state=%ff",
        b"%ff=x",
        b"state=%ed%a0%80",
        b"state=a%00b",
        b"resource=https://api.example%00",
        b"st%00ate=x",
        b"&".join(b"p%d=" % number for number in range(MAX_PARAMETERS + 1)),
    ],
    ids=["raw bytes", "value", "name", "surrogate", "NUL", "NUL in a resource", "NUL in a name", "too many"],
)
def test_what_is_no_form_is_refused_and_never_redirected(encoded: bytes):
    """Bytes that are not UTF-8, NUL, more parameters than any request has: nothing in them is proven."""
    with pytest.raises(OAuthError) as refused:
        parse_parameters(encoded)
    assert refused.value.code == "invalid_request"
    assert not refused.value.may_redirect


@given(st.binary(max_size=300))
def test_any_bytes_are_parsed_or_refused(encoded: bytes):
    """No input ends in anything but parameters or an OAuth error; what is parsed holds neither blanks nor NUL."""
    try:
        parsed = parse_parameters(encoded)
    except OAuthError:
        return
    assert all(value and "\x00" not in name + value for name, value in parsed.items())
