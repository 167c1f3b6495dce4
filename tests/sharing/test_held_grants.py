"""A grant that rests (data-sharing model 4.1): nothing goes out, nothing is lost, and every cause counts for itself."""

import json
from collections.abc import Callable

import httpx
import pytest

from idp.protocol.asked import Asked
from idp.protocol.audit import Surface
from idp.protocol.grants import Initiator, Why
from idp.services import EXTENSION, Services
from idp.store import grants
from idp.store.grants import Grant
from tests.provider.apps import TABI, tokens_for
from tests.provider.operator import idp
from tests.provider.person import Person, as_client
from tests.provider.provider import HTTP, Provider, another_process
from tests.web.visits import answer, decide, shows, signed_in, visit

BOTH = ("prefecture", "over_20")


@pytest.fixture
def tokens(provider: Provider, hana: Person) -> dict[str, str]:
    return tokens_for(hana, TABI, ticks=BOTH)


def grant_of(services: Services) -> Grant:
    with services.database.autocommit() as connection:
        account = services.accounts.find_by_username(connection, "hana@example.jp")
        found = grants.find(connection, account.id, TABI.client_id, "points.credit")
    assert found is not None
    return found


def do(provider: Provider, what: Callable) -> bool:
    """Do something to Hana's grant, as a page or a service would."""
    services = provider.services
    assert services is not None
    with services.database.transaction() as connection:
        done = what(services.sharing, connection, grant_of(services), services.now)
    services.feed.read_now()
    return bool(done)


def pause(sharing, connection, grant, now):
    return sharing.pause(connection, grant, now)


def resume(sharing, connection, grant, now):
    return sharing.resume(connection, grant, now)


def suspend(cause: str) -> Callable:
    return lambda sharing, connection, grant, now: sharing.suspend(
        connection, grant, cause, Initiator.PLATFORM, Why.SECURITY, now
    )


def lift(cause: str) -> Callable:
    return lambda sharing, connection, grant, now: sharing.lift(
        connection, grant, cause, Initiator.PLATFORM, Why.SECURITY, now
    )


def shared(provider: Provider, tokens: dict[str, str]) -> set[str]:
    """What userinfo says besides who it is about; what stays here has a reason."""
    response = HTTP.get(f"{provider.url}/userinfo", headers={"authorization": f"Bearer {tokens['access_token']}"})
    assert response.status_code == 200
    claims = response.json()
    assert set(claims.get("withheld", {})) | set(claims) >= set(BOTH)
    return set(claims) & set(BOTH)


def refresh(provider: Provider, tokens: dict[str, str]) -> httpx.Response:
    form = {"grant_type": "refresh_token", "refresh_token": tokens["refresh_token"]}
    return as_client(provider, TABI.client_id, "/token", form)


def test_a_paused_grant_gives_nothing_and_loses_nothing(provider: Provider, tokens: dict[str, str]):
    """No data, no new token, not active for services; afterwards the same refresh token works."""
    assert shared(provider, tokens) == set(BOTH)
    assert do(provider, pause)
    assert not do(provider, pause)
    assert shared(provider, tokens) == set()
    refused = refresh(provider, tokens)
    assert (refused.status_code, refused.json()["error"]) == (400, "access_denied")
    told = as_client(provider, TABI.client_id, "/introspect", {"token": tokens["access_token"]})
    assert told.json() == {"active": False}
    assert do(provider, resume)
    assert shared(provider, tokens) == set(BOTH)
    assert refresh(provider, tokens).status_code == 200


def test_whoever_comes_back_to_the_app_is_asked_and_a_yes_resumes(
    provider: Provider, hana: Person, tokens: dict[str, str]
):
    """It is the person who paused; the page asks again what was answered before."""
    do(provider, pause)
    page = visit(hana, TABI)
    assert shows(page, "allow")
    assert "code" in answer(decide(hana, page, "over_20"))
    provider.services.feed.read_now()
    assert shared(provider, tokens) == {"over_20"}


