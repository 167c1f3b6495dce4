"""Keys come and go: no good token is refused, no bad one served, and the issuer is not flooded."""

import time
from concurrent.futures import ThreadPoolExecutor

import pytest

from sekisho_guard import GuardError, InvalidTokenError, KeysUnavailableError
from tests.clients.guard.issuer import JWKS, METADATA, NOW, SigningKey, make_guard, settle


@pytest.fixture
def long_lived(issuer):
    """A payload that no test outlives."""
    return issuer.claims(exp=NOW + 10**6)


def outcome(guard, token):
    try:
        return guard.verify(token).token_id
    except GuardError as error:
        return error.code


def outcome_at_once(guard, token):
    """The outcome, from a guard whose timeout is 20 seconds and whose issuer does not answer."""
    began = time.monotonic()
    result = outcome(guard, token)
    assert time.monotonic() - began < 10
    return result


def test_a_rotation_in_three_phases_refuses_no_token(guard, issuer, clock, key, long_lived):
    following = SigningKey("following")
    old, new = key.sign(long_lived), following.sign(long_lived)
    issuer.publish(key)
    assert guard.verify(old)
    for published, signing in (((key, following), old), ((key, following), new), ((following,), new)):
        issuer.publish(*published)
        clock.advance(301)
        guard.verify(signing)  # served with the set in hand, while the next is fetched
        settle()
        assert guard.verify(signing)
    assert outcome(guard, old) == "invalid_token"
    assert issuer.hits == {METADATA: 1, JWKS: 4}


def test_a_new_key_that_signs_at_once_is_looked_up_at_once(guard, issuer, clock, key, long_lived):
    guard.verify(key.sign(long_lived))
    sudden = SigningKey("sudden")
    issuer.publish(key, sudden)
    clock.advance(5)
    assert guard.verify(sudden.sign(long_lived))


def test_a_verify_never_waits_for_a_refresh_while_a_usable_set_is_in_hand(issuer, clock, key, long_lived):
    guard = make_guard(issuer, clock, timeout=20)
    guard.verify(key.sign(long_lived))
    issuer.arrived.clear()
    issuer.open.clear()  # from now on no request is answered
    clock.advance(301)
    assert outcome_at_once(guard, key.sign(long_lived | {"jti": "as it begins"})) == "as it begins"
    assert issuer.arrived.wait(10)
    assert outcome_at_once(guard, key.sign(long_lived | {"jti": "while it lasts"})) == "while it lasts"
    assert issuer.hits[JWKS] == 2


def test_a_key_withdrawn_by_the_issuer_takes_its_remembered_tokens_along(guard, issuer, clock, key, keys, long_lived):
    token = key.sign(long_lived)
    assert guard.verify(token) is guard.verify(token)
    issuer.publish(keys["EdDSA"])
    clock.advance(301)
    guard.verify(token)
    settle()
    assert guard.recall(token) is None
    assert outcome(guard, token) == "invalid_token"


def test_another_key_under_an_old_name_takes_the_remembered_tokens_along(guard, issuer, clock, key, long_lived):
    token = key.sign(long_lived)
    guard.verify(token)
    issuer.publish(SigningKey(key.kid))
    clock.advance(301)
    guard.verify(token)
    settle()
    assert guard.recall(token) is None
    assert outcome(guard, token) == "invalid_token"


def test_a_refresh_that_changes_nothing_forgets_nothing(guard, issuer, clock, key, long_lived):
    token = key.sign(long_lived)
    claims = guard.verify(token)
    clock.advance(301)
    guard.verify(token)
    settle()
    assert issuer.hits[JWKS] == 2
    assert guard.recall(token) is claims


def test_stale_keys_serve_while_the_issuer_is_away_and_not_past_the_bound(guard, issuer, clock, key, long_lived):
    token = key.sign(long_lived)
    guard.verify(token)
    issuer.break_down()
    for _ in range(11):
        clock.advance(300)
        assert guard.verify(token)
        assert guard.verify(key.sign(long_lived | {"jti": "fresh"}))
        settle()
    clock.now = NOW + 3600
    assert guard.verify(token)
    settle()
    clock.now = NOW + 3601
    assert guard.recall(token) is None
    assert outcome(guard, token) == "temporarily_unavailable"


def test_an_issuer_that_comes_back_is_believed_again(guard, issuer, clock, key, long_lived):
    token = key.sign(long_lived)
    documents = issuer.documents
    issuer.break_down()
    assert outcome(guard, token) == "temporarily_unavailable"
    issuer.documents = documents
    assert outcome(guard, token) == "temporarily_unavailable"  # asked again only after the interval
    clock.advance(5)
    assert outcome(guard, token) == "b7a1c0de"


