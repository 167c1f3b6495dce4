"""Everything that a client can make us fetch, and every way we know to misuse that."""

import dataclasses
import gzip
import socket
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from threading import Event
from typing import Any

import pytest

from idp.outbound import Fetched, Fetcher, FetchError
from idp.settings import Outbound, Settings, SettingsError, load_settings
from idp.store.database import Database
from tests.provider.outside import Authority, Site
from tests.store.rows import opened

JSON = ("application/json",)
ON_THIS_MACHINE = ("127.0.0.1",)


class Names:
    """A resolver that says what a test wants, each time something else if so wished."""

    def __init__(self, *answers: tuple[str, ...]) -> None:
        self.answers = list(answers)
        self.asked = 0

    def __call__(self, host: str, port: int, **_: Any) -> list[Any]:
        self.asked += 1
        addresses = self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (address, port)) for address in addresses]


@pytest.fixture(scope="module")
def database(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Database]:
    with opened(f"sqlite:///{tmp_path_factory.mktemp('outbound') / 'store.db'}") as database:
        yield database


@pytest.fixture
def settings(authority: Authority) -> Settings:
    return load_settings(
        (),
        {
            "IDP_ISSUER": "https://id.example.test",
            "IDP_KEY_ENCRYPTION_KEY_FILE": "/run/key",
            "IDP_OUTBOUND__ALLOW_LOOPBACK": "true",
            "IDP_OUTBOUND__EXTRA_CA_FILE": str(authority.ca_file),
            "IDP_OUTBOUND__TOTAL_TIMEOUT": "1",
            "IDP_OUTBOUND__CONNECT_TIMEOUT": "1",
            "IDP_OUTBOUND__REQUESTS_PER_MINUTE": "1000",
        },
    )


@pytest.fixture
def fetcher(settings: Settings, database: Database) -> Fetcher:
    return Fetcher(settings, database, time.time)


def strict(database: Database, resolve: Any = socket.getaddrinfo) -> Fetcher:
    """A fetcher as in production."""
    limits = Outbound(requests_per_minute=1_000_000)
    settings = Settings("https://id.example.jp", key_encryption_key_file="/run/key", outbound=limits)
    return Fetcher(settings, database, time.time, resolve)


def get(fetcher: Fetcher, url: str, **other: Any) -> Fetched:
    return fetcher.get(url, **{"budget": "rp", "accept": JSON, "max_bytes": 1000, **other})


def refusal(fetcher: Fetcher, url: str, **other: Any) -> str:
    with pytest.raises(FetchError) as refused:
        get(fetcher, url, **other)
    return refused.value.code


# ---- what works ------------------------------------------------------------------------------------------------------


def test_a_document_comes_with_its_type_and_headers(fetcher: Fetcher, outside: Site):
    """Parameters of the media type do not matter."""
    outside.pages["/keys?a=1"] = (200, {"Content-Type": "Application/JSON; charset=utf-8", "X-Their-Own": "1"}, b"{}")
    fetched = get(fetcher, outside.url("/keys?a=1"))
    assert (fetched.status, fetched.content_type, fetched.body) == (200, "application/json", b"{}")
    assert fetched.headers["x-their-own"] == "1"


def test_a_post_carries_its_body_and_what_the_recipient_is_owed(fetcher: Fetcher, outside: Site):
    """And whatever status comes back is the caller's to judge."""
    outside.pages["/logout"] = (400, {}, b'{"error":"invalid_request"}')
    fetched = fetcher.post(
        outside.url("/logout"), b"logout_token=x", content_type="application/x-www-form-urlencoded", budget="rp"
    )
    (request,) = outside.requests
    assert (fetched.status, request.method, request.body) == (400, "POST", b"logout_token=x")
    assert request.headers["Content-Type"] == "application/x-www-form-urlencoded"


def test_nothing_of_ours_goes_along(fetcher: Fetcher, outside: Site, monkeypatch: pytest.MonkeyPatch):
    """No cookie that was set before, no credentials of a .netrc, no proxy of the environment."""
    for name in ("HTTPS_PROXY", "https_proxy", "ALL_PROXY"):
        monkeypatch.setenv(name, "http://127.0.0.1:9")
    outside.pages["/keys"] = (200, {"Set-Cookie": "a=b"}, b"{}")
    for _ in range(2):
        get(fetcher, outside.url("/keys"))
    for request in outside.requests:
        assert set(request.headers) == {"Host", "Accept", "User-Agent", "Accept-Encoding", "Connection"}


