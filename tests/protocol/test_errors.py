"""Errors as values (RFC 6749 5.2)."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from idp.protocol.errors import OAuthError, invalid_client, invalid_token


@given(st.text(max_size=40))
def test_5_2_a_description_holds_only_what_the_rfc_allows(text: str):
    """A sentence with a quote or a line break would break headers and clients; it cannot be made."""
    allowed = all(0x20 <= ord(character) <= 0x7E and character not in '"\\' for character in text)
    try:
        error = OAuthError("invalid_request", text)
    except ValueError:
        assert not allowed
    else:
        assert allowed
        assert error.body().get("error_description", "") == text
        assert error.body()["error"] == "invalid_request"


@pytest.mark.parametrize("error", [invalid_client("wrong secret"), invalid_token("Expired.", detail="expired")])
def test_rfc_9110_15_5_2_a_401_names_a_scheme(error: OAuthError):
    """Whoever is refused for lack of proof is told how to prove."""
    assert error.status == 401
    assert error.scheme


def test_the_detail_stays_with_the_operator():
    """What went wrong in detail is for the log alone."""
    assert "wrong secret" not in str(invalid_client("wrong secret").body()) + str(invalid_client("wrong secret"))
