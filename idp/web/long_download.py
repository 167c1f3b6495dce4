"""A file of any length for somebody to keep, written whole before its first byte is sent.

Were it sent as it is written, a failure halfway would end an answer that says that all is well, and most servers of
WSGI, ours among them, end it so that a browser takes it for whole. And it would be read from the database at the
client's pace. So it waits on disk: a file without a name, under a key that no other file has and nothing else knows.
"""

from collections.abc import Iterable, Iterator
from http import HTTPStatus
from tempfile import SpooledTemporaryFile

from cryptography.hazmat.primitives.ciphers import Cipher, CipherContext
from cryptography.hazmat.primitives.ciphers.algorithms import AES
from cryptography.hazmat.primitives.ciphers.modes import CTR
from flask import Response

from idp.protocol.secrets import Randomness
from idp.web.requests import JSON
from idp.web.responses import as_download

HELD_BYTES = 1 << 20
"""Up to how many bytes it waits in memory."""
CHUNK_BYTES = 1 << 16
KEY_BYTES = 32
NO_COUNT = bytes(16)


def long_download(pieces: Iterable[str], name: str, random: Randomness) -> Response:
    """Return a JSON file of many pieces, of which none is kept in memory.

    Raises:
        Whatever the pieces raise: then nothing was sent yet.
    """
    cipher = Cipher(AES(random(KEY_BYTES)), CTR(NO_COUNT))
    hide = cipher.encryptor()
    file = SpooledTemporaryFile(max_size=HELD_BYTES)  # noqa: SIM115 - open until it is sent
    try:
        for piece in pieces:
            file.write(hide.update(piece.encode("utf-8")))
    except BaseException:
        file.close()
        raise
    length = file.tell()
    file.seek(0)
    response = Response(_chunks(file, cipher.decryptor()), HTTPStatus.OK, mimetype=JSON)
    response.call_on_close(file.close)  # also where nothing of it is sent: to a HEAD, or to somebody who has gone
    response.content_length = length
    return as_download(response, name)


def _chunks(file: SpooledTemporaryFile[bytes], show: CipherContext) -> Iterator[bytes]:
    while chunk := file.read(CHUNK_BYTES):
        yield show.update(chunk)
