"""Sessions that stay on the server: the browser's cookie holds the random name of one and nothing else.

Flask's own session travels inside the cookie, readable by whoever gets hold of it; tokens must not travel there. Kept
in the memory of one process, which is enough for an example; with more processes, keep them in Redis the same way.
"""

import secrets
import time
from collections import OrderedDict
from collections.abc import Callable
from threading import Lock
from typing import Any, cast

from flask import Flask, Request, Response, request, session
from flask.sessions import SessionInterface, SessionMixin

NAME_BYTES = 32
IDLE_SECONDS = 8 * 3600.0
CAPACITY = 10_000


class ServerSession(dict[str, Any], SessionMixin):
    """What one browser's visits left here. Its name is empty until it is kept."""

    name = ""
    seen_at = 0.0


def start_over() -> None:
    """Forget the session and its name: done at each sign-in, so that a session planted before it is worth nothing."""
    session.clear()
    session.name = ""  # type: ignore[attr-defined]  # the proxy hands it to our ServerSession


class MemorySessions(SessionInterface):
    """Keeps sessions by name, the one that was used last for longest."""

    def __init__(self, cookie: str, *, secure: bool, clock: Callable[[], float] = time.time) -> None:
        self._cookie = f"__Host-{cookie}" if secure else cookie
        self._secure = secure
        self._clock = clock
        self._kept: OrderedDict[str, ServerSession] = OrderedDict()
        self._lock = Lock()

    def open_session(self, app: Flask, request: Request) -> ServerSession:  # noqa: ARG002 - Flask's signature
        """Find the session of a request's cookie; without one, begin an empty one that is not kept yet."""
        with self._lock:
            found = self._kept.get(request.cookies.get(self._cookie, ""))
        if found is None or self._clock() - found.seen_at > IDLE_SECONDS:
            return ServerSession()
        return found

    def save_session(self, app: Flask, session: SessionMixin, response: Response) -> None:  # noqa: ARG002 - Flask's signature
        """Keep a session that holds something; forget one that was emptied, and a name that was given up."""
        session = cast("ServerSession", session)
        presented = request.cookies.get(self._cookie, "")
        if presented != session.name or not session:
            self._forget(presented)
        if session:
            self._keep(session)
        if session and presented != session.name:
            response.set_cookie(self._cookie, session.name, secure=self._secure, httponly=True, samesite="Lax")
        elif not session and presented:
            response.delete_cookie(self._cookie, secure=self._secure, httponly=True, samesite="Lax")

    def _keep(self, session: ServerSession) -> None:
        session.name = session.name or secrets.token_urlsafe(NAME_BYTES)
        session.seen_at = self._clock()
        with self._lock:
            self._kept[session.name] = session
            self._kept.move_to_end(session.name)
            while len(self._kept) > CAPACITY:
                self._kept.popitem(last=False)

    def _forget(self, name: str) -> None:
        with self._lock:
            self._kept.pop(name, None)
