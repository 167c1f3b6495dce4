"""`idp partner member|webhook|messages|check|sandbox`: who of its staff see the console, and its apps."""

from dataclasses import asdict

import click

from idp.cli.partners import by_option
from idp.data_sharing.agreement_life import terms_in_force
from idp.data_sharing.partner_life import check_words
from idp.partner.checks import Outcome, run_checks
from idp.partner.sandbox import Case, seed, username_of
from idp.partner.webhook import prove_webhook
from idp.services import Services
from idp.store import clients, partner_members, partner_messages, partners
from idp.store.database import Connection
from idp.store.partners import StoredPartner
from idp.terminal import Problem, json_option, print_result, print_rows, services_of_settings, told_plainly

MOST_MESSAGES = 1000


@click.group()
def member() -> None:
    """Let people of a partner see its console, and take that away."""


@member.command("add")
@click.argument("partner_id")
@click.argument("username")
@by_option
@json_option
@told_plainly
def add_member(partner_id: str, username: str, by: str, *, as_json: bool) -> None:
    """Let somebody who signs in here look after a partner."""
    services = services_of_settings()
    check_words(by)
    with services.database.transaction() as connection:
        account_id = _account_id(services, connection, username)
        _need_partner(connection, partner_id)
        partner_members.add(connection, account_id, partner_id, by, services.now)
    print_result({"partner": partner_id, "account": account_id}, "member", as_json=as_json)


@member.command("remove")
@click.argument("partner_id")
@click.argument("username")
@json_option
@told_plainly
def remove_member(partner_id: str, username: str, *, as_json: bool) -> None:
    """Take that away from somebody."""
    services = services_of_settings()
    with services.database.transaction() as connection:
        account_id = _account_id(services, connection, username)
        if not partner_members.remove(connection, account_id, partner_id):
            raise Problem("this person does not look after this partner")
    print_result({"partner": partner_id, "account": account_id}, "removed", as_json=as_json)


@click.command()
@click.argument("client_id")
@click.argument("url")
@json_option
@told_plainly
def webhook(client_id: str, url: str, *, as_json: bool) -> None:
    """Set where an app of a partner is sent its messages, and challenge it there."""
    services = services_of_settings()
    with services.database.autocommit() as connection:
        client = clients.find(connection, client_id)
    if client is None or not client.partner_id:
        raise Problem(f"there is no app {client_id} of a partner")
    problem = prove_webhook(services, client, url)
    if problem:
        raise Problem(f"the address is not proved: {problem}")
    print_result({"client_id": client_id, "url": url}, "verified", as_json=as_json)


@click.command()
@click.option("--partner", "partner_id", default="", help="Only those to this partner's apps.")
@click.option("--overdue", is_flag=True, help="Only those whose acknowledgement is late.")
@json_option
@told_plainly
def messages(partner_id: str, *, overdue: bool, as_json: bool) -> None:
    """List what partners' apps were told, the newest first, and what became of it."""
    services = services_of_settings()
    with services.database.autocommit() as connection:
        known = [each.client_id for each in clients.all_clients(connection) if each.partner_id]
        apps = [each.client_id for each in clients.of_partner(connection, partner_id)] if partner_id else known
        if overdue:
            sent = partner_messages.overdue(connection, services.now, MOST_MESSAGES)
        else:
            sent = partner_messages.newest(connection, apps, MOST_MESSAGES)
    rows = [
        {
            "id": each.message.id,
            "client_id": each.message.client_id,
            "kind": each.message.kind,
            "state": each.state(services.now),
            "created_at": each.message.created_at,
            "acknowledge_by": each.message.acknowledge_by,
        }
        for each in sent
        if each.message.client_id in apps
    ]
    print_rows(rows, as_json=as_json)


@click.command()
@click.argument("partner_id")
@json_option
@told_plainly
def check(partner_id: str, *, as_json: bool) -> None:
    """Run the conformance self-check on every app of a partner; its exit status is 1 if any check failed."""
    services = services_of_settings()
    with services.database.autocommit() as connection:
        partner = _need_partner(connection, partner_id)
        apps = clients.of_partner(connection, partner_id)
    agreement = terms_in_force(partner, services.sharing.catalogue)
    rows = [
        {"client_id": app.client_id, **asdict(each)}
        for app in apps
        if app.status != clients.DELETED
        for each in run_checks(services, agreement, app)
    ]
    print_rows(rows, as_json=as_json)
    if any(row["outcome"] == Outcome.FAILED for row in rows):
        raise SystemExit(1)


@click.command()
@click.argument("partner_id")
@json_option
@told_plainly
def sandbox(partner_id: str, *, as_json: bool) -> None:
    """Make the made-up people of a partner's sandbox anew, and print the one password that all of them have."""
    services = services_of_settings()
    with services.database.autocommit() as connection:
        partner = _need_partner(connection, partner_id)
    password = seed(services, partner, services.passwords.hash)
    usernames = [username_of(partner_id, case) for case in Case]
    told = {"partner": partner_id, "usernames": usernames, "password": password}
    print_result(told, "\n".join((*usernames, password)), as_json=as_json)


def _account_id(services: Services, connection: Connection, username: str) -> str:
    account = services.accounts.find_by_username(connection, username)
    if account is None:
        raise Problem("there is no user of this name")
    return account.id


def _need_partner(connection: Connection, partner_id: str) -> StoredPartner:
    partner = partners.find(connection, partner_id)
    if partner is None:
        raise Problem(f"there is no partner {partner_id}")
    return partner
