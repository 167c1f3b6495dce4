"""`idp audit search`, `subject` and `erase`: what the log holds on somebody or something, and how a person leaves it.

The log itself names nobody. Whom an entry is about is known beside it, by the person's salt and grants, until that is
erased; from then on these commands find nothing of them any more, and the log verifies as before.
"""

import json
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from datetime import UTC, datetime

import click

from idp.audit import provisions, sequenced
from idp.audit_commands import audit_told_plainly, story_line
from idp.data_sharing.own_record import sharing_record
from idp.protocol.audit import Leaf, read_leaf
from idp.protocol.written_json import write_json
from idp.services import Services
from idp.store import grants, own_entries
from idp.store.accounts import Account
from idp.store.database import Connection
from idp.terminal import Problem, json_option, print_result, services_of_settings, told_plainly
from idp.web import paths


@dataclass(frozen=True, slots=True)
class Wanted:
    """What a search is for; "" and None leave a question open. Instants are seconds since 1970, UTC."""

    kind: str
    partner: str
    client: str
    purpose: str
    field: str
    since: int | None
    until: int | None

    def fits(self, leaf: Leaf) -> bool:
        """Whether an entry is one of those that are searched for."""
        named = {"partner": self.partner, "client": self.client, "purpose": self.purpose}
        return (
            self.kind in ("", leaf.kind)
            and all(not value or leaf.members.get(name) == value for name, value in named.items())
            and (not self.field or self.field in leaf.members.get("fields", ()))
            and (self.since is None or leaf.at >= self.since)
            and (self.until is None or leaf.at < self.until)
        )


@click.command("search")
@click.option("--kind", default="", help="disclosure, grant, agreement, partner_status or policy.")
@click.option("--partner", default="", help="By the partner's identifier.")
@click.option("--client", default="", help="By the app's client_id.")
@click.option("--purpose", default="", help="By the purpose's identifier.")
@click.option("--field", default="", help="By the identifier of a field that went out or may go out.")
@click.option("--since", type=click.DateTime(), help="From this moment on, UTC.")
@click.option("--until", type=click.DateTime(), help="Before this moment, UTC.")
@click.option("--username", help="About one person, by the name that they sign in with.")
@json_option
@audit_told_plainly
def audit_search(
    *, since: datetime | None, until: datetime | None, username: str | None, as_json: bool, **named: str
) -> None:
    """Find entries of the log, in its order. Entries hold names of fields and never a value."""
    wanted = Wanted(since=_seconds(since), until=_seconds(until), **named)
    services = services_of_settings()
    found = [leaf for leaf in _leaves(services, username) if wanted.fits(leaf)]
    lines = "\n".join(map(story_line, found)) or "nothing"
    if as_json:
        click.echo(json.dumps([{"position": leaf.index, **leaf.members} for leaf in found], ensure_ascii=False))
    else:
        click.echo(lines)


@click.command("subject")
@click.argument("username")
@audit_told_plainly
def audit_subject(username: str) -> None:
    """Print everything about a person's sharing as JSON: what they gave, who got what when, receipts, provisions.

    It is what the person downloads on their own page, with the records that Japan's APPI gives them a right to see.
    """
    services = services_of_settings()
    url = f"{services.settings.issuer}{paths.SHARING}"
    provided = [asdict(record) for record in provisions(services, username)]
    log = {"name": services.log_key.public.name, "key": str(services.log_key.public)}
    with services.database.snapshot() as connection:
        account = _named(services, connection, username)
        record = sharing_record(connection, account, services.receipts, services.receipt_key.sign, url, services.now)
        whole = {"issuer": services.settings.issuer, "account": account.id, "log": log, **record}
        for piece in write_json({**whole, "provision_records": provided}):
            click.echo(piece, nl=False)
    click.echo()


@click.command("erase")
@click.argument("username")
@click.option("--yes", is_flag=True, help="Do it; without, say what it would do.")
@json_option
@told_plainly
def audit_erase(username: str, *, yes: bool, as_json: bool) -> None:
    """End all that a person shares, and forget which entries of the log are about them: nobody can say so any more.

    The entries stay, for the log is for keeping, and it verifies as before. It cannot be taken back.
    """
    services = services_of_settings()
    with services.database.transaction() as connection:
        account = _named(services, connection, username)
        living = len(grants.all_living(connection, account.id))
        names = [grant.id for grant in grants.all_of_account(connection, account.id)]
        entries = sum(1 for _entry in own_entries.everything(connection, names))
        if yes:
            services.sharing.forget(connection, account.id, services.now)
    result = {"id": account.id, "ended": living, "entries": entries, "erased": yes}
    said = "were forgotten" if yes else "would be forgotten; repeat with --yes"
    print_result(result, f"{living} sharings and {entries} entries {said}", as_json=as_json)


def _leaves(services: Services, username: str | None) -> Iterator[Leaf]:
    """Yield the entries that have their place, of everybody or of one person."""
    size = sequenced(services).size
    if username is None:
        entries = services.audit_tree.entries(size)
        yield from (read_leaf(position, entry) for position, entry in enumerate(entries))
        return
    with services.database.autocommit() as connection:
        account = _named(services, connection, username)
        names = [grant.id for grant in grants.all_of_account(connection, account.id)]
        for entry in own_entries.everything(connection, names):
            if entry.position is not None:
                yield read_leaf(entry.position, entry.leaf)


def _named(services: Services, connection: Connection, username: str) -> Account:
    account = services.accounts.find_by_username(connection, username)
    if account is None:
        raise Problem("there is no user of this name")
    return account


def _seconds(moment: datetime | None) -> int | None:
    return None if moment is None else int(moment.replace(tzinfo=UTC).timestamp())
