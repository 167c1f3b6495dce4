"""Hostile bytes over a socket to `idp serve`: broken HTTP, too much of everything, requests that never end."""

import contextlib
import io
import socket
from collections.abc import Iterator
from dataclasses import replace
from functools import cached_property
from http.client import BadStatusLine, HTTPResponse

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.fuzz.answer import Answer
from tests.fuzz.counts import cases
from tests.fuzz.draft import Draft, form, header
from tests.fuzz.endpoints import ENDPOINTS
from tests.fuzz.hostile import CHANGES, HOSTILE, Change
from tests.fuzz.invariants import check_answer
from tests.fuzz.message import FORM, Framing, Message
from tests.fuzz.raw import RAW
from tests.provider.apps import STOREFRONT, tokens_for
from tests.provider.person import Person, as_client
from tests.provider.provider import ServedProvider

PATIENCE = 20.0
HELD_OPEN = 100
HELD_IN_THREADS = 6
"""Fewer than a worker has threads (the setting `threads`): a body that does not come keeps one waiting."""
KNOWN_URIS = frozenset({STOREFRONT.redirect_uri})


class Service:
    """The provider as the network sees it, and what lives in it."""

    def __init__(self, provider: ServedProvider) -> None:
        self.provider = provider
        self.port = int(provider.url.rsplit(":", 1)[1])
        self.hana = Person(provider)
        self.refresh_token: str = tokens_for(self.hana, STOREFRONT)["refresh_token"]

    @cached_property
    def valid(self) -> list[Message]:
        """Requests that are right as they stand."""
        credentials = {"client_id": "ledger", "client_secret": self.provider.secrets["ledger"]}
        token = Draft("POST", b"/token", form(grant_type="client_credentials", **credentials))
        return [
            token.message(),
            token.message(framing=Framing.CHUNKED),
            Draft("GET", b"/authorize", (*header("Cookie", f"sekisho_session={self.session}"),)).message(),
            Draft("GET", b"/login", header("Accept-Language", "ja")).message(),
        ]

    @property
    def session(self) -> str:
        return str(self.hana.browser.cookies["sekisho_session"])

    def connect(self) -> socket.socket:
        return socket.create_connection(("127.0.0.1", self.port), timeout=PATIENCE)

    def say(self, spoken: bytes, *, hang_up: bool = False, method: str = "GET") -> Answer | None:
        """Say something, and perhaps that nothing more will come; return the answer, if there is one."""
        with self.connect() as connection:
            with contextlib.suppress(OSError):  # the server may have heard enough
                connection.sendall(spoken)
                if hang_up:
                    connection.shutdown(socket.SHUT_WR)
            return _answer(_all_of(connection), method)

    def ask(self, message: Message) -> None:
        """Send a request and check the answer, which the server gives itself where it is no HTTP."""
        lies = message.framing not in (Framing.EXACT, Framing.CHUNKED)
        answer = self.say(message.wire(), hang_up=lies, method=message.method)
        if answer is not None and answer.header("X-Content-Type-Options"):
            check_answer(KNOWN_URIS, message, answer)

    def losses(self) -> list[str]:
        """Name what is gone, by asking as people and apps do."""
        parameters = {"grant_type": "refresh_token", "refresh_token": self.refresh_token}
        refreshed = as_client(self.provider, STOREFRONT.client_id, "/token", parameters)
        self.refresh_token = refreshed.json().get("refresh_token", "")
        holds = {
            "the server": self.say(Message("GET", b"/health/ready").wire()) is not None,
            "a refresh token": refreshed.status_code == 200,
            "a session": self.hana.username in self.hana.browser.get("/").text,
            "a client": as_client(self.provider, "ledger", "/token", {"grant_type": "client_credentials"}).is_success,
            "a clean log": "Traceback" not in self.log,
        }
        return [name for name, still in holds.items() if not still]

    @property
    def log(self) -> str:
        assert self.provider.process is not None
        return self.provider.process.last_lines(200)


def _all_of(connection: socket.socket) -> bytes:
    """Return all that comes until the server hangs up; it must do so in time."""
    pieces = []
    with contextlib.suppress(ConnectionError):
        while piece := connection.recv(65_536):
            pieces.append(piece)
    return b"".join(pieces)


class _Received(io.BytesIO):
    """What came over a socket, to be read as `http.client` reads one."""

    def makefile(self, *_arguments: object) -> "_Received":
        return self


