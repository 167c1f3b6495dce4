"""Delivery: what waits in the outbox arrives, whatever dies or is away meanwhile (OIDC Back-Channel Logout 2.5).

Every message goes by TLS to a real site; see `tests.provider.outside`.
"""

import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from http.server import BaseHTTPRequestHandler
from itertools import pairwise

import pytest
from sqlalchemy import text

from idp.app import create_app
from idp.delivery import deliver_due
from idp.services import EXTENSION, Services
from idp.store import outbox
from idp.store.outbox import Letter
from tests.provider.fixtures import trusting
from tests.provider.outside import Authority, Site
from tests.provider.provider import Provider, ServedProvider, another_process, serve_elsewhere
from tests.provider.provider import testing_settings as settings_of
from tests.provider.waiting import eventually
from tests.store.rows import contents

HOUR = 3600


@pytest.fixture
def services(provider: Provider) -> Services:
    return provider.services


def tell(services: Services, url: str, body: bytes = b"x", recipient: str = "shop", *, in_order: bool = False) -> None:
    """Write a message down as an event of that moment would."""
    now = services.now
    with services.database.transaction() as connection:
        outbox.enqueue(
            connection,
            services.sealer,
            Letter(url, "text/plain", body),
            kind=outbox.PARTNER_MESSAGE,
            recipient=recipient,
            now=now,
            expires_at=now + HOUR,
            in_order=in_order,
        )


def told(site: Site, path: str = "/inbox") -> list[bytes]:
    return [request.body for request in site.requests if request.path == path]


def outcomes(services: Services) -> list[str]:
    rows = sorted(contents(services.database)["outbox"], key=lambda row: row["id"])
    return [row["outcome"] for row in rows if row["over_at"] is not None]


def test_a_message_arrives_once(services: Services, outside: Site):
    """As it was written, with its content type; any status of success will do."""
    outside.pages["/inbox"] = (204, {}, b"")
    tell(services, outside.url("/inbox"), b"bytes \x00\xff")
    assert deliver_due(services) == 1
    assert deliver_due(services) == 0
    (request,) = outside.requests
    assert (request.method, request.body, request.headers["Content-Type"]) == ("POST", b"bytes \x00\xff", "text/plain")
    assert outcomes(services) == [outbox.DELIVERED]


def test_a_recipient_that_is_down_and_comes_up_again_is_told(provider: Provider, services: Services, outside: Site):
    """Tried ever more seldom, delivered as soon as a try finds it up."""
    outside.pages["/inbox"] = (503, {}, b"")
    tell(services, outside.url("/inbox"))
    tries = []
    for second in range(200):
        before = len(told(outside))
        deliver_due(services)
        if len(told(outside)) > before:
            tries.append(second)
        provider.clock.forward(1)
    pauses = [later - earlier for earlier, later in pairwise(tries)]
    assert 4 <= len(pauses) <= 10
    assert all(half <= pause <= 3 * half for pause, half in zip(pauses, (1, 2, 4, 8), strict=False))
    outside.pages["/inbox"] = b"{}"
    provider.clock.forward(400)
    assert deliver_due(services) == 1


def test_a_message_whose_time_is_over_is_given_up(provider: Provider, services: Services, outside: Site):
    """The recipient was away for all of it; nothing is said afterwards."""
    tell(services, "https://127.0.0.1:9/away")
    assert deliver_due(services) == 0
    provider.clock.forward(HOUR)
    deliver_due(services)
    assert outcomes(services) == [outbox.EXPIRED]


@pytest.mark.parametrize("status", [302, 400, 404, 500])
def test_what_is_not_taken_is_tried_again(provider: Provider, services: Services, outside: Site, status: int):
    """A refusal may be a mistake that somebody mends within the time; a redirect is nobody's answer."""
    outside.pages["/inbox"] = (status, {"Location": outside.url("/elsewhere")}, b"")
    tell(services, outside.url("/inbox"))
    assert deliver_due(services) == 0
    outside.pages["/inbox"] = b"{}"
    provider.clock.forward(4)
    assert deliver_due(services) == 1
    assert outside.asked("/elsewhere") == 0


