"""Guard in front of an ASGI application (ASGI 3.0, HTTP and WebSocket): RFC 6750 answers, the claims in the scope.

    app = GuardMiddleware(app, Guard(issuer=..., audience=...), scopes=["payments:read"])
    claims = scope["sekisho_guard.claims"]

Wrap each part that needs other scopes in a middleware of its own, all with the same Guard. The event loop never waits:
a token not yet remembered is verified in a worker thread, as that may mean a fetch of keys.
"""

import asyncio
from collections.abc import Awaitable, Callable, MutableMapping, Sequence
from typing import Any

from sekisho_guard.bearer import Challenge, Refusal, bearer_token
from sekisho_guard.claims import Claims
from sekisho_guard.errors import GuardError
from sekisho_guard.guard import Guard

Scope = MutableMapping[str, Any]
Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
Application = Callable[[Scope, Receive, Send], Awaitable[None]]

CLAIMS = "sekisho_guard.claims"
_POLICY_VIOLATION = 1008  # RFC 6455 section 7.4.1


class GuardMiddleware:
    def __init__(self, app: Application, guard: Guard, *, scopes: Sequence[str] = (), realm: str = "api") -> None:
        self._app = app
        self._guard = guard
        self._challenge = Challenge(realm=realm, scopes=scopes)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "lifespan":
            try:
                scope = {**scope, CLAIMS: await self._claims(scope)}
            except GuardError as error:
                await _refuse(scope, send, self._challenge.refusal(error))
                return
        await self._app(scope, receive, send)

    async def _claims(self, scope: Scope) -> Claims:
        headers = [value.decode("latin-1") for name, value in scope["headers"] if name.lower() == b"authorization"]
        token = bearer_token(headers)
        claims = self._guard.recall(token)
        if claims is None:
            claims = await asyncio.to_thread(self._guard.verify, token)
        claims.require(self._challenge.scopes)
        return claims


async def _refuse(scope: Scope, send: Send, refusal: Refusal) -> None:
    kind = "http.response"
    if scope["type"] == "websocket":
        if "websocket.http.response" not in (scope.get("extensions") or {}):
            await send({"type": "websocket.close", "code": _POLICY_VIOLATION})  # before accept: the server answers 403
            return
        kind = "websocket.http.response"
    headers = [(name.lower().encode("ascii"), value.encode("ascii")) for name, value in refusal.headers]
    headers.append((b"content-length", str(len(refusal.body)).encode("ascii")))
    await send({"type": f"{kind}.start", "status": refusal.status, "headers": headers})
    await send({"type": f"{kind}.body", "body": refusal.body})
