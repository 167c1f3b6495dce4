"""Answers about many people at once: how many are such, or who, by names that hold within one campaign.

Everybody counts by a decision of their own about every field of the question, and stands in the audit log like any
disclosure; whoever's decision withholds one of them, a minor's or an opted-out person's, is not there. All entries of
one answer are written in one transaction, so that there are as many of them as people counted, or none. Fewer people
than the setting asks for are no answer: neither their number nor that there is nobody is told.

Nobody is found by subtraction. Within one window all questions of a partner for a purpose are about the same fields:
then the people of two different answers have nobody in common, for some field has another value, and no answer is part
of another. Across windows, and where people come and go, a number is rounded down.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Final

from idp.data_sharing.quotas import count_request
from idp.data_sharing.released import SEAL, Released
from idp.data_sharing.sharing import Considered, DataSharing
from idp.protocol.errors import FORBIDDEN, OAuthError, invalid_request, too_many_requests
from idp.protocol.grants import Mode
from idp.protocol.secrets import Randomness, new_identifier
from idp.settings import DataApi
from idp.store import audience_fields, grants
from idp.store.clients import Client
from idp.store.database import Database
from idp.store.grants import Grant
from policies.discharge import owed_nothing

_AT_ONCE: Final = 500


@dataclass(frozen=True, slots=True)
class Segment:
    """Which people: those who agreed to this purpose and of whom every field has this value."""

    purpose: str
    where: Mapping[str, object]
    campaign: str = ""
    """For which campaign they are named; only their number is asked for without one."""


class Audiences:
    """Answers an app about the people who share with it."""

    def __init__(self, sharing: DataSharing, database: Database, limits: DataApi, random: Randomness) -> None:
        """Take what decides, and how few and how many people make an answer."""
        self._sharing = sharing
        self._database = database
        self._limits = limits
        self._random = random

    def answer(self, client: Client, segment: Segment, now: int) -> Released:
        """Release the number of people in a segment, or their names within its campaign.

        Raises:
            OAuthError: `invalid_request` for a purpose or fields that are not agreed; `too_many_requests`;
                `audience_too_small` and `audience_too_large`.
        """
        terms = self._sharing.terms(client, segment.purpose)
        agreed = self._sharing.catalogue.closure_down(terms.fields) if terms is not None else frozenset()
        if terms is None or not agreed.issuperset(segment.where):
            raise invalid_request("The agreement does not hold this purpose, or not all of these fields for it.")
        with self._database.autocommit() as connection:
            count_request(connection, client.partner_id, "", segment.purpose, terms, now)
            asked = (client.partner_id, segment.purpose, segment.where)
            wait = audience_fields.settle(connection, *asked, self._limits.audience_window, now)
        if wait:
            raise too_many_requests(
                "For now, questions for this purpose are about the same fields as before. Retry-After says how long.",
                wait,
            )
        decision_id = new_identifier(self._random)
        found = self._matching(client, segment, now)
        if len(found) > self._limits.audience_most:
            raise _refused("audience_too_large", "These are more people than one answer holds. Narrow the segment.")
        with self._database.transaction() as connection:
            counted = [one for one in found if self._sharing.note(connection, one, decision_id, now)]
            if len(counted) < max(1, self._limits.audience_least):
                raise _refused("audience_too_small", "Too few people are in this segment to be spoken of.")
        if not segment.campaign:
            return Released(SEAL, owed_nothing({"count": self._rounded(len(counted))}), {}, decision_id=decision_id)
        members = sorted(self._member(client, segment.campaign, one) for one in counted)
        return Released(SEAL, owed_nothing({"members": members}), {}, decision_id=decision_id)

    def _rounded(self, people: int) -> int:
        return people - people % max(1, self._limits.audience_step)

    def _matching(self, client: Client, segment: Segment, now: int) -> list[Considered]:
        """Return whoever is in the segment, up to one more than an answer holds."""
        found: list[Considered] = []
        fields = frozenset(segment.where)
        for grant in self._living(client, segment.purpose, now):
            one = self._sharing.consider(client, grant, fields, now)
            if one is not None and all(_same(one.values.get(name), value) for name, value in segment.where.items()):
                found.append(one)
            if len(found) > self._limits.audience_most:
                break
        return found

    def _living(self, client: Client, purpose: str, now: int) -> Iterator[Grant]:
        """Yield the grants on which data may go out again and again."""
        after = ""
        while True:
            with self._database.autocommit() as connection:
                page = grants.alive_of_client(connection, client.client_id, after, _AT_ONCE, now)
            for grant in page:
                if grant.purpose == purpose and grant.mode is Mode.ONGOING and not grant.is_held:
                    yield grant
            if len(page) < _AT_ONCE:
                return
            after = page[-1].id

    def _member(self, client: Client, campaign: str, one: Considered) -> str:
        """Return a name that tells nothing outside of the campaign, not even by the `sub` of the same person."""
        return self._sharing.reference(client, f"campaign\x00{campaign}\x00{one.grant.account_id}")


def _same(value: object, wanted: object) -> bool:
    """Whether two values are one; true is not 1."""
    return type(value) is type(wanted) and value == wanted


def _refused(code: str, description: str) -> OAuthError:
    return OAuthError(code, description, status=FORBIDDEN)
