"""The memory of verified tokens: bounded, least recently used out first, never past a token's exp."""

from concurrent.futures import ThreadPoolExecutor

import pytest

from sekisho_guard import InsufficientScopeError, InvalidTokenError
from tests.clients.guard.issuer import NOW, make_guard


def tokens(issuer, key, count):
    return [key.sign(issuer.claims(jti=f"t{number}")) for number in range(count)]


def test_a_token_seen_again_is_remembered(guard, issuer, key):
    token = key.sign(issuer.claims())
    assert guard.recall(token) is None
    claims = guard.verify(token)
    assert guard.recall(token) is claims
    assert guard.verify(token) is claims


def test_a_remembered_token_is_forgotten_at_its_exp_without_leeway(guard, issuer, key, clock):
    token = key.sign(issuer.claims())
    guard.verify(token)
    clock.now = NOW + 599.9
    assert guard.recall(token)
    clock.now = NOW + 600
    assert guard.recall(token) is None
    assert guard.verify(token)  # within the leeway it is verified anew, each time
    assert guard.recall(token) is None
    clock.now = NOW + 630
    with pytest.raises(InvalidTokenError):
        guard.verify(token)


def test_the_least_recently_used_goes_first(issuer, key, clock):
    guard = make_guard(issuer, clock, remembered_tokens=2)
    first, second, third = tokens(issuer, key, 3)
    guard.verify(first)
    guard.verify(second)
    guard.verify(first)
    guard.verify(third)
    assert guard.recall(first)
    assert guard.recall(second) is None
    assert guard.recall(third)


def test_no_more_are_remembered_than_allowed_whatever_the_threads(issuer, key, clock):
    guard = make_guard(issuer, clock, remembered_tokens=10)
    many = tokens(issuer, key, 60)
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(guard.verify, many * 4))
    assert sum(guard.recall(token) is not None for token in many) == 10


def test_remembering_can_be_turned_off(issuer, key, clock):
    guard = make_guard(issuer, clock, remembered_tokens=0)
    token = key.sign(issuer.claims())
    assert guard.verify(token)
    assert guard.recall(token) is None


def test_a_refused_token_is_not_remembered(guard, issuer, key):
    token = key.sign(issuer.claims(aud="https://orders.example"))
    for _ in range(2):
        with pytest.raises(InvalidTokenError):
            guard.verify(token)
    assert guard.recall(token) is None


def test_scopes_are_asked_of_a_remembered_token_too(guard, issuer, key):
    token = key.sign(issuer.claims(scope="payments:read"))
    assert guard.verify(token, scopes=["payments:read"])
    with pytest.raises(InsufficientScopeError):
        guard.verify(token, scopes=["payments:write"])


@pytest.mark.parametrize("token", ["", "\ud800", "é", "x" * 9000, None, 7, b"abc"])
def test_recall_of_anything_else_is_none(guard, issuer, key, token):
    guard.verify(key.sign(issuer.claims()))
    assert guard.recall(token) is None


def test_what_is_remembered_gives_no_token_away(guard, issuer, key):
    token = key.sign(issuer.claims())
    guard.verify(token)
    remembered = guard._verified._verdicts
    assert len(remembered) == 1
    assert token not in repr(remembered)
    assert token.encode() not in remembered
