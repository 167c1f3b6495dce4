"""Which passwords may be chosen (NIST SP 800-63B-4 3.1.1.2, ASVS 5.0 6.2)."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

import idp.passwords
from idp.passwords.rules import PasswordRules, Weakness
from idp.settings import SettingsError
from tests.provider import provider

HANA = "hana.sato@example.jp"
RULES = PasswordRules(15, ("Sekisho", "Example Group", "id.example.jp"))
SHORTER = PasswordRules(8, ("Sekisho",))
LISTED = (Path(idp.passwords.__file__).parent / "common.txt").read_text("ascii").splitlines()


@pytest.mark.parametrize(
    "password",
    [
        "correct horse battery",
        "三匹の子豚が川で泳いでいる夕暮れ",
        "!@#$%^&*()_+{}|",
        "aaaaaaaaaaaaaab",
        "ALLCAPITALSNODIGIT",
        "x7 " * 300 + "end",
        "hana likes to read at noon",
    ],
)
def test_long_and_unusual_is_enough(password: str):
    """No composition rule: any characters, spaces and every script included, up to 1024 of them."""
    assert RULES.weakness(password, HANA) is None


@pytest.mark.parametrize(
    ("password", "why"),
    [
        ("fourteen chars", Weakness.SHORT),
        ("", Weakness.SHORT),
        ("x7 " * 400, Weakness.LONG),
        ("qwertyuiop12345", Weakness.COMMON),
        ("QwertyUiop12345", Weakness.COMMON),
        ("password1234567", Weakness.COMMON),
        ("2026!!sunshine!!2026", Weakness.COMMON),
        ("ｐａｓｓｗｏｒｄ１２３４５６７", Weakness.COMMON),
        ("zyxwvutsrqponmlk", Weakness.COMMON),
        ("123456789012345", Weakness.COMMON),
        ("aaaaaaaaaaaaaaaa", Weakness.REPEATS),
        ("tanuki tanuki tanuki", Weakness.REPEATS),
        ("sekisho-sekisho1!", Weakness.NAMES),
        ("hana.sato@example.jp", Weakness.NAMES),
        ("Hana.Sato@Example1", Weakness.NAMES),
        ("my id.example.jp 1", Weakness.NAMES),
    ],
)
def test_what_is_guessed_first_is_refused(password: str, why: Weakness):
    """Too short, of a breach, of a keyboard's rows, the same again and again, or made of names."""
    assert RULES.weakness(password, HANA) is why


def test_the_common_ones_that_are_long_enough_are_many():
    """ASVS 6.2.4: at least the 3,000 most frequent ones that the length allows, each of them refused in any case."""
    long_enough = [word for word in LISTED if len(word) >= 8]
    assert len(long_enough) > 3000
    assert sorted(set(LISTED)) == LISTED
    passed = [word for word in long_enough[::50] if SHORTER.weakness(word.upper()) is None]
    assert passed == []


@given(st.text(max_size=40), st.text(max_size=40))
def test_any_text_is_judged(password: str, name: str):
    """No input breaks a rule, and what is said does not hang on how a keyboard writes it."""
    assert RULES.weakness(password, name) in {None, *Weakness}


@given(st.text("abcdef 12", min_size=1, max_size=7), st.integers(min_value=15, max_value=30))
def test_a_part_written_again_and_again_is_never_enough(part: str, length: int):
    """However it is cut off."""
    repeated = (part * length)[:length]
    assert RULES.weakness(repeated) is not None


def test_fewer_than_eight_characters_cannot_be_set():
    """ASVS 6.2.1: the operator may ask for more than eight, never for less."""
    with pytest.raises(SettingsError, match=r"sign_in\.password_least"):
        provider.testing_settings("sqlite:///x.db", "http://127.0.0.1:1", IDP_SIGN_IN__PASSWORD_LEAST="7")
