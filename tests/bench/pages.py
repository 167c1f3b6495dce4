"""What pages and a password sign-in cost the server, in process: `python -m tests.bench.pages` prints it.

A warm application on PostgreSQL is called as a server calls it, one request at a time: wall-clock time, which holds the
round trips to the database, and processor time of the calling thread, for which what else runs on the machine counts
less. A page is whatever an address answers with HTML, so a new one is measured without being written down here. A
sign-in is a right password in a browser that was here before; of its time the one argon2id verification is taken off
that the same password costs a moment earlier.
"""

import statistics
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from http.cookies import SimpleCookie
from operator import attrgetter
from typing import Any

from flask import Flask
from werkzeug.test import Client, EnvironBuilder
from werkzeug.wrappers import Response

from idp.passwords.hashing import Passwords
from idp.web import paths
from tests.provider.apps import STOREFRONT
from tests.provider.person import Person, hidden
from tests.provider.provider import another_process, serve_here
from tests.real.postgres_server import run_postgres
from tests.web.visits import flow_of, visit
from tests.web.walk import PAGES, Walker

CALLS = 200
SIGN_INS = 100
WARM_UP = 20
AS_IN_PRODUCTION = {"IDP_SIGN_IN__ARGON2_TIME_COST": "2", "IDP_SIGN_IN__ARGON2_MEMORY_KIB": "19456"}
"""The hash, which the test profile makes cheap."""


@dataclass(frozen=True)
class Took:
    """What one call took, in milliseconds: by the clock, and of the processor."""

    wall: float
    cpu: float

    def __sub__(self, other: "Took") -> "Took":
        return Took(self.wall - other.wall, self.cpu - other.cpu)


@dataclass(frozen=True)
class Figures:
    """Milliseconds of many calls: by the clock (median, 99 of 100), and of the processor (median)."""

    name: str
    p50: float
    p99: float
    cpu: float

    @classmethod
    def of(cls, name: str, took: list[Took]) -> "Figures":
        walls = statistics.quantiles(map(attrgetter("wall"), took), n=100)
        return cls(name, walls[49], walls[98], statistics.median(map(attrgetter("cpu"), took)))


def measure(database_url: str) -> list[Figures]:
    """Fill an empty database, and measure every page and then the sign-in."""
    with serve_here(database_url, **AS_IN_PRODUCTION) as provider:
        walker = Walker.of(provider)
        stranger = Person(provider)
        for_an_app = f"{paths.LOGIN}?flow={flow_of(visit(stranger, STOREFRONT))}"
        with another_process(provider, **AS_IN_PRODUCTION) as app:
            cookies = dict(walker.person.browser.cookies)
            pages = [_page(app, "sign-in page, for an app", for_an_app, dict(stranger.browser.cookies))]
            pages.append(_page(app, "consent page", f"{paths.CONSENT}?flow={walker.flow}", cookies))
            pages.extend(_page(app, route, walker.path(route), cookies) for route in PAGES)
            return [*(page for page in pages if page is not None), *_sign_in(app, walker.person)]


def _page(app: Flask, name: str, path: str, cookies: Mapping[str, str]) -> Figures | None:
    """Measure a page; None where the address answers with something else, or leads on."""
    answer = _ask(app, path, cookies)
    if answer.status_code >= 300 or answer.mimetype != "text/html":
        return None
    took = [_call(app, _environ(path, cookies)) for _number in range(WARM_UP + CALLS)]
    return Figures.of(name, took[WARM_UP:])


def _sign_in(app: Flask, person: Person) -> list[Figures]:
    """Measure sign-ins, each a moment after one verification of the same password."""
    provider = person.provider
    assert provider.services is not None
    password = provider.secrets[person.username]
    passwords = Passwords(provider.services.settings.sign_in)
    stored = passwords.hash(password)
    device = {"sekisho_device": person.browser.cookies["sekisho_device"]}
    hashes, whole = [], []
    for _number in range(WARM_UP + SIGN_INS):
        page = _ask(app, paths.LOGIN, device)
        cookies = {**device, **_given(page)}
        form = {**hidden(page.text), "username": person.username, "password": password}
        hashes.append(_time(lambda: passwords.verify(stored, password)))
        whole.append(_call(app, _environ(paths.LOGIN, cookies, form)))
    rest = [one - other for one, other in zip(whole, hashes, strict=True)]
    named = {"password sign-in": whole, "  its argon2id": hashes, "  anything else": rest}
    return [Figures.of(name, took[WARM_UP:]) for name, took in named.items()]


def _environ(path: str, cookies: Mapping[str, str], form: Mapping[str, str] | None = None) -> dict[str, Any]:
    """A request as a server hands it to the application."""
    cookie = "; ".join(f"{name}={value}" for name, value in cookies.items())
    method = "GET" if form is None else "POST"
    builder = EnvironBuilder(path, method=method, data=form, headers={"Cookie": cookie, "Accept-Language": "ja"})
    return dict(builder.get_environ())


def _ask(app: Flask, path: str, cookies: Mapping[str, str]) -> Response:
    """What is answered, to look at; it is not measured."""
    return Client(app, Response, use_cookies=False).open(_environ(path, cookies))


def _given(answer: Response) -> dict[str, str]:
    """The cookies that an answer sets."""
    lines = SimpleCookie("; ".join(line.partition(";")[0] for line in answer.headers.getlist("Set-Cookie")))
    return {name: morsel.value for name, morsel in lines.items()}


def _call(app: Flask, environ: dict[str, Any]) -> Took:
    """Answer a request to the last byte; it must not go wrong."""
    statuses: list[str] = []

    def answer() -> None:
        body = app(environ, lambda status, _headers, *_rest: statuses.append(status))  # type: ignore[arg-type,func-returns-value]
        b"".join(body)
        body.close()  # type: ignore[attr-defined]

    took = _time(answer)
    assert statuses[0] < "4", statuses
    return took


def _time(call: Callable[[], object]) -> Took:
    wall, cpu = time.perf_counter_ns(), time.thread_time_ns()
    call()
    return Took((time.perf_counter_ns() - wall) / 1e6, (time.thread_time_ns() - cpu) / 1e6)


def print_table(measured: list[Figures]) -> None:
    """Print the figures, a line each."""
    print(f"{'in process, PostgreSQL, milliseconds':52}{'p50':>8}{'p99':>8}{'cpu p50':>9}")
    for each in measured:
        print(f"{each.name:52}{each.p50:8.2f}{each.p99:8.2f}{each.cpu:9.2f}")


if __name__ == "__main__":
    with run_postgres(fsync=True) as postgres, postgres.database() as url:
        print_table(measure(url))
