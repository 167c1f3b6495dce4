"""The offline verifier (`idp.protocol.log_folder`) over logs in memory: nothing can be changed without being found."""

import json
from collections.abc import Mapping
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from hypothesis import given, settings
from hypothesis import strategies as st

from idp.protocol import audit, tiles
from idp.protocol.audit import Changed, Disclosed, LeafError, Person, Sharing, Surface, account_of, read_leaf
from idp.protocol.canonical_json import canonical
from idp.protocol.log_folder import VerificationError, Verified, verify
from idp.protocol.log_proof import prove, verify_proof
from idp.protocol.merkle import Tree, leaf_hash
from idp.protocol.signed_note import Checkpoint, sign_checkpoint, verifier_key

PRIVATE = Ed25519PrivateKey.from_private_bytes(bytes(range(32)))
KEY = verifier_key("id.example.test/audit", PRIVATE)
HANA = Person("account of Hana", b"a salt")
SHARING = Sharing(HANA, "tabi-points", "tabi-points", "points.credit")
NOW = 1_795_000_000


def changed(event: str, state: str = "active", at: int = NOW, **fields: int) -> bytes:
    return audit.grant_changed(SHARING, Changed(event, state, "A_REASON", "user", fields, NOW + 100), at)


GIVEN = changed("given", prefecture=NOW + 100, over_20=NOW + 100)
ENDED = changed("revoked", "revoked", NOW + 9)


def disclosure(at: int = NOW + 1, field: str = "prefecture", sharing: Sharing = SHARING) -> bytes:
    return audit.disclosure(sharing, Disclosed("d-1", (field,), {}, "tabi-2026", 1, Surface.USERINFO), at)


def log_of(entries: list[bytes]) -> dict[str, bytes]:
    """The files of a log."""
    tree, size = Tree(map(leaf_hash, entries)), len(entries)
    files = dict(tiles.hash_tiles(tree, size))
    files |= {path: tiles.bundle(entries[at : at + count]) for path, at, count in tiles.bundle_places(size)}
    note = sign_checkpoint(Checkpoint(KEY.name, size, tree.root(size)), PRIVATE)
    return {**files, tiles.CHECKPOINT: note.encode()}


def check(files: Mapping[str, bytes], earlier: str | None = None) -> Verified:
    def read(path: str) -> bytes:
        if path not in files:
            raise FileNotFoundError(path)
        return files[path]

    return verify(read, KEY, earlier)


def many(size: int) -> list[bytes]:
    return [GIVEN, *(disclosure(NOW + number % 50) for number in range(size - 1))][:size]


@pytest.mark.parametrize("size", [0, 1, 2, 255, 256, 257, 600])
def test_a_log_of_any_size_verifies_and_counts(size: int):
    """Also one of exactly full tiles, and the empty one."""
    verified = check(log_of(many(size)))
    assert verified.checkpoint.size == verified.account.entries == size
    assert verified.account.disclosures == max(0, size - 1)


def test_the_files_are_where_the_specification_says():
    """C2SP tlog-tiles' own example: a tree of 70,000 has these tiles; and numbers in groups of three."""
    paths = [path for path, _content in tiles.hash_tiles(Tree(bytes(32) for _ in range(70_000)), 70_000)]
    assert len(paths) == 273 + 1 + 1 + 1 + 1
    assert paths[-4:] == ["tile/0/273.p/112", "tile/1/000", "tile/1/001.p/17", "tile/2/000.p/1"]
    *_, last = tiles.bundle_places(1234 * 256 + 8)
    assert last == ("tile/entries/x001/234.p/8", 1234 * 256, 8)


FILES = log_of(many(300))


@settings(max_examples=300)
@given(data=st.data())
def test_no_byte_of_any_file_can_be_another(data: st.DataObject):
    """Checkpoint, tiles and entries."""
    path = data.draw(st.sampled_from(sorted(FILES)))
    raw = bytearray(FILES[path])
    raw[data.draw(st.integers(0, len(raw) - 1))] ^= data.draw(st.integers(1, 255))
    with pytest.raises(VerificationError):
        check({**FILES, path: bytes(raw)})


