"""How a policy comes into force: proposed by one person, promoted by another, rolled back by its hash.

Each step is written down with who took it and why. Those that change what is in force are entries of the audit log, and
every process follows within a second. What a promotion takes besides two people is `policy_tools.promotion`'s to say.
"""

import logging
from collections.abc import Iterable
from pathlib import Path

from idp.data_sharing.documents import SharingDataError
from idp.data_sharing.partner_life import LifeError, check_words, is_one_person
from idp.data_sharing.policy_documents import Documents, bundle_of, hash_of, read_documents
from idp.data_sharing.policy_in_force import Position, position
from idp.store import audit, policies
from idp.store.database import Connection, Database
from idp.store.policies import IN_FORCE_BY, PolicyStep, StepKind, StoredPolicy

log = logging.getLogger(__name__)

FIRST_START = "first start"
SHORTEST_HASH = 8
_MEANWHILE = "another step was taken meanwhile; look at `idp policy list` again"


def begin(database: Database, directory: Path, now: int) -> None:
    """Put the policy of a sharing directory in force where none ever was.

    Later only a promotion changes it, so what the directory says then does not count.

    Raises:
        SharingDataError: when nothing is in force, and the directory's policy does not fit.
    """
    with database.autocommit() as connection:
        steps = policies.steps(connection)
    if steps:
        _remark(directory, position(steps))
        return
    try:
        documents = read_documents(directory)
        bundle_of(documents)
    except SharingDataError as error:
        raise SharingDataError(f"{directory}: {error}") from error
    with database.transaction() as connection:
        step = PolicyStep(1, hash_of(documents), StepKind.BEGUN, FIRST_START, "", (), now)
        if policies.take(connection, step):
            policies.add(connection, StoredPolicy(step.hash, 1, documents, FIRST_START, now))
            audit.policy_changed(connection, step, "")


def propose(connection: Connection, documents: Documents, *, by: str, reason: str, now: int) -> StoredPolicy:
    """Write a policy down and return it; the same one again is the one that there is.

    Raises:
        SharingDataError: when it does not fit; a LifeError when another step was taken meanwhile.
    """
    bundle_of(documents)
    known = policies.find(connection, hash_of(documents))
    if known is not None:
        return known
    proposed = StoredPolicy(hash_of(documents), len(policies.everyone(connection)) + 1, documents, by, now)
    seen = position(policies.steps(connection))
    _take(connection, seen, StepKind.PROPOSED, proposed.hash, by=by, reason=reason, now=now)
    if not policies.add(connection, proposed):
        raise LifeError(_MEANWHILE)
    return proposed


def promote(
    connection: Connection, seen: Position, hash_: str, *, by: str, reason: str, signed_off: Iterable[str], now: int
) -> None:
    """Put a policy in force, as somebody else than its author, in place of the one that it was judged against.

    Raises:
        LifeError: for one's own policy, the one in force, or when another step was taken since that was `seen`.
    """
    policy = policies.find(connection, hash_)
    if policy is None:
        raise LifeError(f"there is no policy {hash_}")
    check_promotion(policy, seen, by)
    _take(connection, seen, StepKind.PROMOTED, hash_, by=by, reason=reason, now=now, signed_off=signed_off)


def check_promotion(policy: StoredPolicy, seen: Position, by: str) -> None:
    """Check whether somebody may promote a policy.

    Raises:
        LifeError: for one's own policy, or the one in force.
    """
    if is_one_person(policy.author, by):
        raise LifeError(f"{by} wrote version {policy.version}; somebody else has to promote it")
    if seen.in_force == policy.hash:
        raise LifeError(f"version {policy.version} is in force already")


def roll_back(connection: Connection, hash_: str, *, by: str, reason: str, now: int) -> None:
    """Put a policy in force again that was before, at once and without further checks.

    Raises:
        LifeError: for one that never was in force, or is.
    """
    seen = position(policies.steps(connection))
    if hash_ not in seen.were_in_force or hash_ == seen.in_force:
        raise LifeError(f"policy {hash_} {'is in force' if hash_ == seen.in_force else 'never was in force'}")
    _take(connection, seen, StepKind.ROLLED_BACK, hash_, by=by, reason=reason, now=now)


def try_beside(connection: Connection, hash_: str, *, by: str, reason: str, now: int) -> None:
    """Let every decision be made by a second policy as well, without effect.

    Raises:
        LifeError: for the policy in force.
    """
    seen = position(policies.steps(connection))
    if hash_ == seen.in_force:
        raise LifeError(f"policy {hash_} is in force")
    _take(connection, seen, StepKind.SHADOW_BEGUN, hash_, by=by, reason=reason, now=now)


def stop_trying(connection: Connection, *, by: str, reason: str, now: int) -> None:
    """End that.

    Raises:
        LifeError: when no policy is tried.
    """
    seen = position(policies.steps(connection))
    if not seen.shadow:
        raise LifeError("no policy is tried beside the one in force")
    _take(connection, seen, StepKind.SHADOW_ENDED, seen.shadow, by=by, reason=reason, now=now)


def named(connection: Connection, beginning: str) -> StoredPolicy:
    """Return the policy whose hash begins so.

    Raises:
        LifeError: for fewer than eight characters, and when there is none or more than one.
    """
    found = [one for one in policies.everyone(connection) if one.hash.startswith(beginning)]
    if len(beginning) < SHORTEST_HASH or len(found) != 1:
        raise LifeError(f"{beginning!r} is the beginning of no policy's hash alone; see `idp policy list`")
    return found[0]


def _take(
    connection: Connection,
    seen: Position,
    kind: StepKind,
    hash_: str,
    *,
    by: str,
    reason: str,
    now: int,
    signed_off: Iterable[str] = (),
) -> None:
    check_words(by, reason)
    step = PolicyStep(seen.last + 1, hash_, kind, by, reason, tuple(signed_off), now)
    if not policies.take(connection, step):
        raise LifeError(_MEANWHILE)
    if kind in IN_FORCE_BY:
        audit.policy_changed(connection, step, seen.in_force)


def _remark(directory: Path, at: Position) -> None:
    """Tell an operator who changed the files and expects an effect."""
    try:
        written = hash_of(read_documents(directory))
    except SharingDataError:
        return
    if written != at.in_force:
        log.warning("the policy in %s is not the one in force; `idp policy propose` makes it one to promote", directory)
