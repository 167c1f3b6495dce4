"""Answers about many people at once: how many are such, or who, by names that hold within one campaign.

Everybody counts by a decision of their own about every field of the question, and stands in the audit log like any
disclosure; whoever's decision withholds one of them, a minor's or an opted-out person's, is not there. All entries of
one answer are written in one transaction, so that there are as many of them as people counted, or none. Fewer people
than the setting asks for are no answer: neither their number nor that there is nobody is told.

Nobody is found by subtracting one answer from another. For a while all questions of a partner for a purpose are about
the same fields: then the people of two segments have nobody in common, for some field has another value. For as long a
number that was told of a segment stays what it was, and no name is added to its names. And of every segment some people
are left out, how many and who being drawn anew each time, so that what was told before somebody came and after is
nearly as likely without them (`idp.protocol.left_out`).
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from hashlib import sha256
from typing import Final

from idp.data_sharing.quotas import count_request
from idp.data_sharing.released import SEAL, Released
from idp.data_sharing.sharing import Considered, DataSharing
from idp.protocol.canonical_json import canonical
from idp.protocol.errors import FORBIDDEN, OAuthError, invalid_request, too_many_requests
from idp.protocol.grants import Mode
from idp.protocol.left_out import draw
from idp.protocol.secrets import Randomness, new_identifier
from idp.settings import DataApi
from idp.store import audience_answers, audience_fields, grants
from idp.store.audience_answers import TOO_FEW, TOO_MANY, Kept
from idp.store.clients import Client
from idp.store.database import Database
from idp.store.grants import Grant
from policies.agreement import PurposeTerms
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
        """Take what decides, how few and how many people make an answer, and by what it is drawn who is left out."""
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
        kept = self._begun(client, segment, terms, now)
        decision_id = new_identifier(self._random)
        counted: list[Considered] = []
        if kept.number is None or (segment.campaign and kept.number >= 0):
            among = self._among(client, segment, kept, now)
            kept, counted = self._written_down(kept, segment, among, decision_id, now)
        if kept.number == TOO_MANY:
            raise _refused("audience_too_large", "These are more people than one answer holds. Narrow the segment.")
        if kept.number is None or kept.number == TOO_FEW:
            raise _refused("audience_too_small", "Too few people are in this segment to be spoken of.")
        if not segment.campaign:
            return Released(SEAL, owed_nothing({"count": kept.number}), {}, decision_id=kept.decision_id)
        members = sorted(self._member(client, segment.campaign, one) for one in counted)
        return Released(SEAL, owed_nothing({"members": members}), {}, decision_id=decision_id)

    def _begun(self, client: Client, segment: Segment, terms: PurposeTerms, now: int) -> Kept:
        """Return what holds of a segment for the time being, if a question about these fields may be asked now."""
        asked, seconds = (client.partner_id, segment.purpose, segment.where), self._limits.audience_window
        key = sha256(canonical([client.partner_id, segment.purpose, dict(segment.where)])).digest()
        with self._database.autocommit() as connection:
            count_request(connection, client.partner_id, "", segment.purpose, terms, now)
            wait = audience_fields.settle(connection, *asked, seconds, now)
        if wait:
            raise too_many_requests(
                "For now, questions for this purpose are about the same fields as before. Retry-After says how long.",
                wait,
            )
        left_out = draw(self._limits.audience_spread, self._random)
        with self._database.transaction() as connection:
            return audience_answers.begin(connection, key, left_out, seconds, now)

    def _written_down(
        self, kept: Kept, segment: Segment, among: list[Considered], decision_id: str, now: int
    ) -> tuple[Kept, list[Considered]]:
        """Note everybody whom an answer is about, with the number if it is the first; no one if it is none."""
        least = max(1, self._limits.audience_least)
        with self._database.transaction() as connection:
            kept = audience_answers.find(connection, kept.key, lock=True)
            if kept.number is not None and not segment.campaign:
                return kept, []  # told to somebody else meanwhile
            counted = []
            is_answer = least <= len(among) <= self._limits.audience_most
            if is_answer:
                counted = [one for one in among if self._sharing.note(connection, one, decision_id, now)]
            if len(counted) < least and (is_answer or kept.number is not None):
                raise _refused("audience_too_small", "Too few people are in this segment to be spoken of.")
            if kept.number is None:
                number = self._number(among, counted)
                audience_answers.tell(connection, kept.key, number, decision_id)
                kept = replace(kept, number=number, decision_id=decision_id)
            return kept, counted

    def _number(self, among: list[Considered], counted: list[Considered]) -> int:
        if not counted:
            return TOO_MANY if len(among) > self._limits.audience_most else TOO_FEW
        return len(counted) - len(counted) % max(1, self._limits.audience_step)

    def _among(self, client: Client, segment: Segment, kept: Kept, now: int) -> list[Considered]:
        """Return whoever is in the segment and not left out of it, up to one more than an answer holds."""
        found, most = [], self._limits.audience_most + kept.left_out
        fields = frozenset(segment.where)
        for grant in self._living(client, segment.purpose, kept.since, now):
            one = self._sharing.consider(client, grant, fields, now)
            if one is not None and all(_same(one.values.get(name), value) for name, value in segment.where.items()):
                found.append(one)
            if len(found) > most:
                break
        drawn = f"left out\x00{kept.key.hex()}\x00{kept.since}\x00"
        by_lot = sorted(found, key=lambda one: self._sharing.reference(client, drawn + one.grant.account_id))
        left_out = {one.grant.id for one in by_lot[: kept.left_out]}
        return [one for one in found if one.grant.id not in left_out]

    def _living(self, client: Client, purpose: str, since: int, now: int) -> Iterator[Grant]:
        """Yield the grants on which data may go out again and again, as they were agreed to before."""
        after = ""
        while True:
            with self._database.autocommit() as connection:
                page = grants.alive_of_client(connection, client.client_id, after, _AT_ONCE, now)
            for grant in page:
                is_open = grant.purpose == purpose and grant.mode is Mode.ONGOING and not grant.is_held
                if is_open and _agreed(grant) <= since:
                    yield grant
            if len(page) < _AT_ONCE:
                return
            after = page[-1].id

    def _member(self, client: Client, campaign: str, one: Considered) -> str:
        """Return a name that tells nothing outside of the campaign, not even by the `sub` of the same person."""
        return self._sharing.reference(client, f"campaign\x00{campaign}\x00{one.grant.account_id}")


def _agreed(grant: Grant) -> int:
    """Return when the latest yes of a grant was given."""
    return max((answer.at for answer in grant.fields.values() if answer.agreed), default=grant.created_at)


def _same(value: object, wanted: object) -> bool:
    """Whether two values are one; true is not 1."""
    return type(value) is type(wanted) and value == wanted


def _refused(code: str, description: str) -> OAuthError:
    return OAuthError(code, description, status=FORBIDDEN)