def test_entries_and_tiles_that_agree_with_each_other_but_were_not_signed_are_found():
    """Whoever rewrites all of the folder but has no key to sign it with."""
    rewritten = log_of([disclosure(NOW + 5), *many(300)[1:]])
    with pytest.raises(VerificationError, match="not those of the checkpoint"):
        check({**rewritten, tiles.CHECKPOINT: FILES[tiles.CHECKPOINT]})


@pytest.mark.parametrize("path", sorted(FILES))
def test_no_file_can_be_missing_longer_or_shorter(path: str):
    """Each failure is one sentence."""
    shorter = [FILES[path][:-1], FILES[path][:-40], b""]
    for content in [*shorter, FILES[path] + b"\x00", FILES[path] + FILES[path]]:
        with pytest.raises(VerificationError) as failure:
            check({**FILES, path: content})
        assert "\n" not in str(failure.value)
    with pytest.raises(VerificationError, match="missing"):
        check({name: content for name, content in FILES.items() if name != path})


@given(first=st.integers(0, 40), size=st.integers(0, 40))
def test_with_an_earlier_checkpoint_the_log_has_only_grown(first: int, size: int):
    """Neither shrunk nor with another past, though the new checkpoint is signed by the right key."""
    earlier = log_of(many(first))[tiles.CHECKPOINT].decode()
    if first <= size:
        check(log_of(many(size)), earlier)
    else:
        with pytest.raises(VerificationError, match="shrank"):
            check(log_of(many(size)), earlier)
    if 0 < first <= size:
        with pytest.raises(VerificationError, match="are not those of the earlier checkpoint"):
            check(log_of([disclosure(NOW + 5), *many(size)[1:]]), earlier)


def test_a_disclosure_after_the_end_of_its_consent_is_found():
    """Wherever it stands, and whatever its time says; another consent given later does not make it good."""
    check(log_of([GIVEN, disclosure(), ENDED]))
    with pytest.raises(VerificationError, match="entry 3 discloses on a consent that entry 2 ended"):
        check(log_of([GIVEN, disclosure(), ENDED, disclosure(NOW + 1), GIVEN, disclosure()]))
    check(log_of([GIVEN, disclosure(), ENDED, GIVEN, disclosure()]))
    other = Sharing(HANA, "tabi-points", "tabi-points-phone", "points.credit")
    check(log_of([GIVEN, disclosure(), ENDED, disclosure(sharing=other)]))


def test_a_disclosure_on_a_consent_that_is_over_is_found():
    """At its last second it still holds."""
    check(log_of([GIVEN, disclosure(NOW + 99)]))
    with pytest.raises(VerificationError, match="entry 1 discloses on a consent of entry 0 that is over"):
        check(log_of([GIVEN, disclosure(NOW + 100)]))


def test_records_of_provision_begin_anew_with_a_new_consent():
    """Repeated provision under one consent is one record (APPI: first and last day)."""
    entries = [disclosure(NOW - 5), GIVEN, disclosure(NOW + 1), disclosure(NOW + 7, "over_20"), ENDED, GIVEN]
    entries.append(disclosure(NOW + 20))
    records = [*account_of(read_leaf(index, entry) for index, entry in enumerate(entries)).provisions()]
    told = [(each.items, each.first_at - NOW, each.last_at - NOW, each.times, each.consent_entry) for each in records]
    assert told == [
        (("prefecture",), -5, -5, 1, None),
        (("over_20", "prefecture"), 1, 7, 2, 1),
        (("prefecture",), 20, 20, 1, 5),
    ]
    assert {each.subject for each in records} == {HANA.subject("tabi-points")}


@pytest.mark.parametrize("state", ["paused", "suspended", "revoked", "expired", "consumed", "superseded", "rejected"])
def test_nothing_goes_out_on_a_grant_that_is_not_active(state: str):
    """Until it is active again, if it ever is; an answer of the person makes it so, too."""
    held = changed("whatever", state)
    with pytest.raises(VerificationError, match="ended or held"):
        check(log_of([GIVEN, disclosure(), held, disclosure()]))
    for again in (changed("resumed", prefecture=NOW + 100), changed("amended", prefecture=NOW + 100)):
        check(log_of([GIVEN, disclosure(), held, again, disclosure()]))