def test_a_host_is_found_at_its_second_address_when_the_first_is_silent(
    settings: Settings, database: Database, outside: Site
):
    """As a host is that has an address of IPv6 on which nobody listens."""
    outside.pages["/keys"] = b"{}"
    fetcher = Fetcher(settings, database, time.time, Names(("::1", "127.0.0.1")))
    assert get(fetcher, outside.url("/keys", "rp.example.test")).body == b"{}"


# ---- whom it will not ask --------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "address",
    [
        "127.0.0.1",
        "127.8.8.8",
        "0.0.0.0",
        "10.1.2.3",
        "100.64.0.1",
        "169.254.169.254",
        "172.16.0.1",
        "172.31.255.255",
        "192.0.0.8",
        "192.0.2.1",
        "192.88.99.1",
        "192.168.1.1",
        "198.18.0.1",
        "198.51.100.7",
        "203.0.113.9",
        "224.0.0.1",
        "239.255.255.250",
        "240.0.0.1",
        "255.255.255.255",
        "::",
        "::1",
        "::127.0.0.1",
        "::ffff:10.0.0.1",
        "::ffff:8.8.8.8",
        "64:ff9b::a00:1",
        "64:ff9b:1::a00:1",
        "100::1",
        "2001::1",
        "2001:2::1",
        "2001:10::1",
        "2001:db8::1",
        "2002:a00:1::1",
        "3fff::1",
        "5f00::1",
        "fc00::1",
        "fd00:ec2::254",
        "fe80::1",
        "fe80::1%eth0",
        "fec0::1",
        "ff02::1",
    ],
)
def test_an_address_that_is_not_public_is_not_asked(database: Database, address: str):
    """Private, shared, link-local, documentation, multicast and reserved ranges, IPv4 inside IPv6 in every form."""
    names = Names((address,))
    assert refusal(strict(database, names), "https://rp.example.com/keys") == "refused_address"
    assert names.asked == 1


@pytest.mark.parametrize("addresses", [("203.0.114.1", "10.0.0.1"), ("2606:4700::1111", "::1")])
def test_one_internal_address_among_public_ones_is_enough_to_refuse(database: Database, addresses: tuple[str, ...]):
    """Or which one is asked would be luck."""
    assert refusal(strict(database, Names(addresses)), "https://rp.example.com/keys") == "refused_address"


def test_the_test_profile_allows_this_machine_and_no_other_internal_one(settings: Settings, database: Database):
    """Loopback is not the private network."""
    fetcher = Fetcher(settings, database, time.time, Names(("10.0.0.1",)))
    assert refusal(fetcher, "https://rp.example.test/keys") == "refused_address"


@pytest.mark.parametrize(
    "url",
    [
        "http://rp.example.com/keys",
        "ftp://rp.example.com/keys",
        "file:///etc/passwd",
        "gopher://rp.example.com/",
        "//rp.example.com/keys",
        "rp.example.com/keys",
        "",
        "https:///keys",
        "https://",
        "https://user@rp.example.com/keys",
        "https://user:password@rp.example.com/keys",
        "https://@rp.example.com/",
        "https://rp.example.com@10.0.0.1/",
        "https://rp.example.com\\@10.0.0.1/",
        "https://rp.example.com /keys",
        "https://rp.example.com/ke ys",
        "https://rp.example.com/keys\r\nHost: internal",
        "https://rp.example.com:99999/keys",
        "https://rp.example.com:https/keys",
        "https://[::1/keys",
        "https://[fe80::1%25eth0]/keys",
        "https://2130706433/",
        "https://017700000001/",
        "https://0x7f000001/",
        "https://0x7f.0.0.1/",
        "https://0177.0.0.1/",
        "https://127.1/",
        "https://127.0.0.1./",
        "https://10.0.1/",
        "https://rp%2eexample.com/",
        "https://①②⑦.⓪.⓪.①/",
        "https://münchen.example/",
        "https://rp.example.com/キー",
        f"https://rp.example.com/{'a' * 2000}",
        f"https://{'a' * 250}.com/",
    ],
)
def test_a_url_that_is_no_plain_https_url_is_not_even_resolved(database: Database, url: str):
    """Schemes, user information, addresses in disguise, IDN that is not in its ASCII form, broken text."""
    names = Names(("203.0.114.1",))
    assert refusal(strict(database, names), url) == "refused_url"
    assert names.asked == 0


