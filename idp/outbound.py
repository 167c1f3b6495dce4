"""The one way out: every fetch that a client can make this server do goes through here (RFC 6890).

Only https, only public addresses. A host is resolved once, every address that it has is judged, and the connection
goes to one that was judged, so that a name cannot mean something else a moment later (DNS rebinding). A redirect is an
error unless the caller allows some; each hop is then judged anew. Nothing of ours goes along: no cookies, no
credentials, no proxy of the environment. What comes back is bounded in size, and the whole exchange in time, however
slowly it trickles in. Each client has a budget of requests a minute, counted for all processes together, and fetches
never hold more than half of a process's threads.
"""

import io
import socket
import ssl
import threading
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, contextmanager
from dataclasses import dataclass
from hashlib import sha256
from http.client import HTTPException, HTTPResponse, HTTPSConnection
from ipaddress import ip_address
from time import monotonic
from typing import Any, Protocol
from urllib.parse import urljoin

from idp.protocol.outbound_urls import HTTPS_PORTS, Target, is_public, read_target
from idp.protocol.secrets import Clock
from idp.settings import Settings, SettingsError
from idp.store import quotas
from idp.store.database import Database

BUDGET_SECONDS = 60
MAX_ADDRESSES = 4
MAX_HEADER_BYTES = 16 * 1024
SLOT_SECONDS = 0.5
RESOLVER_THREADS = 4
_REDIRECTS = frozenset({301, 302, 303, 307, 308})
_OK = 200

REFUSED_URL = "refused_url"
REFUSED_ADDRESS = "refused_address"
UNREACHABLE = "unreachable"
TIMED_OUT = "timed_out"
REDIRECTED = "redirected"
TOO_LARGE = "too_large"
WRONG_TYPE = "wrong_type"
WRONG_STATUS = "wrong_status"
OVER_BUDGET = "over_budget"
BUSY = "busy"


class FetchError(Exception):
    """A fetch that was refused or failed.

    `code` is one of the constants above; `detail` is for the operator's log: it names the rule, and no address or
    content of the other side.
    """

    def __init__(self, code: str, detail: str) -> None:
        super().__init__(f"{code}: {detail}")
        self.code = code
        self.detail = detail


@dataclass(frozen=True, slots=True, repr=False)
class Fetched:
    """What came back. `content_type` is the bare media type; it and the names of headers are in lower case."""

    status: int
    content_type: str
    body: bytes
    headers: Mapping[str, str]


class Resolver(Protocol):
    """`socket.getaddrinfo`, as far as it is asked."""

    def __call__(self, host: str, port: int, *, type: int) -> list[Any]: ...  # noqa: A002 - its own name