def test_a_recipient_that_is_away_holds_up_only_itself(services: Services, outside: Site):
    """Nine messages to one that is away cost one try, not nine; the others are told meanwhile."""
    outside.pages["/away"] = (503, {}, b"")
    outside.pages["/inbox"] = b"{}"
    for number in range(9):
        tell(services, outside.url("/away"), str(number).encode(), "away")
    tell(services, outside.url("/inbox"))
    assert deliver_due(services) == 1
    assert (len(told(outside, "/away")), len(told(outside))) == (1, 1)


def test_a_message_that_one_app_refuses_does_not_hold_up_its_next(services: Services, outside: Site):
    """A refusal is about one message."""
    outside.pages["/no"] = (400, {}, b"")
    outside.pages["/inbox"] = b"{}"
    for path in ("/no", "/inbox"):
        tell(services, outside.url(path))
    assert deliver_due(services) == 1


def test_in_order_a_partner_hears_one_thing_after_the_other(provider: Provider, services: Services, outside: Site):
    """While the first is refused, the second waits; then both come, in the order of their events."""
    outside.pages["/inbox"] = (500, {}, b"")
    for body in (b"1", b"2", b"3"):
        tell(services, outside.url("/inbox"), body, in_order=True)
    deliver_due(services)
    provider.clock.forward(4)
    deliver_due(services)
    assert told(outside) == [b"1", b"1"]
    outside.pages["/inbox"] = b"{}"
    provider.clock.forward(8)
    assert deliver_due(services) == 3
    assert told(outside)[2:] == [b"1", b"2", b"3"]


def test_two_processes_deliver_each_message_once(
    provider: Provider, services: Services, outside: Site, authority: Authority
):
    """Several servers share one outbox; none of them says again what another one said."""
    outside.pages["/inbox"] = b"{}"
    sent = {str(number).encode() for number in range(40)}
    for body in sent:
        tell(services, outside.url("/inbox"), body, body.decode())
    with another_process(provider, **trusting(authority)) as app, ThreadPoolExecutor(4) as pool:
        for _ in pool.map(deliver_due, [services, services, app.extensions[EXTENSION], app.extensions[EXTENSION]]):
            pass
    assert sorted(told(outside)) == sorted(sent)


def test_what_does_not_open_is_given_up_and_said_to_the_operator(
    services: Services, outside: Site, caplog: pytest.LogCaptureFixture
):
    """A row that somebody made up is not delivered, and does not stop what comes after it."""
    outside.pages["/inbox"] = b"{}"
    tell(services, outside.url("/inbox"), b"made up")
    tell(services, outside.url("/inbox"), b"ours", "another")
    with services.database.autocommit() as connection:
        connection.execute(text("UPDATE outbox SET recipient = 'thief' WHERE recipient = 'shop'"))
    assert deliver_due(services) == 1
    assert told(outside) == [b"ours"]
    assert "partner_message to thief is given up: unreadable" in caplog.text
    assert "made up" not in caplog.text


@pytest.fixture
def mortal(store_url: str, authority: Authority) -> Iterator[ServedProvider]:
    """A provider as users run it, whose leases are short because its patience with others is."""
    short = {**trusting(authority), "IDP_OUTBOUND__TOTAL_TIMEOUT": "1", "IDP_OUTBOUND__CONNECT_TIMEOUT": "1"}
    with serve_elsewhere(store_url, workers=1, **short) as running:
        yield running


def test_a_message_in_the_hands_of_a_killed_server_is_delivered_after_its_restart(
    mortal: ServedProvider, outside: Site
):
    """SIGKILL between claim and delivery: the next server delivers it, unasked."""
    reached, over = threading.Event(), threading.Event()

    def hang(_handler: BaseHTTPRequestHandler) -> None:
        reached.set()
        over.wait(20)

    outside.pages["/inbox"] = hang
    services = create_app(settings_of(mortal.database_url, mortal.url)).extensions[EXTENSION]
    tell(services, outside.url("/inbox"), b"after all")
    assert reached.wait(20)
    mortal.kill()
    over.set()
    outside.pages["/inbox"] = b"{}"
    outside.requests.clear()
    mortal.start()
    assert eventually(lambda: told(outside) == [b"after all"], within=30)
    assert eventually(lambda: outcomes(services) == [outbox.DELIVERED], within=5)
    services.database.engine.dispose()
