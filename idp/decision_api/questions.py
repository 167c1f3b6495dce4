"""Requests of the Authorization API as checked values (AuthZEN 1.0, Information Model); unknown members are ignored."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from idp.data_sharing import Act, Entity
from idp.protocol.errors import invalid_request

Object = Mapping[str, Any]
NOBODY = ""
"""The id of what is searched for: a request that names one is answered as if it named none."""


@dataclass(frozen=True, slots=True)
class Question:
    """May this subject do this to this resource? In a search, what is searched for has no id or name yet."""

    subject: Entity
    act: Act
    resource: Entity
    context: Object


def read_evaluation(body: Object) -> Question:
    """Return the question of an evaluation.

    Raises:
        OAuthError: `invalid_request` for what is missing or of another type.
    """
    return Question(_entity(body, "subject"), _act(body), _entity(body, "resource"), _object(body, "context"))


def read_search(body: Object, wanted: str) -> Question:
    """Return the question of a search for a `subject`, a `resource` or an `action`; raises as `read_evaluation`."""
    return Question(
        subject=_wanted(body, "subject") if wanted == "subject" else _entity(body, "subject"),
        act=Act(NOBODY) if wanted == "action" else _act(body),
        resource=_wanted(body, "resource") if wanted == "resource" else _entity(body, "resource"),
        context=_object(body, "context"),
    )


def check_defaults(body: Object) -> None:
    """Check what a batch gives for all its questions; raises as `read_evaluation`."""
    for name in ("subject", "resource"):
        if name in body:
            _entity(body, name)
    if "action" in body:
        _act(body)
    _object(body, "context")


def _entity(body: Object, name: str) -> Entity:
    given = _member(body, name)
    return Entity(_text(given, name, "type"), _text(given, name, "id"), _object(given, "properties"))


def _wanted(body: Object, name: str) -> Entity:
    given = _member(body, name)
    return Entity(_text(given, name, "type"), NOBODY, _object(given, "properties"))


def _act(body: Object) -> Act:
    given = _member(body, "action")
    return Act(_text(given, "action", "name"), _object(given, "properties"))


def _member(body: Object, name: str) -> Object:
    if name not in body:
        raise invalid_request(f"The {name} is missing.")
    return _object(body, name)


def _object(body: Object, name: str) -> Object:
    found = body.get(name, {})
    if not isinstance(found, dict):
        raise invalid_request(f"The value of {name} must be an object.")
    return found


def _text(given: Object, of: str, name: str) -> str:
    found = given.get(name)
    if not isinstance(found, str) or not found:
        raise invalid_request(f"The {of} needs a {name}, which is a text.")
    return found