def test_each_cause_holds_for_itself(provider: Provider, hana: Person, tokens: dict[str, str]):
    """Lifting one does not revive another, nor does the person's own pause end with them; nobody can be asked."""
    name = grant_of(provider.services).id
    assert do(provider, suspend("a"))
    assert do(provider, suspend("b"))
    assert not do(provider, suspend("a"))
    assert answer(visit(hana, TABI))["error"] == "access_denied"
    assert answer(visit(hana, TABI, prompt="consent"))["error"] == "access_denied"
    do(provider, pause)
    assert do(provider, lift("a"))
    assert shared(provider, tokens) == set()
    do(provider, resume)
    assert shared(provider, tokens) == set()
    assert do(provider, lift("b"))
    assert shared(provider, tokens) == set(BOTH)
    with provider.services.database.autocommit() as connection:
        told = [(event.kind, event.initiator) for event in grants.events(connection, name)]
    assert told == [
        ("given", "user"),
        ("suspended", "platform"),
        ("suspended", "platform"),
        ("paused", "user"),
        ("lifted", "platform"),
        ("resumed", "user"),
        ("lifted", "platform"),
    ]


def test_what_is_taken_out_stays_out(provider: Provider, hana: Person, tokens: dict[str, str]):
    """The grant stands for the rest, and the app is not asked to ask again for what was answered."""
    out = ["prefecture"]
    assert do(provider, lambda sharing, connection, grant, now: sharing.narrow(connection, grant, out, now))
    assert not do(provider, lambda sharing, connection, grant, now: sharing.narrow(connection, grant, out, now))
    assert shared(provider, tokens) == {"over_20"}
    assert not shows(visit(hana, TABI), "allow")


def test_ending_everything_ends_every_token(provider: Provider, tokens: dict[str, str]):
    """One word for all of a person's grants; there is nothing to end twice."""
    who = grant_of(provider.services).account_id

    def end_all(sharing, connection, grant, now):
        return sharing.end_all(connection, who, Initiator.USER, Why.USER_REVOKED, now)

    assert do(provider, end_all)
    assert not do(provider, end_all)
    assert refresh(provider, tokens).json()["error"] == "invalid_grant"
    ended = grant_of(provider.services)
    assert (ended.status, ended.reason, ended.initiator) == ("revoked", "CUSTOMER_MANUALLY_REVOKED", "user")


def test_who_leaves_all_sharing_shares_with_nobody(provider: Provider, hana: Person, tokens: dict[str, str]):
    """By the command too: what stands rests, and no app may ask, until they come back."""
    done = idp(provider, "user", "opt-out", hana.username, "--json")
    assert json.loads(done.stdout)["opted_out"] is True, done.stderr
    provider.services.feed.read_now()
    assert shared(provider, tokens) == set()
    ken = signed_in(Person(provider, "ken@example.jp"))
    assert shows(visit(ken, TABI), "allow")
    idp(provider, "user", "opt-out", ken.username)
    provider.services.feed.read_now()
    assert answer(visit(ken, TABI))["error"] == "access_denied"
    assert idp(provider, "user", "opt-in", hana.username).returncode == 0
    provider.services.feed.read_now()
    assert shared(provider, tokens) == set(BOTH)


def test_an_answer_in_the_last_moment_is_held_from_the_start(provider: Provider):
    """Who leaves while the page is open: the yes is written down, and nothing goes out on it."""
    ken = signed_in(Person(provider, "ken@example.jp"))
    page = visit(ken, TABI)
    idp(provider, "user", "opt-out", ken.username)
    decide(ken, page, *BOTH)
    with provider.services.database.autocommit() as connection:
        account = provider.services.accounts.find_by_username(connection, ken.username)
        given = grants.find(connection, account.id, TABI.client_id, "points.credit")
        assert grants.causes(connection, given.id) == ("opted_out",)


def test_a_hold_counts_at_once_also_where_it_is_not_yet_known(provider: Provider, tokens: dict[str, str]):
    """Another process remembers the grant as it was: what it decides is checked as it is written down."""
    services = provider.services
    with another_process(provider) as other:
        elsewhere: Services = other.extensions[EXTENSION]
        grant, client = grant_of(services), services.find_client(TABI.client_id)

        def there() -> set[str]:
            from_there = elsewhere.sharing
            asked = Asked(("openid", *BOTH), "points.credit")
            return set(from_there.release(client, grant.account_id, asked, services.now, Surface.USERINFO).claims)

        assert there() == set(BOTH)
        for hold, let_go in ((pause, resume), (suspend("a"), lift("a")), (out, back)):
            with services.database.transaction() as connection:
                hold(services.sharing, connection, grant_of(services), services.now)
            assert there() == set()
            with services.database.transaction() as connection:
                let_go(services.sharing, connection, grant_of(services), services.now)
            elsewhere.feed.read_now()
            assert there() == set(BOTH)


def out(sharing, connection, grant, now):
    sharing.opt_out(connection, grant.account_id, now)


def back(sharing, connection, grant, now):
    sharing.opt_in(connection, grant.account_id, now)
