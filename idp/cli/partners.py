"""`idp partner`."""

import click

from idp.store import audit, partners
from idp.terminal import Problem, json_option, print_result, print_rows, services_of_settings, told_plainly


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
def suspend(partner_id: str, *, as_json: bool) -> None:
    """Suspend a partner: it gets no data within a second, until `idp partner restore`."""
    _change_status(partner_id, "suspended", as_json=as_json)


@partner.command()
@click.argument("partner_id")
@json_option
@told_plainly
def restore(partner_id: str, *, as_json: bool) -> None:
    """Let a suspended partner ask again."""
    _change_status(partner_id, "active", as_json=as_json)


def _change_status(partner_id: str, status: str, *, as_json: bool) -> None:
    services = services_of_settings()
    with services.database.transaction() as connection:
        known = partners.find(connection, partner_id)
        if known is None:
            raise Problem(f"there is no partner {partner_id}")
        partners.save(connection, known.id, known.name, status, services.now)
        if status != known.status:
            audit.partner_status_changed(connection, known.id, status, services.now)
    print_result({"id": partner_id, "status": status}, status, as_json=as_json)