def _answer(received: bytes, method: str) -> Answer | None:
    """Read an answer, which is below 500 whoever gives it, or none."""
    if not received:
        return None
    response = HTTPResponse(_Received(received), method=method)  # type: ignore[arg-type]  # all that it asks of a socket
    try:
        response.begin()
    except BadStatusLine as error:
        raise AssertionError(f"not HTTP: {received[:100]!r}") from error
    assert response.status < 500, received
    return Answer(f"{response.status} {response.reason}", response.getheaders(), response.read())


@pytest.fixture(scope="module")
def running(served_provider: ServedProvider) -> Service:
    return Service(served_provider)


@pytest.fixture
def service(running: Service) -> Iterator[Service]:
    """The running provider; whatever it is told, it goes on afterwards with all that it held before."""
    yield running
    assert running.losses() == []


def test_raw_requests_over_a_socket(service: Service):
    """HTTP as it should be, in which nothing else is right."""
    paths = [endpoint.route.partition("<")[0].encode("ascii") for endpoint in ENDPOINTS]

    @cases(200)
    @given(RAW, st.sampled_from(paths), HOSTILE, st.sampled_from([FORM, b"text/plain"]))
    def raw(message: Message, path: bytes, junk: bytes, kind: bytes) -> None:
        cookie = f"sekisho_session={service.session}".encode()
        message = replace(message, path=path + junk).with_header("Cookie", cookie)
        service.ask(message.with_header("Content-Type", kind))

    raw()


def test_requests_that_are_not_http(service: Service):
    """A valid request with bytes missing, added or changed, be it in the request line, in a header or in a chunk."""

    @cases(300)
    @given(st.integers(0, 3), st.lists(CHANGES, min_size=1, max_size=2))
    def broken(index: int, changes: list[Change]) -> None:
        spoken = service.valid[index].wire()
        for change in changes:
            spoken = change.of(spoken)
        service.say(spoken, hang_up=True)

    broken()


MEGABYTE = 1_000_000
LINES = b"Host: 127.0.0.1\r\nConnection: close\r\n"
POST = b"POST /token HTTP/1.1\r\n" + LINES + b"Content-Type: application/x-www-form-urlencoded\r\n"
TOO_MUCH = {
    "of a header": b"GET / HTTP/1.1\r\n" + LINES + b"X: " + b"a" * MEGABYTE + b"\r\n\r\n",
    "headers": b"GET / HTTP/1.1\r\n" + LINES + b"".join(b"X-%d: a\r\n" % number for number in range(5000)) + b"\r\n",
    "of a cookie": b"GET / HTTP/1.1\r\n" + LINES + b"Cookie: " + b"a=b; " * 200_000 + b"\r\n\r\n",
    "of an address": b"GET /" + b"a" * MEGABYTE + b" HTTP/1.1\r\n" + LINES + b"\r\n",
    "of a method": b"A" * MEGABYTE + b" / HTTP/1.1\r\n" + LINES + b"\r\n",
    "of a body": POST + b"Content-Length: 10000000\r\n\r\n" + b"a" * 10 * MEGABYTE,
    "of a body in chunks": POST
    + b"Transfer-Encoding: chunked\r\n\r\n"
    + b"10000\r\n%b\r\n" % (b"a" * 65_536) * 100
    + b"0\r\n\r\n",
    "announced": POST + b"Content-Length: " + b"9" * 400 + b"\r\n\r\nabc",
    "of an announced chunk": POST + b"Transfer-Encoding: chunked\r\n\r\n" + b"F" * 17 + b"\r\nabc\r\n0\r\n\r\n",
}


@pytest.mark.parametrize("much", TOO_MUCH)
def test_too_much(service: Service, much: str):
    """Whoever refuses it, the server or the provider, refuses it at once and by an error of the client's."""
    answer = service.say(TOO_MUCH[much], hang_up="announced" in much)
    assert answer is None or 400 <= answer.status < 500, answer


def test_a_form_that_was_cut_off(service: Service):
    """The connection broke before all of it came: nothing is done."""
    answer = service.say(service.valid[0].wire()[:-1], hang_up=True)
    assert answer is None or answer.status == 400, answer


def test_callers_who_do_not_wait_for_an_answer(service: Service):
    """They ask, rightly, and are gone before they hear anything."""
    for number in range(HELD_OPEN):
        with service.connect() as connection:
            connection.sendall(service.valid[number % len(service.valid)].wire())


def test_callers_who_never_finish(service: Service):
    """While some are still writing headers, and some a body, others are answered."""
    with contextlib.ExitStack() as stack:
        for number in range(HELD_OPEN + HELD_IN_THREADS):
            spoken = service.valid[0].wire()
            connection = stack.enter_context(service.connect())
            connection.sendall(spoken[:-5] if number < HELD_IN_THREADS else spoken[:50])
        assert service.losses() == []