def test_no_field_goes_out_beyond_the_grant_or_its_own_end():
    """Each field has an end of its own, and one that was taken out is gone."""
    short = changed("given", prefecture=NOW + 100, over_20=NOW + 5)
    check(log_of([short, disclosure(NOW + 4, "over_20"), disclosure(NOW + 99)]))
    for wrong in (disclosure(NOW + 5, "over_20"), disclosure(NOW, "email")):
        with pytest.raises(VerificationError, match="does not hold all of its fields"):
            check(log_of([short, wrong]))
    with pytest.raises(VerificationError, match="does not hold all of its fields"):
        check(log_of([short, changed("narrowed", over_20=NOW + 5), disclosure()]))


def test_entries_of_before_there_were_grants_are_read_as_they_were_meant():
    """A log is for keeping, and so is what its verifier understands."""

    def old(kind: str, **members: object) -> bytes:
        return canonical({"version": 1, "kind": kind, "at": NOW, **SHARING.members(), **members})

    given_then = old("consent_given", fields=["prefecture"], expires=NOW + 100)
    check(log_of([given_then, disclosure(), old("consent_ended"), GIVEN, disclosure()]))
    for wrong in ([given_then, disclosure(NOW + 100)], [given_then, old("consent_ended"), disclosure()]):
        with pytest.raises(VerificationError, match="on a consent"):
            check(log_of(wrong))


@pytest.mark.parametrize(
    "change", [{"version": 2}, {"kind": "other"}, {"at": "now"}, {"at": True}, {"fields": "email"}]
)
def test_an_entry_of_another_kind_is_not_guessed_at(change: dict[str, Any]):
    """A newer log needs a newer verifier."""
    entry = canonical({**json.loads(disclosure()), **change})
    with pytest.raises(LeafError):
        read_leaf(0, entry)
    with pytest.raises(VerificationError):
        check(log_of([entry]))


@pytest.mark.parametrize("entry", [b"", b"[]", b"{}", b'{"version": 1}', b"[" * 60_000, b"\xff", b'"\\ud800"', b"NaN"])
def test_what_is_no_entry_is_refused(entry: bytes):
    """Signed or not."""
    with pytest.raises(VerificationError):
        check(log_of([entry]))


def test_one_entry_is_proved_by_two_small_files():
    """C2SP tlog-proof: the entry's place, the hashes beside its way to the root, the checkpoint."""
    entry, proof = prove(FILES.__getitem__, 7, KEY)
    assert entry == many(300)[7]
    assert proof.startswith("c2sp.org/tlog-proof@v1\nindex 7\n")
    assert proof.endswith(f"\n\n{FILES[tiles.CHECKPOINT].decode()}")
    place, checkpoint = verify_proof(proof, entry, KEY)
    assert (place, checkpoint.size) == (7, 300)
    with pytest.raises(VerificationError, match="not of this entry"):
        verify_proof(proof, entry + b" ", KEY)
    with pytest.raises(VerificationError, match="has 300 entries"):
        prove(FILES.__getitem__, 300, KEY)
    alone, short = prove(log_of([GIVEN]).__getitem__, 0, KEY)
    assert verify_proof(short, alone, KEY)[0] == 0
    rewritten = log_of([disclosure(NOW + 5), *many(300)[1:]])
    with pytest.raises(VerificationError):
        prove({**rewritten, tiles.CHECKPOINT: FILES[tiles.CHECKPOINT]}.__getitem__, 7, KEY)


PROVED, PROOF = prove(FILES.__getitem__, 7, KEY)


@given(at=st.integers(0, len(PROOF) - 1), other=st.characters(codec="utf-8"))
def test_no_character_of_a_proof_can_be_another(at: int, other: str):
    """Header, place, hashes, checkpoint; and nothing can be cut off."""
    changed = PROOF[:at] + other + PROOF[at + 1 :]
    for wrong in {changed, PROOF[:at]} - {PROOF}:
        with pytest.raises(VerificationError):
            verify_proof(wrong, PROVED, KEY)
