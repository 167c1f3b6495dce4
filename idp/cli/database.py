"""`idp db` and `idp apply`: the database's schema, what is forgotten in it, and what is declared into it."""

import json
from dataclasses import asdict
from pathlib import Path

import click
from flask import Flask

from idp.admin.apply import apply, read_declarations
from idp.admin.change import Change
from idp.maintenance import run_once
from idp.store import schema
from idp.store.database import open_database
from idp.terminal import json_option, print_result, services_of_settings, settings_of_environment, told_plainly


@click.group()
def db() -> None:
    """Prepare and look after the database."""


@db.command()
@told_plainly
def upgrade() -> None:
    """Bring the database, empty or older, to this program's schema."""
    settings = settings_of_environment()
    database = open_database(Flask("idp"), settings.database_url, settings.threads)
    schema.upgrade(database)
    database.engine.dispose()
    click.echo("The database is up to date.")


@db.command()
@json_option
@told_plainly
def purge(*, as_json: bool) -> None:
    """Forget what is over, and rotate keys that are due."""
    removed = run_once(services_of_settings())
    print_result(removed, "\n".join(f"{table}: {count} removed" for table, count in removed.items()), as_json=as_json)


@click.command("apply")
@click.argument("files", nargs=-1, required=True, type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--dry-run", is_flag=True, help="Show the difference and change nothing.")
@json_option
@told_plainly
def apply_files(files: tuple[Path, ...], *, dry_run: bool, as_json: bool) -> None:
    """Bring clients, partners, agreements and users to what FILES declare."""
    services = services_of_settings()
    changes = apply(services, read_declarations(files), services.passwords.hash, dry_run=dry_run)
    if as_json:
        click.echo(json.dumps([asdict(change) for change in changes], default=str, ensure_ascii=False))
        return
    for change in changes:
        _print_change(change, dry_run=dry_run)


def _print_change(change: Change, *, dry_run: bool) -> None:
    click.echo(f"{'would ' if dry_run else ''}{change.action} {change.kind} {change.id}")
    for name, (before, after) in change.differences.items():
        click.echo(f"  {name}: {before!r} -> {after!r}" if change.action == "update" else f"  {name}: {after!r}")
    if change.secret:
        click.echo(f"  secret, shown this once: {change.secret}")
