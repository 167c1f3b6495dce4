"""`idp client`."""

import click

from idp.protocol.names import ClientKind
from idp.protocol.secrets import hash_secret, new_secret
from idp.store import clients, registrations
from idp.terminal import Problem, json_option, print_result, print_rows, services_of_settings, told_plainly

DAY = 86_400


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


@client.command("initial-access-token")
@click.option(
    "--kind", type=click.Choice([ClientKind.THIRD_PARTY.value, ClientKind.FIRST_PARTY.value]), default="third_party"
)
@click.option("--uses", type=click.IntRange(1, 100_000), default=1, show_default=True, help="For how many clients.")
@click.option("--days", type=click.IntRange(1, 366), default=7, show_default=True, help="For how many days.")
@json_option
@told_plainly
def initial_access_token(kind: str, uses: int, days: int, *, as_json: bool) -> None:
    """Make a token with which clients may register themselves (RFC 7591) and print it once.

    Clients are third parties unless you say first_party: those are the group's own and need no agreement.
    """
    services = services_of_settings()
    token = new_secret(services.random)
    with services.database.transaction() as connection:
        registrations.add_initial_access_token(
            connection, hash_secret(token), ClientKind(kind), uses, services.now + days * DAY
        )
    print_result({"initial_access_token": token, "kind": kind, "uses": uses, "days": days}, token, as_json=as_json)
