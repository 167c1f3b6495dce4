"""`idp partner`: the steps of a partner's life, its agreement's versions, and who of its staff sees the console."""

import tomllib
from dataclasses import asdict
from io import BytesIO
from typing import Any, BinaryIO

import click

from idp.data_sharing.agreement_life import approve as approve_version
from idp.data_sharing.agreement_life import differences, propose
from idp.data_sharing.partner_life import Action, act
from idp.services import Services
from idp.store import agreement_versions, partner_events, partners
from idp.store.agreement_versions import AgreementVersion
from idp.store.database import Connection
from idp.terminal import Problem, json_option, print_result, print_rows, services_of_settings, told_plainly

by_option = click.option("--by", required=True, help="Who does this; it is kept with the partner's history.")
reason_option = click.option("--reason", default="", help="Why; of all steps the partner reads it of `return` only.")


@click.group()
def partner() -> None:
    """Look after partners."""


@partner.command("list")
@json_option
@told_plainly
def list_partners(*, as_json: bool) -> None:
    """List every partner."""
    with services_of_settings().database.autocommit() as connection:
        rows = [{"id": each.id, "status": each.status, "name": each.name} for each in partners.everyone(connection)]
    print_rows(rows, as_json=as_json)


@partner.command()
@click.argument("partner_id")
@json_option
@told_plainly
def show(partner_id: str, *, as_json: bool) -> None:
    """Show a partner: who it is, its agreement's versions, and its history with who, when and why."""
    services = services_of_settings()
    with services.database.autocommit() as connection:
        shown = _shown(services, connection, partner_id)
    if as_json:
        print_result(shown, "", as_json=True)
        return
    for name in ("id", "name", "status", "legal_entity", "country", "legal_relation", "tier"):
        click.echo(f"{name}: {shown[name]}")
    print_rows(shown["agreement_versions"], as_json=False)
    print_rows(shown["history"], as_json=False)


def _step(action: Action, explanation: str) -> None:
    """Add the command of one step of a partner's life."""

    @partner.command(action.value, help=explanation)
    @click.argument("partner_id")
    @by_option
    @reason_option
    @json_option
    @told_plainly
    def take(partner_id: str, by: str, reason: str, *, as_json: bool) -> None:
        services = services_of_settings()
        with services.database.transaction() as connection:
            status = act(connection, services.messages, action, partner_id, by=by, reason=reason, now=services.now)
        print_result({"id": partner_id, "status": status}, status, as_json=as_json)


_step(Action.SUBMIT, "Hand a draft in for review.")
_step(Action.RETURN, "Hand a submitted partner back for changes, with a reason.")
_step(
    Action.APPROVE,
    "Approve a partner, as somebody else than who submitted it: first for the sandbox, then for production.",
)
_step(Action.SUSPEND, "Suspend a partner: it gets no data within a second, until `idp partner lift`.")
_step(Action.LIFT, "Let a suspended partner go on from where it was.")
_step(Action.TERMINATE, "End a partner for good.")


@partner.group()
def agreement() -> None:
    """Propose and approve versions of the agreement with a partner."""


@agreement.command("propose")
@click.argument("file", type=click.File("rb"))
@by_option
@json_option
@told_plainly
def propose_agreement(file: BinaryIO, by: str, *, as_json: bool) -> None:
    """Write a version down as a draft, from the [agreement] of a TOML file, and tell what it would change."""
    services = services_of_settings()
    with services.database.transaction() as connection:
        catalogue = services.sharing.catalogue
        version = propose(connection, _agreement_in(file), catalogue, by=by, now=services.now)
        changes = [asdict(change) for change in differences(connection, version, catalogue)]
    print_result({**_version(version), "changes": changes}, f"{version.version}  {version.hash}", as_json=as_json)
    if not as_json:
        print_rows(changes, as_json=False)


@agreement.command("approve")
@click.argument("partner_id")
@click.argument("version", type=int)
@by_option
@json_option
@told_plainly
def approve_agreement(partner_id: str, version: int, by: str, *, as_json: bool) -> None:
    """Approve a draft, as somebody else than its author; it is in force once it is effective."""
    services = services_of_settings()
    with services.database.transaction() as connection:
        approved = approve_version(connection, partner_id, version, by=by, now=services.now)
    print_result(_version(approved), approved.state, as_json=as_json)


def _agreement_in(file: BinaryIO) -> dict[str, Any]:
    try:
        table = tomllib.load(BytesIO(file.read())).get("agreement")
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise Problem(f"the file cannot be read as TOML: {error}") from error
    if not isinstance(table, dict):
        raise Problem("the file has no [agreement]")
    return table


def _shown(services: Services, connection: Connection, partner_id: str) -> dict[str, Any]:
    known = partners.find(connection, partner_id)
    if known is None:
        raise Problem(f"there is no partner {partner_id}")
    return {
        "id": known.id,
        "name": known.name,
        "status": known.status,
        **asdict(known.details),
        "contacts": partners.contacts_of(connection, services.sealer, partner_id),
        "agreement_versions": [_version(each) for each in agreement_versions.all_of(connection, partner_id)],
        "history": [asdict(event) for event in partner_events.history(connection, partner_id)],
    }


def _version(version: AgreementVersion) -> dict[str, Any]:
    return {name: value for name, value in asdict(version).items() if name != "document"}
