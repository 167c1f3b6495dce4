"""Sessions that stay on the server, bounded in time and number."""

from flask import Flask, session
from flask.testing import FlaskClient

from clients.webapp import sessions
from clients.webapp.sessions import IDLE_SECONDS, MemorySessions, start_over


class Clock:
    """A clock that moves only when a test moves it."""

    now = 1_000_000.0

    def __call__(self) -> float:
        return self.now


def app_with_sessions(clock: Clock, *, secure: bool = False) -> Flask:
    app = Flask("sessions")
    app.session_interface = MemorySessions("visit", secure=secure, clock=clock)

    @app.get("/note/<text>")
    def note(text: str) -> str:
        session["text"] = text
        return text

    @app.get("/read")
    def read() -> str:
        return str(session.get("text"))

    @app.get("/forget")
    def forget() -> str:
        start_over()
        return ""

    return app


def cookie(client: FlaskClient, name: str = "visit") -> str | None:
    found = client.get_cookie(name)
    return found.value if found else None


def test_what_is_noted_is_there_again_and_not_in_the_cookie():
    """The cookie is a name of 256 bits."""
    client = app_with_sessions(Clock()).test_client()
    client.get("/note/a-secret")
    assert client.get("/read").text == "a-secret"
    assert len(cookie(client) or "") == 43


def test_who_leaves_nothing_gets_no_cookie():
    """Reading alone keeps nothing."""
    client = app_with_sessions(Clock()).test_client()
    client.get("/read")
    assert cookie(client) is None


def test_a_name_that_the_browser_made_up_is_not_taken():
    """Otherwise one could plant a session under a known name."""
    client = app_with_sessions(Clock()).test_client()
    client.set_cookie("visit", "planted")
    client.get("/note/mine")
    assert cookie(client) not in (None, "planted")


def test_a_session_ends_when_nobody_comes():
    """Idle time is bounded; each visit begins it anew."""
    clock = Clock()
    client = app_with_sessions(clock).test_client()
    client.get("/note/here")
    for _visit in range(3):
        clock.now += IDLE_SECONDS
        assert client.get("/read").text == "here"
    clock.now += IDLE_SECONDS + 1
    assert client.get("/read").text == "None"


def test_what_is_forgotten_is_gone_with_its_name():
    """The old cookie opens nothing, and the browser is told to drop it."""
    client = app_with_sessions(Clock()).test_client()
    client.get("/note/here")
    old = cookie(client)
    client.get("/forget")
    assert cookie(client) is None
    client.set_cookie("visit", old or "")
    assert client.get("/read").text == "None"


def test_strangers_cannot_fill_the_memory(monkeypatch):
    """The one that was used least lately makes room."""
    monkeypatch.setattr(sessions, "CAPACITY", 2)
    app = app_with_sessions(Clock())
    first, second, third = (app.test_client() for _browser in range(3))
    first.get("/note/1")
    second.get("/note/2")
    first.get("/read")
    third.get("/note/3")
    assert [client.get("/read").text for client in (first, second, third)] == ["1", "None", "3"]


def test_over_https_the_cookie_is_bound_to_the_host():
    """RFC 6265bis 4.1.3.2."""
    answer = app_with_sessions(Clock(), secure=True).test_client().get("/note/here", base_url="https://shop.example")
    header = answer.headers["Set-Cookie"]
    assert header.startswith("__Host-visit=")
    assert {"Secure", "HttpOnly", "SameSite=Lax", "Path=/"} <= set(header.split("; "))
