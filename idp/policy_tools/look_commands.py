"""`idp policy simulate|replay`: what a policy does to one person, and what it would have done in the past."""

from pathlib import Path

import click

from idp.data_sharing import SharingDataError
from idp.data_sharing.policy_documents import bundle_of, read_documents
from idp.data_sharing.replay import Recorded, decided_otherwise
from idp.policy_tools.arguments import DAY, DIRECTORY, days_option
from idp.policy_tools.effects import effects
from idp.policy_tools.simulation import Sight, foreseen
from idp.services import Services
from idp.store import clients
from idp.terminal import Problem, json_option, print_result, print_rows, services_of_settings, told_plainly
from policies.bundle import Bundle

candidate_option = click.option(
    "--candidate", type=DIRECTORY, help="A sharing directory whose policy to take in place of the one in force."
)


@click.command("simulate")
@click.argument("client_id", metavar="APP")
@click.argument("username")
@candidate_option
@json_option
@told_plainly
def simulate_policy(client_id: str, username: str, candidate: Path | None, *, as_json: bool) -> None:
    """Tell what a partner's APP would get of a user now: each field for each agreed purpose, or why not. No values."""
    services = services_of_settings()
    with services.database.autocommit() as connection:
        client = clients.find(connection, client_id)
        account = services.accounts.find_by_username(connection, username)
    if client is None or not client.partner_id:
        raise Problem(f"there is no app {client_id} of a partner")
    if account is None:
        raise Problem("there is no user of this name")
    seen = foreseen(services, client, account.id, _bundle(services, candidate))
    if as_json:
        print_rows([sight.plain() for sight in seen], as_json=True)
        return
    click.echo(_matrix(seen))


@click.command("replay")
@candidate_option
@days_option
@json_option
@told_plainly
def replay_decisions(candidate: Path | None, days: int, *, as_json: bool) -> None:
    """Decide the recorded disclosures again: each by the policy of its time must come out as it did.

    With a candidate: also what that would have widened, narrowed and denied, for each partner. Requests that a rate
    refused are left out.
    """
    services = services_of_settings()
    with services.database.autocommit() as connection:
        recorded = Recorded(services.sealer, connection, services.now - days * DAY)
        wrong = tuple(decided_otherwise(recorded))
        found = effects(recorded, services.policy.bundle, _bundle(services, candidate))
    rows = [effect.plain() for effect in found]
    lines = ["  ".join(f"{name}: {value}" for name, value in row.items()) for row in rows]
    print_result({"otherwise": wrong, "partners": rows}, "\n".join([*wrong, *lines]), as_json=as_json)
    if wrong:
        raise Problem(f"{len(wrong)} decisions do not come out as they did")


def _bundle(services: Services, candidate: Path | None) -> Bundle:
    if candidate is None:
        return services.policy.bundle
    try:
        return bundle_of(read_documents(candidate))
    except SharingDataError as error:
        raise SharingDataError(f"{candidate}: {error}") from error


def _matrix(seen: tuple[Sight, ...]) -> str:
    """Return a table: a row for each field, a column for each purpose."""
    purposes = sorted({sight.purpose for sight in seen})
    cells = {(sight.field, sight.purpose): sight.in_words() for sight in seen}
    rows = [["", *purposes]]
    rows += [[name, *(cells[name, purpose] for purpose in purposes)] for name in sorted({one.field for one in seen})]
    widths = [max(len(row[place]) for row in rows) for place in range(len(purposes) + 1)]
    return "\n".join(
        "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip() for row in rows
    )
