"""Publishing the audit log as files (C2SP tlog-tiles), and the records that the law asks for, read from its entries."""

from collections.abc import Iterator
from itertools import islice
from pathlib import Path

from idp.protocol import tiles
from idp.protocol.audit import Provision, account_of, read_leaf
from idp.protocol.merkle import Frontier, Tree, is_consistent, leaf_hash
from idp.protocol.signed_note import Checkpoint, NoteError, open_checkpoint
from idp.services import Services
from idp.store.audit_tree import FULL_RUN


class AuditError(Exception):
    """The log cannot be published as it is; the message says why."""


def export(services: Services, folder: Path) -> Checkpoint:
    """Write the log with all that happened until now into a folder: a new one, or one that holds an earlier export.

    Raises:
        AuditError: when the database does not hold what was once sequenced or exported; then nothing is signed.
    """
    frontier = sequenced(services)
    size = frontier.size
    tree = Tree(leaf_hash(entry) for entry in services.audit_tree.entries(size))
    checkpoint = services.log_key.checkpoint(frontier)
    if tree.size != size or tree.root(size) != checkpoint.root:
        raise AuditError("the database's entries are not those that were sequenced: the log was tampered with")
    _check_growth(services, tree, checkpoint, folder / tiles.CHECKPOINT)
    written = set()
    for path, content in (*_bundles(services, size), *tiles.hash_tiles(tree, size)):
        _write(folder / path, content)
        written.add(folder / path)
    _write(folder / tiles.CHECKPOINT, services.log_key.sign(checkpoint).encode("utf-8"))
    _remove_outgrown(folder, written)
    return checkpoint


def provisions(services: Services, username: str | None) -> list[Provision]:
    """Return the records of provision to third parties, of everybody or of one user; all that the log tells.

    Raises:
        AuditError: when there is no such user.
    """
    entries = services.audit_tree.entries(sequenced(services).size)
    found = list(account_of(read_leaf(index, entry) for index, entry in enumerate(entries)).provisions())
    if username is None:
        return found
    with services.database.autocommit() as connection:
        account = services.accounts.find_by_username(connection, username)
        if account is None:
            raise AuditError("there is no user of this name")
        person = services.audit_log.known_person(connection, account.id)
    return [record for record in found if person and person.subject(record.partner) == record.subject]


def sequenced(services: Services) -> Frontier:
    """Give everything that waits its place and return where the log ends then."""
    while services.audit_tree.sequence() == FULL_RUN:
        pass
    return services.audit_tree.frontier()


def _check_growth(services: Services, tree: Tree, checkpoint: Checkpoint, file: Path) -> None:
    """Check that the log continues the one whose checkpoint is in the folder already."""
    if not file.exists():
        return
    try:
        earlier = open_checkpoint(file.read_bytes().decode("utf-8"), services.log_key.public)
    except (NoteError, UnicodeDecodeError) as error:
        raise AuditError(f"{file} is not a checkpoint of this log") from error
    proof = tree.consistency_proof(earlier.size, checkpoint.size) if earlier.size <= checkpoint.size else []
    if not is_consistent(earlier.size, earlier.root, checkpoint.size, checkpoint.root, proof):
        raise AuditError(f"{file} is of a log with other entries; the database was set back or tampered with")


def _bundles(services: Services, size: int) -> Iterator[tuple[str, bytes]]:
    entries = services.audit_tree.entries(size)
    for path, _first, count in tiles.bundle_places(size):
        yield path, tiles.bundle(islice(entries, count))


def _write(file: Path, content: bytes) -> None:
    """Put a file in place whole."""
    if file.is_file() and file.read_bytes() == content:
        return
    file.parent.mkdir(parents=True, exist_ok=True)
    draft = file.with_name(f"{file.name}.new")
    draft.write_bytes(content)
    draft.replace(file)


def _remove_outgrown(folder: Path, written: set[Path]) -> None:
    """Remove the partial tiles of earlier exports, which no checkpoint in the folder speaks of any more."""
    for file in [found for found in folder.glob("tile/**/*.p/*") if found not in written]:
        file.unlink()
        if not any(file.parent.iterdir()):
            file.parent.rmdir()
