"""What every answer keeps to, whatever was asked."""

import json
import re
from html.parser import HTMLParser

from idp.web.paths import is_for_machines
from tests.fuzz.answer import Answer
from tests.fuzz.hostile import CANARY
from tests.fuzz.message import Message
from tests.fuzz.world import LogLines, World

_DESCRIPTION = re.compile(r"[\x20-\x21\x23-\x5b\x5d-\x7e]+")
_ERROR_CODE = re.compile(r"[a-z0-9_]+")
_HEADER_NAME = re.compile(r"[A-Za-z0-9-]+")
_HEADER_VALUE = re.compile(r"[\x20-\x7e]*")
_LOG_LINE = re.compile(r"[^\x00-\x1f\x7f-\x9f\u2028\u2029]*")
_LOOPBACK = re.compile(r"http://127\.0\.0\.1(:\d*)?/callback(?=$|[?#])")
_MACHINE_ERRORS = {400, 401, 403, 404, 405, 413, 429}
_PAGE_ERRORS = {400, 401, 403, 404, 405, 413, 416}
_PAGE_HEADERS = {
    "Cache-Control": "no-store",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
}
_FRAME_HEADERS = {
    "Cache-Control": "public, max-age=3600",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "",
}
"""The page that apps may frame is the same for everybody (OIDC Session Management 3.2)."""
_BEARER_PATHS = re.compile(
    r"/userinfo|/data/v1/(me|transactions|verify|audience)|/grants/.*|/partner/v1/acknowledgements"
    r"|/access/v1/(evaluations?|search/(subject|resource|action))",
    re.DOTALL,
)
"""Whoever sends no token there is told how to, without an error code (RFC 6750 3.1)."""
_TRACES = (b"Traceback", b'File "', b"werkzeug", b"sqlalchemy", b"psycopg")
_DOWNLOADS = {"application/json", "application/jose"}
"""What people keep of their own."""
_STYLESHEETS = ("text/css", "image/svg+xml", "text/javascript")


def check(world: World, message: Message, answer: Answer) -> None:
    """Assert everything that holds of every answer."""
    __tracebackhide__ = True
    for bug in [*world.log.bugs, answer.escaped]:
        if bug is not None:
            raise AssertionError(f"a bug behind {message}") from bug
    assert 200 <= answer.status < 500, f"{answer.status} to {message}"
    if message.method == "POST" and not message.is_whole:
        assert answer.status >= 400, f"{answer.status_line} to half of {message}"
    _check_headers(world, answer)
    assert not any(trace in answer.body for trace in _TRACES), answer.body
    path = "/" + message.path.decode("utf-8", "replace").lstrip("/")
    if answer.body and not path.startswith("/static/"):
        _check_body(world, message, path, answer)
    if is_for_machines(path) and answer.status >= 400 and message.method != "HEAD":
        assert answer.body, f"{answer.status} without a word to {message}"
    _check_log(world.log, world)


def _check_headers(world: World, answer: Answer) -> None:
    for name, value in answer.headers:
        assert _HEADER_NAME.fullmatch(name), name
        assert CANARY.decode() not in name.lower(), name
        assert _HEADER_VALUE.fullmatch(value), f"{name}: {value!r}"
    assert answer.header("X-Content-Type-Options") == "nosniff", answer.headers
    location = answer.header("Location")
    if 300 <= answer.status < 400 and answer.status != 304:
        assert location, answer.status_line
    if location:
        assert 300 <= answer.status < 400, answer.status_line
        assert _is_ours(world, location), location
    if answer.status == 405:
        assert answer.header("Allow"), answer.headers


def _is_ours(world: World, location: str) -> bool:
    """Whether a redirect stays here or goes to a registered address, to the letter but for a loopback port."""
    if location.startswith("/"):
        return not location.startswith(("//", "/\\"))
    registered = world.redirect_uris
    return _LOOPBACK.match(location) is not None or any(
        location == uri or location.startswith((f"{uri}?", f"{uri}#", f"{uri}&")) for uri in registered
    )


