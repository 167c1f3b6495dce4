"""`idp client`."""

import click

from idp.protocol.secrets import hash_secret, new_secret
from idp.store import clients
from idp.terminal import Problem, json_option, print_result, print_rows, services_of_settings, told_plainly


@click.group()
def client() -> None:
    """Look after clients."""


@client.command("list")
@json_option
@told_plainly
def list_clients(*, as_json: bool) -> None:
    """List every client."""
    with services_of_settings().database.autocommit() as connection:
        known = clients.all_clients(connection)
    rows = [
        {"client_id": each.client_id, "kind": each.kind, "status": each.status, "name": each.name} for each in known
    ]
    print_rows(rows, as_json=as_json)


@client.command("rotate-secret")
@click.argument("client_id")
@json_option
@told_plainly
def rotate_secret(client_id: str, *, as_json: bool) -> None:
    """Make a new secret for CLIENT_ID and print it once; the old one stops working within a second."""
    services = services_of_settings()
    secret = new_secret(services.random)
    with services.database.transaction() as connection:
        known = clients.find(connection, client_id)
        if known is None or known.secret_hash is None:
            raise Problem(f"{client_id} is not a client with a secret")
        clients.change_secret(connection, client_id, hash_secret(secret), services.now)
    print_result({"client_id": client_id, "secret": secret}, secret, as_json=as_json)