class Fetcher:
    """Asks other people's servers; see the module for what it will not do."""

    def __init__(
        self, settings: Settings, database: Database, clock: Clock, resolve: Resolver = socket.getaddrinfo
    ) -> None:
        """Trust the authorities of this machine, and in the test profile one more.

        Raises:
            SettingsError: when the extra authority cannot be read.
        """
        self._limits = settings.outbound
        self._database = database
        self._clock = clock
        self._resolve = resolve
        self._resolvers = ThreadPoolExecutor(RESOLVER_THREADS, thread_name_prefix="resolver")
        self._slots = threading.BoundedSemaphore(max(1, settings.threads // 2))
        self._tls = _tls_context(self._limits.extra_ca_file)

    def get(self, url: str, *, budget: str, accept: tuple[str, ...], max_bytes: int, redirects: int = 0) -> Fetched:
        """Fetch a document of one of the media types `accept`, following at most `redirects` redirects.

        `budget` says on whose account: a client_id, or a partner's. Statuses other than 3xx are the caller's to judge;
        the media type is asked of a 200 only.

        Raises:
            FetchError: with any of the codes.
        """
        deadline = _Deadline(self._limits.total_timeout)
        headers = {"Accept": ", ".join(accept)}
        with self._slot():
            for _hop in range(redirects + 1):
                self._spend(budget, self._limits.requests_per_minute)
                fetched = self._exchange("GET", url, b"", headers, max_bytes, deadline)
                if fetched.status not in _REDIRECTS:
                    break
                url = urljoin(url, fetched.headers.get("location", ""))
            else:
                raise FetchError(REDIRECTED, "more redirects than are followed")
        if fetched.status == _OK and fetched.content_type not in accept:
            raise FetchError(WRONG_TYPE, "the document has another media type than is taken")
        return fetched

    def document(self, url: str, *, budget: str, accept: tuple[str, ...], max_bytes: int, redirects: int = 0) -> bytes:
        """Fetch as `get` does, and return the body of a 200.

        Raises:
            FetchError: with any of the codes; `wrong_status` for every other status.
        """
        fetched = self.get(url, budget=budget, accept=accept, max_bytes=max_bytes, redirects=redirects)
        if fetched.status != _OK:
            raise FetchError(WRONG_STATUS, f"the document was answered with status {fetched.status}")
        return fetched.body

    def post(
        self, url: str, body: bytes, *, content_type: str, budget: str, headers: Mapping[str, str] | None = None
    ) -> Fetched:
        """Post a message; an answer longer than `outbound.max_answer_bytes` is a failure, and so is a redirect.

        `headers` go along as they are, an Authorization of the recipient's own for one. Messages have threads of their
        own (`idp.delivery`), and take no place from the fetches of requests.

        Raises:
            FetchError: with any of the codes.
        """
        deadline = _Deadline(self._limits.total_timeout)
        sent = {**(headers or {}), "Content-Type": content_type}
        self._spend(f"message {budget}", self._limits.messages_per_minute)
        fetched = self._exchange("POST", url, body, sent, self._limits.max_answer_bytes, deadline)
        if fetched.status in _REDIRECTS:
            raise FetchError(REDIRECTED, "redirects are not followed")
        return fetched

    def ask(
        self, url: str, body: bytes, *, content_type: str, budget: str, headers: Mapping[str, str] | None = None
    ) -> Fetched:
        """Post as `post` does, while a request of somebody's waits for the answer: it takes one of the places.

        Raises:
            FetchError: with any of the codes.
        """
        with self._slot():
            return self.post(url, body, content_type=content_type, budget=budget, headers=headers)

    @contextmanager
    def _slot(self) -> Iterator[None]:
        """Hold one of the places for fetches: strangers' slow servers must not occupy every thread."""
        if not self._slots.acquire(timeout=SLOT_SECONDS):
            raise FetchError(BUSY, "too many fetches are under way in this process")
        try:
            yield
        finally:
            self._slots.release()

    def _exchange(
        self,
        method: str,
        url: str,
        body: bytes,
        headers: Mapping[str, str],
        max_bytes: int,
        deadline: "_Deadline",
    ) -> Fetched:
        target = read_target(url)
        if isinstance(target, str):
            raise FetchError(REFUSED_URL, f"the URL {target}")
        with _as_fetch_errors(), closing(self._connect(target, deadline)) as sock:
            connection = HTTPSConnection(target.host, target.port, context=self._tls)
            connection.sock = _BoundedSocket(sock, deadline, max_bytes + MAX_HEADER_BYTES)
            own = {"User-Agent": "Sekisho", "Accept-Encoding": "identity", "Connection": "close"}
            connection.request(method, target.path, body or None, {**headers, **own})
            return _read(connection.getresponse(), max_bytes)

    def _spend(self, budget: str, per_minute: int) -> None:
        key = sha256(f"outbound\x00{budget}".encode("utf-8", "surrogatepass")).digest()
        with self._database.autocommit() as connection:
            wait = quotas.take(connection, key, per_minute, BUDGET_SECONDS, int(self._clock()))
        if wait:
            raise FetchError(OVER_BUDGET, "more this minute than [outbound] allows")

    def _connect(self, target: Target, deadline: "_Deadline") -> ssl.SSLSocket:
        """Open a connection to one of the judged addresses."""
        failure: OSError | None = None
        for address in self._judged_addresses(target, deadline):
            try:
                plain = socket.create_connection(
                    (address, target.port), timeout=min(self._limits.connect_timeout, deadline.left())
                )
            except OSError as error:
                failure = error
                continue
            try:
                plain.settimeout(deadline.left())
                return self._tls.wrap_socket(plain, server_hostname=target.host)
            except BaseException:
                plain.close()
                raise
        raise failure or FetchError(UNREACHABLE, "the host has no address")

    def _judged_addresses(self, target: Target, deadline: "_Deadline") -> list[str]:
        """Resolve a host and refuse it unless every address that it has may be asked."""
        asked = self._resolvers.submit(self._resolve, target.host, target.port, type=socket.SOCK_STREAM)
        found = [ip_address(entry[4][0].partition("%")[0]) for entry in asked.result(deadline.left())]
        for address in found:
            on_this_machine = address.is_loopback and self._limits.allow_loopback
            if not on_this_machine and not is_public(address):
                raise FetchError(REFUSED_ADDRESS, "the host has an address that is not public")
            if not on_this_machine and target.port not in HTTPS_PORTS:
                raise FetchError(REFUSED_URL, "the URL has a port that is not for https")
        return list(dict.fromkeys(str(address) for address in found))[:MAX_ADDRESSES]


def _tls_context(extra_ca_file: str) -> ssl.SSLContext:
    context = ssl.create_default_context()
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    context.set_alpn_protocols(["http/1.1"])
    if extra_ca_file:
        try:
            context.load_verify_locations(extra_ca_file)
        except OSError as error:
            raise SettingsError(f"'outbound.extra_ca_file' cannot be read as PEM certificates: {error}") from error
    return context


@contextmanager
def _as_fetch_errors() -> Iterator[None]:
    try:
        yield
    except TimeoutError as error:
        raise FetchError(TIMED_OUT, "the other side took too long") from error
    except ssl.SSLError as error:
        raise FetchError(UNREACHABLE, f"TLS failed: {error.reason}") from error
    except (OSError, HTTPException, UnicodeError, ValueError) as error:
        raise FetchError(UNREACHABLE, f"the exchange failed: {type(error).__name__}") from error


def _read(response: HTTPResponse, max_bytes: int) -> Fetched:
    headers = {name.lower(): value for name, value in response.getheaders()}
    if headers.get("content-encoding", "identity").lower() != "identity":
        raise FetchError(WRONG_TYPE, "the document is compressed, which was not asked for")
    if response.length is not None and response.length > max_bytes:
        raise FetchError(TOO_LARGE, "the document is too large")
    announced = response.length
    body = response.read(max_bytes + 1)
    if len(body) > max_bytes:
        raise FetchError(TOO_LARGE, "the document is too large")
    if announced is not None and len(body) < announced:
        raise FetchError(UNREACHABLE, "the document was cut off")
    content_type = headers.get("content-type", "").partition(";")[0].strip().lower()
    return Fetched(response.status, content_type, body, headers)


class _Deadline:
    """When an exchange is over, however far it got."""

    def __init__(self, seconds: float) -> None:
        self._at = monotonic() + seconds

    def left(self) -> float:
        """Return the seconds left, more than none.

        Raises:
            TimeoutError: when there are none left.
        """
        seconds = self._at - monotonic()
        if seconds <= 0:
            raise TimeoutError
        return seconds


class _BoundedSocket:
    """A socket as `http.client` uses one, that keeps a deadline over all reads together and counts their bytes.

    `http.client` closes its socket once the headers are read, while the body still comes: whoever opened it closes it.
    """

    def __init__(self, sock: ssl.SSLSocket, deadline: _Deadline, allowance: int) -> None:
        self._sock = sock
        self._deadline = deadline
        self._allowance = allowance

    def sendall(self, data: bytes) -> None:
        self._sock.settimeout(self._deadline.left())
        self._sock.sendall(data)

    def makefile(self, _mode: str) -> io.BufferedReader:
        return io.BufferedReader(_Reader(self._receive))

    def close(self) -> None:
        pass

    def _receive(self, buffer: memoryview) -> int:
        self._sock.settimeout(self._deadline.left())
        count = self._sock.recv_into(buffer)
        self._allowance -= count
        if self._allowance < 0:
            raise FetchError(TOO_LARGE, "the answer is too large")
        return count


class _Reader(io.RawIOBase):
    def __init__(self, receive: Callable[[memoryview], int]) -> None:
        super().__init__()
        self._receive = receive

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:  # noqa: ANN401 - any writable buffer
        return self._receive(memoryview(buffer))
