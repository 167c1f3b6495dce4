"""Several questions at once, and results page by page (AuthZEN 1.0, Access Evaluations and Search APIs)."""

import json
from base64 import urlsafe_b64decode
from binascii import Error as Base64Error
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from hashlib import sha256
from typing import Any, Final, Protocol

from idp.decision_api.questions import Object, Question, check_defaults, read_evaluation
from idp.protocol.errors import OAuthError, invalid_request
from idp.protocol.secrets import encode
from idp.services import Services
from idp.store.clients import Client
from idp.store.sealing import UnsealingError

MOST_EVALUATIONS: Final = 256
MOST_RESULTS: Final = 100
_DEFAULTS: Final = ("subject", "action", "resource", "context")
_ENDS_AT: Final[Mapping[str, bool | None]] = {
    "execute_all": None,
    "deny_on_first_deny": False,
    "permit_on_first_permit": True,
}
"""At which decision each semantic stops."""


@dataclass(frozen=True, slots=True)
class Verdict:
    """The decision, and what there is to say about it."""

    decision: bool
    context: Object

    def body(self) -> dict[str, Any]:
        """Return the members of a Decision."""
        return {"decision": self.decision, **({"context": self.context} if self.context else {})}


@dataclass(frozen=True, slots=True)
class Results:
    """Some results of a search, and after which place to go on; "" at the end."""

    found: tuple[Object, ...]
    rest: str = ""


class Decider(Protocol):
    """Decides about resources of one type. A search goes on after a place that an earlier one told."""

    def evaluate(self, question: Question) -> Verdict:
        """Answer one question."""

    def subjects(self, question: Question, after: str, limit: int) -> Results:
        """Return who may."""

    def resources(self, question: Question, after: str, limit: int) -> Results:
        """Return what may be done it to."""

    def actions(self, question: Question, after: str, limit: int) -> Results:
        """Return what may be done."""


Evaluate = Callable[[Question], Verdict]


def evaluate_all(body: Object, evaluate: Evaluate) -> dict[str, Any]:
    """Return the answer to a batch; without questions of its own it is one question (Access Evaluations API Request).

    Raises:
        OAuthError: `invalid_request` for what spoils all of it. A question that is wrong by itself is denied.
    """
    evaluations = body.get("evaluations", [])
    if not isinstance(evaluations, list) or len(evaluations) > MOST_EVALUATIONS:
        raise invalid_request(f"The evaluations are a list of up to {MOST_EVALUATIONS} questions.")
    ends_at = _semantic(body)
    if not evaluations:
        return evaluate(read_evaluation(body)).body()
    check_defaults(body)
    defaults = {name: body[name] for name in _DEFAULTS if name in body}
    verdicts = []
    for given in evaluations:
        verdict = _one_of_several(defaults, given, evaluate)
        verdicts.append(verdict.body())
        if verdict.decision is ends_at:
            break
    return {"evaluations": verdicts}


def _semantic(body: Object) -> bool | None:
    options = body.get("options", {})
    semantic = options.get("evaluations_semantic", "execute_all") if isinstance(options, dict) else None
    if not isinstance(semantic, str) or semantic not in _ENDS_AT:
        raise invalid_request(f"The evaluations_semantic is one of {', '.join(_ENDS_AT)}.")
    return _ENDS_AT[semantic]


def _one_of_several(defaults: Object, given: object, evaluate: Evaluate) -> Verdict:
    try:
        if not isinstance(given, dict):
            raise invalid_request("An evaluation is an object.")
        return evaluate(read_evaluation({**defaults, **given}))
    except OAuthError as error:
        return Verdict(decision=False, context={"error": {"status": error.status, "message": error.description}})


@dataclass(frozen=True, slots=True)
class Page:
    """How many results are wanted, and after which place."""

    limit: int
    after: str
    question: str
    """A hash of what is searched: a token of one search is none of another."""


def read_page(services: Services, caller: Client, body: Object) -> Page:
    """Return which page is wanted. A token brings its limit along.

    Raises:
        OAuthError: `invalid_request` for another caller's token, and for one of another search.
    """
    given = body.get("page", {})
    if not isinstance(given, dict):
        raise invalid_request("The value of page must be an object.")
    asked = {name: value for name, value in body.items() if name != "page"}
    question = sha256(json.dumps(asked, sort_keys=True).encode("ascii")).hexdigest()
    before = _opened(services, caller, given["token"]) if "token" in given else Page(MOST_RESULTS, "", question)
    if before is None or before.question != question:
        raise invalid_request("The page token is not one that this search was given. Begin again without it.")
    limit = given.get("limit", before.limit)
    if type(limit) is not int or limit < 0:
        raise invalid_request("The limit of a page is a whole number from 0.")
    return Page(min(limit, MOST_RESULTS), before.after, question)


def page_of(services: Services, caller: Client, page: Page, results: Results) -> dict[str, Any]:
    """Return the answer to a search, the page first."""
    token = ""
    if results.rest:
        state = json.dumps([page.limit, results.rest, page.question]).encode("ascii")
        token = encode(services.sealer.seal(state, _place(caller)))
    return {"page": {"next_token": token, "count": len(results.found)}, "results": results.found}


def _opened(services: Services, caller: Client, token: object) -> Page | None:
    if not isinstance(token, str):
        return None
    try:
        sealed = urlsafe_b64decode(token + "=" * (-len(token) % 4))
        return Page(*json.loads(services.sealer.open(sealed, _place(caller))))
    except (Base64Error, ValueError, UnsealingError):
        return None


def _place(caller: Client) -> str:
    return f"decision_api/{caller.client_id}/page"
