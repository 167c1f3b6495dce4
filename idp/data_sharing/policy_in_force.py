"""The policy by which this process decides, as it stands in the database; and the one that is tried beside it.

Both are followed through the change feed: within a second of a promotion or a roll-back every process decides by the
other policy, each decision by one of them as a whole.
"""

import logging
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property
from typing import Final

from idp.data_sharing.documents import SharingDataError
from idp.data_sharing.policy_documents import Documents, bundle_of, catalogue_of, hash_of
from idp.protocol.names import OFFLINE_ACCESS, OPENID
from idp.store import policies
from idp.store.changes import Cache, ChangeFeed, Topic
from idp.store.database import Connection, Database
from idp.store.policies import IN_FORCE_BY, PolicyStep, StepKind
from policies.bundle import Bundle, compile_bundle
from policies.catalogue import Catalogue, parse_catalogue

log = logging.getLogger(__name__)

_NO_CATALOGUE: Final = parse_catalogue("[fields]\n[scopes]", "[purposes]")


@dataclass(frozen=True, slots=True)
class Position:
    """Where all steps led: which policy is in force, which is tried beside it ("" for none), and the last number."""

    in_force: str
    shadow: str
    last: int
    were_in_force: frozenset[str]


@dataclass(frozen=True)
class Rules:
    """A policy as decisions are made by it, with the hash it is known by."""

    hash: str
    bundle: Bundle

    @cached_property
    def user_scopes(self) -> frozenset[str]:
        """Scope values that need a user."""
        return frozenset(self.bundle.catalogue.scopes) | {OPENID, OFFLINE_ACCESS}


@dataclass(frozen=True, slots=True)
class _Standing:
    rules: Rules
    shadow: Rules | None


class PolicyInForce:
    """Knows the policy in force. Each look raises `DatabaseUnavailableError` when it cannot be known."""

    def __init__(self, database: Database, feed: ChangeFeed) -> None:
        """Follow the feed."""
        self._database = database
        self._cache: Cache[_Standing] = Cache(feed, (Topic.POLICY,), 1)

    @property
    def rules(self) -> Rules:
        """What to decide by."""
        return self._standing().rules

    @property
    def bundle(self) -> Bundle:
        """The same, compiled."""
        return self.rules.bundle

    @property
    def catalogue(self) -> Catalogue:
        """The fields and purposes that there are."""
        return self.bundle.catalogue

    @property
    def user_scopes(self) -> frozenset[str]:
        """Scope values that need a user."""
        return self.rules.user_scopes

    @property
    def shadow(self) -> Rules | None:
        """What to try beside it."""
        return self._standing().shadow

    def _standing(self) -> _Standing:
        standing = self._cache.get("", self._load)
        if standing is None:
            raise LookupError("there is always something by which to decide")
        return standing

    def _load(self, _key: str) -> _Standing:
        with self._database.autocommit() as connection:
            at = position(policies.steps(connection))
            return _Standing(
                rules=_rules(connection, at.in_force), shadow=_rules(connection, at.shadow) if at.shadow else None
            )


def position(steps: Iterable[PolicyStep]) -> Position:
    """Return where these steps, in order, led."""
    in_force = shadow = ""
    last, were = 0, set()
    for step in steps:
        last = step.number
        if step.kind in IN_FORCE_BY:
            in_force = step.hash
            were.add(in_force)
        elif step.kind is StepKind.SHADOW_BEGUN:
            shadow = step.hash
        elif step.kind is StepKind.SHADOW_ENDED:
            shadow = ""
        shadow = "" if shadow == in_force else shadow
    return Position(in_force, shadow, last, frozenset(were))


def _rules(connection: Connection, hash_: str) -> Rules:
    """Return a policy; one that cannot be read, or is not what its hash says, shares nothing."""
    stored = policies.find(connection, hash_)
    texts = stored.documents if stored is not None and hash_of(stored.documents) == hash_ else {}
    try:
        return Rules(hash_, bundle_of(texts))
    except SharingDataError:
        log.exception("policy %s cannot be read, so nothing goes to partners", hash_)
        return Rules(hash_, compile_bundle(_catalogue(texts), {}))


def _catalogue(texts: Documents) -> Catalogue:
    """Return the catalogue alone, by which the group's own apps go on."""
    try:
        return catalogue_of(texts)
    except SharingDataError:
        return _NO_CATALOGUE
