"""Guard in front of Flask views: RFC 6750 answers, and the claims of the request in `flask.g`.

guarded = FlaskGuard(Guard(issuer=..., audience=...))

@app.post("/payments")
@guarded.require("payments:write")
def pay() -> Response:
    who = current_claims().subject
"""

from collections.abc import Callable
from functools import wraps
from typing import ParamSpec

from flask import Response, current_app, g, request
from flask.typing import ResponseReturnValue

from sekisho_guard.bearer import Challenge, bearer_token
from sekisho_guard.claims import Claims
from sekisho_guard.errors import GuardError
from sekisho_guard.guard import Guard

P = ParamSpec("P")


class FlaskGuard:
    def __init__(self, guard: Guard, *, realm: str = "api") -> None:
        self._guard = guard
        self._realm = realm

    def require(self, *scopes: str) -> Callable[[Callable[P, ResponseReturnValue]], Callable[P, ResponseReturnValue]]:
        """Only a token with all these scopes lets a request reach the view; with none named, any valid token does."""
        challenge = Challenge(realm=self._realm, scopes=scopes)

        def guarded(view: Callable[P, ResponseReturnValue]) -> Callable[P, ResponseReturnValue]:
            @wraps(view)
            def answer(*args: P.args, **kwargs: P.kwargs) -> ResponseReturnValue:
                try:
                    token = bearer_token(request.headers.getlist("Authorization"))
                    g.claims = self._guard.verify(token, scopes=challenge.scopes)
                except GuardError as error:
                    refusal = challenge.refusal(error)
                    return Response(refusal.body, refusal.status, refusal.headers)
                answered: ResponseReturnValue = current_app.ensure_sync(view)(*args, **kwargs)
                return answered

            return answer

        return guarded


def current_claims() -> Claims:
    """The claims of the token with which this request came through the gate."""
    claims: Claims = g.claims
    return claims
