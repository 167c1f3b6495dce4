"""What a grant allows, worked out from its answers: pure functions of a grant, the catalogue and the moment."""

from collections.abc import Iterable, Mapping

from idp.protocol.grants import LONGEST_SECONDS, Action, Mode, Status, Wish
from idp.store.grants import Answer, Grant
from policies.agreement import Agreement, Consent
from policies.catalogue import Catalogue

DAY = 86_400


def merged(before: Mapping[str, Answer], shown: Mapping[str, Answer], now: int) -> dict[str, Answer]:
    """Return the answers that hold after a further one: what was shown again counts as it was answered now.

    What was not shown keeps its answer and the end of that, so nothing lives longer because of something else.
    """
    return {**{name: answer for name, answer in before.items() if now < answer.until}, **shown}


def merged_fields(
    catalogue: Catalogue, before: Mapping[str, Answer], shown: Mapping[str, Answer], now: int
) -> dict[str, Answer]:
    """Return the same for fields: what was shown reaches what was answered before, a yes down and a no up.

    A no to one is a no as well to those that were agreed to before and give it away. A yes to one is a yes to those
    that it gives away, also where there was a no: so what is denied is never given away by what is agreed to.
    """
    agreed = {name: answer for name, answer in shown.items() if answer.agreed}
    refused = {name: answer for name, answer in shown.items() if not answer.agreed}
    fields = merged(before, shown, now)
    for name in fields.keys() - shown.keys():
        gives_away = catalogue.closure_down((name,)) & refused.keys()
        given_away = catalogue.closure_up((name,)) & agreed.keys()
        if gives_away:
            fields[name] = refused[min(gives_away)]
        elif given_away:
            fields[name] = max((agreed[one] for one in given_away), key=lambda answer: answer.until)
    return fields


def gives_way(before: Grant, mode: Mode, wish: Wish | None) -> bool:
    """Whether an answer is a grant of its own, in the place of the one that stands, and no amendment of that."""
    return before.mode is not mode or (wish is not None and wish.action is Action.CREATE)


def answered(catalogue: Catalogue, shown: Mapping[str, bool], now: int, until: int) -> dict[str, Answer]:
    """Return the answers to one page: a yes to a field is a yes to every other on it that it gives away."""
    agreed = catalogue.closure_down(name for name, ticked in shown.items() if ticked)
    return {name: Answer(name in agreed, now, until) for name in shown}


def last_end(*answers: Mapping[str, Answer]) -> int:
    """Return when the last of all answers ends."""
    return max((answer.until for each in answers for answer in each.values()), default=0)


def lets_out(catalogue: Catalogue, fields: Mapping[str, int]) -> dict[str, int]:
    """Return what agreed fields, each with its end, let out: those that they give away included."""
    out: dict[str, int] = {}
    for agreed, until in fields.items():
        for field in catalogue.closure_down((agreed,)):
            out[field] = max(until, out.get(field, 0))
    return dict(sorted(out.items()))


def covers(
    grant: Grant, fields: Iterable[str], scopes: Iterable[str], days: int, agreement: Agreement | None, now: int
) -> bool:
    """Whether a user answered already what is asked for: each field and scope, for as long as is asked.

    A no is an answer as well.
    """
    latest = agreement.expires_at if agreement is not None else now + LONGEST_SECONDS
    asked = [*(grant.fields.get(name) for name in fields), *(grant.scopes.get(name) for name in scopes)]
    return all(
        answer is not None and now < answer.until and answer.until >= min(answer.at + days * DAY, latest)
        for answer in asked
    )


def as_consent(grant: Grant | None, agreement: Agreement | None) -> Consent | None:
    """Return a grant as the policy knows consents.

    An answer holds no longer than the agreement allows, also if that was shortened after it was given.
    """
    if grant is None:
        return None
    ends = _ends(grant, agreement)
    return Consent(
        user_id=grant.account_id,
        client_id=grant.client_id,
        purpose=grant.purpose,
        fields=ends,
        granted_at=max((grant.fields[field].at for field in ends), default=grant.created_at),
        expires_at=max(ends.values(), default=grant.expires_at),
        ended_at=grant.ended_at,
        paused=grant.status is Status.PAUSED,
        suspended=grant.suspensions > 0,
        denied=frozenset(name for name, answer in grant.fields.items() if not answer.agreed),
        disclosed=grant.disclosed,
        read=grant.agreement_version,
    )


def _ends(grant: Grant, agreement: Agreement | None) -> dict[str, int]:
    """Return the end of each answer that is a yes."""
    terms = agreement.purposes.get(grant.purpose) if agreement is not None else None
    longest = terms.max_days * DAY if terms is not None else LONGEST_SECONDS
    agreed = ((name, answer) for name, answer in grant.fields.items() if answer.agreed)
    return {name: min(answer.until, answer.at + longest, grant.expires_at) for name, answer in agreed}
