"""Proof Key for Code Exchange (RFC 7636), against Authlib's and the RFC's own values."""

from base64 import urlsafe_b64encode
from hashlib import sha256
from string import ascii_letters, digits

from authlib.oauth2.rfc7636 import create_s256_code_challenge
from hypothesis import assume, given
from hypothesis import strategies as st

from idp.protocol import pkce


def challenge_of(text: str) -> str:
    """The hash of any text, which Authlib makes of ASCII alone."""
    return urlsafe_b64encode(sha256(text.encode("utf-8", "surrogatepass")).digest()).rstrip(b"=").decode()


verifiers = st.text(st.sampled_from(ascii_letters + digits + "-._~"), min_size=43, max_size=128)


def test_appendix_b_the_example():
    """The values that the RFC works out by hand."""
    verifier, challenge = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk", "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM"
    assert pkce.is_challenge(challenge)
    assert pkce.matches(verifier, challenge)


@given(verifiers)
def test_4_6_a_verifier_matches_its_own_challenge(verifier: str):
    """Made by a library that we did not write."""
    challenge = create_s256_code_challenge(verifier)
    assert pkce.is_challenge(challenge)
    assert pkce.matches(verifier, challenge)


@given(verifiers, verifiers)
def test_4_6_and_no_other(verifier: str, other: str):
    """Nor is a challenge its own verifier, which is what `plain` would be."""
    assume(verifier != other)
    challenge = create_s256_code_challenge(verifier)
    assert not pkce.matches(other, challenge)
    assert not pkce.matches(challenge, challenge)


@given(st.text(max_size=200))
def test_4_1_a_verifier_of_another_form_never_matches(text: str):
    """Even when its hash would: 43 to 128 unreserved characters, and nothing around them."""
    assume(not (43 <= len(text) <= 128 and text.isascii() and all(c.isalnum() or c in "-._~" for c in text)))
    assert not pkce.matches(text, challenge_of(text))


@given(st.text(max_size=60))
def test_4_2_a_challenge_is_43_base64url_characters(text: str):
    """Anything else is refused before it is stored."""
    form = len(text) == 43 and text.isascii() and all(character.isalnum() or character in "-_" for character in text)
    assert pkce.is_challenge(text) == form


def test_4_2_nothing_may_stand_around_a_challenge_or_verifier():
    """A newline at the end is where many an expression is too kind."""
    verifier = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk"
    challenge = create_s256_code_challenge(verifier)
    assert not pkce.is_challenge(challenge + "\n")
    assert not pkce.matches(verifier + "\n", create_s256_code_challenge(verifier + "\n"))
