"""`idp keys`: signing keys, and the key-encryption key under which everything secret is kept."""

import os
from base64 import b64encode
from pathlib import Path

import click

from idp.protocol.names import ENCRYPTION_KEYS, SIGNING_ALGORITHMS
from idp.services import KEY_BYTES, key_encryption_key
from idp.settings import Settings
from idp.store import sealing
from idp.terminal import Problem, json_option, print_rows, services_of_settings, told_plainly

_ALGORITHMS = (*SIGNING_ALGORITHMS, *ENCRYPTION_KEYS)


@click.group()
def keys() -> None:
    """Look after keys."""


@keys.command("list")
@json_option
@told_plainly
def list_keys(*, as_json: bool) -> None:
    """List the published keys and their phase."""
    services = services_of_settings()
    rows = [
        {
            "kid": key.kid,
            "algorithm": key.algorithm,
            "phase": services.keys.phase(key),
            "signs_from": key.signs_from,
            "removed_at": key.removed_at,
        }
        for key in services.keys.published()
    ]
    print_rows(rows, as_json=as_json)


@keys.command()
@click.option("--algorithm", type=click.Choice(_ALGORITHMS), multiple=True, help="Default: all.")
@json_option
@told_plainly
def rotate(algorithm: tuple[str, ...], *, as_json: bool) -> None:
    """Publish new keys; they take over once every verifier can have them."""
    services = services_of_settings()
    rows = [{"algorithm": each, "kid": services.keys.rotate(each)} for each in algorithm or _ALGORITHMS]
    if as_json:
        print_rows(rows, as_json=True)
        return
    for row in rows:
        click.echo(f"{row['algorithm']}: {row['kid'] or 'the next key is published already and will take over'}")


@keys.command("new-encryption-key")
@click.argument("file", type=click.Path(path_type=Path))
@told_plainly
def new_encryption_key(file: Path) -> None:
    """Write a new key-encryption key to FILE, readable by you alone; never over a file that exists."""
    try:
        descriptor = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except OSError as error:
        raise Problem(f"{file}: {error.strerror}") from error
    with os.fdopen(descriptor, "wb") as written:
        written.write(b64encode(os.urandom(KEY_BYTES)) + b"\n")


@keys.command()
@click.argument("new_key_file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@told_plainly
def rewrap(new_key_file: Path) -> None:
    """Wrap the root secret under the key in NEW_KEY_FILE; then set it as 'key_encryption_key_file' and restart."""
    services = services_of_settings()
    old = key_encryption_key(services.settings)
    new = key_encryption_key(Settings(issuer=services.settings.issuer, key_encryption_key_file=str(new_key_file)))
    with services.database.transaction() as connection:
        sealing.rewrap_root_secret(connection, old, new, services.random)
    click.echo("Done. Every server must be restarted with the new key.")
