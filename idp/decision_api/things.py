"""Decisions about things of the group's own, by the access rules (`policies.access`)."""

from collections.abc import Iterator
from itertools import islice

from idp.data_sharing import AccessRules
from idp.decision_api.answers import Results, Verdict
from idp.decision_api.questions import Object, Question


class Things:
    """Decides by rules; there are none for partners."""

    def __init__(self, rules: AccessRules) -> None:
        """Take the rules."""
        self._rules = rules

    def evaluate(self, question: Question) -> Verdict:
        """Answer one question; what permits is named, and a denial has nothing to name."""
        rule = self._rules.permitting(question.subject, question.act, question.resource)
        return Verdict(rule is not None, {"rule": rule} if rule else {})

    def subjects(self, question: Question, after: str, limit: int) -> Results:
        """Return who may."""
        type_ = question.subject.type
        ids = self._rules.subjects_who_may(type_, question.act, question.resource)
        return _page(({"type": type_, "id": id_} for id_ in ids), "id", after, limit)

    def resources(self, question: Question, after: str, limit: int) -> Results:
        """Return what may be done it to."""
        type_ = question.resource.type
        ids = self._rules.resources_open_to(question.subject, question.act, type_)
        return _page(({"type": type_, "id": id_} for id_ in ids), "id", after, limit)

    def actions(self, question: Question, after: str, limit: int) -> Results:
        """Return what may be done."""
        names = self._rules.actions_open_to(question.subject, question.resource)
        return _page(({"name": name} for name in names), "name", after, limit)


def _page(found: Iterator[Object], key: str, after: str, limit: int) -> Results:
    """Return a page of what is found in the order of a key."""
    page = tuple(islice((one for one in found if one[key] > after), limit + 1))
    if len(page) <= limit:
        return Results(page)
    return Results(page[:limit], page[limit - 1][key] if limit else "")
