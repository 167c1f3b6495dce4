"""`idp policy propose|rollback|list|shadow`: the steps of policies, but for the promotion."""

from pathlib import Path
from typing import Any

import click

from idp.data_sharing import policy_life
from idp.data_sharing.policy_documents import read_documents
from idp.data_sharing.policy_in_force import Position, position
from idp.policy_tools.arguments import by_option, directory_argument, reason_option
from idp.policy_tools.difference import differences, widenings
from idp.policy_tools.dossier import dossier_of
from idp.store import policies, shadow_results
from idp.terminal import json_option, print_result, print_rows, services_of_settings, told_plainly


@click.command("propose")
@directory_argument
@by_option
@reason_option
@json_option
@told_plainly
def propose_policy(directory: Path, by: str, reason: str, *, as_json: bool) -> None:
    """Write the policy of DIRECTORY down, with its tests and promises, for somebody else to promote."""
    services = services_of_settings()
    candidate = dossier_of(read_documents(directory))
    wider = widenings(differences(services.policy.bundle, candidate.bundle))
    with services.database.transaction() as connection:
        proposed = policy_life.propose(connection, candidate.documents, by=by, reason=reason, now=services.now)
    told = {"hash": proposed.hash, "version": proposed.version, "wider": [one.plain() for one in wider]}
    lines = [f"wider: {one.id} ({one.example.in_words()})" for one in wider]
    print_result(told, "\n".join([*lines, f"version {proposed.version}: {proposed.hash}"]), as_json=as_json)


@click.command("rollback")
@click.argument("beginning", metavar="HASH")
@by_option
@reason_option
@json_option
@told_plainly
def roll_back_policy(beginning: str, by: str, reason: str, *, as_json: bool) -> None:
    """Put the policy HASH, which was in force before, in force again at once."""
    services = services_of_settings()
    with services.database.transaction() as connection:
        policy = policy_life.named(connection, beginning)
        policy_life.roll_back(connection, policy.hash, by=by, reason=reason, now=services.now)
    told = {"hash": policy.hash, "version": policy.version}
    print_result(told, f"version {policy.version} is in force again: {policy.hash}", as_json=as_json)


@click.command("list")
@json_option
@told_plainly
def list_policies(*, as_json: bool) -> None:
    """List every policy, the newest first, with the last step that was taken with it."""
    with services_of_settings().database.autocommit() as connection:
        known, steps = policies.everyone(connection), policies.steps(connection)
    at, last = position(steps), {step.hash: step for step in steps}
    rows = [
        {
            "version": policy.version,
            "hash": policy.hash,
            "state": _state(policy.hash, at),
            "author": policy.author,
            "last_step": last[policy.hash].kind.value,
            "by": last[policy.hash].actor,
            "at": last[policy.hash].at,
            "reason": last[policy.hash].reason,
            "signed_off": list(last[policy.hash].signed_off),
        }
        for policy in known
    ]
    print_rows(rows, as_json=as_json)


@click.group("shadow")
def shadow_group() -> None:
    """Try a policy beside the one in force: it decides everything as well, and nobody gets its answers."""


@shadow_group.command("begin")
@click.argument("beginning", metavar="HASH")
@by_option
@reason_option
@json_option
@told_plainly
def begin_shadow(beginning: str, by: str, reason: str, *, as_json: bool) -> None:
    """Begin to try the policy HASH."""
    services = services_of_settings()
    with services.database.transaction() as connection:
        policy = policy_life.named(connection, beginning)
        policy_life.try_beside(connection, policy.hash, by=by, reason=reason, now=services.now)
    print_result({"hash": policy.hash, "version": policy.version}, f"trying version {policy.version}", as_json=as_json)


@shadow_group.command("end")
@by_option
@reason_option
@json_option
@told_plainly
def end_shadow(by: str, reason: str, *, as_json: bool) -> None:
    """End to try the policy that is tried."""
    services = services_of_settings()
    with services.database.transaction() as connection:
        policy_life.stop_trying(connection, by=by, reason=reason, now=services.now)
    print_result({"ended": True}, "ended", as_json=as_json)


@shadow_group.command("results")
@click.argument("beginning", metavar="HASH")
@json_option
@told_plainly
def show_shadow(beginning: str, *, as_json: bool) -> None:
    """Count of how many people the policy HASH would have let more or less go while it was tried, field by field."""
    with services_of_settings().database.autocommit() as connection:
        policy = policy_life.named(connection, beginning)
        results = shadow_results.of_policy(connection, policy.hash)
    people: dict[tuple[str, str, str, str], set[str]] = {}
    for result in results:
        for direction, names in (("wider", result.wider), ("narrower", result.narrower)):
            for name in names:
                key = (result.partner_id, result.purpose, name, direction)
                people.setdefault(key, set()).add(result.account_id)
    rows: list[dict[str, Any]] = [
        {"partner": key[0], "purpose": key[1], "field": key[2], "direction": key[3], "people": len(people[key])}
        for key in sorted(people)
    ]
    print_rows(rows, as_json=as_json)


def _state(hash_: str, at: Position) -> str:
    if hash_ == at.in_force:
        return "in force"
    if hash_ == at.shadow:
        return "tried"
    return "was in force" if hash_ in at.were_in_force else "proposed"