@pytest.mark.parametrize("port", [22, 25, 80, 465, 6379, 9200, 11211])
def test_a_port_for_something_else_than_https_is_not_asked(database: Database, port: int):
    """A mail server or a cache may understand what a TLS greeting says to it."""
    assert refusal(strict(database, Names(("203.0.114.1",))), f"https://rp.example.com:{port}/") == "refused_url"


@pytest.mark.parametrize("host", ["127.0.0.1", "[::1]", "[::ffff:127.0.0.1]", "10.0.0.1", "localhost"])
def test_an_internal_host_by_its_own_name_is_not_asked(database: Database, outside: Site, host: str):
    """With the resolver of this machine."""
    assert refusal(strict(database), f"https://{host}:{outside.port}/keys") == "refused_address"
    assert outside.requests == []


def test_dns_rebinding_a_name_is_resolved_once_and_what_was_judged_is_what_is_asked(
    settings: Settings, database: Database, outside: Site
):
    """A second answer, which would lead inside, is never asked for."""
    outside.pages["/keys"] = b"{}"
    names = Names(ON_THIS_MACHINE, ("10.0.0.1",))
    assert get(Fetcher(settings, database, time.time, names), outside.url("/keys", "rp.example.test")).body == b"{}"
    assert names.asked == 1


def test_a_certificate_must_be_the_hosts_and_from_an_authority_that_is_trusted(
    settings: Settings, database: Database, outside: Site
):
    """Neither another host's certificate nor an unknown authority's will do."""
    outside.pages["/keys"] = b"{}"
    elsewhere = Fetcher(settings, database, time.time, Names(ON_THIS_MACHINE))
    assert refusal(elsewhere, outside.url("/keys", "another.example.test")) == "unreachable"
    unknown = dataclasses.replace(settings, outbound=dataclasses.replace(settings.outbound, extra_ca_file=""))
    assert refusal(Fetcher(unknown, database, time.time), outside.url("/keys")) == "unreachable"
    assert outside.requests == []


# ---- redirects -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_a_redirect_is_an_error(fetcher: Fetcher, outside: Site, status: int):
    """Unless the caller allows some."""
    outside.pages |= {"/keys": (status, {"Location": "/moved"}, b""), "/moved": b"{}"}
    assert refusal(fetcher, outside.url("/keys")) == "redirected"
    assert outside.asked("/moved") == 0


def test_a_post_follows_no_redirect(fetcher: Fetcher, outside: Site):
    """A logout token goes to the registered address or nowhere."""
    outside.pages |= {"/logout": (307, {"Location": "/moved"}, b""), "/moved": b"{}"}
    with pytest.raises(FetchError, match="redirected"):
        fetcher.post(outside.url("/logout"), b"x", content_type="text/plain", budget="rp")
    assert outside.asked("/moved") == 0


def test_a_chain_of_redirects_is_followed_as_far_as_is_allowed(fetcher: Fetcher, outside: Site):
    """And no further; a circle ends too."""
    outside.pages |= {f"/{hop}": (302, {"Location": f"/{hop + 1}"}, b"") for hop in range(3)}
    outside.pages |= {"/3": b"{}", "/circle": (302, {"Location": "/circle"}, b"")}
    assert get(fetcher, outside.url("/0"), redirects=3).body == b"{}"
    assert refusal(fetcher, outside.url("/0"), redirects=2) == "redirected"
    assert refusal(fetcher, outside.url("/circle"), redirects=5) == "redirected"
    assert outside.asked("/circle") == 6


@pytest.mark.parametrize(
    ("location", "code"),
    [
        ("https://inside.example.test/secrets", "refused_address"),
        ("https://169.254.169.254/latest/meta-data", "refused_address"),
        ("http://rp.example.test/keys", "refused_url"),
        ("https://2130706433/", "refused_url"),
        ("file:///etc/passwd", "refused_url"),
        ("https://user:password@rp.example.test/", "refused_url"),
    ],
)
def test_each_hop_is_judged_anew(settings: Settings, database: Database, outside: Site, location: str, code: str):
    """A site that is fine may not send us inside."""
    outside.pages["/keys"] = (302, {"Location": location}, b"")
    names = Names(ON_THIS_MACHINE, ("169.254.169.254",))
    fetcher = Fetcher(settings, database, time.time, names)
    assert refusal(fetcher, outside.url("/keys", "rp.example.test"), redirects=3) == code


