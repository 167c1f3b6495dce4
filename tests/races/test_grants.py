"""Ends against readers, amendments against refreshes, a suspension against issuing, with several server processes.

Nothing goes out on a grant after its end was acknowledged, and the log holds as many entries as data went out (G10).
"""

import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial
from time import monotonic, time

import httpx
from sqlalchemy import text

from idp.data_sharing.partner_life import Action, act
from idp.services import EXTENSION, Services
from idp.store.changes import BOUND
from idp.store.database import Database
from tests.provider.apps import TABI, tokens_for
from tests.provider.person import Person, as_client
from tests.provider.provider import HTTP, Provider, another_process
from tests.provider.waiting import eventually
from tests.store.rows import THREADS
from tests.web.visits import answer, decide, end_sharing, visit

SETTINGS = {"IDP_EXPERIMENTAL": "grant-management-03"}
BOTH = ("prefecture", "over_20")
READERS = 8
AT_ONCE_EVERYWHERE = 10
"""Questions in a row that every one of the processes gets its share of."""


@dataclass(frozen=True)
class Asked:
    """One question: when it was asked, by a clock that only goes forward, and the answer."""

    at: float
    response: httpx.Response


def me(provider: Provider, access_token: str) -> httpx.Response:
    return HTTP.get(f"{provider.url}/data/v1/me", headers={"Authorization": f"Bearer {access_token}"})


def refresh(provider: Provider, token: str) -> httpx.Response:
    return as_client(provider, TABI.client_id, "/token", {"grant_type": "refresh_token", "refresh_token": token})


def has_data(response: httpx.Response) -> bool:
    return response.status_code == 200 and bool(response.json()["data"])


def is_dead_everywhere(provider: Provider, access_token: str) -> bool:
    """Each question may reach another process."""
    return {me(provider, access_token).status_code for _ in range(AT_ONCE_EVERYWHERE)} == {401}


def disclosures(stored: Database) -> int:
    with stored.autocommit() as connection:
        found = connection.execute(text("SELECT count(*) FROM audit_entries WHERE disclosed_at IS NOT NULL"))
        return int(found.scalar_one())


def against(
    ask: Callable[[], httpx.Response], act: Callable[[], None], threads: int = THREADS, linger: float = 0
) -> tuple[list[Asked], float]:
    """Have threads ask without pause until a while after somebody has acted; return when that was done."""
    over, gate = threading.Event(), threading.Barrier(threads + 1)

    def once() -> Asked:
        return Asked(monotonic(), ask())

    def keep_asking(_: int) -> list[Asked]:
        gate.wait()
        found = []
        while not over.is_set():
            found.append(once())
        return [*found, once()]

    with ThreadPoolExecutor(threads) as crowd:
        asking = [crowd.submit(keep_asking, number) for number in range(threads)]
        gate.wait()
        act()
        acted_at, own = monotonic(), [once()]
        while monotonic() < acted_at + linger:
            own.append(once())
        over.set()
        return [*own, *(asked for each in asking for asked in each.result())], acted_at


def test_ending_a_grant_against_fifty_readers(racing: Provider, hana: Person, stored: Database):
    """Whoever asks after the end was acknowledged gets nothing, in whichever process; each answer has its entry."""
    tokens = tokens_for(hana, TABI, prompt="consent", ticks=BOTH)
    before = disclosures(stored)
    asked, ended_at = against(
        lambda: me(racing, tokens["access_token"]), lambda: end_sharing(hana, TABI, "points.credit")
    )
    assert {each.response.status_code for each in asked} <= {200, 401}
    assert [each for each in asked if each.at > ended_at and has_data(each.response)] == []
    assert disclosures(stored) - before == sum(has_data(each.response) for each in asked)
    assert eventually(lambda: is_dead_everywhere(racing, tokens["access_token"]))


def test_amending_a_grant_against_fifty_refreshes(racing: Provider, hana: Person, stored: Database):
    """Whoever asks with the old token after the amendment was redeemed is refused, and the new ones live."""
    old = tokens_for(hana, TABI, prompt="consent", ticks=("prefecture",))
    page = visit(hana, TABI, grant_management_action="merge", grant_id=old["grant_id"])
    code = answer(decide(hana, page, *BOTH))["code"]
    redeemed: list[dict[str, str]] = []

    def redeem() -> None:
        redeemed.append(hana.exchange(TABI.client_id, TABI.redirect_uri, code).json())

    asked, amended_at = against(lambda: refresh(racing, old["refresh_token"]), redeem)
    (new,) = redeemed
    assert new["grant_id"] == old["grant_id"]
    assert {each.response.status_code for each in asked} <= {200, 400}
    assert {each.response.status_code for each in asked if each.at > amended_at} == {400}
    successors = [each.response.json() for each in asked if each.response.status_code == 200]
    assert len({tokens["refresh_token"] for tokens in successors}) <= 1
    for tokens in (old, *successors[-1:]):
        assert refresh(racing, tokens["refresh_token"]).json()["error"] == "invalid_grant"
        assert eventually(lambda: is_dead_everywhere(racing, tokens["access_token"]))  # noqa: B023 - asked here and now
    assert me(racing, new["access_token"]).json()["data"] == {"prefecture": "Tokyo", "over_20": True}
    assert refresh(racing, new["refresh_token"]).status_code == 200


def test_suspending_a_partner_against_issuing(racing: Provider, hana: Person, stored: Database):
    """Within a second of the operator's word nothing is issued or read any more; what went out before has its entry."""
    tokens = tokens_for(hana, TABI, prompt="consent", ticks=BOTH)
    newest, lock = [tokens], threading.Lock()
    before = disclosures(stored)

    def issue_or_read() -> httpx.Response:
        if lock.acquire(blocking=False):
            try:
                response = refresh(racing, newest[-1]["refresh_token"])
                if response.status_code == 200:
                    newest.append(response.json())
                return response
            finally:
                lock.release()
        return me(racing, newest[-1]["access_token"])

    with another_process(racing, **SETTINGS) as office:
        step = partial(take_step, office.extensions[EXTENSION])
        asked, suspended_at = against(issue_or_read, partial(step, Action.SUSPEND), READERS, 2 * BOUND)
        step(Action.LIFT)
    late = [each.response for each in asked if each.at > suspended_at + BOUND]
    assert late
    assert not any("access_token" in response.text or "Tokyo" in response.text for response in late)
    read = sum("Tokyo" in each.response.text for each in asked)
    issued = sum("access_token" in each.response.text for each in asked)
    # An access token and an ID token hold data each; the suspension may have come between the two.
    assert read + issued <= disclosures(stored) - before <= read + 2 * issued


def take_step(services: Services, action: Action, partner_id: str = "tabi-points") -> None:
    """Suspend a partner, or lift that, as an operator does."""
    with services.database.transaction() as connection:
        said = {"by": "Aiko", "reason": "a drill", "now": int(time())}
        act(connection, services.messages, action, partner_id, **said)
