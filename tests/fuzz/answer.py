"""What the application answers to a WSGI call, as a server would see it."""

import io
from dataclasses import dataclass, field
from typing import Any

from flask import Flask

from tests.fuzz.message import Message


@dataclass
class Answer:
    """Status, headers and body; `escaped` is what left the application instead, for which a server says 500."""

    status_line: str = ""
    headers: list[tuple[str, str]] = field(default_factory=list)
    body: bytes = b""
    escaped: BaseException | None = None

    @property
    def status(self) -> int:
        return int(self.status_line.split(" ", 1)[0]) if self.status_line else 0

    def header(self, name: str) -> str:
        """Return a header's value, or "" where there is none."""
        return next((value for key, value in self.headers if key.lower() == name.lower()), "")


def call(app: Flask, message: Message) -> Answer:
    """Call the application as a server does, to the end of its answer."""
    answer = Answer()

    def start_response(status: str, headers: list[tuple[str, str]], _exc_info: Any = None) -> Any:
        answer.status_line, answer.headers = status, headers
        return io.BytesIO().write

    try:
        pieces = app.wsgi_app(message.environ(), start_response)
        try:
            answer.body = b"".join(pieces)
        finally:
            getattr(pieces, "close", lambda: None)()
    except Exception as error:  # noqa: BLE001 - whatever it is, it should not have left
        answer.escaped = error
    return answer