def test_the_key_set_is_looked_for_anew_when_it_has_moved(guard, issuer, clock, key, long_lived):
    token = key.sign(long_lived)
    guard.verify(token)
    issuer.documents["/moved"] = issuer.documents.pop(JWKS)
    issuer.documents[METADATA] |= {"jwks_uri": issuer.identifier + "/moved"}
    for _ in range(2):  # the first refresh fails, the second asks the metadata again
        clock.advance(301)
        guard.verify(token)
        settle()
    assert issuer.hits["/moved"] == 1


def test_a_flood_of_unknown_keys_causes_one_fetch_per_interval(guard, issuer, clock, key, long_lived):
    guard.verify(key.sign(long_lived))
    stranger = SigningKey("stranger")
    tokens = [stranger.sign(long_lived, kid=f"unknown-{number}") for number in range(400)]
    with ThreadPoolExecutor(8) as pool:
        for interval in range(1, 4):
            clock.advance(5)
            assert set(pool.map(lambda token: outcome(guard, token), tokens)) == {"invalid_token"}
            assert issuer.hits[JWKS] == 1 + interval
            assert guard.verify(key.sign(long_lived))


def test_an_issuer_that_failed_is_not_waited_for_on_behalf_of_unknown_keys(issuer, clock, key, long_lived):
    guard = make_guard(issuer, clock, timeout=20)
    stranger = SigningKey("stranger").sign(long_lived)
    guard.verify(key.sign(long_lived))
    issuer.documents[JWKS] = 503
    clock.advance(5)
    assert outcome(guard, stranger) == "invalid_token"
    issuer.arrived.clear()
    issuer.open.clear()
    clock.advance(5)
    assert outcome_at_once(guard, stranger) == "invalid_token"
    assert issuer.arrived.wait(10)


def test_requests_that_come_together_share_one_fetch(guard, issuer, key, long_lived):
    issuer.open.clear()
    tokens = [key.sign(long_lived | {"jti": f"t{number}"}) for number in range(16)]
    with ThreadPoolExecutor(16) as pool:
        outcomes = [pool.submit(outcome, guard, token) for token in tokens]
        assert issuer.arrived.wait(10)
        issuer.open.set()
        assert {each.result(30) for each in outcomes} == {f"t{number}" for number in range(16)}
    assert issuer.hits == {METADATA: 1, JWKS: 1}


def test_many_threads_get_each_their_own_claims(issuer, clock, keys, long_lived):
    guard = make_guard(issuer, clock, remembered_tokens=20)  # small, so that tokens come and go all the time
    tokens = {f"t{number}": keys["ES256"].sign(long_lived | {"jti": f"t{number}"}) for number in range(40)}

    def verify_all(_):
        return [outcome(guard, token) for token in tokens.values()]

    with ThreadPoolExecutor(8) as pool:
        for outcomes in pool.map(verify_all, range(24)):
            assert outcomes == list(tokens)


def test_a_request_waits_for_keys_no_longer_than_the_timeout(issuer, clock, key, long_lived):
    issuer.open.clear()
    assert outcome(make_guard(issuer, clock, timeout=0.2), key.sign(long_lived)) == "temporarily_unavailable"


def test_a_clock_that_was_set_back_keeps_no_set_alive(guard, issuer, clock, key):
    token = key.sign(issuer.claims(iat=0, exp=NOW + 10**6))
    guard.verify(token)
    issuer.break_down()
    clock.now = NOW - 3599
    assert guard.verify(token)
    settle()
    assert sum(issuer.hits.values()) == 3  # asked for a new set
    clock.now = NOW - 3601
    assert outcome(guard, token) == "temporarily_unavailable"


def test_nothing_is_fetched_before_the_first_token_or_for_a_token_that_cannot_be_good(guard, issuer, key, long_lived):
    for token in (
        "",
        "a.b",
        key.sign(long_lived, typ="JWT"),
        key.sign(long_lived, alg="HS256"),
        key.sign(long_lived, kid=7),
    ):
        with pytest.raises(InvalidTokenError):
            guard.verify(token)
    assert not issuer.hits


def test_keys_unavailable_is_no_verdict_on_the_token(guard, issuer, key, long_lived):
    issuer.break_down()
    with pytest.raises(KeysUnavailableError, match="cannot be checked at the moment"):
        guard.verify(key.sign(long_lived))
