"""`idp audit`: publish the log of disclosures, verify a copy of it anywhere, and print the records the law asks for."""

import json
from collections.abc import Callable
from dataclasses import asdict
from datetime import UTC, datetime
from functools import wraps
from pathlib import Path
from typing import Any

import click

from idp.audit import AuditError, export, provisions
from idp.protocol.audit import Leaf
from idp.protocol.log_folder import VerificationError, leaves_of_log, verify
from idp.protocol.log_proof import prove, verify_evidence, verify_proof
from idp.protocol.signed_note import NoteError, parse_key
from idp.store import partners
from idp.store.sealing import UnsealingError
from idp.terminal import Problem, services_of_settings, told_plainly


def audit_told_plainly(command: Callable[..., None]) -> Callable[..., None]:
    """Print expected errors in one line, those of the log included."""

    @wraps(command)
    def wrapper(*args: Any, **kwargs: Any) -> None:  # noqa: ANN401 - wraps any command
        try:
            command(*args, **kwargs)
        except (AuditError, NoteError, VerificationError) as error:
            raise Problem(str(error)) from error
        except UnsealingError as error:
            raise Problem("the tree or a salt in the database was tampered with: it does not open") from error
        except OSError as error:
            raise Problem(f"{error.filename}: {error.strerror}") from error

    return told_plainly(wrapper)


@click.group("audit")
def audit_group() -> None:
    """Publish and verify the log of disclosures, consents, partners and agreements."""


@audit_group.command("key")
@audit_told_plainly
def audit_key() -> None:
    """Print the verifier key of this server's log."""
    click.echo(str(services_of_settings().log_key.public))


@audit_group.command("export")
@click.argument("folder", type=click.Path(file_okay=False, path_type=Path))
@audit_told_plainly
def audit_export(folder: Path) -> None:
    """Write the log as files into FOLDER, a new one or one with an earlier export."""
    checkpoint = export(services_of_settings(), folder)
    click.echo(f"{checkpoint.size} entries, root {checkpoint.root.hex()}")


@audit_group.command("verify")
@click.argument("path", type=click.Path(exists=True, path_type=Path))
@click.option("--key", "key_text", required=True, help="The log's verifier key, as `idp audit key` printed it.")
@click.option(
    "--earlier", type=click.Path(exists=True, dir_okay=False, path_type=Path), help="An earlier checkpoint of the log."
)
@click.option("--consent", default="", help="Tell what the log holds on this one, as a receipt names it.")
@audit_told_plainly
def audit_verify(path: Path, key_text: str, earlier: Path | None, consent: str) -> None:
    """Verify PATH: an exported log, or a file by which a person shows an entry; with the key alone.

    Neither database nor settings nor network are needed.
    """
    if path.is_file():
        _verify_evidence(path, key_text)
    else:
        _verify_log(path, key_text, earlier, consent)


def _verify_evidence(file: Path, key_text: str) -> None:
    leaf, checkpoint = verify_evidence(file.read_bytes().decode("utf-8", "replace"), parse_key(key_text))
    click.echo(f"it is entry {leaf.index} of the {checkpoint.size} of {checkpoint.origin}")
    click.echo(story_line(leaf))


def _verify_log(folder: Path, key_text: str, earlier: Path | None, consent: str) -> None:
    earlier_note = None if earlier is None else earlier.read_text("utf-8", "replace")

    def read(path: str) -> bytes:
        return (folder / path).read_bytes()

    verified = verify(read, parse_key(key_text), earlier_note)
    account = verified.account
    click.echo(f"{verified.checkpoint.origin}: signed, and its {account.entries} entries are all there")
    if earlier is not None:
        click.echo("it has only grown since the earlier checkpoint")
    click.echo(f"{account.disclosures} disclosures, none after the end of its consent")
    if consent:
        story = [leaf for leaf in leaves_of_log(read, verified) if leaf.members.get("consent") == consent]
        if not story:
            raise Problem("the log holds nothing on this consent")
        for leaf in story:
            click.echo(story_line(leaf))


@audit_group.command("prove")
@click.argument("folder", type=click.Path(exists=True, file_okay=False, path_type=Path))
@click.argument("index", type=click.IntRange(min=0))
@click.argument("proof_file", type=click.Path(dir_okay=False, path_type=Path))
@click.option("--key", "key_text", required=True, help="The log's verifier key.")
@audit_told_plainly
def audit_prove(folder: Path, index: int, proof_file: Path, key_text: str) -> None:
    """Print entry INDEX of an exported log, and write the proof that it was logged into PROOF_FILE."""
    entry, proof = prove(lambda path: (folder / path).read_bytes(), index, parse_key(key_text))
    proof_file.write_text(proof, "utf-8")
    click.echo(entry, nl=False)


@audit_group.command("verify-proof")
@click.argument("entry_file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.argument("proof_file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--key", "key_text", required=True, help="The log's verifier key.")
@audit_told_plainly
def audit_verify_proof(entry_file: Path, proof_file: Path, key_text: str) -> None:
    """Verify that the entry in ENTRY_FILE was logged; needs the two files and the key alone."""
    proof = proof_file.read_bytes().decode("utf-8", "replace")
    index, checkpoint = verify_proof(proof, entry_file.read_bytes(), parse_key(key_text))
    click.echo(f"it is entry {index} of the {checkpoint.size} of {checkpoint.origin}")


@audit_group.command("provision-records")
@click.option("--username", help="Of one user alone.")
@click.option("--json", "as_json", is_flag=True, help="Print for scripts.")
@audit_told_plainly
def audit_provision_records(username: str | None, *, as_json: bool) -> None:
    """Print who was given what of whom, when first and last, and by which consent (Japan's APPI, article 29)."""
    services = services_of_settings()
    with services.database.autocommit() as connection:
        names = {each.id: each.name for each in partners.everyone(connection)}
    records = [
        {"recipient": names.get(record.partner, record.partner), **asdict(record)}
        for record in provisions(services, username)
    ]
    if as_json:
        click.echo(json.dumps(records, ensure_ascii=False))
        return
    for record in records:
        click.echo(_line(record))


def story_line(leaf: Leaf) -> str:
    """Return in one line what an entry tells."""
    said = leaf.members
    about = [said[name] for name in ("partner", "client", "purpose", "event", "state", "status") if name in said]
    fields = ", ".join(said.get("fields", ()))
    return "  ".join([f"{leaf.index}", _instant(leaf.at), leaf.kind, *about, *([fields] if fields else [])])


def _line(record: dict[str, Any]) -> str:
    times = f"{record['times']} times from {_instant(record['first_at'])} to {_instant(record['last_at'])}"
    given = record["consent_given_at"]
    consent = "consent from before the log" if given is None else f"consent of {_instant(given)}"
    whom = f"subject {record['subject'][:16]}"
    items = ", ".join(record["items"])
    return f"{record['recipient']} ({record['client']})  {record['purpose']}  {whom}  {items}  {times}  {consent}"


def _instant(at: int) -> str:
    return datetime.fromtimestamp(at, UTC).isoformat().replace("+00:00", "Z")
