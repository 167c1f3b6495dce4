"""Nothing that a request says of this server's name changes a byte of any answer (RFC 9700 2.6, CWE-644, ASVS 4.1.3).

Two servers of one database, one clock and one stream of randomness are asked the same, one by its name and one by
another: a whole sign-in of an app, every page, every form, every document.
"""

import json
import re
import shutil
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import quote

import httpx
import pytest
from werkzeug.serving import make_server

from idp.app import create_app
from idp.services import EXTENSION
from idp.web import paths
from tests.architecture.test_routes import PUBLISHED, ROUTES
from tests.noninterference.worlds import Stream
from tests.provider.apps import WALLET
from tests.provider.person import Person
from tests.provider.provider import Clock, Provider, declare, prepare
from tests.provider.provider import testing_settings as settings_of
from tests.web.visits import signed_in

VERIFIER = "a" * 48
ISSUER = "http://127.0.0.1:8400"
EVIL = "evil.example"
FORGED = {
    "host": EVIL,
    "x-forwarded-host": EVIL,
    "x-forwarded-proto": "https",
    "x-forwarded-port": "444",
    "x-forwarded-prefix": f"//{EVIL}",
    "x-forwarded-server": EVIL,
    "x-original-url": f"//{EVIL}/",
    "x-rewrite-url": f"//{EVIL}/",
    "x-http-method-override": "DELETE",
    "forwarded": f'host="{EVIL}";proto=https',
}
TIME_OF_DAY = re.compile(rb"Expires=[^;]*; ")
"""Cookies say it by the clock on the wall, beside Max-Age, which counts."""
Reply = tuple[str, int, list[tuple[bytes, bytes]], bytes]
"""What was asked; status, headers in their order, body."""


@pytest.fixture(scope="module")
def servers(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Person, Person]]:
    """A person in front of each; what one server draws at random for the n-th request, the other draws too."""
    folder = tmp_path_factory.mktemp("host")
    settings = settings_of(f"sqlite:///{folder / 'first.db'}", ISSUER)
    prepare(settings)
    app = create_app(settings, Clock())
    secrets = declare(app)
    app.extensions[EXTENSION].database.engine.dispose()
    shutil.copyfile(folder / "first.db", folder / "second.db")
    with one_server(folder / "first.db", secrets) as honest, one_server(folder / "second.db", secrets) as deceived:
        deceived.browser.headers.update(FORGED)
        yield honest, deceived


@contextmanager
def one_server(file: Path, secrets: dict[str, str]) -> Iterator[Person]:
    stream = Stream()
    app = create_app(settings_of(f"sqlite:///{file}", ISSUER), Clock(), stream)
    server = make_server("127.0.0.1", 0, app, threaded=True)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    person = Person(Provider(f"http://127.0.0.1:{server.server_port}", "", secrets, Clock(), app.extensions[EXTENSION]))
    drawn = iter(range(1_000_000))
    person.browser.event_hooks = {"request": [lambda _request: stream.begin(next(drawn))]}
    try:
        yield person
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
        app.extensions[EXTENSION].database.engine.dispose()


def walked(person: Person) -> list[Reply]:
    """Every answer of a walk over the whole server, as it came."""
    replies: list[Reply] = []

    def keep(response: httpx.Response) -> None:
        raw = [(name.lower(), value) for name, value in response.headers.raw]
        headers = [(name, TIME_OF_DAY.sub(b"", value)) for name, value in raw if name != b"date"]
        asked = f"{response.request.method} {response.request.url.raw_path.decode()}"
        replies.append((asked, response.status_code, headers, response.read()))

    person.browser.event_hooks["response"] = [keep]
    browser, addresses = person.browser, sorted(filled(route) for route in {*ROUTES, *PUBLISHED})
    for address in addresses:
        browser.get(address)
    signed_in(person)
    for address in addresses:
        if not address.startswith(paths.LOGOUT):
            browser.get(address)
            browser.post(address, data={"csrf": "x", "username": person.username, "email": person.username})
    for address in ("//no//such/page", f"/{quote(EVIL)}", "/account/", "/static", "/login?next=/account&lang=ja"):
        browser.get(address)
    code = person.authorize(WALLET.client_id, WALLET.redirect_uri, WALLET.scope).parameters["code"]
    form = {"grant_type": "authorization_code", "code": code, "redirect_uri": WALLET.redirect_uri}
    basic = person.provider.basic(WALLET.client_id)
    tokens = browser.post("/token", data={**form, "code_verifier": VERIFIER}, auth=basic).json()
    browser.get("/userinfo", headers={"authorization": f"Bearer {tokens.get('access_token')}"})
    browser.get("/logout", params={"id_token_hint": tokens.get("id_token", "")})
    return replies


def filled(route: str) -> str:
    """A route with something in place of each name."""
    return "/".join("x" if part.startswith("<") else part for part in route.split("/"))


@pytest.fixture(scope="module")
def replies(servers: tuple[Person, Person]) -> tuple[list[Reply], list[Reply]]:
    honest, deceived = servers
    honest.verifier = deceived.verifier = VERIFIER
    return walked(honest), walked(deceived)


def test_no_answer_follows_what_the_server_is_called(replies: tuple[list[Reply], list[Reply]]):
    """Status, headers in their order, cookies, bodies: the same; and the other name is nowhere."""
    first, second = replies
    assert [reply[0] for reply in first] == [reply[0] for reply in second]
    assert [one[0] for one, other in zip(first, second, strict=True) if one != other] == []
    named = [asked for asked, _status, headers, body in second if EVIL.encode() in body + repr(headers).encode()]
    assert [asked for asked in named if EVIL not in asked] == []


def test_the_walk_reaches_what_it_is_about(replies: tuple[list[Reply], list[Reply]]):
    """Pages of somebody who is signed in, a code, tokens and claims were among the answers compared."""
    answers = {asked.partition("?")[0]: (status, body) for asked, status, _headers, body in replies[1]}
    assert answers["POST /token"][0] == 200, answers["POST /token"]
    assert json.loads(answers["GET /userinfo"][1])["sub"]
    assert answers["GET /account/sign-in"][0] == 200
    assert answers["GET /logout"][0] == 200
