"""Fifty threads redeem one code, and one refresh token: exactly one set of tokens, and the family ends as it must.

RFC 6749 4.1.2 and 10.4, RFC 9700 2.1.1 and 4.14.2.
"""

import httpx
from sqlalchemy import text

from idp.protocol.secrets import hash_secret
from idp.store.database import Connection, Database
from idp.store.families import REPLAYED_CODE, Family, RefreshState, find_by_handle
from tests.provider.person import Person, as_client
from tests.provider.provider import Provider
from tests.provider.waiting import eventually
from tests.store.rows import THREADS, at_once

SHOP = ("storefront", "http://127.0.0.1:8401/callback")
ROUNDS = 3


def new_code(hana: Person) -> str:
    return hana.authorize(*SHOP, "openid offline_access").parameters["code"]


def refresh(provider: Provider, token: str) -> httpx.Response:
    return as_client(provider, "storefront", "/token", {"grant_type": "refresh_token", "refresh_token": token})


def introspect(provider: Provider, token: str) -> bool:
    return bool(as_client(provider, "storefront", "/introspect", {"token": token}).json()["active"])


def errors(answers: list[httpx.Response]) -> set[str]:
    return {answer.json()["error"] for answer in answers if answer.status_code != 200}


def winners(answers: list[httpx.Response]) -> list[dict[str, str]]:
    return [answer.json() for answer in answers if answer.status_code == 200]


def family_of(stored: Database, refresh_token: str) -> tuple[Family, RefreshState, str | None]:
    """The family of a refresh token, the state of its tokens, and why it ended."""
    with stored.autocommit() as connection:
        found = find_by_handle(connection, hash_secret(refresh_token.partition(".")[0]))
        assert found is not None
        return *found, end_reason(connection, found[0].id)


def end_reason(connection: Connection, family_id: str) -> str | None:
    statement = text("SELECT end_reason FROM token_families WHERE id = :id")
    reason: str | None = connection.execute(statement, {"id": family_id}).scalar_one()
    return reason


def test_fifty_redeem_one_code(racing: Provider, hana: Person, stored: Database):
    """One gets tokens; the others are refused and their replay ends the family, so the tokens die too."""
    for _ in range(ROUNDS):
        code = new_code(hana)
        answers = at_once(lambda _: hana.exchange(*SHOP, code))  # noqa: B023 - all have answered when this returns
        (tokens,) = winners(answers)
        assert len(answers) == THREADS
        assert errors(answers) == {"invalid_grant"}
        family, _, reason = family_of(stored, tokens["refresh_token"])
        assert family.ended_at is not None
        assert reason == REPLAYED_CODE
        assert refresh(racing, tokens["refresh_token"]).json()["error"] == "invalid_grant"
        assert not introspect(racing, tokens["refresh_token"])
        assert eventually(lambda: is_dead_everywhere(racing, tokens["access_token"]), within=20)  # noqa: B023 - asked here and now


def is_dead_everywhere(provider: Provider, access_token: str) -> bool:
    """Each question may reach another worker."""
    return not any(introspect(provider, access_token) for _ in range(10))


def test_fifty_repeat_one_refresh(racing: Provider, hana: Person, stored: Database):
    """Within the retry window all are answered with the same next token, and the family moved on once."""
    first = hana.exchange(*SHOP, new_code(hana)).json()["refresh_token"]
    for _ in range(ROUNDS):
        answers = at_once(lambda _: refresh(racing, first))  # noqa: B023 - all have answered when this returns
        assert errors(answers) == set()
        (successor,) = {answer.json()["refresh_token"] for answer in answers}
        assert successor != first
        family, state, reason = family_of(stored, first)
        assert state.is_newest(hash_secret(successor.partition(".")[2]))
        assert state.previous_hash == hash_secret(first.partition(".")[2])
        assert (family.ended_at, reason) == (None, None)
        assert all(introspect(racing, answer.json()["access_token"]) for answer in answers[::10])
        assert introspect(racing, successor)
        assert not introspect(racing, first)
        first = successor


def test_a_thief_and_an_owner_at_once(racing: Provider, hana: Person, stored: Database):
    """Fifty present the newest token and the one before it, mixed: no second line of tokens ever begins."""
    first = hana.exchange(*SHOP, new_code(hana)).json()["refresh_token"]
    second = refresh(racing, first).json()["refresh_token"]
    answers = at_once(lambda number: refresh(racing, first if number % 2 else second))
    lines = {tokens["refresh_token"] for tokens in winners(answers)}
    third = refresh(racing, second)
    family, state, _ = family_of(stored, first)
    if family.ended_at is None:
        assert third.status_code == 200
        assert lines <= {second, third.json()["refresh_token"]}
        assert state.is_newest(hash_secret(third.json()["refresh_token"].partition(".")[2]))
    else:
        assert third.status_code == 400
        assert not any(introspect(racing, line) for line in lines)
