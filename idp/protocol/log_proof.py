"""Proof in one small file that an entry is in a log: its place, its inclusion proof, a checkpoint (C2SP tlog-proof)."""

import json
import re
from base64 import b64encode
from collections.abc import Iterable

from idp.protocol.audit import Leaf, LeafError, read_leaf
from idp.protocol.log_folder import Reader, VerificationError, checkpoint_of, entries_of_log
from idp.protocol.merkle import Tree, is_included, leaf_hash
from idp.protocol.signed_note import Checkpoint, VerifierKey, decoded

_HEADER = "c2sp.org/tlog-proof@v1"
_EVIDENCE = "sekisho/logged-entry/1"
_INDEX = re.compile(r"index (0|[1-9][0-9]{0,18})")


def prove(read: Reader, index: int, key: VerifierKey) -> tuple[bytes, str]:
    """Return an entry of a log and the proof that it is there.

    Raises:
        VerificationError: when the log has no such entry, or its files do not hold what is signed.
    """
    note, checkpoint = checkpoint_of(read, key)
    entries = [entry for _index, entry in entries_of_log(read, checkpoint.size)]
    if index >= checkpoint.size:
        raise VerificationError(f"the log has {checkpoint.size} entries, the first of them 0")
    hashes = Tree(map(leaf_hash, entries)).inclusion_proof(index, checkpoint.size)
    proof = write_proof(index, hashes, note)
    verify_proof(proof, entries[index], key)
    return entries[index], proof


def write_proof(index: int, hashes: Iterable[bytes], note: str) -> str:
    """Return an inclusion proof and the signed checkpoint that it leads to, as one text."""
    lines = [_HEADER, f"index {index}", *(b64encode(each).decode("ascii") for each in hashes)]
    return "\n".join(lines) + f"\n\n{note}"


def write_evidence(entry: bytes, proof: str) -> str:
    """Return an entry and its proof in one file, for the person whom it is about."""
    return json.dumps({"format": _EVIDENCE, "entry": entry.decode("utf-8"), "proof": proof}, ensure_ascii=False)


def verify_evidence(text: str, key: VerifierKey) -> tuple[Leaf, Checkpoint]:
    """Return the entry that a file of `write_evidence` is about, once it is proved that it was logged.

    Raises:
        VerificationError: when the file is malformed, or proves something else.
    """
    try:
        document = json.loads(text)
        entry, proof = document["entry"].encode("utf-8"), str(document["proof"])
    except (ValueError, TypeError, KeyError, AttributeError, RecursionError) as error:
        raise VerificationError("not a file of this kind") from error
    index, checkpoint = verify_proof(proof, entry, key)
    try:
        return read_leaf(index, entry), checkpoint
    except LeafError as error:
        raise VerificationError(str(error)) from error


def verify_proof(proof: str, entry: bytes, key: VerifierKey) -> tuple[int, Checkpoint]:
    """Return where an entry stands in a log, and in which state of it, once that is proved.

    Raises:
        VerificationError: when the proof is malformed or of something else.
    """
    head, _, note = proof.partition("\n\n")
    header, _, body = head.partition("\n")
    index, *lines = body.split("\n")
    hashes = [decoded(line) for line in lines]
    place = _INDEX.fullmatch(index)
    if header != _HEADER or place is None or not all(hashes):
        raise VerificationError("not a proof of this kind")
    _note, checkpoint = checkpoint_of(lambda _path: note.encode("utf-8"), key)
    if not is_included(leaf_hash(entry), int(place[1]), checkpoint.size, hashes, checkpoint.root):
        raise VerificationError("the proof is not of this entry")
    return int(place[1]), checkpoint
