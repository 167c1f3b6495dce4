"""`idp policy promote`, apart from the other commands because it needs the solver."""

import click

from idp.data_sharing import SharingDataError
from idp.data_sharing.policy_in_force import position
from idp.data_sharing.policy_life import check_promotion, named, promote
from idp.data_sharing.replay import Recorded
from idp.policy_tools.arguments import DAY, by_option, days_option, reason_option
from idp.policy_tools.dossier import dossier_of
from idp.policy_tools.promotion import examine
from idp.store import policies
from idp.terminal import Problem, json_option, print_result, services_of_settings, told_plainly


@click.command("promote")
@click.argument("beginning", metavar="HASH")
@click.option("--sign-off", "signed_off", multiple=True, help="A widening that you answer for, as `diff` names it.")
@days_option
@by_option
@reason_option
@json_option
@told_plainly
def promote_policy(
    beginning: str, signed_off: tuple[str, ...], days: int, by: str, reason: str, *, as_json: bool
) -> None:
    """Put the proposed policy HASH in force, as somebody else than its author.

    Its tests and proofs must hold, you must sign off everything that it widens, and nothing that went out in the last
    days may have gone further by it than that. Every server follows within a second.
    """
    services = services_of_settings()
    with services.database.autocommit() as connection:
        seen, policy = position(policies.steps(connection)), named(connection, beginning)
        check_promotion(policy, seen, by)
        recorded = Recorded(services.sealer, connection, services.now - days * DAY)
        try:
            candidate = dossier_of(policy.documents)
        except SharingDataError as error:
            raise Problem(f"version {policy.version} cannot be judged: {error}") from error
        verdict = examine(services.policy.bundle, candidate, signed_off, recorded)
    if verdict.objections:
        told = {"promoted": False, "objections": verdict.objections}
        print_result(told, "\n".join(verdict.objections), as_json=as_json)
        raise Problem(f"version {policy.version} is not promoted")
    with services.database.transaction() as connection:
        promote(connection, seen, policy.hash, by=by, reason=reason, signed_off=signed_off, now=services.now)
    told = {"promoted": True, "hash": policy.hash, "version": policy.version}
    print_result(told, f"version {policy.version} is in force: {policy.hash}", as_json=as_json)
