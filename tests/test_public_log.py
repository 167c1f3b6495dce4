"""The audit log over HTTP (C2SP tlog-tiles), watched by somebody who has nothing else."""

import re
from base64 import b64decode
from hashlib import sha256

import httpx
import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from idp.store import audit
from tests.provider.apps import TABI, tokens_for
from tests.provider.person import Person
from tests.provider.provider import HTTP, Provider

FOREVER = "public, max-age=31536000, immutable"


def grown(provider: Provider, entries: int) -> None:
    """Write so many entries down and give them their places."""
    with provider.services.database.transaction() as connection:
        for number in range(entries):
            audit.partner_status_changed(connection, f"partner-{number}", "active", number)
    provider.services.audit_tree.sequence()


def get(provider: Provider, path: str) -> httpx.Response:
    return HTTP.get(f"{provider.url}/log/{path}")


def seen(provider: Provider) -> tuple[int, bytes]:
    """Size and root, once the signature is checked: with the key's line and the note's lines alone."""
    origin, key_id, encoded = get(provider, "key").text.strip().split("+", 2)
    text, signature = get(provider, "checkpoint").text.split("\n\n")
    name, line = signature.removeprefix("— ").strip().split(" ")
    signed_by, raw = b64decode(line)[:4], b64decode(line)[4:]
    Ed25519PublicKey.from_public_bytes(b64decode(encoded)[1:]).verify(raw, f"{text}\n".encode())
    assert (name, signed_by.hex(), text.split("\n")[0]) == (origin, key_id, origin)
    _origin, size, root = text.split("\n")
    return int(size), b64decode(root)


def leaf_hashes(provider: Provider, size: int) -> list[bytes]:
    """The hashes of all entries, from the tiles of the lowest level."""
    hashes = b""
    for index in range(-(-size // 256)):
        width = min(256, size - index * 256)
        tile = get(provider, f"tile/0/{index:03d}" + ("" if width == 256 else f".p/{width}"))
        assert (tile.status_code, len(tile.content)) == (200, width * 32)
        hashes += tile.content
    return [hashes[at : at + 32] for at in range(0, len(hashes), 32)]


def root_over(hashes: list[bytes]) -> bytes:
    """RFC 6962 2.1, over the hashes of entries."""
    if len(hashes) == 1:
        return hashes[0]
    split = 1 << (len(hashes) - 1).bit_length() - 1
    return sha256(b"\x01" + root_over(hashes[:split]) + root_over(hashes[split:])).digest()


def test_a_watcher_sees_that_the_log_is_what_is_signed_and_only_grows(provider: Provider):
    """From two checkpoints and the tiles; an entry in one's hands is found by its hash."""
    grown(provider, 300)
    size, root = seen(provider)
    hashes = leaf_hashes(provider, size)
    assert root_over(hashes) == root
    grown(provider, 700)
    later_size, later_root = seen(provider)
    later = leaf_hashes(provider, later_size)
    assert later_size == size + 700
    assert (root_over(later), later[:size]) == (later_root, hashes)
    entry = b'{"at":7,"kind":"partner_status","partner":"partner-7","status":"active","version":1}'
    assert sha256(b"\x00" + entry).digest() in hashes
    level_1 = get(provider, f"tile/1/000.p/{later_size // 256}").content
    assert level_1 == b"".join(root_over(later[at : at + 256]) for at in range(0, later_size // 256 * 256, 256))


def test_tiles_are_for_ever_and_checkpoints_are_not(provider: Provider):
    """A cache in front may keep every tile; a page of another site may read all (CORS)."""
    grown(provider, 300)
    whole, part, checkpoint = (get(provider, path) for path in ("tile/0/000", "tile/0/001.p/3", "checkpoint"))
    assert [each.headers["cache-control"] for each in (whole, part)] == [FOREVER] * 2
    assert checkpoint.headers["cache-control"] == "public, max-age=5"
    assert checkpoint.headers["content-type"] == "text/plain; charset=utf-8"
    assert whole.headers["content-type"] == "application/octet-stream"
    grown(provider, 300)
    assert get(provider, "tile/0/001").content[: 3 * 32] == part.content
    assert {each.headers["access-control-allow-origin"] for each in (whole, part, checkpoint)} == {"*"}
    assert not any("set-cookie" in each.headers for each in (whole, part, checkpoint))


OTHER_FILES = ["entries/000", "entries/000.p/5", "data/000"]
NOT_FILLED = ["0/001", "0/000.p/200", "1/000.p/1"]
MISSPELT = ["0/000.p/256", "0/000.p/0", "0/000.p/05", "0/0", "0/x000/000", "0/000/000", "00/000", "6/000", "-1/000"]
TOO_FAR = ["0/x999/x999/x999/999", "0/x999/x999/x999/x999/x999/x999/999"]


@pytest.mark.parametrize("place", [*OTHER_FILES, *NOT_FILLED, *MISSPELT, *TOO_FAR, "0/٣٣٣"])
def test_what_is_no_tile_of_the_log_is_not_there(shared_provider: Provider, place: str):
    """Nor are the entries: whoever may have them gets them elsewhere. No cache keeps the absence of what may come."""
    shared_provider.services.audit_tree.sequence()
    missing = get(shared_provider, f"tile/{place}")
    assert (missing.status_code, missing.headers["cache-control"]) == (404, "no-store")
    assert missing.text == "the log has no such tile\n"


def test_nothing_that_is_served_tells_of_a_person(provider: Provider, hana: Person):
    """Hashes and a signed size: not a name, not a value, not a partner."""
    tokens_for(hana, TABI, ticks=("prefecture",))
    provider.services.audit_tree.sequence()
    size, _root = seen(provider)
    served = get(provider, "checkpoint").content + get(provider, f"tile/0/000.p/{size}").content
    assert len(served) < size * 32 + 400
    assert re.search(rb"tabi|prefecture|hana", served) is None