# ---- how much, how long, of what kind --------------------------------------------------------------------------------


def test_a_huge_document_is_refused_by_what_it_announces_and_by_what_it_is(fetcher: Fetcher, outside: Site):
    """To the byte; a document that announces no length is read no further than is allowed."""

    def endless(connection: Any) -> None:
        connection.wfile.write(b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n\r\n")
        while True:
            connection.wfile.write(b" " * 65_536)

    outside.pages |= {"/fits": b" " * 1000, "/one-more": b" " * 1001, "/endless": endless}
    assert len(get(fetcher, outside.url("/fits")).body) == 1000
    assert refusal(fetcher, outside.url("/one-more")) == "too_large"
    assert refusal(fetcher, outside.url("/endless")) == "too_large"


@pytest.mark.parametrize(
    "opening",
    [
        b"HTTP/1.1 200 OK\r\nX: ",
        b"HTTP/1.1 200 OK\r\n" + b"X: y\r\n" * 10_000,
        b"HTTP/1.1 100 Continue\r\n\r\n" * 10_000,
        b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n"
        + b"X: y\r\n" * 9999,
    ],
)
def test_headers_that_never_end_are_not_read_for_ever(fetcher: Fetcher, outside: Site, opening: bytes):
    """One long line, many lines, many provisional answers, many trailers."""

    def talk(connection: Any) -> None:
        connection.wfile.write(opening)
        while True:
            connection.wfile.write(b"y" * 65_536)

    outside.pages["/keys"] = talk
    assert refusal(fetcher, outside.url("/keys")) in ("too_large", "unreachable")


def test_a_compressed_document_is_refused_unread(fetcher: Fetcher, outside: Site):
    """A few bytes could unfold to gigabytes; we asked for none."""
    bomb = gzip.compress(bytes(500_000))
    outside.pages["/keys"] = (200, {"Content-Encoding": "gzip"}, bomb[:900])
    assert refusal(fetcher, outside.url("/keys")) == "wrong_type"


@pytest.mark.parametrize("pause", [0.1, 5.0])
@pytest.mark.parametrize(
    "opening",
    [b"", b"HTTP/1.1 200 O", b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 900\r\n\r\n"],
)
def test_whoever_answers_slowly_is_left_when_the_time_is_over(
    fetcher: Fetcher, outside: Site, opening: bytes, pause: float
):
    """In the status line, in the body; silent, or with a byte now and then that keeps every single read alive."""
    hung_up = Event()

    def trickle(connection: Any) -> None:
        connection.wfile.write(opening)
        while not hung_up.wait(pause):
            connection.wfile.write(b"1")
            connection.wfile.flush()

    outside.pages["/keys"] = trickle
    began = time.monotonic()
    assert refusal(fetcher, outside.url("/keys")) == "timed_out"
    assert time.monotonic() - began < 2
    hung_up.set()


def test_a_host_that_accepts_and_never_greets_is_left_too(fetcher: Fetcher):
    """The time counts from the start, the TLS handshake included."""
    with socket.create_server(("127.0.0.1", 0)) as silent:
        began = time.monotonic()
        assert refusal(fetcher, f"https://127.0.0.1:{silent.getsockname()[1]}/") == "timed_out"
        assert time.monotonic() - began < 2


def test_a_resolver_that_does_not_answer_is_left_too(settings: Settings, database: Database):
    """Somebody's name server may be slow on purpose."""
    answered = Event()

    def slow(*_: Any, **__: Any) -> list[Any]:
        answered.wait(10)
        return []

    began = time.monotonic()
    assert refusal(Fetcher(settings, database, time.time, slow), "https://rp.example.test/") == "timed_out"
    assert time.monotonic() - began < 2
    answered.set()


def test_a_document_that_was_cut_off_is_not_taken_for_a_whole_one(fetcher: Fetcher, outside: Site):
    """Half a key set is none."""
    outside.pages["/keys"] = (200, {"Content-Length": "500"}, b'{"keys":[]}')
    assert refusal(fetcher, outside.url("/keys")) == "unreachable"


@pytest.mark.parametrize("content_type", ["text/html", "", "application/json5", "image/svg+xml"])
def test_another_media_type_is_refused(fetcher: Fetcher, outside: Site, content_type: str):
    """An internal page that happens to answer is no key set."""
    outside.pages["/keys"] = (200, {"Content-Type": content_type}, b"{}")
    assert refusal(fetcher, outside.url("/keys")) == "wrong_type"


@pytest.mark.parametrize(
    "answer", [b"", b"SSH-2.0-OpenSSH_9.2\r\n", b"HTTP/1.1 abc OK\r\n\r\n", b"\x00" * 50, b"HTTP/9 200\r\n\r\n"]
)
def test_what_is_no_http_is_an_error_and_not_a_crash(fetcher: Fetcher, outside: Site, answer: bytes):
    outside.pages["/keys"] = lambda connection: connection.wfile.write(answer)
    assert refusal(fetcher, outside.url("/keys")) == "unreachable"


def test_nobody_there_is_an_error_and_not_a_crash(settings: Settings, database: Database):
    """A closed port, a name without an address, a name that cannot be one."""
    assert refusal(Fetcher(settings, database, time.time), "https://127.0.0.1:1/") == "unreachable"
    assert refusal(Fetcher(settings, database, time.time, Names(())), "https://rp.example.test/") == "unreachable"
    assert refusal(Fetcher(settings, database, time.time), f"https://{'a' * 70}.example.test/") == "unreachable"


# ---- how often -------------------------------------------------------------------------------------------------------


def test_each_client_has_a_budget_a_minute_which_all_processes_share(
    settings: Settings, database: Database, outside: Site
):
    """Hops of redirects count; another client has a budget of its own; the next minute is a new one."""
    frugal = dataclasses.replace(settings, outbound=dataclasses.replace(settings.outbound, requests_per_minute=3))
    now = [1_795_000_000.0]
    processes = [Fetcher(frugal, database, lambda: now[0]) for _ in range(2)]
    outside.pages |= {"/keys": b"{}", "/old": (302, {"Location": "/keys"}, b"")}
    get(processes[0], outside.url("/keys"), budget="one")
    get(processes[1], outside.url("/old"), budget="one", redirects=1)
    assert refusal(processes[0], outside.url("/keys"), budget="one") == "over_budget"
    assert outside.asked("/keys") == 2
    get(processes[0], outside.url("/keys"), budget="another")
    now[0] += 60
    get(processes[1], outside.url("/keys"), budget="one")


def test_slow_sites_never_hold_more_than_half_of_the_threads(settings: Settings, database: Database, outside: Site):
    """Whoever comes then is told to come again, soon, instead of waiting with a thread."""
    hung_up = Event()
    outside.pages["/slow"] = lambda _connection: hung_up.wait(10)
    fetcher = Fetcher(settings, database, time.time)
    half = settings.threads // 2
    with ThreadPoolExecutor(2 * half) as crowd:
        codes = sorted(crowd.map(lambda _: refusal(fetcher, outside.url("/slow")), range(2 * half)))
        hung_up.set()
    assert codes == [*["busy"] * half, *["timed_out"] * half]


# ---- settings --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "setting", [{"IDP_OUTBOUND__ALLOW_LOOPBACK": "true"}, {"IDP_OUTBOUND__EXTRA_CA_FILE": "/ca.pem"}]
)
@pytest.mark.parametrize("issuer", ["https://id.example.jp", "https://id.test.example.jp", "https://127.0.0.1.nip.io"])
def test_what_is_for_tests_is_refused_on_any_other_issuer(issuer: str, setting: dict[str, str]):
    """`config/testing.toml` cannot make a production server unsafe by accident."""
    with pytest.raises(SettingsError, match=r"loopback and \.test"):
        load_settings((), {"IDP_ISSUER": issuer, "IDP_KEY_ENCRYPTION_KEY_FILE": "/run/key", **setting})


def test_an_authority_that_cannot_be_read_stops_the_start(settings: Settings, database: Database, tmp_path: Path):
    """With one line that names the setting."""
    missing = dataclasses.replace(settings.outbound, extra_ca_file=str(tmp_path / "none.pem"))
    with pytest.raises(SettingsError, match="extra_ca_file"):
        Fetcher(dataclasses.replace(settings, outbound=missing), database, time.time)
