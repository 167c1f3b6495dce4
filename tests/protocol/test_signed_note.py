"""Signed notes and checkpoints (C2SP signed-note, tlog-checkpoint), and canonical JSON (RFC 8785)."""

import json

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from hypothesis import given
from hypothesis import strategies as st

from idp.protocol.canonical_json import canonical
from idp.protocol.signed_note import (
    Checkpoint,
    NoteError,
    open_checkpoint,
    open_note,
    parse_key,
    sign_checkpoint,
    verifier_key,
)

PRIVATE = Ed25519PrivateKey.from_private_bytes(bytes(range(32)))
KEY = verifier_key("id.example.test/audit", PRIVATE)
CHECKPOINT = Checkpoint(KEY.name, 1234, bytes(range(100, 132)))
NOTE = sign_checkpoint(CHECKPOINT, PRIVATE)
NEUMANN = "PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW"
ADAGE = "If you think cryptography is the answer to your problem,\nthen you don't know what your problem is.\n"
SIGNATURE = (
    "— PeterNeumann x08go/ZJkuBS9UG/SffcvIAQxVBtiFupLLr8pAcElZInNIuGUgYN1FFYC2pZSNXgKvqfqdngotpRZb6KE6RyyBwJnAM=\n"
)


def test_a_note_and_keys_of_others_are_read():
    """The best-known signed note, and the key of the Go checksum database."""
    assert open_note(f"{ADAGE}\n{SIGNATURE}", parse_key(NEUMANN)) == ADAGE
    for text in (NEUMANN, "sum.golang.org+033de0ae+Ac4zctda0e5eza+HJyk9SxEdh+s3Ux18htTTAD8OuAn8"):
        assert str(parse_key(text)) == text


def test_a_checkpoint_has_origin_size_root_and_signature():
    """Line by line, and it opens again."""
    lines = NOTE.split("\n")
    assert lines[:4] == ["id.example.test/audit", "1234", "ZGVmZ2hpamtsbW5vcHFyc3R1dnd4eXp7fH1+f4CBgoM=", ""]
    assert lines[4].startswith("— id.example.test/audit ")
    assert lines[5:] == [""]
    assert open_checkpoint(NOTE, parse_key(str(KEY))) == CHECKPOINT


@given(at=st.integers(0, len(NOTE.encode()) - 1), turn=st.integers(1, 255))
def test_no_byte_of_a_checkpoint_can_be_another(at: int, turn: int):
    """Text, key name, key hash and signature alike, and base64 has one spelling."""
    raw = bytearray(NOTE.encode())
    raw[at] ^= turn
    with pytest.raises((NoteError, UnicodeDecodeError)):
        open_checkpoint(raw.decode(), KEY)


def test_signatures_of_others_are_passed_over_and_ours_is_needed():
    """So that witnesses can add theirs, and nobody can speak in our name."""
    text, _, own = NOTE.rpartition("\n\n")
    assert open_checkpoint(f"{text}\n\n{SIGNATURE}{own}", KEY) == CHECKPOINT
    for signatures in (SIGNATURE, "", "\n", own.removesuffix("\n"), own.replace("— ", "- "), f"{SIGNATURE}x\n"):
        with pytest.raises(NoteError):
            open_checkpoint(f"{text}\n\n{signatures}", KEY)
    other = Ed25519PrivateKey.from_private_bytes(bytes(32))
    with pytest.raises(NoteError):
        open_checkpoint(sign_checkpoint(CHECKPOINT, other), KEY)


@pytest.mark.parametrize(
    "text", ["", "a+b", "no key", str(KEY)[:-1], str(KEY).replace("id.", "me."), f"a b{str(KEY)[21:]}", f"{KEY}=="]
)
def test_what_is_no_verifier_key_is_refused(text: str):
    """Its key hash covers the name, so that a slip of the pen shows."""
    with pytest.raises(NoteError):
        parse_key(text)


def test_8785_names_are_ordered_by_utf_16_and_only_what_must_be_is_escaped():
    """RFC 8785 3.2.2 and 3.2.3, the examples given there."""
    value = {"\u20ac": 1, "\r": 2, "\ufb33": 3, "1": 4, "\U0001f600": 5, "\u0080": 6, "\u00f6": 7}
    assert [*json.loads(canonical(value))] == ["\r", "1", "\u0080", "\u00f6", "\u20ac", "\U0001f600", "\ufb33"]
    assert canonical('\u20ac$\u000f\nA\'B"\\\\"/\x7f') == '"\u20ac$\\u000f\\nA\'B\\"\\\\\\\\\\"/\x7f"'.encode()
    assert canonical({"b": [True, None, -5], "a": {}}) == b'{"a":{},"b":[true,null,-5]}'


@pytest.mark.parametrize(
    "value", [1.5, float("nan"), 2**53, -(2**53), "\ud800", {"\ud800": 1}, {1: 1}, b"", {"a": {1}}]
)
def test_8785_what_has_no_one_spelling_is_refused(value: object):
    """Rather than spelt in a way that another reader does not."""
    with pytest.raises(ValueError):  # noqa: PT011 - any: it is the refusal that counts
        canonical(value)
