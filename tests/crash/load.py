"""Clients that go on through every outage: each repeats a request until it is answered, and keeps what it was given."""

import threading
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field

import httpx

from tests.provider.person import Person, as_client
from tests.provider.provider import ServedProvider

SHOP = ("storefront", "http://127.0.0.1:8401/callback")
ANSWERED_WITHIN = 120.0
LINE = 8
"""How often a refresh token is exchanged before its holder begins anew."""
UNAVAILABLE = 503


@dataclass
class Line:
    """One family as its holder knows it: every refresh token that it was given, in order, and the access tokens."""

    refresh_tokens: list[str]
    access_tokens: list[str]
    is_revoked: bool = False


@dataclass
class Load:
    """What the clients share: whether the server is up, how much was answered, what was handed out."""

    provider: ServedProvider
    up: threading.Event = field(default_factory=threading.Event)
    over: threading.Event = field(default_factory=threading.Event)
    changed: threading.Condition = field(default_factory=threading.Condition)
    answered: int = 0
    lost: int = 0
    unavailable: int = 0
    lines: list[Line] = field(default_factory=list)
    own_tokens: list[str] = field(default_factory=list)
    codes_lost: int = 0
    problems: list[str] = field(default_factory=list)

    def ask(self, send: Callable[[], httpx.Response]) -> httpx.Response:
        """Send a request until it is answered; whatever was lost on the way is sent again, as an honest client does."""
        while True:
            self.up.wait()
            try:
                response = send()
            except httpx.TransportError:
                self._count(lost=1)
                continue
            if response.status_code == UNAVAILABLE:
                self._count(unavailable=1)
                continue
            self._count(answered=1)
            return response

    def until_answered(self, more: int) -> None:
        """Wait until so many further requests were answered."""
        goal = self.answered + more
        with self.changed:
            in_time = self.changed.wait_for(lambda: self.answered >= goal or self.problems, ANSWERED_WITHIN)
        assert in_time, f"only {self.answered} of {goal} requests were answered"

    def token(self, **form: str) -> httpx.Response:
        return self.ask(lambda: as_client(self.provider, "storefront", "/token", form))

    def is_active(self, token: str, client_id: str = "storefront") -> bool:
        answer = self.ask(lambda: as_client(self.provider, client_id, "/introspect", {"token": token}))
        return bool(answer.json()["active"])

    def _count(self, answered: int = 0, lost: int = 0, unavailable: int = 0) -> None:
        with self.changed:
            self.answered += answered
            self.lost += lost
            self.unavailable += unavailable
            self.changed.notify_all()


def expect(load: Load, response: httpx.Response, *allowed: int) -> bool:
    """Whether an answer is as it must be; what is not ends the load and fails the test."""
    if response.status_code in allowed:
        return True
    load.problems.append(f"{response.request.url.path}: {response.status_code} {response.text}")
    load.over.set()
    return False


def begin_line(load: Load, hana: Person) -> Line | None:
    """Get a code and redeem it. When the answer was lost, the code is spent and its family has ended: begin anew."""
    authorized = load.ask(lambda: hana.browser.get(hana.request(*SHOP, "openid offline_access")))
    if not expect(load, authorized, 303):
        return None
    code = httpx.URL(authorized.headers["location"]).params["code"]
    redeemed = load.ask(lambda: hana.exchange(*SHOP, code))
    if not expect(load, redeemed, 200, 400):
        return None
    if redeemed.status_code != 200:
        load.codes_lost += 1
        return None
    line = Line([redeemed.json()["refresh_token"]], [redeemed.json()["access_token"]])
    load.lines.append(line)
    return line


def refresh_on_and_on(load: Load, hana: Person) -> None:
    """Each refresh works, however often its answer is lost; now and then it is repeated on purpose."""
    while not load.over.is_set():
        line = begin_line(load, hana)
        for step in range(LINE if line else 0):
            assert line is not None
            newest = line.refresh_tokens[-1]
            for _ in range(2 if step % 4 == 0 else 1):
                response = load.token(grant_type="refresh_token", refresh_token=newest)
                if not expect(load, response, 200):
                    return
                line.access_tokens.append(response.json()["access_token"])
                successor = response.json()["refresh_token"]
                if successor not in line.refresh_tokens:
                    line.refresh_tokens.append(successor)
            if line.refresh_tokens[-2] != newest:
                load.problems.append("one refresh token was exchanged for two")
                load.over.set()


def revoke_on_and_on(load: Load, hana: Person) -> None:
    """What was revoked, and answered as revoked, is dead from then on."""
    while not load.over.is_set():
        line = begin_line(load, hana)
        if line is None:
            continue
        form = {"token": line.refresh_tokens[0]}
        response = load.ask(lambda: as_client(load.provider, "storefront", "/revoke", form))  # noqa: B023 - asked now
        if not expect(load, response, 200):
            return
        line.is_revoked = True


def serve_on_and_on(load: Load, _hana: Person) -> None:
    """A service that gets tokens of its own."""
    while not load.over.is_set():
        form = {"grant_type": "client_credentials"}
        response = load.ask(lambda: as_client(load.provider, "payments", "/token", form))  # noqa: B023 - asked now
        if not expect(load, response, 200):
            return
        load.own_tokens.append(response.json()["access_token"])


ROLES = (refresh_on_and_on, refresh_on_and_on, refresh_on_and_on, revoke_on_and_on, serve_on_and_on)


@contextmanager
def under_load(provider: ServedProvider) -> Iterator[Load]:
    """Clients of every kind work inside the block; afterwards each has got its last answer."""
    load = Load(provider)
    load.up.set()
    people = [Person(provider) for _ in ROLES]
    for person in people:
        person.authorize(*SHOP, "openid offline_access")
    with ThreadPoolExecutor(len(ROLES)) as pool:
        at_work: list[Future[None]] = [
            pool.submit(role, load, person) for role, person in zip(ROLES, people, strict=True)
        ]
        try:
            yield load
        finally:
            load.up.set()
            load.over.set()
    for done, person in zip(at_work, people, strict=True):
        person.browser.close()
        done.result()
    assert load.problems == []
