"""What hostile bytes once broke, one plain case each."""

import pytest

from tests.fuzz.draft import Draft, form, header
from tests.fuzz.invariants import check
from tests.fuzz.message import Framing, Message
from tests.fuzz.world import World
from tests.provider.apps import PHONE

LATER = 3600
"""Longer than the window in which a client may repeat a refresh (`lifetimes.refresh_retry`)."""


def ask(world: World, message: Message) -> str:
    """Send a request whose answer keeps to all that every answer keeps to, and return its status line."""
    answer = world.send(message)
    check(world, message, answer)
    return answer.status_line


def refresh(world: World, **changes: str) -> str:
    values = {"grant_type": "refresh_token", "client_id": PHONE.client_id, "refresh_token": world.kept, **changes}
    return ask(world, Draft("POST", b"/token", form(**values)).message())


@pytest.mark.parametrize("path", [b"/", b"/login", b"/consent", b"/logout", b"/authorize", b"/no-such-page"])
def test_bytes_in_a_query_that_are_no_text(on_sqlite: World, path: bytes):
    """A page that reads its language from the query is shown whatever else the query holds."""
    assert ask(on_sqlite, Message("GET", path, b"\xff=\xfe&lang=ja&%ff")).startswith(("2", "4"))


def test_a_path_with_line_breaks_is_one_line_of_the_log(on_sqlite: World):
    """Nobody writes log lines in our name."""
    ask(on_sqlite, Message("GET", b"/x\r\n2026-01-01 INFO all is well\x1b[2J\xe2\x80\xa8"))
    assert len(on_sqlite.log.lines) == 1


def test_a_refresh_with_too_wide_a_scope_spends_nothing(on_sqlite: World):
    """However much later the client asks again, rightly, its token still holds (RFC 6749 5.2, 6)."""
    for wish in ({"scope": "openid email"}, {"scope": '"'}, {"resource": "https://other.example"}, {"resource": "x"}):
        assert refresh(on_sqlite, **wish).startswith("400")
        on_sqlite.clock.forward(LATER)
    assert refresh(on_sqlite).startswith("200")


@pytest.mark.parametrize("damage", ["cut short", "longer", "other letters"])
def test_a_refresh_token_damaged_on_its_way_is_no_theft(on_sqlite: World, damage: str):
    """It can never have been one of ours, so nobody stole it (RFC 9700 4.14.2); the right one still holds."""
    token = on_sqlite.kept
    damaged = {"cut short": token[:-1], "longer": f"{token}A", "other letters": f"{token[:-1]}あ"}
    assert refresh(on_sqlite, refresh_token=damaged[damage]).startswith("400")
    assert refresh(on_sqlite).startswith("200")


@pytest.mark.parametrize("framing", [Framing.CUT_OFF, Framing.TOO_LONG])
def test_half_a_form_is_not_taken_for_a_whole_one(on_sqlite: World, framing: Framing):
    """A scope that lost its end on the way would be another scope."""
    form_ = form(grant_type="client_credentials", client_id="ledger", client_secret=on_sqlite.secrets["ledger"])
    assert ask(on_sqlite, Draft("POST", b"/token", form_).message()).startswith("200")
    assert ask(on_sqlite, Draft("POST", b"/token", form_).message(framing=framing)).startswith("400")


@pytest.mark.parametrize("framing", [Framing.EXACT, Framing.TERMINATED, Framing.CHUNKED])
def test_a_large_form_is_refused_and_not_cut(on_sqlite: World, framing: Framing):
    """Also where its length is not announced."""
    form_ = form(grant_type="client_credentials", client_id="ledger", client_secret=on_sqlite.secrets["ledger"])
    message = Draft("POST", b"/token", (*form_, *form(padding="x" * 66_000))).message(framing=framing)
    assert ask(on_sqlite, message).startswith("413")


@pytest.mark.parametrize("path", [b"/\\x7canary.example", b"//\\x7canary.example", b"/\\\\x7canary.example/\xff"])
def test_an_error_page_links_nowhere_else(on_sqlite: World, path: bytes):
    """Its links to other languages stay here, although browsers take a backslash for a slash."""
    assert ask(on_sqlite, Message("GET", path)).startswith("404")


@pytest.mark.parametrize("path", [b"/authorize//continue", b"//health//live", b"/static//sekisho.css"])
def test_a_doubled_slash_is_not_mended_by_a_redirect(on_sqlite: World, path: bytes):
    """It would lead to whatever the Host header says."""
    message = Draft("GET", path, header("Host", "x7canary.example")).message()
    assert ask(on_sqlite, message).startswith("404")


@pytest.mark.parametrize(
    ("method", "path"),
    [("OPTIONS", b"/token"), ("GET", b"/static/sekisho.css"), ("HEAD", b"/static/gate.svg"), ("DELETE", b"/jwks")],
)
def test_no_answer_leaves_its_type_to_guessing(on_sqlite: World, method: str, path: bytes):
    """Nor do those that Flask makes by itself, or that are made in front of it."""
    ask(on_sqlite, Message(method, path))