def _check_body(world: World, message: Message, path: str, answer: Answer) -> None:
    kind = answer.header("Content-Type").partition(";")[0]
    if path.startswith("/log/") and kind in ("text/plain", "application/octet-stream"):
        assert CANARY not in answer.body, answer.body
    elif is_for_machines(path):
        assert kind == "application/json", kind
        _check_json(message, path, answer)
    elif answer.header("Location"):
        assert kind == "text/plain", kind
    elif answer.header("Content-Disposition").startswith("attachment"):
        assert answer.status == 200, answer.status
        assert kind in _DOWNLOADS, kind
        assert answer.header("Cache-Control") == "no-store", answer.headers
    else:
        assert kind == "text/html", kind
        is_frame = path == "/session/check" and answer.status == 200
        _check_page(world, path, answer, _FRAME_HEADERS if is_frame else _PAGE_HEADERS)


def _check_json(message: Message, path: str, answer: Answer) -> None:
    """RFC 6749 5.2: a code and a sentence in printable ASCII without quotes and backslashes, and no input in either."""
    body = json.loads(answer.body)
    assert isinstance(body, dict)
    if answer.status < 400:
        assert "error" not in body
        return
    assert answer.status in _MACHINE_ERRORS or message.path.startswith(b"//"), answer.status
    assert CANARY not in answer.body, answer.body
    assert set(body) <= {"error", "error_description"}, body
    assert _DESCRIPTION.fullmatch(body["error_description"]), body
    asked_for_a_token = answer.status == 401 and answer.header("WWW-Authenticate") == 'Bearer realm="sekisho"'
    assert _ERROR_CODE.fullmatch(body.get("error", "")) or (_BEARER_PATHS.fullmatch(path) and asked_for_a_token), body
    if answer.status == 401:
        assert answer.header("WWW-Authenticate"), answer.headers


NAMED_BY_THE_OPERATOR = (
    "https://tabi.example",
    "https://sekisho.example.test/terms",
    "https://sekisho.example.test/privacy",
)
"""Where links lead that the operator wrote: an app's page, the terms, the privacy notice."""
FORM_SHOWN_AGAIN = ("-error", "-failed", "problems")
"""How names end of what stands on a page that shows a form again, and says what is wrong."""


def _check_page(world: World, path: str, answer: Answer, headers: dict[str, str]) -> None:
    """A page of ours, with its headers, on which nothing of the input became markup."""
    for name, value in headers.items():
        assert answer.header(name) == value, f"{name}: {answer.header(name)!r}"
    assert "default-src 'none'" in answer.header("Content-Security-Policy")
    page = _Page(answer.body.decode("utf-8"))
    assert page.is_whole, answer.body
    for address in page.addresses if not path.startswith("/mailbox") else ():  # letters name this server in full
        assert _is_ours(world, address) or address in NAMED_BY_THE_OPERATOR, address
    if answer.status >= 400 and not any(name.endswith(FORM_SHOWN_AGAIN) for name in page.ids):
        assert answer.status in _PAGE_ERRORS, answer.status
        assert "error-code" in page.ids, answer.body
        assert _ERROR_CODE.fullmatch(page.error_code), page.error_code


class _Page(HTMLParser):
    """What a browser makes of a page, as far as it matters here."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.ids: set[str] = set()
        self.addresses: list[str] = []
        self.error_code = ""
        self.is_whole = False
        self._in_error_code = False
        self.feed(text)
        self.close()

    def handle_starttag(self, tag: str, attributes: list[tuple[str, str | None]]) -> None:
        assert CANARY.decode() not in tag, tag
        for name, value in attributes:
            assert CANARY.decode() not in name, name
            assert not name.startswith("on"), name
            if name in ("href", "src", "action", "formaction"):
                self.addresses.append(value or "")
            if name == "id":
                self.ids.add(value or "")
                self._in_error_code = value == "error-code"

    def handle_data(self, data: str) -> None:
        if self._in_error_code:
            self.error_code += data

    def handle_endtag(self, tag: str) -> None:
        self._in_error_code = False
        self.is_whole = tag == "html"


def _check_log(log: LogLines, world: World) -> None:
    """One line for one event, and nothing in it that opens anything."""
    for line in log.lines:
        assert _LOG_LINE.fullmatch(line), line
        assert not any(secret in line for secret in world.never_logged), line
